"""Learning curves: loss, accuracy and exact match by epoch, from the histories in cards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from mathrepl.analysis.figure import Figure, Lines, Series
from mathrepl.store.card import Card, Epoch, Metrics
from mathrepl.support.errors import Advice, Run, UsageError
from mathrepl.support.text import percent


@dataclass(frozen=True, slots=True)
class _Course:
    """The epochs of one network, in order; one of several in the same weights has a `part`."""

    card: Card
    part: str
    epochs: tuple[Epoch, ...]

    @property
    def name(self) -> str:
        return f"{self.card.name} {self.part}".rstrip()

    @property
    def best(self) -> int:
        """The number, from 1, of the best epoch: the kept one, else the most exact.

        A card holds the kept epoch of the network that was trained last. For others it is the
        epoch with the most held-out answers right in full, at a tie the one of the least loss, as
        in a training.
        """
        kept = (epoch for epoch in self.epochs if epoch.number == self.card.best_epoch)
        best = next(kept, None) or min(self.epochs, key=lambda epoch: _rank(epoch.held_out))
        return self.epochs.index(best) + 1

    @property
    def exact(self) -> float:
        return self.epochs[self.best - 1].held_out.exact

    @property
    def seconds(self) -> float:
        return median(epoch.seconds for epoch in self.epochs)

    @property
    def fact(self) -> str:
        return (
            f"{self.name}: best epoch {self.best:,} of {len(self.epochs):,}, "
            f"{percent(self.exact, 1)} of the held-out right in full, {self.seconds:.3g} s an epoch"
        )

    def record(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "best_epoch": self.best,
            "best_held_out_exact": self.exact,
            "seconds_per_epoch": self.seconds,
        }


def _rank(metrics: Metrics) -> tuple[float, float]:
    return -metrics.exact, metrics.loss if math.isfinite(metrics.loss) else math.inf


def curve(cards: Sequence[Card]) -> Figure:
    """Three plots over epochs: loss (logarithmic), right characters, answers right in full.

    Networks that were trained one after the other in the same weights each count from 1. Raises
    `UsageError` for no cards at all.
    """
    if not cards:
        raise UsageError(
            "no weights were named", hint=Advice("name some, as in ", Run("curve", "add blog"))
        )
    of_cards = [(card.name, _courses(card)) for card in cards]
    courses = [course for _, some in of_cards for course in some]
    panels = (
        _lines(courses, "loss", lambda metrics: metrics.loss, log=True),
        _lines(courses, "characters right", lambda metrics: metrics.accuracy, high=1.0),
        _lines(courses, "answers right in full", lambda metrics: metrics.exact, high=1.0),
    )
    return Figure(
        f"how {', '.join(card.name for card in cards)} learnt",
        panels if courses else (),
        tuple(course.fact for course in courses),
        tuple(f"{name} has no training history" for name, some in of_cards if not some),
        {"networks": [_record(name, some) for name, some in of_cards]},
    )


def _courses(card: Card) -> list[_Course]:
    """The courses of the parts, in the order in which they were trained first."""
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
    series: list[Series] = []
    for course in courses:
        numbers = tuple(range(1, len(course.epochs) + 1))
        held_out = tuple(of(epoch.held_out) for epoch in course.epochs)
        training = tuple(of(epoch.training) for epoch in course.epochs)
        series.append(Series(f"{course.name} held-out", numbers, held_out))
        series.append(Series(f"{course.name} training", numbers, training))
    y_axis = title if log else "share"
    return Lines(title, tuple(series), x_axis="epoch", y_axis=y_axis, log=log, high=high)


def _record(name: str, courses: Sequence[_Course]) -> dict[str, Any]:
    """Every number of a history; `epoch` counts within the part."""
    epochs = [
        {
            "part": course.part,
            "epoch": number,
            "number": epoch.number,
            "seconds": epoch.seconds,
            "training": _finite(epoch.training),
            "held_out": _finite(epoch.held_out),
        }
        for course in courses
        for number, epoch in enumerate(course.epochs, 1)
    ]
    return {"weights": name, "parts": [course.record() for course in courses], "epochs": epochs}


def _finite(metrics: Metrics) -> dict[str, float | None]:
    """The metrics for JSON, which has no numbers that are not finite: None stands for those."""
    return {key: value if math.isfinite(value) else None for key, value in asdict(metrics).items()}
