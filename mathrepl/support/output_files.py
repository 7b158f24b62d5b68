"""Places that a command writes to: checked before the work, written whole."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from mathrepl.support.atomic import write_bytes
from mathrepl.support.errors import MathreplError, in_one_line

ROOM = 100_000  # bytes that must be free before the work starts
FREE = "free or unlock it, or"


def check_writable(directory: Path, hint: str = "set MATHREPL_DATA_DIR to another folder") -> None:
    """Make `directory`. Raises `MathreplError` unless `ROOM` bytes can be written there."""
    with in_one_line(MathreplError, f"cannot write to {directory}", f"{FREE} {hint}"):
        directory.mkdir(parents=True, exist_ok=True)
        _check_room(directory)


def check_destination(path: Path) -> None:
    """Raise `MathreplError`, before a long computation, if its output file cannot be written."""
    with in_one_line(MathreplError, f"cannot write {path}", f"{FREE} name another file"):
        directory = _target(path).parent
        if not directory.is_dir():
            missing = directory if path.parent.is_dir() else path.parent
            raise MathreplError(
                f"there is no directory {missing}", hint="make it, or name one that exists"
            )
        _check_room(directory)


def write(path: Path, data: bytes) -> Path:
    """Write a whole file or none, where a link leads to; returns `path`.

    Raises `MathreplError` where the disk refuses, and for what is not a file.
    """
    with in_one_line(MathreplError, f"cannot write {path}", f"{FREE} name another file"):
        write_bytes(_target(path), data)
    return path


def _target(path: Path) -> Path:
    """The file that `path` leads to through its links; it need not be there.

    Raises `MathreplError` for a directory, a pipe or a device: the rename would replace it.
    """
    target = Path(os.path.realpath(path))
    with suppress(FileNotFoundError, NotADirectoryError):
        mode = target.stat().st_mode
        if stat.S_ISDIR(mode):
            raise MathreplError(f"{path} is a directory", hint="name a file in it")
        if not stat.S_ISREG(mode):
            raise MathreplError(f"{path} is not an ordinary file", hint="name another file")
    return target


def _check_room(directory: Path) -> None:
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(bytes(ROOM))
        file.flush()
