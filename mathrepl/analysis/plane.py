"""A map of every equation `a op b` of two ranges: mistakes, sizes of errors, confidence."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from heapq import nlargest, nsmallest
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mathrepl.analysis.answered import Answered, in_batches
from mathrepl.analysis.figure import Figure, Heatmap, Palette, Progress
from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.coverage import check_characters
from mathrepl.support.errors import UsageError
from mathrepl.support.text import percent

Show = Literal["wrong", "confidence", "size"]
Bounds = tuple[int, int]
MAX_CELLS = 2_000_000
MAX_LISTED = 1000
NOTABLE = 5
BLOCKS = 10  # the number of blocks along a side, to find where mistakes are densest
COMPUTED: dict[str, Callable[[int, int], int | Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": Fraction,
}
# The end of the title, the title of the scale, and its colours.
SHOWN: dict[Show, tuple[str, str, Palette]] = {
    "wrong": ("where it is wrong", "right (0) or wrong (1)", "verdict"),
    "confidence": ("how sure it is", "probability of the whole answer", "amount"),
    "size": ("how far off it is", "log10(1 + size of the error)", "amount"),
}


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a plane, numbered row by row of a; a division by zero has none."""

    task: Task
    operation: str
    a: Bounds
    b: Bounds

    @property
    def shape(self) -> tuple[int, int]:
        """The number of values of a and of b."""
        return self.a[1] - self.a[0] + 1, self.b[1] - self.b[0] + 1

    def numbers(self) -> Sequence[int]:
        rows, columns = self.shape
        every, zero = range(rows * columns), -self.b[0]
        if self.operation != "/" or not 0 <= zero < columns:
            return every
        return [cell for cell in every if cell % columns != zero]

    def question(self, a: int, b: int) -> str:
        """The canonical text of a cell's question."""
        return f"{a}{self._ending(b)}"

    def _ending(self, b: int) -> str:
        space = " " if self.task.spaced else ""
        second = f"({b})" if b < 0 and self.task.brackets else str(b)
        return f"{space}{self.operation}{space}{second}"

    def texts(self, cells: Sequence[int]) -> tuple[list[str], list[str]]:
        """Questions and exact answers of the cells of these numbers.

        Raises `MathreplError` where the rule of a task gives a cell no answer.
        """
        rows, columns = np.divmod(cells, self.shape[1])
        first = [self.a[0] + row for row in rows.tolist()]
        second = [self.b[0] + column for column in columns.tolist()]
        endings = {b: self._ending(b) for b in set(second)}
        questions = [f"{a}{endings[b]}" for a, b in zip(first, second, strict=True)]
        if self.task.rule:
            return questions, [self.task.target(parse(question)) for question in questions]
        values = map(COMPUTED[self.operation], first, second)
        if self.operation != "/":
            return questions, list(map(str, values))
        return questions, [format_value(value, self.task.decimals) for value in values]


def plane(
    weights: ActiveWeights, *, operation: str | None, a: Bounds, b: Bounds, show: Show
) -> Iterator[Progress | Figure]:
    """Progress, then the plane of `a op b`: b upwards, a to the right.

    The default operation is the first of the network's task that is not a division. Raises, before
    anything is asked, `UsageError` for ranges that are empty or too large, `TaskError` for numbers
    that are too large, and `OutOfReachError` where the network lacks a character.
    """
    card = weights.card
    if operation is None:
        operation = next((o for o in card.task.operations if o != "/"), "/")
    for name, (low, high) in (("a", a), ("b", b)):
        if low > high:
            raise UsageError(
                f"the range {low}..{high} of {name} is empty", hint="put the smaller number first"
            )
    count = (a[1] - a[0] + 1) * (b[1] - b[0] + 1)
    if count > MAX_CELLS:
        raise UsageError(
            f"{count:,} equations are too many to ask, at most {MAX_CELLS:,}",
            hint="zoom in with smaller ranges",
        )
    most = card.architecture.row.map_cells
    if count > most:
        raise UsageError(
            f"{card.name} writes a working for each of {count:,} equations, which takes too long",
            hint=f"zoom in with smaller ranges, at most {most:,} equations",
        )
    # Both ranges as one task: its own checks find what no network can be asked.
    both = replace(card.task, sampling="uniform", fewest=1, most=1, operations="+")
    both = replace(both, low=min(a[0], b[0]), high=max(a[1], b[1]), operations=operation)
    check_characters(card, both)
    survey = _Survey(weights, Cells(card.task, operation, a, b), show)
    if not survey.numbers:
        raise UsageError("every equation here divides by zero", hint="widen the range of b")
    return survey.look()


