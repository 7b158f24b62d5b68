"""Places that a command writes to: checked before the work, written whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mathrepl.support.atomic import write_bytes
from mathrepl.support.errors import MathreplError

ROOM = 100_000  # bytes that must be free before a training starts


def check_writable(directory: Path, hint: str = "set MATHREPL_DATA_DIR to another folder") -> None:
    """Make `directory`. Raises `MathreplError` unless `ROOM` bytes can be written there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(bytes(ROOM))
            file.flush()
    except OSError as error:
        raise _refused(f"to {directory}", error, hint) from None


def check_destination(path: Path) -> None:
    """Check, before a long computation, that its output file can be written.

    Raises `MathreplError` where the directory is missing or cannot be written to.
    """
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
        raise _refused(str(path), error) from None


def write(path: Path, data: bytes) -> Path:
    """Write a whole file or none; returns `path`.

    Raises `MathreplError` where the disk refuses.
    """
    try:
        write_bytes(path, data)
    except OSError as error:
        raise _refused(str(path), error) from None
    return path


def _refused(what: str, error: OSError, way_out: str = "name another file") -> MathreplError:
    return MathreplError(
        f"cannot write {what}: {error.strerror or error}",
        hint=f"free or unlock it, or {way_out}",
    )
