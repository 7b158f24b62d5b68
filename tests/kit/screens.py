"""Consoles that draw into a string."""

from __future__ import annotations

import io

from rich.console import Console

from mathrepl.render.theme import styles


def screen(
    width: int = 80, height: int = 40, *, terminal: bool = True, **how: object
) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    options = {"color_system": None, "no_color": False, **how}
    console = Console(
        file=file,
        width=width,
        height=height,
        force_terminal=terminal,
        theme=styles("dark"),
        markup=False,
        highlight=False,
        **options,  # type: ignore[arg-type]
    )
    return console, file
