"""Ordered results of work that runs several items at a time, in threads or elsewhere."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")
_F = TypeVar("_F")


def threads_for(engine: str) -> int:
    """The number of batches to ask at a time: numpy one a core, Keras one by its own threads."""
    return min(4, os.cpu_count() or 1) if engine == "numpy" else 1


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in order, `size` at a time."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def side_by_side(
    items: Iterable[_T], ask: Callable[[_T], _R], threads: int
) -> Generator[tuple[_T, _R], None, None]:
    """Each item with `ask(item)`, in order; `threads` items are asked at a time."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield from in_order(items, lambda item: pool.submit(ask, item), Future.result, 2 * threads)
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(
    items: Iterable[_T], submit: Callable[[_T], _F], result: Callable[[_F], _R], ahead: int
) -> Generator[tuple[_T, _R], None, None]:
    """Each item with the result of what `submit` started for it, in order.

    `ahead` further items are submitted before the result of the first is waited for: enough to keep
    all workers busy, and never the whole of a long input.
    """
    waiting: deque[tuple[_T, _F]] = deque()
    for item in items:
        waiting.append((item, submit(item)))
        if len(waiting) > ahead:
            first, started = waiting.popleft()
            yield first, result(started)
    for item, started in waiting:
        yield item, result(started)
