"""Mistakes of a network by carries, operations, digits, size of the error and confidence."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any

from mathrepl.analysis.answered import Answered, in_batches
from mathrepl.analysis.figure import Bar, Bars, Figure, Lines, Panel, Progress, Series
from mathrepl.analysis.tally import SAME_VALUE, SIZES, SMALL, Tally
from mathrepl.arithmetic.parser import parse
from mathrepl.data.sampling import Example, draw_held_out, every
from mathrepl.evaluation.suites import SEED, WHOLE_SPACE
from mathrepl.inference.answer import Answers, compare
from mathrepl.inference.solution import Written
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.support.errors import UsageError
from mathrepl.support.text import percent

MOST_BARS = 12


def errors(
    weights: ActiveWeights, count: int | None, *, whole: bool
) -> Iterator[Progress | Figure]:
    """Progress, then the mistakes among `count` held-out equations, or the kind's default.

    They are drawn from the seed of certificates. With `whole` all equations of the task are
    asked, the trained ones included. Raises `UsageError`, before anything is asked, for a count
    with `whole` and for a space too large to ask whole.
    """
    card = weights.card
    task = card.task
    if whole:
        if count is not None:
            raise UsageError("--whole asks every equation", hint="leave out the number or --whole")
        if task.brackets or task.space_size > WHOLE_SPACE:
            raise UsageError(
                f"{card.name} is for {task.describe()}: too many equations to ask all",
                hint="leave out --whole to ask held-out ones",
            )
        return _ask(weights, every(task), task.space_size, ["trained equations are included"])
    if count is None:
        count = card.architecture.row.errors
    notes = []
    drawn = task
    if task.sampling == "carries":  # without a preference for carries
        small = task.space_size <= WHOLE_SPACE
        drawn = replace(task, sampling="uniform" if small else "stratified")
    if drawn.sampling == "stratified":
        notes.append("drawn evenly by digit counts, so shares differ from those of the whole space")
    examples = draw_held_out(drawn, random.Random(SEED), split_seed=task.seed)
    return _ask(weights, islice(examples, count), count, notes)


def _ask(
    weights: ActiveWeights, examples: Iterator[Example], total: int, notes: list[str]
) -> Iterator[Progress | Figure]:
    card, solver = weights.card, weights.solver
    what = f"{card.name}: {card.task.describe()}"
    tally = Tally()

    def ask(batch: list[Example]) -> Written:
        return solver.write([example.question for example in batch])

    yield Progress(what, 0, total)
    with closing(in_batches(weights, examples, ask)) as asked:
        for batch, (written, sure) in asked:
            tally.count(batch, written, sure)
            yield Progress(what, tally.total, total)
    if not tally.total:
        raise UsageError(
            f"no equation of {card.task.describe()} is held out", hint="add --whole to ask them all"
        )
    if tally.total < total:
        notes = [*notes, f"only {tally.total:,} equations exist to ask"]
    yield _figure(weights, tally, notes)


def _figure(weights: ActiveWeights, tally: Tally, notes: list[str]) -> Figure:
    card = weights.card
    examples = [one for _, one in sorted(tally.examples, key=lambda pair: pair[0])]
    panels: list[Panel] = []
    if tally.wrong:
        panels += [_shares(tally), _sizes(tally)]
    panels += _calibration(tally)
    if examples:
        panels.append(_answers(weights, examples))
    title = f"{card.name}: mistakes in {card.task.describe()}"
    return Figure(
        title, tuple(panels), _facts(tally), tuple(notes), _data(card.name, tally, examples)
    )


def _facts(tally: Tally) -> tuple[str, ...]:
    total, wrong = tally.total, tally.wrong
    sure = sum(confidence for *_, confidence in tally.bins)
    trust = f"{percent(sure, total)} sure on average, {percent(total - wrong, total)} right"
    if not wrong:
        return f"0 of {total:,} wrong: all are right", trust
    small = f"{tally.below_100:,} ({percent(tally.below_100, wrong)}) have an operand below 100"
    tiny = f"{tally.below_10:,} ({percent(tally.below_10, wrong)}) below 10"
    places = ", ".join(f"{count:,} in the {place}" for place, count in tally.by_place.most_common())
    one = f"{tally.one_digit:,} ({percent(tally.one_digit, wrong)}) are wrong in one digit only"
    facts = [
        f"{wrong:,} of {total:,} wrong ({percent(wrong, total)})",
        f"of the wrong, {small}, {tiny}",
        f"of the wrong, {one}" + (f": {places}" if places else ""),
    ]
    worst = tally.largest
    if worst is not None:
        facts.append(f"largest error: {worst.question} = {worst.network}, wrong by {worst.off_by}")
    return (*facts, trust)


def _shares(tally: Tally) -> Bars:
    """The share wrong: of sums by their longest run of carries, else by operations."""
    if sum(asked for asked, _ in tally.by_carries.values()) == tally.total:
        few = {0: "no carry", 1: "single carries"}
        chains = sorted(tally.by_carries.items())
        bars = [_share(few.get(chain, f"chain of {chain}"), *counts) for chain, counts in chains]
        return Bars("share wrong by the longest run of carries", tuple(bars))
    title = "share wrong by operations"
    bars = [_share(name, *counts) for name, counts in tally.by_operations.items()]
    bars.sort(key=lambda bar: (-bar.value, bar.label))
    if len(bars) > MOST_BARS:
        title += f", the worst {MOST_BARS} of {len(bars)}"
    return Bars(title, tuple(bars[:MOST_BARS]))


def _share(label: str, asked: int, wrong: int) -> Bar:
    return Bar(label, wrong / asked, f"{percent(wrong, asked)}, {wrong:,} of {asked:,}")


def _sizes(tally: Tally) -> Bars:
    sizes = [(label, tally.sizes[label]) for label in SIZES]
    usual = [one for one in sizes if one[1] or one[0] not in (SAME_VALUE, SMALL)]
    return _counts("mistakes by the size of the error", usual)


def _counts(title: str, counts: Iterable[tuple[str, float]]) -> Bars:
    return Bars(title, tuple(Bar(label, count, f"{count:,}") for label, count in counts))


def _calibration(tally: Tally) -> tuple[Panel, ...]:
    """The share right by confidence, then the number of right and of wrong answers by it."""
    bins = tally.calibration()
    confidence = tuple(one["mean_confidence"] for one in bins)
    share_right = tuple(one["right"] / one["answers"] for one in bins)
    measured = Series("measured", confidence, share_right)
    ideal = Series("perfect calibration", (0.0, 1.0), (0.0, 1.0))
    panels: list[Panel] = [
        Lines("share right by confidence", (measured, ideal), "confidence", "right", low=0, high=1)
    ]
    bands = [f"{100 * one['from']:.0f} to {100 * one['to']:.0f}%" for one in bins]
    right = [one["right"] for one in bins]
    wrong = [one["answers"] - one["right"] for one in bins]
    for verdict, counts in (("right", right), ("wrong", wrong)):
        if any(counts):
            counted = zip(bands, counts, strict=True)
            panels.append(_counts(f"{verdict} answers by confidence", counted))
    return tuple(panels)


def _answers(weights: ActiveWeights, examples: Sequence[Answered]) -> Answers:
    card = weights.card
    solutions = weights.solver.solve([one.question for one in examples])
    answers = [
        compare(
            parse(one.question).format(spaced=True),
            solution,
            one.target,
            weights=card.name,
            engine=weights.engine,
        )
        for one, solution in zip(examples, solutions, strict=True)
    ]
    return Answers(tuple(answers))


def _data(name: str, tally: Tally, examples: Sequence[Answered]) -> dict[str, Any]:
    largest = tally.largest
    return {
        "weights": name,
        "total": tally.total,
        "wrong": tally.wrong,
        "below_100": tally.below_100,
        "below_10": tally.below_10,
        "one_digit": tally.one_digit,
        "by_place": dict(tally.by_place.most_common()),
        "by_carries": {str(chain): counts for chain, counts in sorted(tally.by_carries.items())},
        "by_operations": dict(sorted(tally.by_operations.items())),
        "largest_error": largest.record(off_by=largest.off_by) if largest else None,
        "calibration": tally.calibration(),
        "sizes": {label: tally.sizes[label] for label in SIZES},
        "examples": [one.record(confidence=round(one.confidence, 6)) for one in examples],
    }
