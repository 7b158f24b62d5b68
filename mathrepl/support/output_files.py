"""Places that a command writes to: checked before the work, written whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mathrepl.support.atomic import write_bytes
from mathrepl.support.errors import MathreplError, in_one_line

ROOM = 100_000  # bytes that must be free before a training starts
FREE = "free or unlock it, or"


def check_writable(directory: Path, hint: str = "set MATHREPL_DATA_DIR to another folder") -> None:
    """Make `directory`. Raises `MathreplError` unless `ROOM` bytes can be written there."""
    with in_one_line(MathreplError, f"cannot write to {directory}", f"{FREE} {hint}"):
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(bytes(ROOM))
            file.flush()


def check_destination(path: Path) -> None:
    """Raise `MathreplError`, before a long computation, if its output file cannot be written."""
    with in_one_line(MathreplError, f"cannot write {path}", f"{FREE} name another file"):
        if path.is_dir():
            raise MathreplError(f"{path} is a directory", hint="name a file in it")
        if not path.parent.is_dir():
            raise MathreplError(
                f"there is no directory {path.parent}", hint="make it, or name one that exists"
            )
        with tempfile.TemporaryFile(dir=path.parent):
            pass


def write(path: Path, data: bytes) -> Path:
    """Write a whole file or none; returns `path`. Raises `MathreplError` where the disk refuses."""
    with in_one_line(MathreplError, f"cannot write {path}", f"{FREE} name another file"):
        write_bytes(path, data)
    return path
