"""Colours by meaning, for dark and light backgrounds, and the consoles that use them."""

from __future__ import annotations

import os
from typing import IO, Any

from rich.console import Console
from rich.theme import Theme

from mathrepl.support.settings import is_light

WIDTH_OF_A_PIPE = 500  # cells; a pipe has no window for lines to fit
_DARK = {
    "title": "bold",
    "key": "bold",
    "good": "green",
    "bad": "bold red",
    "unsure": "yellow",
    "quiet": "bright_black",
    "hint": "cyan",
    "line": "default",
    "accent": "bright_cyan",
}
_LIGHT = {
    **_DARK,
    "good": "#006400",
    "bad": "bold #b00000",
    "unsure": "#8a5a00",
    "quiet": "#606060",
    "hint": "#005f87",
    "accent": "#005f87",
}


def styles(theme: str) -> Theme:
    return Theme(_LIGHT if is_light(theme) else _DARK)


class PipeConsole(Console):
    """A console that raises on a broken pipe, so that the program ends as a shell expects."""

    def on_broken_pipe(self) -> None:
        raise


def make_console(file: IO[str], theme: str, **options: Any) -> Console:
    """A console that never guesses markup in text and respects NO_COLOR.

    `options` are those of rich. Outside a terminal lines are as long as they come, unless a width
    or COLUMNS says otherwise.
    """
    console = PipeConsole(
        file=file, theme=styles(theme), markup=False, highlight=False, emoji=False, **options
    )
    if not (console.is_terminal or "width" in options or "COLUMNS" in os.environ):
        console.width = WIDTH_OF_A_PIPE
    return console
