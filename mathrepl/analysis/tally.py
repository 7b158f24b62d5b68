"""Counts of what a network gets wrong: by carries, operations, digits, size and confidence."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrepl.analysis.answered import Answered
from mathrepl.arithmetic.carries import carry_chain, has_operand_below, operations_of
from mathrepl.data.sampling import Example
from mathrepl.evaluation.suites import SEED
from mathrepl.inference.answer import align

SHOWN = 20
BINS = 10
PLACE_NAMES = {
    0: "ones",
    1: "tens",
    2: "hundreds",
    3: "thousands",
    -1: "tenths",
    -2: "hundredths",
    -3: "thousandths",
    None: "sign or point",
}
# Classes of an error by its size; the first two, and below 1, fit none of SIZES.
NO_NUMBER, SAME_VALUE, SMALL = "not a number", "0, written otherwise", "below 1"
SIZES = ((1000, "1000 and more"), (100, "100 to 999"), (10, "10 to 99"), (2, "2 to 9"), (1, "1"))
SIZE_ORDER = (SAME_VALUE, SMALL, *(label for _, label in reversed(SIZES)), NO_NUMBER)


def _counts() -> defaultdict[Any, list[int]]:
    return defaultdict(lambda: [0, 0])


@dataclass(slots=True)
class Tally:
    """Counts of answers so far.

    `by_carries` and `by_operations` hold the asked and the wrong, by the longest run of carries
    in a sum of two numbers and by the operations. `bins` is (BINS, 3): answers by confidence, the
    right ones among them, the sum of confidences. `examples` is a uniform sample of the mistakes,
    each with its number.
    """

    total: int = 0
    wrong: int = 0
    below_100: int = 0
    below_10: int = 0
    by_place: Counter[str] = field(default_factory=Counter)
    by_carries: defaultdict[int, list[int]] = field(default_factory=_counts)
    by_operations: defaultdict[str, list[int]] = field(default_factory=_counts)
    sizes: Counter[str] = field(default_factory=Counter)
    bins: NDArray[np.float64] = field(default_factory=lambda: np.zeros((BINS, 3)))
    largest: tuple[Fraction, Answered] | None = None
    examples: list[tuple[int, Answered]] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))

    def count(
        self, batch: Sequence[Example], written: Sequence[str], confidences: Sequence[float]
    ) -> None:
        """Count a batch, with the answers written and their confidences, 0 to 1."""
        right = [float(text == e.answer) for text, e in zip(written, batch, strict=True)]
        places = np.minimum((np.array(confidences) * BINS).astype(int), BINS - 1)
        for column, weights in enumerate(([1.0] * len(batch), right, confidences)):
            self.bins[:, column] += np.bincount(places, weights, BINS)
        for example, text, confidence in zip(batch, written, confidences, strict=True):
            wrong = text != example.answer
            classes = [self.by_operations[operations_of(example.question)]]
            chain = carry_chain(example.question)
            if chain is not None:
                classes.append(self.by_carries[chain])
            for asked_and_wrong in classes:
                asked_and_wrong[0] += 1
                asked_and_wrong[1] += wrong
            if wrong:
                self._miss(Answered(example.question, text, example.answer, confidence))
        self.total += len(batch)

    def _miss(self, one: Answered) -> None:
        self.wrong += 1
        self.below_100 += has_operand_below(one.question, 100)
        self.below_10 += has_operand_below(one.question, 10)
        columns = align(one.network, one.target)
        differing = [column for column in columns if not column.right]
        if len(differing) == 1:
            power = differing[0].power
            self.by_place[PLACE_NAMES.get(power, f"10^{power}")] += 1
        size = one.error
        self.sizes[_size(size)] += 1
        if size is not None and (self.largest is None or size > self.largest[0]):
            self.largest = size, one
        # Reservoir sampling (Vitter 1985, algorithm R): all mistakes are equally likely.
        if len(self.examples) < SHOWN:
            self.examples.append((self.wrong, one))
        elif (place := self.rng.randrange(self.wrong)) < SHOWN:
            self.examples[place] = self.wrong, one

    @property
    def one_digit(self) -> int:
        return self.by_place.total()

    @property
    def only_sums(self) -> bool:
        """True if every question was a sum of two numbers, which has carries."""
        return sum(asked for asked, _ in self.by_carries.values()) == self.total

    def calibration(self) -> list[dict[str, float]]:
        """The bins that hold answers, from the least confident on, as records for JSON."""
        return [
            {
                "from": k / BINS,
                "to": (k + 1) / BINS,
                "answers": int(count),
                "right": int(right),
                "mean_confidence": round(total / count, 6),
            }
            for k, (count, right, total) in enumerate(self.bins.tolist())
            if count
        ]


def _size(size: Fraction | None) -> str:
    if size is None:
        return NO_NUMBER
    if size < 1:
        return SMALL if size else SAME_VALUE
    return next(label for least, label in SIZES if size >= least)
