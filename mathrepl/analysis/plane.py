"""A map of every equation `a op b` of two ranges: mistakes, sizes of errors, confidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mathrepl.analysis.answered import Answered, in_batches
from mathrepl.analysis.figure import Figure, Heatmap, Palette, Progress
from mathrepl.analysis.grid import COMPUTED, MAX_LISTED, NOTABLE, Bounds, Cells, Seen, Show, ending
from mathrepl.arithmetic.parser import parse
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.coverage import check_characters
from mathrepl.support.errors import UsageError
from mathrepl.support.text import percent

if TYPE_CHECKING:
    from mathrepl.store.card import Card

MAX_CELLS = 2_000_000
BLOCKS = 10  # the number of blocks along a side, to find where mistakes are densest
TITLES = {"wrong": "where it is wrong", "confidence": "how sure it is", "size": "how far off it is"}
SCALES: dict[Show, tuple[str, Palette]] = {
    "wrong": ("right (0) or wrong (1)", "verdict"),
    "confidence": ("probability of the whole answer", "amount"),
    "size": ("log10(1 + size of the error)", "amount"),
}


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
    _check_size(card, (a[1] - a[0] + 1) * (b[1] - b[0] + 1))
    # Both ranges as one task: its own checks find what no network can be asked.
    both = replace(card.task, sampling="uniform", fewest=1, most=1, operations="+")
    both = replace(both, low=min(a[0], b[0]), high=max(a[1], b[1]), operations=operation)
    check_characters(card, both)
    numbers = tuple(n for n in range(b[0], b[1] + 1) if n or operation != "/")
    if not numbers:
        raise UsageError("every equation here divides by zero", hint="widen the range of b")
    endings = tuple(ending(card.task, operation, n) for n in numbers)
    asked = Cells(card.task, weights.solver, operation, a, numbers, endings, show)
    return _look(weights, asked, b)


def _check_size(card: Card, cells: int) -> None:
    if cells > MAX_CELLS:
        raise UsageError(
            f"{cells:,} equations are too many to ask, at most {MAX_CELLS:,}",
            hint="zoom in with smaller ranges",
        )
    most = card.architecture.row.map_cells
    if cells > most:
        raise UsageError(
            f"{card.name} writes a working for each of {cells:,} equations, which takes too long",
            hint=f"zoom in with smaller ranges, at most {most:,} equations",
        )


def _look(weights: ActiveWeights, asked: Cells, b: Bounds) -> Iterator[Progress | Figure]:
    what, total = f"{weights.name}: a {asked.operation} b", asked.total
    seen = Seen(np.empty(total, np.float32), np.empty(total, bool), [], [])
    yield Progress(what, 0, total)
    with closing(in_batches(weights, range(total), asked.ask)) as answered:
        for cells, some in answered:
            seen.shown[cells] = some.shown
            seen.wrong[cells] = some.wrong
            seen.mistakes.extend(some.mistakes[: MAX_LISTED - len(seen.mistakes)])
            seen.notable.extend(some.notable)
            yield Progress(what, cells[-1] + 1, total)
    yield _figure(weights.card, asked, b, seen)


def _figure(card: Card, asked: Cells, b: Bounds, seen: Seen) -> Figure:
    there = np.isin(np.arange(b[0], b[1] + 1), asked.b)
    cells = np.full((asked.a[1] - asked.a[0] + 1, len(there)), np.nan, np.float32)
    grid = np.zeros(cells.shape, bool)
    cells[:, there] = seen.shown.reshape(len(cells), -1)
    grid[:, there] = seen.wrong.reshape(len(cells), -1)
    count, strange = int(seen.wrong.sum()), int(np.isinf(seen.shown).sum())
    finite = cells[np.isfinite(cells)]
    high = (float(finite.max(initial=0.0)) or 1.0) if asked.show == "size" else 1.0
    cells[np.isinf(cells)] = high
    densest = _densest(grid, there, asked.a[0], b[0])
    facts = [f"{count:,} of {asked.total:,} wrong ({percent(count, asked.total)})"]
    # Only where mistakes gather: not for a single one, nor where all is wrong.
    if densest is not None and 1 < densest["wrong"] > densest["total"] * count / asked.total:
        facts.append(
            f"most mistakes: a {_span(densest['a'])}, b {_span(densest['b'])}, "
            f"{densest['wrong']:,} of {densest['total']:,} wrong"
        )
    if asked.show == "size":
        notable = sorted(seen.notable, key=lambda one: one.error or 0, reverse=True)[:NOTABLE]
        facts += [f"far off: {_equation(one)}, wrong by {one.off_by}" for one in notable]
    else:
        notable = sorted(seen.notable, key=lambda one: one.confidence)[:NOTABLE]
        facts += [
            f"unsure: {_equation(one)}, {percent(one.confidence, 1)}, "
            + ("right" if one.right else f"wrong, it is {one.target}")
            for one in notable
        ]
    notes = _notes(asked, card)
    if strange:
        are = "answer is not a number" if strange == 1 else "answers are not numbers"
        notes.append(f"{strange:,} {are}, drawn as the largest error")
    if not there.all():
        notes.append("b = 0 has no cells: a division by zero has no answer")
    scale, palette = SCALES[asked.show]
    heat = Heatmap(
        scale,
        cells.T[::-1],
        row_range=(b[1], b[0]),
        column_range=asked.a,
        row_axis="b",
        column_axis="a",
        high=high,
        palette=palette,
        keep_peaks=asked.show != "confidence",
    )
    data: dict[str, Any] = {
        "weights": card.name,
        "operation": asked.operation,
        "a": list(asked.a),
        "b": list(b),
        "show": asked.show,
        "total": asked.total,
        "wrong": count,
        "wrong_share": count / asked.total,
        "densest": densest,
        "wrong_equations": [one.record() for one in seen.mistakes],
    }
    if asked.show == "confidence":
        data["least_sure"] = [one.record("confidence") for one in notable]
    if asked.show == "size":
        data["largest_errors"] = [one.record("off_by") for one in notable]
        data["not_numbers"] = strange
    title = f"{card.name}: a {asked.operation} b, {TITLES[asked.show]}"
    return Figure(title, (heat,), tuple(facts), tuple(notes), data)


def _densest(
    wrong: NDArray[np.bool_], there: NDArray[np.bool_], low_a: int, low_b: int
) -> dict[str, Any] | None:
    """The block, a tenth of each side, with the most mistakes; None where nothing is wrong.

    `wrong` is (a, b); `there` (b,) are the numbers of b that have cells.
    """
    if not wrong.any():
        return None
    blocks = product(*(_blocks(length) for length in wrong.shape))
    some_a, some_b = most = max(blocks, key=lambda block: wrong[block].sum())
    return {
        "a": [low_a + some_a.start, low_a + some_a.stop - 1],
        "b": [low_b + some_b.start, low_b + some_b.stop - 1],
        "wrong": int(wrong[most].sum()),
        "total": (some_a.stop - some_a.start) * int(there[some_b].sum()),
    }


def _blocks(length: int) -> list[slice]:
    side = -(-length // BLOCKS)
    return [slice(first, min(first + side, length)) for first in range(0, length, side)]


def _notes(asked: Cells, card: Card) -> list[str]:
    """Notes on equations outside the network's training, or too long for it."""
    task, notes = card.task, []
    low, high = min(task.low, -task.high) if task.brackets else task.low, task.high
    a_inside = max(0, min(asked.a[1], high) - max(asked.a[0], low) + 1)
    outside = asked.total - a_inside * sum(low <= n <= high for n in asked.b)
    if outside:
        notes.append(
            f"{outside:,} of {asked.total:,} equations lie outside the trained range {low}..{high}"
        )
    usual = f"{high}{ending(task, asked.operation, high)}"
    notes += task.outside(parse(usual))
    room = card.encoding.answer_length - 1
    if asked.operation != "/" and not task.rule and not card.architecture.row.any_length:
        # Sums, differences and products of two ranges are longest at their corners.
        compute, ends = COMPUTED[asked.operation], (asked.b[0], asked.b[-1])
        longest = max(len(str(compute(x, y))) for x in asked.a for y in ends)
        if longest > room:
            notes.append(f"it can write at most {room} characters, some answers have {longest}")
    return notes


def _equation(one: Answered) -> str:
    return f"{one.question} = {one.network or 'nothing'}"


def _span(bounds: list[int]) -> str:
    return f"{bounds[0]}..{bounds[1]}" if bounds[0] < bounds[1] else str(bounds[0])
