"""Colours by meaning, for dark and light backgrounds, and the consoles that use them."""

from __future__ import annotations

import os
from typing import IO

from rich.console import Console
from rich.theme import Theme

_SHARED = {"title": "bold", "key": "bold"}
_DARK = {
    "good": "green",
    "bad": "bold red",
    "unsure": "yellow",
    "quiet": "bright_black",
    "hint": "cyan",
    "line": "default",
    "accent": "bright_cyan",
}
_LIGHT = {
    "good": "#006400",
    "bad": "bold #b00000",
    "unsure": "#8a5a00",
    "quiet": "#606060",
    "hint": "#005f87",
    "line": "default",
    "accent": "#005f87",
}


def is_light(theme: str) -> bool:
    """`auto` asks COLORFGBG, which some terminals set; its last part is the background."""
    if theme != "auto":
        return theme == "light"
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return background in ("7", "15")


def styles(theme: str) -> Theme:
    return Theme({**_SHARED, **(_LIGHT if is_light(theme) else _DARK)})


def make_console(file: IO[str], theme: str) -> Console:
    """A console that never guesses markup in text and respects NO_COLOR."""
    return Console(file=file, theme=styles(theme), markup=False, highlight=False, emoji=False)
