"""How networks learnt: loss, accuracy and exact match by epoch, from their cards' histories."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from mathrepl.analysis.answered import percent
from mathrepl.analysis.figure import Figure, Lines, Series
from mathrepl.store.card import Card, Epoch, Metrics
from mathrepl.support.advice import Advice, Run
from mathrepl.support.errors import UsageError

SIDES: tuple[tuple[str, Callable[[Epoch], Metrics]], ...] = (
    ("held-out", lambda epoch: epoch.held_out),
    ("training", lambda epoch: epoch.training),
)


@dataclass(frozen=True, slots=True)
class _Course:
    """The epochs of one network, in order; one of several in the same weights has a `part`."""

    card: Card
    part: str
    epochs: tuple[Epoch, ...]

    @property
    def name(self) -> str:
        return f"{self.card.name} {self.part}".rstrip()

    def series(self, side: str, of: Callable[[Epoch], float], *, log: bool) -> Series:
        """One number by epoch, counted from 1; what the scale cannot show is left out."""
        points = [
            (float(number), of(epoch))
            for number, epoch in enumerate(self.epochs, 1)
            if math.isfinite(of(epoch)) and (of(epoch) > 0 or not log)
        ]
        return Series(
            f"{self.name} {side}", tuple(x for x, _ in points), tuple(y for _, y in points)
        )

    @property
    def best(self) -> int:
        """Which of its epochs, from 1, was the best: the kept one, else the most exact.

        A card says which epoch was kept of the network that was trained last. For the others it
        is the epoch with the most held-out answers right in full, the one of the least loss among
        those alike, as in a training.
        """
        for number, epoch in enumerate(self.epochs, 1):
            if epoch.number == self.card.best_epoch:
                return number
        held_out = [epoch.held_out for epoch in self.epochs]
        ranks = [
            (-one.exact, one.loss if math.isfinite(one.loss) else math.inf) for one in held_out
        ]
        return ranks.index(min(ranks)) + 1

    @property
    def seconds(self) -> float:
        return median(epoch.seconds for epoch in self.epochs)

    @property
    def fact(self) -> str:
        exact = self.epochs[self.best - 1].held_out.exact
        return (
            f"{self.name}: best epoch {self.best:,} of {len(self.epochs):,}, "
            f"{percent(exact, 1)} of the held-out right in full, {self.seconds:.3g} s an epoch"
        )

    def record(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "best_epoch": self.best,
            "best_held_out_exact": self.epochs[self.best - 1].held_out.exact,
            "seconds_per_epoch": self.seconds,
        }


def curve(cards: Sequence[Card]) -> Figure:
    """Three plots over epochs: loss (logarithmic), right characters, answers right in full.

    Networks that were trained one after the other in the same weights each count from 1. Raises
    `UsageError` for no cards at all.
    """
    if not cards:
        raise UsageError(
            "no weights were named", hint=Advice("name some, as in ", Run("curve", "add blog"))
        )
    courses = [course for card in cards for course in _courses(card)]
    notes = [f"{card.name} has no history of a training" for card in cards if not card.history]
    panels: tuple[Lines, ...] = ()
    if courses:
        panels = (
            _lines(courses, "loss", lambda metrics: metrics.loss, log=True),
            _lines(courses, "characters right", lambda metrics: metrics.accuracy, high=1.0),
            _lines(courses, "answers right in full", lambda metrics: metrics.exact, high=1.0),
        )
    return Figure(
        f"how {', '.join(card.name for card in cards)} learnt",
        panels,
        tuple(course.fact for course in courses),
        tuple(notes),
        {"networks": [_record(card) for card in cards]},
    )


def _courses(card: Card) -> list[_Course]:
    """A course a part, in the order in which they were trained first."""
    parts = dict.fromkeys(epoch.part for epoch in card.history)
    return [
        _Course(card, part, tuple(epoch for epoch in card.history if epoch.part == part))
        for part in parts
    ]


def _lines(
    courses: Sequence[_Course],
    title: str,
    of: Callable[[Metrics], float],
    *,
    log: bool = False,
    high: float | None = None,
) -> Lines:
    def of_side(pick: Callable[[Epoch], Metrics]) -> Callable[[Epoch], float]:
        return lambda epoch: of(pick(epoch))

    series = tuple(
        course.series(side, of_side(pick), log=log) for course in courses for side, pick in SIDES
    )
    y_axis = title if log else "share"
    return Lines(title, series, x_axis="epoch", y_axis=y_axis, log=log, high=high)


def _record(card: Card) -> dict[str, Any]:
    """Every number of its history; `epoch` counts within the part."""
    epochs = [
        {
            "part": course.part,
            "epoch": number,
            "number": epoch.number,
            "seconds": epoch.seconds,
            **{
                side: {key: _finite(value) for key, value in asdict(metrics).items()}
                for side, metrics in (("training", epoch.training), ("held_out", epoch.held_out))
            },
        }
        for course in _courses(card)
        for number, epoch in enumerate(course.epochs, 1)
    ]
    parts = [course.record() for course in _courses(card)]
    return {"weights": card.name, "parts": parts, "epochs": epochs}


def _finite(value: float) -> float | None:
    """JSON has no word for what is no number."""
    return value if math.isfinite(value) else None