class _Survey:
    """Cells while they are asked.

    `shown` (a, b) is infinite for an answer that is not a number, and NaN for a division by zero;
    `wrong` (a, b) are the mistakes. The first are in `mistakes`; `notable` holds the least
    confident answers of each batch, or its largest errors.
    """

    def __init__(self, weights: ActiveWeights, cells: Cells, show: Show) -> None:
        self.weights, self.cells, self.show = weights, cells, show
        self.numbers = cells.numbers()
        self.shown = np.full(cells.shape, np.nan, np.float32)
        self.wrong = np.zeros(cells.shape, bool)
        self.mistakes: list[Answered] = []
        self.notable: list[Answered] = []

    def look(self) -> Iterator[Progress | Figure]:
        what, done, total = f"{self.weights.name}: a {self.cells.operation} b", 0, len(self.numbers)
        yield Progress(what, done, total)
        with closing(in_batches(self.weights, self.numbers, self.ask)) as answered:
            for numbers, (mistakes, notable) in answered:
                self.mistakes += mistakes[: MAX_LISTED - len(self.mistakes)]
                self.notable += notable
                done += len(numbers)
                yield Progress(what, done, total)
        yield self.figure()

    def ask(self, numbers: list[int]) -> tuple[list[Answered], list[Answered]]:
        """Answer the cells of these numbers; returns mistakes and notable answers."""
        questions, targets = self.cells.texts(numbers)
        written, confidences = self.weights.solver.write(questions)
        wrong = np.fromiter(map(str.__ne__, written, targets), bool, len(written))

        def answered(at: NDArray[np.intp]) -> list[Answered]:
            return [Answered(questions[i], written[i], targets[i], confidences[i]) for i in at]

        mistakes = answered(np.flatnonzero(wrong))
        shown, notable = wrong.astype(np.float32), list[Answered]()
        if self.show == "confidence":
            shown = np.array(confidences, np.float32)
            notable = answered(np.argsort(confidences, kind="stable")[:NOTABLE])
        elif self.show == "size":
            errors = [one.error for one in mistakes]
            shown[wrong] = list(map(_logarithm, errors))
            numeric = [i for i, error in enumerate(errors) if error is not None]
            largest = nlargest(NOTABLE, numeric, key=lambda i: errors[i] or 0)
            notable = [mistakes[i] for i in largest]
        self.shown.flat[numbers], self.wrong.flat[numbers] = shown, wrong
        return mistakes[:MAX_LISTED], notable

    def figure(self) -> Figure:
        show, (a, b), name = self.show, (self.cells.a, self.cells.b), self.weights.name
        total, count = len(self.numbers), int(self.wrong.sum())
        strange = int(np.isinf(self.shown).sum())
        high = 1.0
        if show == "size":
            high = float(self.shown.max(initial=0.0, where=np.isfinite(self.shown))) or 1.0
        facts = [f"{count:,} of {total:,} wrong ({percent(count, total)})"]
        densest = self.densest() if count else None
        # Only where mistakes gather: not for a single one, nor where all is wrong.
        if densest is not None and 1 < densest["wrong"] > densest["total"] * count / total:
            facts.append(
                f"most mistakes: a {_span(densest['a'])}, b {_span(densest['b'])}, "
                f"{densest['wrong']:,} of {densest['total']:,} wrong"
            )
        notes = self.notes()
        if strange:
            are = "answer is not a number" if strange == 1 else "answers are not numbers"
            notes.append(f"{strange:,} {are}, drawn as the largest error")
        if total < self.shown.size:
            notes.append("b = 0 has no cells: a division by zero has no answer")
        title, scale, palette = SHOWN[show]
        heat = Heatmap(
            scale,
            np.minimum(self.shown, high).T[::-1],
            row_range=(b[1], b[0]),
            column_range=a,
            row_axis="b",
            column_axis="a",
            high=high,
            palette=palette,
            keep_peaks=show != "confidence",
        )
        data: dict[str, Any] = {
            "weights": name,
            "operation": self.cells.operation,
            "a": list(a),
            "b": list(b),
            "show": show,
            "total": total,
            "wrong": count,
            "wrong_share": count / total,
            "densest": densest,
            "wrong_equations": [one.record() for one in self.mistakes],
        }
        if show == "confidence":
            notable = nsmallest(NOTABLE, self.notable, key=lambda one: one.confidence)
            data["least_sure"] = [
                one.record(confidence=round(one.confidence, 6)) for one in notable
            ]
            facts += [
                f"unsure: {_equation(one)}, {percent(one.confidence, 1)}, "
                + ("right" if one.right else f"wrong, it is {one.target}")
                for one in notable
            ]
        if show == "size":
            notable = nlargest(NOTABLE, self.notable, key=lambda one: one.error or 0)
            data["largest_errors"] = [one.record(off_by=one.off_by) for one in notable]
            data["not_numbers"] = strange
            facts += [f"far off: {_equation(one)}, wrong by {one.off_by}" for one in notable]
        title = f"{name}: a {self.cells.operation} b, {title}"
        return Figure(title, (heat,), tuple(facts), tuple(notes), data)

    def densest(self) -> dict[str, Any]:
        """The block, a tenth of each side, with the most mistakes."""
        blocks = product(*(_blocks(length) for length in self.wrong.shape))
        some_a, some_b = most = max(blocks, key=lambda block: self.wrong[block].sum())
        low_a, low_b = self.cells.a[0], self.cells.b[0]
        return {
            "a": [low_a + some_a.start, low_a + some_a.stop - 1],
            "b": [low_b + some_b.start, low_b + some_b.stop - 1],
            "wrong": int(self.wrong[most].sum()),
            "total": int((~np.isnan(self.shown[most])).sum()),
        }

    def notes(self) -> list[str]:
        """Notes on equations outside the network's training, or too long for it."""
        card, (a, b) = self.weights.card, (self.cells.a, self.cells.b)
        task, total, notes = card.task, len(self.numbers), []
        low, high = min(task.low, -task.high) if task.brackets else task.low, task.high
        inside = tuple(slice(max(0, low - one), max(0, high + 1 - one)) for one, _ in (a, b))
        outside = total - int((~np.isnan(self.shown[inside])).sum())
        if outside:
            notes.append(
                f"{outside:,} of {total:,} equations lie outside the trained range {low}..{high}"
            )
        notes += task.outside(parse(self.cells.question(high, high)))
        room, operation = card.encoding.answer_length - 1, self.cells.operation
        if operation != "/" and not task.rule and not card.architecture.row.any_length:
            # Sums, differences and products of two ranges are longest at their corners.
            longest = max(len(str(COMPUTED[operation](*corner))) for corner in product(a, b))
            if longest > room:
                notes.append(f"it can write at most {room} characters, some answers have {longest}")
        return notes


def _logarithm(error: Fraction | None) -> float:
    """The decimal logarithm of 1 + `error`, also where it is too large for a float.

    Infinite where the network wrote no number.
    """
    if error is None:
        return math.inf
    return math.log10((1 + error).numerator) - math.log10(error.denominator)


def _blocks(length: int) -> list[slice]:
    side = -(-length // BLOCKS)
    return [slice(first, min(first + side, length)) for first in range(0, length, side)]


def _equation(one: Answered) -> str:
    return f"{one.question} = {one.network or 'nothing'}"


def _span(bounds: list[int]) -> str:
    return f"{bounds[0]}..{bounds[1]}" if bounds[0] < bounds[1] else str(bounds[0])
