"""What a solver wrote: characters, how sure it was of each, and the lines of a working."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import overload

from mathrepl.arithmetic.scratchpad import Span

DIGITS_KEPT = 6  # of probabilities in records


@dataclass(frozen=True, slots=True)
class Guess:
    """One character the network wrote, how sure it was (0..1), and the second likeliest."""

    character: str
    probability: float
    runner_up: str
    runner_up_probability: float


class Guesses(Sequence[Guess]):
    """The guesses of one answer, kept as columns: in a batch most are never looked at singly.

    `characters` and `runners_up` have a character a guess; the others a probability, in the
    last two rounded to `DIGITS_KEPT`.
    """

    __slots__ = (
        "characters",
        "probabilities",
        "rounded",
        "runner_up_probabilities",
        "runner_up_rounded",
        "runners_up",
    )

    def __init__(
        self,
        characters: str,
        runners_up: str,
        probabilities: Sequence[float],
        runner_up_probabilities: Sequence[float],
        rounded: list[float],
        runner_up_rounded: list[float],
    ) -> None:
        self.characters = characters
        self.runners_up = runners_up
        self.probabilities = probabilities
        self.runner_up_probabilities = runner_up_probabilities
        self.rounded = rounded
        self.runner_up_rounded = runner_up_rounded

    def __len__(self) -> int:
        return len(self.characters)

    def __iter__(self) -> Iterator[Guess]:
        return map(
            Guess,
            self.characters,
            self.probabilities,
            self.runners_up,
            self.runner_up_probabilities,
        )

    @overload
    def __getitem__(self, place: int) -> Guess: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Guess, ...]: ...

    def __getitem__(self, place: int | slice) -> Guess | tuple[Guess, ...]:
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def probability_of(guesses: Sequence[Guess | None]) -> float:
    """The product over what was written; a character that was copied has no guess."""
    return prod([guess.probability for guess in guesses if guess is not None])


@dataclass(frozen=True, slots=True)
class ScratchpadStep:
    """One line of a working, the part of it that was worked on next, and what became of it.

    `probability` is that of the marks times that of the characters written in their place.
    A last line has no span, and is sure.
    """

    text: str
    span: Span | None = None
    written: str = ""
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver wrote for one question: its text, a guess per character, the end's guess.

    `end` is None where the network filled every position without an end mark. `working`
    holds the lines from the first to the last, for solvers that show their work, and `stuck`
    says why they could not go on, where they could not. A copied character has no guess.
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
            return prod(line.probability for line in self.scratchpad)
        if isinstance(self.guesses, Guesses):
            sure = prod(self.guesses.probabilities)
            return sure if self.end is None else sure * self.end.probability
        return probability_of((*self.guesses, self.end))

    def probabilities(self) -> Sequence[float | None]:
        """That of each character, to `DIGITS_KEPT`; None for one that was copied."""
        if isinstance(self.guesses, Guesses):
            return self.guesses.rounded
        return [round(guess.probability, DIGITS_KEPT) if guess else None for guess in self.guesses]

    def runners_up(self) -> Sequence[Sequence[str | float] | None]:
        """The second likeliest of each character and its probability, likewise."""
        if isinstance(self.guesses, Guesses):
            columns = zip(self.guesses.runners_up, self.guesses.runner_up_rounded, strict=True)
            return [[runner_up, probability] for runner_up, probability in columns]
        return [
            [guess.runner_up, round(guess.runner_up_probability, DIGITS_KEPT)] if guess else None
            for guess in self.guesses
        ]
