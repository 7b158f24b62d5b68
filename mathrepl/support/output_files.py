"""Output files that a person names: checked before the work, written whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mathrepl.support.atomic import write_bytes
from mathrepl.support.errors import MathreplError


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
        raise _not_writable(path, error) from None


def write(path: Path, data: bytes) -> Path:
    """Write a whole file or none; returns `path`.

    Raises `MathreplError` where the disk refuses.
    """
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
