"""The network's answer beside the truth, place by place. Pure values, no drawing."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from mathrepl.errors import MathreplError
from mathrepl.expression import MAX_LENGTH, format_value, read_value

CLOSE_RUNNER_UP = 0.1


@dataclass(frozen=True, slots=True)
class Guess:
    """One character the network wrote, how sure it was (0..1), and the second likeliest."""

    character: str
    probability: float
    runner_up: str
    runner_up_probability: float


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver wrote for one question: its text, a guess per character, the end's guess.

    `end` is None where the network filled every position without an end mark. `working`
    holds the lines before the answer, for solvers that show their work.
    """

    question: str
    text: str
    guesses: tuple[Guess, ...]
    end: Guess | None
    working: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One place of the aligned answers; a side that has no character there is empty.

    `power` is the place's power of ten, None for the point and for signs.
    """

    network: str
    truth: str
    guess: Guess | None
    power: int | None

    @property
    def right(self) -> bool:
        return self.network == self.truth


@dataclass(frozen=True, slots=True)
class Answer:
    """One question answered: `network` beside `truth`, aligned by place in `columns`.

    `notes` say in which ways the question lies outside the training.
    """

    equation: str
    network: str
    truth: str
    columns: tuple[Column, ...]
    solution: Solution
    weights: str
    engine: str
    notes: tuple[str, ...] = field(default=())

    @property
    def right(self) -> bool:
        return self.network == self.truth

    @property
    def wrong_digits(self) -> int:
        """Places where the two differ; a missing or surplus character counts."""
        return sum(not column.right for column in self.columns)

    @property
    def off_by(self) -> str | None:
        """The size of the error, or None where the network did not write a number."""
        written = read_value(self.network)
        if written is None:
            return None
        return format_value(abs(written - Fraction(self.truth)), MAX_LENGTH)

    @property
    def confidence(self) -> float:
        """Probability of the whole text, end mark included: the product over its characters."""
        product = 1.0
        for guess in (*self.solution.guesses, *([self.solution.end] if self.solution.end else [])):
            product *= guess.probability
        return product

    @property
    def verdict(self) -> str:
        """`right`, or what is wrong, in words."""
        if self.right:
            return "right"
        if not self.network:
            return "wrong: it wrote nothing"
        digits = f"in {self.wrong_digits} digit{'' if self.wrong_digits == 1 else 's'}"
        if self.off_by is None:
            return f"wrong: {self.network!r} is not a number"
        if self.off_by == "0":
            return f"wrong {digits}: the value is right, the writing is not"
        return f"wrong by {self.off_by}, {digits}"

    def record(self) -> dict[str, Any]:
        """For `--json`: one probability a written character, left to right, then the end's."""
        end = self.solution.end
        return {
            "equation": self.equation,
            "network": self.network,
            "truth": self.truth,
            "right": self.right,
            "weights": self.weights,
            "probabilities": [round(g.probability, 6) for g in self.solution.guesses],
            "end_probability": round(end.probability, 6) if end else None,
            "runners_up": [
                [g.runner_up, round(g.runner_up_probability, 6)] for g in self.solution.guesses
            ],
            "confidence": round(self.confidence, 6),
            "wrong_digits": self.wrong_digits,
            "off_by": self.off_by,
            "verdict": self.verdict,
            "engine": self.engine,
            "notes": list(self.notes),
            "working": list(self.solution.working),
        }


@dataclass(frozen=True, slots=True)
class Refused:
    """A question of several that could not be asked, and why."""

    equation: str
    error: MathreplError
    weights: str = ""

    def record(self) -> dict[str, Any]:
        record = {"equation": self.equation, "error": str(self.error)}
        return {**record, "weights": self.weights} if self.weights else record


@dataclass(frozen=True, slots=True)
class Answers:
    """Several questions of one line, in order."""

    items: tuple[Answer | Refused, ...]

    def record(self) -> list[dict[str, Any]]:
        return [item.record() for item in self.items]


def compare(
    equation: str,
    solution: Solution,
    truth: str,
    *,
    weights: str,
    engine: str,
    notes: tuple[str, ...] = (),
) -> Answer:
    """Align `solution` with `truth` by place: the points stand over each other."""
    columns = align(solution, truth)
    return Answer(equation, solution.text, truth, columns, solution, weights, engine, notes)


def align(solution: Solution, truth: str) -> tuple[Column, ...]:
    """Columns of the two texts, padded left of the whole part and right of the fraction."""
    network = solution.text
    whole = max(_whole(network), _whole(truth))
    left_network, left_truth = whole - _whole(network), whole - _whole(truth)
    width = max(left_network + len(network), left_truth + len(truth))
    columns = []
    for place in range(width):
        i, j = place - left_network, place - left_truth
        written = network[i] if 0 <= i < len(network) else ""
        wanted = truth[j] if 0 <= j < len(truth) else ""
        guess = solution.guesses[i] if written and i < len(solution.guesses) else None
        is_digit = (written or wanted).isdigit() or wanted.isdigit()
        power = (whole - 1 - place if place < whole else whole - place) if is_digit else None
        columns.append(Column(written, wanted, guess, power))
    return tuple(columns)


def _whole(text: str) -> int:
    """Characters before the point."""
    return len(text.split(".", 1)[0])
