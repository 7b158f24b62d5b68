"""Batches asked side by side."""

from __future__ import annotations

import time
from itertools import count

import pytest

from mathrepl.support.thread_pool import batches, in_order, side_by_side, threads_for


@pytest.mark.parametrize("threads", [1, 3])
def test_side_by_side_keeps_the_order_and_tells_failures(threads: int):
    def ask(batch: list[int]) -> int:
        time.sleep(0.002 * (3 - batch[0] % 3))  # the later ones are done first
        if 17 in batch:
            raise ValueError("17")
        return sum(batch)

    asked = list(side_by_side(batches(range(10), 4), ask, threads))
    assert asked == [([0, 1, 2, 3], 6), ([4, 5, 6, 7], 22), ([8, 9], 17)]
    assert list(side_by_side(batches([], 4), ask, threads)) == []
    with pytest.raises(ValueError, match="17"):
        list(side_by_side(batches(range(30), 4), ask, threads))


def test_in_order_submits_few_ahead():
    submitted: list[int] = []

    def submit(item: int) -> int:
        submitted.append(item)
        return -item

    results = in_order(count(), submit, abs, 3)
    assert [next(results) for _ in range(5)] == [(n, n) for n in range(5)]
    assert submitted == list(range(8))


def test_keras_has_its_own_threads():
    assert threads_for("keras") == 1
    assert 1 <= threads_for("numpy") <= 4
