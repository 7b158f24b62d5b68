"""What analyses that ask many questions share: batches, answers worth showing, shares as text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mathrepl.arithmetic.expression import MAX_LENGTH, format_value, read_value

if TYPE_CHECKING:
    from mathrepl.store.card import Card

BATCH = 1024
WORK_BATCH = 64  # a working takes long: so Ctrl-C is heard soon; still smaller ones are slower
KERAS_WORK_BATCH = 256  # a call of Keras costs more, whatever it asks


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, what the network wrote, the exact answer, and how sure it was (0 to 1)."""

    question: str
    network: str
    truth: str
    sure: float = 1.0

    @property
    def right(self) -> bool:
        return self.network == self.truth

    @property
    def size(self) -> Fraction | None:
        """How far off it is, None for what is no number."""
        return size_of_error(self.network, self.truth)

    @property
    def off_by(self) -> str | None:
        return None if self.size is None else format_value(self.size, MAX_LENGTH)

    def record(self) -> dict[str, Any]:
        return {"question": self.question, "network": self.network, "truth": self.truth}


def size_of_error(network: str, truth: str) -> Fraction | None:
    """How far off an answer is, None where the network did not write a number."""
    written = read_value(network)
    return None if written is None else abs(written - Fraction(truth))


def batch_size(card: Card, engine: str) -> int:
    """How many questions one thread asks such weights at a time."""
    if card.architecture.kind != "work":
        return BATCH
    return WORK_BATCH if engine == "numpy" else KERAS_WORK_BATCH


def percent(part: float, whole: float) -> str:
    """`part / whole` as `12.34%`, with more places where it would look like nothing or all."""
    if part <= 0 or part >= whole:
        return "0%" if part <= 0 else "100%"
    share = 100 * part / whole
    gap = min(share, 100 - share)
    places = 2 if gap >= 0.1 else min(12, 1 - math.floor(math.log10(max(gap, 1e-12))))
    return f"{share:.{places}f}%"
