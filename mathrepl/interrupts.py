"""Ctrl-C as a count instead of an exception, for work that must end in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Presses:
    """How often Ctrl-C was pressed inside `counted`."""

    count: int = 0


@contextmanager
def raising() -> Iterator[None]:
    """Within `counted`: let Ctrl-C raise again, so that it can end a wait for input."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def counted() -> Iterator[Presses]:
    """Count Ctrl-C instead of raising; outside the main thread it changes nothing."""
    presses = Presses()
    if threading.current_thread() is not threading.main_thread():
        yield presses
        return

    def count(_signal: int, _frame: FrameType | None) -> None:
        presses.count += 1

    before = signal.signal(signal.SIGINT, count)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, before)
