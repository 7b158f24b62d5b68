"""Carries, operations and operand sizes of a question: the classes mistakes are counted in."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from mathrepl.arithmetic.parser import parse
from mathrepl.support.errors import MathreplError

_OPERATION = re.compile(r"(?<=[0-9)])(?:\*\*|//|[-+*/%])")  # elsewhere it is a number's sign
MOST_NAMED = 6  # operations
GROUPED = (20, 50, 100, 500, 1_000, 10_000)
LONGEST_PATTERN = 3  # digits up to which each pattern of carries is a class of its own

Classes = tuple[tuple[str, str], ...]  # names and values, such as ("digits", "3+2")


def classes_of(question: str) -> Classes:
    """The classes a question is counted in, each by its name.

    A sum of two numbers by their digit counts and carries, `3+2` and `111` for 905+97 (from the
    left; for long numbers the longest run of carries); others by their operations.
    """
    summands = _summands(question)
    if summands is None:
        return (("operations", operations_of(question)),)
    a, b = summands
    pattern = _carries(a, b)
    if max(len(a), len(b)) > LONGEST_PATTERN:
        pattern = f"{_grouped(_longest_run(pattern))} in a row"
    return ("digits", f"{_grouped(len(a))}+{_grouped(len(b))}"), ("carries", pattern)


def operations_of(question: str) -> str:
    """The operations of a question with their counts, `1* 2+`; of many only how many they are."""
    counted = Counter(_OPERATION.findall(question.replace(" ", "")))
    if counted.total() > MOST_NAMED:
        return f"{counted.total()} operations"
    return " ".join(f"{n}{c}" for c, n in sorted(counted.items()))


def _grouped(count: int) -> str:
    """A count, or the range that one above 20 lies in: a certificate has few classes."""
    if count <= GROUPED[0]:
        return str(count)
    low, high = next(pair for pair in pairwise(GROUPED) if count <= pair[1])
    return f"{low + 1}..{high}"


def carry_chain(question: str) -> int | None:
    """The longest run of carries in a sum of two numbers from 0 up; None for other questions."""
    summands = _summands(question)
    return None if summands is None else _longest_run(_carries(*summands))


def has_operand_below(question: str, bound: int) -> bool:
    """Report whether the absolute value of an operand is below `bound`."""
    try:
        return any(-bound < value < bound for value in parse(question).operands())
    except MathreplError:
        return False


def _summands(question: str) -> tuple[str, str] | None:
    a, plus, b = question.replace(" ", "").partition("+")
    return (a, b) if plus and a.isdigit() and b.isdigit() else None


def _carries(a: str, b: str) -> str:
    carry, pattern = 0, ""
    for x, y in zip(a[::-1].ljust(len(b), "0"), b[::-1].ljust(len(a), "0"), strict=True):
        carry = int(ord(x) + ord(y) - 96 + carry > 9)
        pattern = "01"[carry] + pattern
    return pattern


def _longest_run(pattern: str) -> int:
    return max(len(run) for run in pattern.split("0"))
