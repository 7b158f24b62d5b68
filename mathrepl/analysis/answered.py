"""Answers to list in a figure, and the batch size for asking many questions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from mathrepl.arithmetic.expression import MAX_LENGTH, format_value, read_value

if TYPE_CHECKING:
    from mathrepl.store.card import Card


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with the network's answer, its target, and its confidence (0 to 1)."""

    question: str
    network: str
    target: str
    confidence: float = 1.0

    @property
    def right(self) -> bool:
        return self.network == self.target

    @property
    def error(self) -> Fraction | None:
        """The size of the error; None where the network wrote no number."""
        written = read_value(self.network)
        return None if written is None else abs(written - Fraction(self.target))

    @property
    def off_by(self) -> str | None:
        return None if self.error is None else format_value(self.error, MAX_LENGTH)

    def record(self, also: Literal["confidence", "off_by"] | None = None) -> dict[str, Any]:
        record = {"question": self.question, "network": self.network, "truth": self.target}
        if also == "confidence":
            return {**record, also: round(self.confidence, 6)}
        return {**record, also: self.off_by} if also else record


def batch_size(card: Card, engine: str) -> int:
    """The number of questions that one thread asks such weights at a time."""
    row = card.architecture.row
    return row.batch if engine == "numpy" else row.keras_batch
