"""Counts of what a network gets wrong: by carries, operations, digits, size and confidence."""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction

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
# Classes of an error by its size: 0, above 0, then from each of BOUNDS on.
SAME_VALUE, SMALL, NO_NUMBER = "0, written otherwise", "below 1", "not a number"
BOUNDS = (1, 2, 10, 100, 1000)
SIZES = (SAME_VALUE, SMALL, "1", "2 to 9", "10 to 99", "100 to 999", "1000 and more", NO_NUMBER)


class Tally:
    """Counts of answers so far.

    `by_carries` and `by_operations` hold the asked and the wrong, by the longest run of carries
    in a sum of two numbers and by the operations. Each of `bins`, by confidence, holds the answers,
    the right ones among them, and the sum of confidences. `examples` is a uniform sample of the
    mistakes, each with its number.
    """

    def __init__(self) -> None:
        self.total = self.wrong = self.below_100 = self.below_10 = 0
        self.by_place: Counter[str] = Counter()
        self.by_carries: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        self.by_operations: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.sizes: Counter[str] = Counter()
        self.bins: list[list[float]] = [[0, 0, 0.0] for _ in range(BINS)]
        self.largest: Answered | None = None
        self._most = Fraction(-1)  # its error: read from its text, that would be once a mistake
        self.examples: list[tuple[int, Answered]] = []
        self._rng = random.Random(SEED)

    def count(
        self, batch: Sequence[Example], written: Sequence[str], confidences: Sequence[float]
    ) -> None:
        """Count a batch, with the answers written and their confidences, 0 to 1."""
        for example, text, confidence in zip(batch, written, confidences, strict=True):
            wrong = text != example.answer
            classes = [self.by_operations[operations_of(example.question)]]
            chain = carry_chain(example.question)
            if chain is not None:
                classes.append(self.by_carries[chain])
            for asked_and_wrong in classes:
                asked_and_wrong[0] += 1
                asked_and_wrong[1] += wrong
            within = self.bins[min(int(confidence * BINS), BINS - 1)]
            within[0] += 1
            within[1] += not wrong
            within[2] += confidence
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
        if size is None:
            self.sizes[NO_NUMBER] += 1
        else:
            self.sizes[SIZES[bisect(BOUNDS, size) + (size > 0)]] += 1
            if size > self._most:
                self._most, self.largest = size, one
        # Reservoir sampling (Vitter 1985, algorithm R): all mistakes are equally likely.
        if len(self.examples) < SHOWN:
            self.examples.append((self.wrong, one))
        elif (place := self._rng.randrange(self.wrong)) < SHOWN:
            self.examples[place] = self.wrong, one

    @property
    def one_digit(self) -> int:
        return self.by_place.total()

    def calibration(self) -> list[dict[str, float]]:
        """The bins that hold answers, from the least confident on, as records for JSON."""
        return [
            {
                "from": k / BINS,
                "to": (k + 1) / BINS,
                "answers": count,
                "right": right,
                "mean_confidence": round(total / count, 6),
            }
            for k, (count, right, total) in enumerate(self.bins)
            if count
        ]
