"""The cells of a plane `a op b`, as questions, and batches of them answered."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mathrepl.analysis.answered import Answered
from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse

if TYPE_CHECKING:
    from mathrepl.arithmetic.task import Task
    from mathrepl.data.codec import Floats
    from mathrepl.inference.solver import Solver

Show = Literal["wrong", "confidence", "size"]
Bounds = tuple[int, int]
MAX_LISTED = 1000
NOTABLE = 5
COMPUTED = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Answers to n cells: `shown` (n,), infinite for what is no number, and `wrong` (n,).

    `mistakes` are the first of them; `notable` the least confident answers, or the largest errors.
    """

    shown: Floats
    wrong: NDArray[np.bool_]
    mistakes: list[Answered]
    notable: list[Answered]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a plane, row by row of a; the values of b leave out a division by zero."""

    task: Task
    solver: Solver
    operation: str
    a: Bounds
    b: tuple[int, ...]
    endings: tuple[str, ...]
    show: Show

    @property
    def total(self) -> int:
        return (self.a[1] - self.a[0] + 1) * len(self.b)

    def texts(self, cells: Sequence[int]) -> tuple[list[str], list[str]]:
        """Questions and exact answers of the cells of these numbers.

        Raises `MathreplError` where the rule of a task gives a cell no answer.
        """
        places = [divmod(cell, len(self.b)) for cell in cells]
        questions = [f"{self.a[0] + row}{self.endings[column]}" for row, column in places]
        if self.task.rule:
            return questions, [self.task.target(parse(question)) for question in questions]
        numbers = [(self.a[0] + row, self.b[column]) for row, column in places]
        if self.operation == "/":
            decimals = self.task.decimals
            return questions, [format_value(Fraction(a, b), decimals) for a, b in numbers]
        compute = COMPUTED[self.operation]
        return questions, [str(compute(a, b)) for a, b in numbers]

    def ask(self, cells: Sequence[int]) -> Seen:
        """Answer the cells of these numbers."""
        questions, targets = self.texts(cells)
        written, confidences = self.solver.write(questions)
        answers = list(zip(questions, written, targets, confidences, strict=True))
        wrong = np.fromiter(map(str.__ne__, written, targets), bool, len(questions))
        mistakes = [Answered(*answers[i]) for i in np.flatnonzero(wrong)]
        shown, rank = wrong.astype(np.float64), np.full(len(questions), np.inf)
        if self.show == "confidence":
            shown = rank = np.array(confidences)
        elif self.show == "size":
            shown[wrong] = [_logarithm(mistake.error) for mistake in mistakes]
            rank[wrong] = np.where(np.isfinite(shown[wrong]), -shown[wrong], np.inf)
        notable = np.argsort(rank, kind="stable")[:NOTABLE]
        return Seen(
            shown.astype(np.float32),
            wrong,
            mistakes[:MAX_LISTED],
            [Answered(*answers[i]) for i in notable if np.isfinite(rank[i])],
        )


def ending(task: Task, operation: str, b: int) -> str:
    """The canonical text of a question after its first number."""
    space = " " if task.spaced else ""
    return f"{space}{operation}{space}" + (f"({b})" if b < 0 and task.brackets else str(b))


def _logarithm(error: Fraction | None) -> float:
    """The decimal logarithm of 1 + `error`, also where it is too large for a float.

    Infinite where the network wrote no number.
    """
    if error is None:
        return math.inf
    return math.log10((1 + error).numerator) - math.log10(error.denominator)
