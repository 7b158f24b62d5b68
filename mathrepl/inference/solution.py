"""A solver's output: characters, the probability of each, and the steps of a scratchpad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from mathrepl.arithmetic.lines import Operation, Span
from mathrepl.arithmetic.written import Pass

DIGITS_KEPT = 6  # of probabilities in records


class Guess(NamedTuple):
    """One character the network wrote, its probability (0..1), and the second likeliest."""

    character: str
    probability: float
    runner_up: str
    runner_up_probability: float


class Answered(NamedTuple):
    """A pass, its result as people read it, and the probability of the whole of it."""

    asked: Pass
    result: str
    probability: float


class Written(NamedTuple):
    """Answers alone, and the probability (0..1) of the whole of each, end marks included."""

    texts: list[str]
    confidences: list[float]


def probability_of(guesses: Sequence[Guess | None]) -> float:
    """The product over the characters written; a copied character has no guess."""
    return prod([guess[1] for guess in guesses if guess is not None])


@dataclass(frozen=True, slots=True)
class ScratchpadStep:
    """One line of a scratchpad, the span worked on next, and the text written in its place.

    `probability` is that of all characters of the `passes` in which networks marked the span and
    worked out its `operation`. The last line has no span.
    """

    text: str
    span: Span | None = None
    written: str = ""
    probability: float = 1.0
    operation: Operation | None = None
    passes: tuple[Answered, ...] = ()


@dataclass(frozen=True, slots=True)
class Solution:
    """A solver's answer to one question: its text, a guess for each character, the end's guess.

    `end` is None if the network filled every position without an end mark. `scratchpad` holds the
    steps from the first line to the last, for solvers that show their work, and `stuck` the reason
    why they could not go on, if they could not. A copied character has no guess.
    """

    question: str
    text: str
    guesses: Sequence[Guess | None]
    end: Guess | None
    scratchpad: tuple[ScratchpadStep, ...] = ()
    stuck: str = ""

    @property
    def confidence(self) -> float:
        """Probability of all that was written, end marks included: the product over it."""
        if self.scratchpad:
            return prod(step.probability for step in self.scratchpad)
        return probability_of((*self.guesses, self.end))
