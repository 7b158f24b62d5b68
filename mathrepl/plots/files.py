"""Figures into PNG and SVG files. Loads matplotlib only where a figure is to be saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mathrepl.analysis.figure import Figure
from mathrepl.support.errors import UsageError
from mathrepl.support.libraries import check_library
from mathrepl.support.output_files import check_destination, write

ENDINGS = (".png", ".svg")


def check_path(path: Path, endings: Sequence[str] = ENDINGS) -> None:
    """Refuse, before a long computation, a file that could not be written after it.

    Raises `UsageError` where the name has none of `endings` (in any case), and `MathreplError`
    where the directory is missing or cannot be written to, or matplotlib cannot be loaded.
    """
    if path.suffix.lower() not in endings:
        raise UsageError(
            f"cannot tell the kind of file from the name {path.name!r}",
            hint=f"end it in {' or '.join(endings)}",
        )
    check_destination(path)
    check_library("matplotlib.figure", f"writing {path.name}", "plots")


def save_figure(figure: Figure, path: Path) -> Path:
    """Write `figure` to `path`, PNG or SVG by its ending; returns `path`.

    Raises as `check_path`, and `MathreplError` where the disk refuses.
    """
    check_path(path)
    from mathrepl.plots.drawing import picture

    kind: Literal["png", "svg"] = "svg" if path.suffix.lower() == ".svg" else "png"
    return write(path, picture(figure, kind))
