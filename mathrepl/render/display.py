"""Single values as text and as HTML, for IPython and notebooks."""

from __future__ import annotations

import sys
from io import StringIO
from typing import IO, Any

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI

from mathrepl.analysis.card_text import card_rows
from mathrepl.commands.spec import Table, Value
from mathrepl.render.renderer import DRAWINGS, Renderer
from mathrepl.render.theme import WIDTH_OF_A_PIPE, make_console
from mathrepl.store.card import Card
from mathrepl.training.events import Finished

# The results of commands, which a host may have to show, and a card by itself.
DISPLAYED: tuple[type[Any], ...] = (*DRAWINGS, Card, Finished)
PAGE_WIDTH, PAGE_HEIGHT = 110, 40  # cells, where no window says how many
_PAGE = (
    '<pre style="white-space:pre; overflow-x:auto; line-height:1.25; '
    "font-family:Menlo,'DejaVu Sans Mono',Consolas,monospace\">{code}</pre>"
)


def as_text(value: Value | Card, theme: str, *, terminal: bool) -> str:
    """The drawing for a terminal, with colours, or the plain text for a pipe."""
    file = StringIO()
    _draw(value, _console(file, theme, None if terminal else PAGE_WIDTH), theme)
    return "\n".join(line.rstrip() for line in file.getvalue().rstrip("\n").split("\n"))


def as_html(value: Value | Card, theme: str) -> str:
    """A `<pre>` with inline styles; `auto` means a light page, as notebooks mostly have."""
    theme = "light" if theme == "auto" else theme
    console = make_console(
        StringIO(),
        theme,
        record=True,
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
        legacy_windows=False,
        width=PAGE_WIDTH,
        height=PAGE_HEIGHT,
    )
    _draw(value, console, theme)
    colours = DEFAULT_TERMINAL_THEME if theme == "light" else MONOKAI
    page = console.export_html(theme=colours, code_format=_PAGE, inline_styles=True)
    return page.replace("\n</pre>", "</pre>")


def renderer_for(theme: str, *, terminal: bool, errors: bool = False) -> Renderer:
    """A renderer on the current `sys.stdout`, or with `errors` on `sys.stderr`.

    Outside a terminal progress is plain lines, even where the host has colours.
    """
    stream = sys.stderr if errors else sys.stdout
    return Renderer(theme, console=_console(stream, theme, None if terminal else WIDTH_OF_A_PIPE))


def _console(file: IO[str], theme: str, width: int | None) -> Console:
    """A console for a terminal, or for plain text of `width` cells."""
    # Left to itself, rich shows HTML in a notebook, and colours for its FORCE_COLOR.
    return make_console(
        file,
        theme,
        force_terminal=width is None,
        force_jupyter=False,
        color_system="auto" if width is None else None,
        width=width,
    )


def _draw(value: Value | Card, console: Console, theme: str) -> None:
    if isinstance(value, Card):
        value = Table(value.name, ("card", ""), tuple(card_rows(value)))
    Renderer(theme, console=console).show(value)
