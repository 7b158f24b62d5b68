"""Answers to list in a figure, and the asking of many questions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from mathrepl.arithmetic.expression import MAX_LENGTH, format_value, read_value
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.support.thread_pool import batches, side_by_side, threads_for

_T = TypeVar("_T")
_R = TypeVar("_R")


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

    def record(self, **also: Any) -> dict[str, Any]:
        return {"question": self.question, "network": self.network, "truth": self.target, **also}


def in_batches(
    weights: ActiveWeights, items: Iterable[_T], ask: Callable[[list[_T]], _R]
) -> Generator[tuple[list[_T], _R], None, None]:
    """Batches of `items`, each with `ask(batch)`, in order and as large as suits the weights."""
    row, engine = weights.card.architecture.row, weights.engine
    size = row.batch if engine == "numpy" else row.keras_batch
    return side_by_side(batches(items, size), ask, threads_for(engine))
