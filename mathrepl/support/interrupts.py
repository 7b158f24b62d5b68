"""Ctrl-C as a count instead of an exception, for work that must finish in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

AGAIN_SECONDS = 0.01


class Presses:
    """The number of times Ctrl-C was pressed inside `counted`."""

    count: int = 0


def _end(_signal: int, _frame: FrameType | None) -> None:
    os._exit(130)


def end_while_loading() -> None:
    """Make Ctrl-C end the program at once and silently, until `raise_again`.

    Imports can turn the exception into another one or swallow it. Where Ctrl-C is ignored, as in a
    background job of a shell, it stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C raise `KeyboardInterrupt` again, once the program is loaded."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = press_again


def press_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Repeat a Ctrl-C that came in a destructor or a callback, where Python swallows it."""
    if unraisable.exc_type is KeyboardInterrupt:
        threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(unraisable)


@contextmanager
def heard() -> Iterator[Presses]:
    """Count Ctrl-C, which does what it did before; tells it from an interrupt that code raises."""
    presses, before = Presses(), signal.getsignal(signal.SIGINT)

    def count(number: int, frame: FrameType | None) -> None:
        presses.count += 1
        if callable(before):
            before(number, frame)

    if not callable(before):  # it is ignored
        yield presses
        return
    with _handled(count):
        yield presses


def raising() -> AbstractContextManager[None]:
    """Let Ctrl-C raise within `counted`, so that it can end a wait for input."""
    return _handled(signal.default_int_handler)


@contextmanager
def counted() -> Iterator[Presses]:
    """Count Ctrl-C instead of raising; does nothing outside the main thread."""
    presses = Presses()

    def count(_signal: int, _frame: FrameType | None) -> None:
        presses.count += 1

    with _handled(count):
        yield presses


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let `handler` take Ctrl-C; only the main thread can set one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
