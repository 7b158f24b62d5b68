"""Counts of what a network gets wrong: by carries, operations, digits, size and confidence."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mathrepl.analysis.answered import Answered, size_of_error
from mathrepl.arithmetic.carries import carry_chain, has_operand_below, operations_of
from mathrepl.data.sampling import Example
from mathrepl.evaluation.suites import SEED
from mathrepl.inference.answer import align
from mathrepl.inference.solution import Solution

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
# By the whole part of the error's size; the first two hold what none of the others does.
NO_NUMBER, SAME_VALUE, SMALL = "not a number", "0, written otherwise", "below 1"
SIZES = ((1000, "1000 and more"), (100, "100 to 999"), (10, "10 to 99"), (2, "2 to 9"), (1, "1"))
SIZE_ORDER = (SAME_VALUE, SMALL, *(label for _, label in reversed(SIZES)), NO_NUMBER)


@dataclass(slots=True)
class Tally:
    """The counts so far, the asked and the missed by longest run of carries and by operations.

    `bins` is (BINS, 3): answers by confidence, the right among them, the sum of confidences.
    `examples` is a fair sample of the mistakes, each with its number in the order of asking.
    """

    total: int = 0
    wrong: int = 0
    below_100: int = 0
    below_10: int = 0
    by_place: Counter[str] = field(default_factory=Counter)
    chains: Counter[int] = field(default_factory=Counter)
    missed_chains: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    missed_operations: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    bins: NDArray[np.float64] = field(default_factory=lambda: np.zeros((BINS, 3)))
    largest: tuple[Fraction, Answered] | None = None
    examples: list[tuple[int, Answered]] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))

    def count(self, batch: Sequence[Example], written: list[str], sure: list[float]) -> None:
        right = [float(text == e.answer) for text, e in zip(written, batch, strict=True)]
        places = np.minimum((np.array(sure) * BINS).astype(int), BINS - 1)
        for column, weights in enumerate(([1.0] * len(batch), right, sure)):
            self.bins[:, column] += np.bincount(places, weights, BINS)
        for example, text, confidence in zip(batch, written, sure, strict=True):
            wrong = text != example.answer
            chain, operations = carry_chain(example.question), operations_of(example.question)
            self.operations[operations] += 1
            self.missed_operations[operations] += wrong
            if chain is not None:
                self.chains[chain] += 1
                self.missed_chains[chain] += wrong
            if wrong:
                self._miss(Answered(example.question, text, example.answer, confidence))
        self.total += len(batch)

    def _miss(self, one: Answered) -> None:
        self.wrong += 1
        self.below_100 += has_operand_below(one.question, 100)
        self.below_10 += has_operand_below(one.question, 10)
        columns = align(Solution(one.question, one.network, (), None), one.truth)
        differing = [column for column in columns if not column.right]
        if len(differing) == 1:
            self.by_place[_place(differing[0].power)] += 1
        size = size_of_error(one.network, one.truth)
        self.sizes[_size(size)] += 1
        if size is not None and (self.largest is None or size > self.largest[0]):
            self.largest = size, one
        # A reservoir (Vitter 1985, algorithm R): every mistake is kept with the same chance.
        if len(self.examples) < SHOWN:
            self.examples.append((self.wrong, one))
        elif (place := self.rng.randrange(self.wrong)) < SHOWN:
            self.examples[place] = self.wrong, one

    @property
    def one_digit(self) -> int:
        return self.by_place.total()

    @property
    def only_sums(self) -> bool:
        """Whether all that was asked were sums of two numbers, which have carries."""
        return self.chains.total() == self.total


def _place(power: int | None) -> str:
    return PLACE_NAMES.get(power, f"10^{power}")


def _size(size: Fraction | None) -> str:
    if size is None:
        return NO_NUMBER
    if size < 1:
        return SMALL if size else SAME_VALUE
    return next(label for least, label in SIZES if size >= least)
