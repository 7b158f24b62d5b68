"""Colours by meaning, for dark and light backgrounds, and the consoles that use them."""

from __future__ import annotations

import os
from typing import IO, Any

from rich.console import Console
from rich.theme import Theme

from mathrepl.support.settings import is_light

WIDTH_OF_A_PIPE = 500  # cells; a pipe has no window for lines to fit
MOST_CELLS = 10_000
SIZES = ("COLUMNS", "LINES", "JUPYTER_COLUMNS", "JUPYTER_LINES")
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
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in SIZES or is_size(value)  # rich would draw nothing in 0 columns
    }
    console = PipeConsole(
        file=file,
        theme=styles(theme),
        markup=False,
        highlight=False,
        emoji=False,
        _environ=environment,
        **options,
    )
    if not (console.is_terminal or "width" in options or "COLUMNS" in environment):
        console.width = WIDTH_OF_A_PIPE
    return console


def is_size(text: str) -> bool:
    """True for a width or height that something can be drawn in."""
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= MOST_CELLS
