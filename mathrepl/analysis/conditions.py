"""Words for sets of columns: a condition is found by trying, and holds for exactly these columns.

`a` is the character in the first row of a column, `b` that in the second; as digits, a blank is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mathrepl.arithmetic.skills import BLANK, DIGITS, Column

Marks = NDArray[np.bool_]  # one for each column
SHOWN = 3  # examples of columns without a condition
_COMPARED: tuple[tuple[str, Callable[[int, int], bool]], ...] = (
    ("a < b", lambda a, b: a < b),
    ("a <= b", lambda a, b: a <= b),
    ("a > b", lambda a, b: a > b),
    ("a >= b", lambda a, b: a >= b),
)
_RESULTS: tuple[tuple[str, Callable[[int, int], int]], ...] = (
    ("a + b", lambda a, b: a + b),
    ("a + b - 10", lambda a, b: a + b - 10),
    ("a + b + 1", lambda a, b: a + b + 1),
    ("a + b - 9", lambda a, b: a + b - 9),
    ("a - b", lambda a, b: a - b),
    ("a - b + 10", lambda a, b: a - b + 10),
    ("a - b - 1", lambda a, b: a - b - 1),
    ("a - b + 9", lambda a, b: a - b + 9),
    ("the ones of a · b", lambda a, b: a * b % 10),
    ("the tens of a · b", lambda a, b: a * b // 10),
)


class Conditions:
    """Conditions over the columns of one skill."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self._simple = [(text, np.array(marks)) for text, marks in _simple(columns)]

    def of(self, wanted: Marks, among: Marks) -> str:
        """Words that hold for the `wanted` of the columns `among`, and for no other of them.

        Where no condition of at most two parts is found, the number of columns and some of them.
        """
        for text, marks in self._simple:
            if np.array_equal(marks & among, wanted):
                return text
        for place, row in enumerate("ab"):
            text = self._of_row(row, place, wanted, among)
            if text:
                return text
        over = [(t, m & among) for t, m in self._simple if not (wanted & ~m).any()]
        under = [(t, m & among) for t, m in self._simple if not (m & among & ~wanted).any()]
        for (t, m), (u, n) in combinations(over, 2):
            if np.array_equal(m & n, wanted):
                return f"{t} and {u}"
        for (t, m), (u, n) in combinations(under, 2):
            if np.array_equal(m | n, wanted):
                return f"{t} or {u}"
        found = np.flatnonzero(wanted).tolist()
        some = ", ".join(" over ".join(map(_named, self.columns[i])) for i in found[:SHOWN])
        return f"it is one of {len(found)} columns, such as {some}"

    def result(self, written: Sequence[str], wanted: Marks) -> str | None:
        """Words for what is written in these columns; None if one rule for all was not found."""
        pairs = [(self.columns[i], written[i]) for i in np.flatnonzero(wanted).tolist()]
        if len({text for _, text in pairs}) == 1:
            return _named(pairs[0][1])
        for place, row in enumerate("ab"):
            if all(column[place] == text for column, text in pairs):
                return row
        for name, rule in _RESULTS:
            if all(str(rule(_value(a), _value(b))) == text for (a, b), text in pairs):
                return name
        return None

    def _of_row(self, row: str, place: int, wanted: Marks, among: Marks) -> str:
        """A condition on the character in one row, empty where it takes both."""
        inside = {self.columns[i][place] for i in np.flatnonzero(wanted).tolist()}
        outside = {self.columns[i][place] for i in np.flatnonzero(among & ~wanted).tolist()}
        if inside & outside:
            return ""
        is_, is_not = _members(inside), _members(outside)
        if len(is_not) < len(is_):
            return f"{row} is not {' or '.join(is_not)}"
        return f"{row} is {' or '.join(is_)}"


def _simple(columns: Sequence[Column]) -> list[tuple[str, list[bool]]]:
    """Conditions of one part with the columns in which they hold, the plainest first."""
    rows = [dict.fromkeys(row) for row in zip(*columns, strict=True)]
    wide = all(len(row) > 2 for row in rows)
    are_digits = wide and all(row.keys() <= set(BLANK + DIGITS) for row in rows)
    values = [(_value(a), _value(b)) if are_digits else (a, b) for a, b in columns]
    found = [("it is any other", [True] * len(columns))]
    if len(rows[1]) > 1:
        found.append(("both are blank", [a == b == BLANK for a, b in columns]))
    if wide:
        found.append(("a = b", [a == b for a, b in values]))
        found.append(("a and b differ", [a != b for a, b in values]))
    if are_digits:
        found += [(text, [rule(*pair) for pair in values]) for text, rule in _COMPARED]
    for place, (name, row) in enumerate(zip("ab", rows, strict=True)):
        for one in row if len(row) > 1 else ():
            here = [column[place] == one for column in columns]
            found.append((f"{name} is {_named(one)}", here))
            found.append((f"{name} is not {_named(one)}", [not mark for mark in here]))
    for most in range(1, 19) if are_digits else ():
        here = [_value(a) + _value(b) < most for a, b in columns]
        found.append((f"a + b < {most}", here))
        found.append((f"a + b >= {most}", [not mark for mark in here]))
    return found


def _value(character: str) -> int:
    return int(character) if character in DIGITS else 0


def _named(character: str) -> str:
    return "blank" if character == BLANK else character


def _members(characters: set[str]) -> list[str]:
    """The characters in words, all digits and runs of them as one."""
    digits = sorted(characters & set(DIGITS))
    others = [_named(one) for one in sorted(characters - set(DIGITS))]
    if len(digits) == len(DIGITS):
        return ["a digit", *others]
    if len(digits) > 2 and int(digits[-1]) - int(digits[0]) == len(digits) - 1:
        return [f"{digits[0]} to {digits[-1]}", *others]
    return [*digits, *others]
