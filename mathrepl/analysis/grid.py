"""The cells of a plane `a op b`, as questions, and batches of them answered."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mathrepl.analysis.answered import Answered, size_of_error
from mathrepl.arithmetic.expression import format_value, parse

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
    """A batch answered: `shown` and `wrong` are (n,); `shown` is infinite for what is no number.

    `mistakes` are the first of them; `notable` the least sure answers, or the largest errors.
    """

    shown: Floats
    wrong: NDArray[np.bool_]
    mistakes: list[Answered]
    notable: list[Answered]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells a by b, a by a, and how they are asked; a division by zero is none."""

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

    def texts(self, first: int, end: int) -> tuple[list[str], list[str]]:
        """Questions and exact answers of the cells from `first` to before `end`.

        Raises `MathreplError` where the rule of a task gives a cell no answer.
        """
        width = len(self.b)
        questions: list[str] = []
        truths: list[str] = []
        for row in range(first // width, (end - 1) // width + 1):
            a = self.a[0] + row
            some = slice(max(first - row * width, 0), min(end - row * width, width))
            questions += [f"{a}{ending}" for ending in self.endings[some]]
            if self.task.rule:
                asked = questions[len(truths) :]
                truths += [self.task.target(parse(question)) for question in asked]
            elif self.operation == "/":
                decimals = self.task.decimals
                truths += [format_value(Fraction(a, b), decimals) for b in self.b[some]]
            else:
                compute = COMPUTED[self.operation]
                truths += [str(compute(a, b)) for b in self.b[some]]
        return questions, truths

    def ask(self, cells: range) -> Seen:
        """Answer the cells of these numbers."""
        questions, truths = self.texts(cells.start, cells.stop)
        sure: list[float] = []
        if self.show == "confidence":
            written, sure = self.solver.write_surely(questions)
        else:
            written = self.solver.write(questions)
        wrong = np.fromiter(map(str.__ne__, written, truths), bool, len(questions))
        places = np.flatnonzero(wrong).tolist()
        shown = wrong.astype(np.float32)
        notable: list[int] = []
        if self.show == "confidence":
            shown = np.array(sure, np.float32)
            notable = np.argsort(sure, kind="stable")[:NOTABLE].tolist()
        elif self.show == "size":
            sizes = {i: size_of_error(written[i], truths[i]) for i in places}
            for i, size in sizes.items():
                shown[i] = math.inf if size is None else _log(1 + size)
            numbers = {i: size for i, size in sizes.items() if size is not None}
            notable = sorted(numbers, key=numbers.__getitem__, reverse=True)[:NOTABLE]

        def cell(i: int) -> Answered:
            return Answered(questions[i], written[i], truths[i], sure[i] if sure else 1.0)

        mistakes = [cell(i) for i in places[:MAX_LISTED]]
        return Seen(shown, wrong, mistakes, [cell(i) for i in notable])


def ending(task: Task, operation: str, b: int) -> str:
    """The canonical text of a question after its first number."""
    space = " " if task.spaced else ""
    return f"{space}{operation}{space}" + (f"({b})" if b < 0 and task.brackets else str(b))


def _log(size: Fraction) -> float:
    """Its decimal logarithm, also of numbers too large for a float."""
    return math.log10(size.numerator) - math.log10(size.denominator)
