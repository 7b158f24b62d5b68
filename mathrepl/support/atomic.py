"""Atomic writes: after a crash at any moment, a file is the old one or the new one."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path

TEMPORARY = ".mathrepl-tmp"  # the suffix of mathrepl's own temporary files


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to a temporary file beside `path`, fsync it, and rename it over `path`.

    Raises `OSError`; then `path` is unchanged and no temporary file is left. Temporary files that
    killed processes have left in the same directory are removed.
    """
    with written(path, data):
        pass


@contextlib.contextmanager
def written(path: Path, data: bytes) -> Iterator[None]:
    """As `write_bytes`; `path` stays locked in the block, so `clear_abandoned` leaves it alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_abandoned(path.parent, f".*{TEMPORARY}")
    handle, temporary = _temporary(path)
    with os.fdopen(handle, "wb") as file:
        try:
            file.write(data)
            file.flush()
            mask = os.umask(0o022)
            os.umask(mask)
            os.fchmod(file.fileno(), 0o666 & ~mask)
            os.fsync(file.fileno())
            temporary.replace(path)  # while the lock is held: others could clear it otherwise
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)
        yield


def read_bytes(path: Path, most: int) -> bytes:
    """The content of an ordinary file of at most `most` bytes. Raises `OSError`.

    Pipes and devices are refused unread: they can block a reader or never end.
    """
    with open_ordinary(path, most) as file:
        data = file.read(most + 1)
    if len(data) > most:  # the file grew, or the system did not know its size
        raise _too_large(path, most)
    return data


def open_ordinary(path: Path, most: int) -> BufferedReader:
    """An ordinary file of at most `most` bytes, open for reading. Raises `OSError`."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
        if found.st_size > most:
            raise _too_large(path, most)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is too large, more than {most:,} bytes", str(path))


def _temporary(path: Path) -> tuple[int, Path]:
    """A new file, locked until its writer ends: the lock tells others that it is in use."""
    while True:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:40]}.", suffix=TEMPORARY, dir=path.parent
        )
        # Without locks in the file system no other process can clear the file either.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # another process cleared it before it was locked


def clear_abandoned(
    directory: Path, pattern: str, needed: Callable[[Path], bool] = lambda path: False
) -> None:
    """Remove the files of `pattern` whose writers have ended, except those still `needed`."""
    for path in directory.glob(pattern):
        with contextlib.suppress(OSError):  # its writer is running, or has renamed or removed it
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Another process may have written a file of the same name meanwhile.
                if not needed(path) and os.path.samestat(os.fstat(handle), path.stat()):
                    path.unlink(missing_ok=True)
            finally:
                os.close(handle)


def _sync_directory(directory: Path) -> None:
    with contextlib.suppress(OSError):  # not every platform can do this; the rename is done
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
