"""Learning curves: loss, accuracy and exact match by epoch, from the histories in cards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from mathrepl.analysis.figure import Figure, Lines, Series
from mathrepl.store.card import Card, Epoch, Metrics, Proved
from mathrepl.support.text import percent


@dataclass(frozen=True, slots=True)
class _Course:
    """The epochs of one network, in order, and the number of the best one, from 1.

    One of several networks in the same weights has a `part`.
    """

    name: str
    part: str
    epochs: tuple[Epoch, ...]
    best: int

    @property
    def fact(self) -> str:
        proof = self.epochs[self.best - 1].proof
        proved = f", {proof.right:,} of {proof.transitions:,} transitions right" if proof else ""
        return (
            f"{self.name}: best epoch {self.best:,} of {len(self.epochs):,}, "
            f"{percent(self.exact, 1)} of the held-out right in full, {self.seconds:.3g} s an epoch"
            f"{proved}"
        )

    @property
    def proofs(self) -> list[tuple[int, Proved]]:
        """The proofs of a network with a memory of symbols, with the numbers of their epochs."""
        return [(i, epoch.proof) for i, epoch in enumerate(self.epochs, 1) if epoch.proof]

    @property
    def exact(self) -> float:
        return self.epochs[self.best - 1].held_out.exact

    @property
    def seconds(self) -> float:
        return median(epoch.seconds for epoch in self.epochs)

    def record(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "best_epoch": self.best,
            "best_held_out_exact": self.exact,
            "seconds_per_epoch": self.seconds,
        }


def curve(cards: Sequence[Card]) -> Figure:
    """Plots over epochs: loss (logarithmic), right characters, answers right in full, and proofs.

    Networks that were trained one after the other in the same weights each count from 1.
    """
    of_cards = [(card.name, _courses(card)) for card in cards]
    courses = [course for _, some in of_cards for course in some]
    panels = [
        _lines(courses, "loss", lambda metrics: metrics.loss, log=True),
        _lines(courses, "characters right", lambda metrics: metrics.accuracy),
        _lines(courses, "answers right in full", lambda metrics: metrics.exact),
    ]
    if any(course.proofs for course in courses):
        panels.append(_proofs(courses))
    return Figure(
        f"how {', '.join(card.name for card in cards)} learnt",
        tuple(panels) if courses else (),
        tuple(course.fact for course in courses),
        tuple(f"{name} has no training history" for name, some in of_cards if not some),
        {"networks": [_record(name, some) for name, some in of_cards]},
    )


def _courses(card: Card) -> list[_Course]:
    """The courses of the parts, in the order in which they were trained first.

    A card holds the kept epoch of the network that was trained last. For others the best epoch is
    the one with the most held-out answers right in full, at a tie the one of the least loss, as in
    a training.
    """

    def rank(epoch: Epoch) -> tuple[bool, float, float]:
        loss = epoch.held_out.loss if math.isfinite(epoch.held_out.loss) else math.inf
        return epoch.number != card.best_epoch, -epoch.held_out.exact, loss

    courses = []
    for part in dict.fromkeys(epoch.part for epoch in card.history):
        epochs = tuple(epoch for epoch in card.history if epoch.part == part)
        best = epochs.index(min(epochs, key=rank)) + 1
        courses.append(_Course(f"{card.name} {part}".rstrip(), part, epochs, best))
    return courses


def _lines(
    courses: Sequence[_Course],
    title: str,
    of: Callable[[Metrics], float],
    *,
    log: bool = False,
) -> Lines:
    series: list[Series] = []
    for course in courses:
        numbers = tuple(range(1, len(course.epochs) + 1))
        held_out = tuple(of(epoch.held_out) for epoch in course.epochs)
        training = tuple(of(epoch.training) for epoch in course.epochs)
        series.append(Series(f"{course.name} held-out", numbers, held_out))
        series.append(Series(f"{course.name} training", numbers, training))
    if log:
        return Lines(title, tuple(series), "epoch", title, log=True)
    return Lines(title, tuple(series), "epoch", "share", high=1.0)


def _proofs(courses: Sequence[_Course]) -> Lines:
    """The share of right transitions, of all that a proof asks."""
    series = []
    for course in courses:
        if course.proofs:
            numbers, proofs = zip(*course.proofs, strict=True)
            shares = tuple(proof.right / proof.transitions for proof in proofs)
            series.append(Series(course.name, numbers, shares))
    return Lines("transitions right, of the proof", tuple(series), "epoch", "share", high=1.0)


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
            **({"proof": asdict(epoch.proof)} if epoch.proof else {}),
        }
        for course in courses
        for number, epoch in enumerate(course.epochs, 1)
    ]
    return {"weights": name, "parts": [course.record() for course in courses], "epochs": epochs}


def _finite(metrics: Metrics) -> dict[str, float | None]:
    """The metrics for JSON, which has no numbers that are not finite: None stands for those."""
    return {key: value if math.isfinite(value) else None for key, value in asdict(metrics).items()}
