"""Answers to `1 + 2`, to be drawn."""

from __future__ import annotations

from mathrepl.inference.answer import Answer, compare
from mathrepl.inference.solution import Guess, Solution


def answer(
    network: str, truth: str, *, runner_up: float = 0.0, notes: tuple[str, ...] = ()
) -> Answer:
    guesses = tuple(Guess(c, 1 - runner_up - 0.01, "7", runner_up) for c in network)
    solution = Solution("1 + 2", network, guesses, Guess("\0", 0.9, "1", 0.1))
    return compare("1 + 2", solution, truth, weights="w", engine="numpy", notes=notes)
