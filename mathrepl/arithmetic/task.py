"""Tasks: frozen settings that determine the equations, their lengths and their alphabet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Literal

from mathrepl.arithmetic.expression import (
    MAX_QUESTION,
    OPERATIONS,
    Binary,
    Expression,
    Number,
    format_exact,
    format_value,
)
from mathrepl.arithmetic.rules import rule_of
from mathrepl.support.errors import TaskError
from mathrepl.support.records import BIG, LATER
from mathrepl.support.settings import MOST_DECIMALS

_Interval = tuple[Fraction, Fraction]
Sampling = Literal["uniform", "stratified", "carries"]
SAMPLINGS: tuple[Sampling, ...] = ("uniform", "stratified", "carries")
MAX_NUMBER_DIGITS = 100
MAX_OPERATIONS = 20
MAX_DECIMALS = MOST_DECIMALS


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of equation.

    Operands are integers in `low..high`; an equation has `fewest..most` operations out of
    `operations`; its answer is rounded half away from zero to `decimals` digits after the
    point. `seed` decides which equations are drawn and which are held out. `spaced` writes
    `94 + 909`, else `94+909`. With `brackets`, equations also have parentheses and negative
    numbers, and divide at most once, as the last step of a term. `rule` names a rule for the
    right answers, which an installed package adds; empty stands for arithmetic.

    `sampling` is one of `uniform`, `stratified` (first a digit count, then a number of that many
    digits) and `carries` (the two numbers of a sum, by their digit counts and carries).

    Raises `TaskError` for settings that contradict each other.
    """

    low: int = 0
    high: int = 999
    operations: str = "+"
    fewest: int = 1
    most: int = 1
    decimals: int = 0
    sampling: Sampling = "uniform"
    seed: int = 0
    spaced: bool = True
    brackets: bool = field(default=False, metadata=LATER)
    rule: str = field(default="", metadata=LATER)

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise TaskError(
                f"the range {self.low}..{self.high} is empty", hint="put the smaller number first"
            )
        if max(abs(self.low), abs(self.high)) >= 10**MAX_NUMBER_DIGITS:
            raise TaskError(f"numbers may have at most {MAX_NUMBER_DIGITS} digits")
        if not self.operations or any(o not in OPERATIONS for o in self.operations):
            raise TaskError(
                f"operations {self.operations!r} are unknown", hint="use some of + - * /"
            )
        if len(set(self.operations)) < len(self.operations):
            raise TaskError(f"operations {self.operations!r} name one twice")
        if not 1 <= self.fewest <= self.most <= MAX_OPERATIONS:
            raise TaskError(
                f"{self.fewest}..{self.most} operations are not possible",
                hint=f"use 1 to {MAX_OPERATIONS}, such as 2 or 1..3",
            )
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise TaskError(f"decimals must be 0 to {MAX_DECIMALS}, not {self.decimals}")
        if self.sampling not in SAMPLINGS:
            raise TaskError(
                f"sampling {self.sampling!r} is unknown", hint=f"use {', '.join(SAMPLINGS)}"
            )
        if self.sampling == "carries" and (self.operations != "+" or self.most > 1 or self.low < 0):
            raise TaskError(
                "only sums of two numbers from 0 up can be drawn by their carries",
                hint="use uniform or stratified",
            )
        if not 0 <= self.seed < BIG:
            raise TaskError(f"a seed must be 0 or more, with at most 18 digits, not {self.seed}")
        if self.operations == "/" and self.low == self.high == 0:
            raise TaskError("every equation of this task divides by zero", hint="widen the range")
        if self.question_length > MAX_QUESTION:
            raise TaskError(
                f"its equations can have {self.question_length:,} characters",
                hint=f"at most {MAX_QUESTION:,}; take smaller numbers or fewer operations",
            )
        if self.rule:
            rule_of(self.rule)  # raises for an unknown one
            if self.brackets or self.decimals:
                raise TaskError(
                    f"the rule {self.rule} goes with neither parentheses nor decimals",
                    hint="set --decimals 0, and start from weights without parentheses",
                )

    @property
    def space_size(self) -> int:
        """The number of distinct equations, those that divide by zero included."""
        numbers, kinds = self.high - self.low + 1, len(self.operations)
        return sum(numbers ** (k + 1) * kinds**k for k in range(self.fewest, self.most + 1))

    @property
    def characters(self) -> str:
        """The characters of questions and answers, without the end mark."""
        signs = set(self.operations)
        if self.brackets:
            signs |= set("()-")
        if self.low < 0 or "-" in self.operations:
            signs.add("-")
        if self.decimals and "/" in self.operations:
            signs.add(".")
        if self.spaced:
            signs.add(" ")
        if self.rule:
            signs |= set(rule_of(self.rule).characters)
        return "".join(sorted(signs)) + "0123456789"

    @property
    def question_length(self) -> int:
        """The length of the longest question, in characters."""
        operand = max(len(str(self.low)), len(str(self.high)))
        if self.brackets:
            operand += len("(-)") + len("()")  # its sign, and at most one group a number
        return operand + self.most * (operand + (3 if self.spaced else 1))

    @property
    def answer_length(self) -> int:
        """A length that every answer fits into, by bounds on the value; a rule states its own."""
        if self.rule:
            return rule_of(self.rule).answer_length
        smallest, largest = self._bounds()
        longest = max(len(format_value(smallest, 0)), len(format_value(largest, 0)))
        if self.brackets:
            # Among numbers from 2 up a product is the largest value, however they are grouped.
            size = max(abs(self.low), abs(self.high), 2)
            longest = max(longest, len(f"-{size ** (self.most + 1)}"))
        if not (self.decimals and "/" in self.operations):
            return longest
        if smallest < 0:
            longest = max(longest, len("-0"))
        return longest + 1 + self.decimals

    def _bounds(self) -> _Interval:
        """The least and greatest value, by interval arithmetic along the grammar."""
        numbers = (Fraction(self.low), Fraction(self.high))
        divisors = [
            d
            for d in (self.low, self.high, max(self.low, 1), min(self.high, -1))
            if d and self.low <= d <= self.high
        ]
        terms = [numbers]  # terms[j] bounds a term of j products and quotients
        for _ in range(self.most):
            values = [a * b for a in terms[-1] for b in numbers] if "*" in self.operations else []
            if "/" in self.operations:
                values += [a / d for a in terms[-1] for d in divisors]
            if not values:
                break
            terms.append(_hull(values))
        sums: list[_Interval] = []  # sums[k] bounds k operations, whose last term holds j of them
        for k in range(self.most + 1):
            values = list(terms[k]) if k < len(terms) else []
            for j in range(min(k, len(terms))):
                head, (low, high) = sums[k - j - 1], terms[j]
                if "+" in self.operations:
                    values += [head[0] + low, head[1] + high]
                if "-" in self.operations:
                    values += [head[0] - high, head[1] - low]
            sums.append(_hull(values))
        return _hull(bound for interval in sums[self.fewest :] for bound in interval)

    def target(
        self, expression: Expression, value: Fraction | None = None, decimals: int | None = None
    ) -> str:
        """The right answer: the exact value, or that of the task's rule.

        A quotient is rounded once, to `decimals` or to those of this task; all else is written
        whole. Callers that know the value of the expression already pass it as `value`. Raises
        `EquationError` where there is none, and `MathreplError` where a rule fails.
        """
        if self.rule:
            return rule_of(self.rule).truth(expression)
        if value is None:
            value = expression.value()
        if value.denominator > 1 and not expression.has_quotient():
            return format_exact(value)
        return format_value(value, self.decimals if decimals is None else decimals)

    def describe(self) -> str:
        """The task in one line: `a + b, 0..999`."""
        if self.most == 1:
            what = ", ".join(f"a {o} b" for o in self.operations)
        else:
            what = f"{self._counts} of {' '.join(self.operations)}"
        parts = [what, f"{self.low}..{self.high}"]
        if self.decimals:
            parts.append(f"{self.decimals} decimals")
        if self.brackets:
            parts.append("with parentheses and signs")
        if self.sampling == "stratified":
            parts.append(self.sampling)
        if self.rule:
            parts.append(f"{self.rule} ({rule_of(self.rule).summary})")
        return ", ".join(parts)

    @property
    def _counts(self) -> str:
        return f"{self.fewest}..{self.most}" if self.fewest < self.most else str(self.most)

    def record(self) -> dict[str, Any]:
        """All settings; the rule only where there is one."""
        record = asdict(self)
        if not self.rule:
            del record["rule"]
        return record

    def outside(self, expression: Expression) -> list[str]:
        """One phrase for each way in which `expression` lies outside this task; empty if inside."""
        if self._plainly_inside(expression):
            return []
        notes = []
        low = min(self.low, -self.high) if self.brackets else self.low
        beyond = [v for v in expression.operands() if not low <= v <= self.high]
        if beyond:
            number = format_value(beyond[0], MAX_DECIMALS)
            notes.append(f"{number} is outside the trained range {self.low}..{self.high}")
        if any(v.denominator != 1 for v in expression.operands()):
            notes.append("it was trained on whole numbers only")
        used = expression.operations()
        known = tuple(self.operations)
        if self.brackets and "/" in known:
            known += ("%",)  # the same division, whose rest is the answer
        strange = [o for o in dict.fromkeys(used) if o not in known]
        if strange:
            notes.append(f"it was never trained on {' '.join(strange)}")
        if not self.fewest <= len(used) <= self.most:
            count = f"{len(used)} operation{'' if len(used) == 1 else 's'}"
            notes.append(f"{count}, trained on equations with {self._counts}")
        if any(re.match("0[0-9]", text) for text in expression.literals()):
            notes.append("leading zeros were not in its training")
        if expression.has_signs() and not self.brackets:
            notes.append("such signs were not in its training")
        if "(" in expression.text and not self.brackets:
            notes.append("parentheses were not in its training")
        return notes

    def _plainly_inside(self, expression: Expression) -> bool:
        """True for two whole numbers of this task: a fast answer for most questions."""
        root = expression.root
        if self.fewest > 1 or not isinstance(root, Binary) or root.operation not in self.operations:
            return False
        for node in (root.left, root.right):
            if not isinstance(node, Number) or not node.text.isdigit():
                return False
            value = int(node.text)
            if not self.low <= value <= self.high or node.text != str(value):
                return False
        return True


