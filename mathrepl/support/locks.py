"""Locks of names: one process at a time changes the weights of a name.

A lock is an advisory lock of the system on an open file, so it ends with the process that holds it,
however that ends. The file is in `.locks` beside the weights and contains the holder's process id,
for the error message of others. A training also holds the lock in its worker process, which can
outlive the session.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import Self

from mathrepl.support.errors import WeightsError

WAIT_SECONDS = 1.0  # enough for a quick change of weights, and for a worker that is ending
_POLL_SECONDS = 0.05


class Lock:
    """The lock of a name, held until `release` or until all processes with its handle end.

    `handle` is the open file, to pass to a child process; None where the file system has no locks.
    """

    def __init__(self, path: Path, handle: int | None) -> None:
        self.handle = handle
        self._path = path

    def release(self) -> None:
        """Release the lock and remove its file. Does nothing the second time."""
        handle, self.handle = self.handle, None
        if handle is not None:
            try:
                with contextlib.suppress(OSError):
                    self._path.unlink()
            finally:
                os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def lock(directory: Path, name: str, *, hint: str = "wait for it, or end it there") -> Lock:
    """The lock of the weights `name` (a checked name) in `directory`.

    Raises `WeightsError` naming the holder where another process has the lock. Where no lock file
    can be made or the file system has no locks, the result excludes no other process.
    """
    path = directory / ".locks" / name  # a save makes the directory itself
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            path.parent.mkdir(exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        except OSError:
            return Lock(path, None)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before may have removed the file between the two calls.
            if os.path.samestat(os.fstat(handle), path.stat()):
                with contextlib.suppress(OSError):  # a full disk: it holds without a process id
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
                return Lock(path, handle)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(handle, 20, 0).strip()
                os.close(handle)
                where = "in this process already"
                if holder != str(os.getpid()).encode():
                    process = f", process {int(holder)}" if holder.isdigit() else ""
                    where = f"by another session{process}"
                raise WeightsError(f"{name} is being trained {where}", hint=hint) from None
            time.sleep(_POLL_SECONDS)
        except FileNotFoundError:  # the holder has removed the file, and no other has made it yet
            pass
        except OSError:
            os.close(handle)
            return Lock(path, None)
        os.close(handle)
