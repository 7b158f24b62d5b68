"""README's picture, from a real session on the bundled weights: `python docs/pictures.py`."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mathrepl.commands.spec import Context
from mathrepl.commands.table import command_table
from mathrepl.dispatch import perform, run_line
from mathrepl.render.renderer import Renderer
from mathrepl.render.theme import styles
from mathrepl.session import Session
from mathrepl.settings import Settings
from mathrepl.store import Store
from mathrepl.stream import StreamPerson

LINES = ("94 + 909", "131 + 83 - 744*33", ":use blog", "1 + 2")
PICTURE = Path(__file__).with_name("session.svg")


def main() -> None:
    """Type `LINES` into a session and save what it draws."""
    with tempfile.TemporaryDirectory() as nowhere:
        session = Session(Settings(), Store(Path(nowhere) / "weights"))
        renderer = Renderer("dark", talk_on_stderr=False)
        console = Console(
            file=io.StringIO(),
            record=True,
            width=86,
            force_terminal=True,
            color_system="truecolor",
            theme=styles("dark"),
            markup=False,
            highlight=False,
        )
        renderer.out = renderer.talk = console
        context = Context(session, StreamPerson(iter(())), command_table(), "session")
        for line in LINES:
            console.print(Text.assemble(("math> ", "bold green"), line))
            perform(context, run_line(context, line), renderer)
        PICTURE.write_text(console.export_svg(title="mathrepl"), encoding="utf-8")
        print(f"wrote {PICTURE}")


if __name__ == "__main__":
    main()
