"""Figures into PNG and SVG files. Loads matplotlib only when a figure is saved."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from mathrepl.analysis.figure import Figure
from mathrepl.atomic import write_bytes
from mathrepl.errors import MathreplError, UsageError

ENDINGS = (".png", ".svg")


def check_path(path: Path, endings: Sequence[str] = ENDINGS) -> None:
    """Refuse, before a long computation, a file that could not be written after it.

    Raises `UsageError` where the name has none of `endings` (in any case), and `MathreplError`
    where matplotlib is missing or the directory is, or cannot be written to.
    """
    if path.suffix.lower() not in endings:
        raise UsageError(
            f"cannot tell the kind of file from the name {path.name!r}",
            hint=f"end it in {' or '.join(endings)}",
        )
    if find_spec("matplotlib") is None:
        raise MathreplError(
            f"writing {path.name} needs matplotlib", hint="pip install 'mathrepl[plots]'"
        )
    try:
        if path.is_dir():
            raise MathreplError(f"{path} is a directory", hint="name a file in it")
        if not path.parent.is_dir():
            raise MathreplError(
                f"there is no directory {path.parent}", hint="make it, or name one that exists"
            )
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _not_writable(path, error) from None


def save_figure(figure: Figure, path: Path) -> Path:
    """Write `figure` to `path`, PNG or SVG by its ending; gives `path` back.

    Raises what `check_path` does, and `MathreplError` where the disk refuses.
    """
    check_path(path)
    from mathrepl.plots.drawing import picture

    kind: Literal["png", "svg"] = "svg" if path.suffix.lower() == ".svg" else "png"
    return write(path, picture(figure, kind))


def write(path: Path, data: bytes) -> Path:
    """Write a whole file or none. Raises `MathreplError` where the disk refuses."""
    try:
        write_bytes(path, data)
    except OSError as error:
        raise _not_writable(path, error) from None
    return path


def _not_writable(path: Path, error: OSError) -> MathreplError:
    return MathreplError(
        f"cannot write {path}: {error.strerror or error}",
        hint="free or unlock it, or name another file",
    )
