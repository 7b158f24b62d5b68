"""Who may change weights of a name: one process at a time, by an advisory lock of the system.

A lock goes with an open file, so it ends with whoever holds it, however that ends. The file stands
in `.locks` beside the weights and has the holder's process id, for others to name. A training
holds the lock of its name in its worker process too, which can outlive the session.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from mathrepl.support.errors import WeightsError

WAIT_SECONDS = 1.0  # for what changes weights in a moment, and for a worker that is ending
_POLL_SECONDS = 0.05


class Lock:
    """The lock of a name, held until `release`, or until all processes that have it end.

    `handle` is the open file, to hand to a child process; None where the file system has no locks.
    """

    def __init__(self, path: Path, handle: int | None) -> None:
        self.handle = handle
        self._path = path

    def release(self) -> None:
        """Give it up and remove its file. Does nothing the second time."""
        handle, self.handle = self.handle, None
        if handle is not None:
            try:
                with contextlib.suppress(OSError):
                    self._path.unlink()
            finally:
                os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def lock(directory: Path, name: str, *, hint: str = "wait for it, or end it there") -> Lock:
    """The lock of the weights `name` of `directory`, a checked name.

    Raises `WeightsError` with the holder where another has it. Where no lock can be made at all,
    nothing can be written either, or the file system has none: then nobody is kept out.
    """
    path = directory / ".locks" / name  # the directory itself is made by whoever saves into it
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            path.parent.mkdir(exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        except OSError:
            return Lock(path, None)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it before may have removed the file between the two calls.
            if os.path.samestat(os.fstat(handle), path.stat()):
                with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
                return Lock(path, handle)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(handle, 20, 0).strip()
                os.close(handle)
                raise WeightsError(f"{name} is being trained {_where(holder)}", hint=hint) from None
            time.sleep(_POLL_SECONDS)
        except FileNotFoundError:  # removed, and not made again yet
            pass
        except OSError:
            os.close(handle)
            return Lock(path, None)
        os.close(handle)


def _where(holder: bytes) -> str:
    if holder == str(os.getpid()).encode():
        return "in this process already"
    return "by another session" + (f", process {int(holder)}" if holder.isdigit() else "")