def _hull(values: Iterable[Fraction]) -> _Interval:
    kept = list(values)
    return min(kept), max(kept)


def parse_range(text: str) -> tuple[int, int]:
    """`0..99`, `-5..5` or `99` (from 0) as bounds. Raises `TaskError`."""
    match = re.fullmatch(r"\s*(-?[0-9]{1,100})\s*\.\.\s*(-?[0-9]{1,100})\s*", text)
    if match:
        return int(match[1]), int(match[2])
    if re.fullmatch(r"\s*[0-9]{1,100}\s*", text):
        return 0, int(text)
    raise TaskError(f"{text!r} is not a range", hint="write one such as 0..999 or -50..50")


def parse_operations(text: str) -> str:
    """`+-`, `+,-` or `+ -` as operations in canonical order. Raises `TaskError`."""
    wanted = [c for c in text if c not in ", "]
    unknown = [c for c in wanted if c not in OPERATIONS]
    if unknown or not wanted:
        raise TaskError(f"{text!r} are not operations", hint="use some of + - * /")
    return "".join(o for o in OPERATIONS if o in wanted)


def parse_count(text: str) -> tuple[int, int]:
    """`2` or `1..3` as the fewest and most operations. Raises `TaskError`."""
    match = re.fullmatch(r"\s*([0-9]{1,3})\s*(?:\.\.\s*([0-9]{1,3})\s*)?", text)
    if not match:
        raise TaskError(f"{text!r} is not a count of operations", hint="write 2 or 1..3")
    return int(match[1]), int(match[2] or match[1])
