"""Draw the pictures of README and docs with the bundled weights: `python docs/pictures.py`."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from rich.text import Text

from mathrepl.commands.dispatch import perform, run_line
from mathrepl.commands.spec import Context
from mathrepl.commands.table import command_table
from mathrepl.hosts.stream import StreamPerson
from mathrepl.render.renderer import Renderer
from mathrepl.render.theme import make_console
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings

LINES = ("1/2 + 1/3", ":automaton +", ":use blog", "1 + 2")
HERE = Path(__file__).parent
SESSION = HERE / "session.svg"
FILES = {
    "map.png": ("blog", ":map"),
    "attention.png": ("add", ":attn 94 + 909"),
    "curves.png": ("blog", ":curve blog add"),
}


def main() -> None:
    """Type `LINES` into a session and save its drawing, then save the pictures in `FILES`."""
    with tempfile.TemporaryDirectory() as nowhere:
        store = Store(Path(nowhere) / "weights")
        session = Session(Settings(), store)
        console = make_console(
            io.StringIO(),
            "dark",
            record=True,
            width=86,
            force_terminal=True,
            color_system="truecolor",
        )
        renderer = Renderer("dark", console=console)
        context = Context(session, StreamPerson(iter(())), command_table(), "session")
        for line in LINES:
            console.print(Text.assemble(("math> ", "bold green"), line))
            perform(context, run_line(context, line), renderer)
        SESSION.write_text(console.export_svg(title="mathrepl"), encoding="utf-8")
        print(f"wrote {SESSION}")
        for name, (weights, line) in FILES.items():
            other = Session(Settings(weights=weights), store)
            context = Context(other, StreamPerson(iter(())), command_table(), "session")
            perform(context, run_line(context, f"{line} --save {HERE / name}"), renderer)
            print(f"wrote {HERE / name}")


if __name__ == "__main__":
    main()
