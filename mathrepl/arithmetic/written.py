"""Written arithmetic: the passes that work out one operation, and the text that goes between them.

A working is a generator. It yields lists of passes, which a network answers, and receives their
results; it copies and lays out text, and computes, compares and counts nothing. Numbers are texts:
a magnitude is digits, a signed number has a `-` in front or none.

    def total(a, b):               # 94, 909
        digits = yield from ask("+", a, b)     # the network writes 1003
        return (yield from without_zeros(digits))
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, TypeVar

from mathrepl.arithmetic.expression import MAX_EXPONENT
from mathrepl.arithmetic.skills import ALL, BLANK, split_pass

_T = TypeVar("_T")
DIGITS = "123456789"
HALF = 4  # the place of 5 among these digits, in the middle


class StuckError(Exception):
    """A working that cannot go on, with the reason."""


class Pass(NamedTuple):
    """One pass of a skill over two rows, as they are read by a person."""

    skill: str
    first: str
    second: str = ""

    @property
    def rows(self) -> tuple[str, str]:
        """The rows as a network reads them, from the right: mirrored ones are turned round."""
        first, second = self.first, self.second
        if ALL[self.skill].mirrored:
            width = max(len(first), len(second))
            return first.rjust(width)[::-1], second.rjust(width)[::-1] if second else ""
        return first, second

    @property
    def text(self) -> str:
        """The pass of these rows as one text."""
        first, second = self.rows
        return f"{first or BLANK}{self.skill}{second}"


def pass_of(text: str, names: str) -> Pass:
    """Inverse of `Pass.text`, for one of the skills of these names.

    Raises `ValueError` for a text that names none of them.
    """
    skill, first, second = split_pass(text, names)
    if ALL[skill].mirrored:
        width = max(len(first), len(second))
        first, second = first.rjust(width)[::-1], second.rjust(width)[::-1] if second else ""
    return Pass(skill, first, second)


Working = Generator[list[Pass], list[str], _T]


def ask(skill: str, first: str, second: str = "") -> Working[str]:
    """The result of one pass."""
    (result,) = yield [Pass(skill, first, second)]
    return result


def without_zeros(digits: str) -> Working[str]:
    """A magnitude without the zeros that lead it; the ones stay."""
    if digits == "0" or digits[:1] != "0":
        return digits
    return (yield from ask("z", digits, "0")).lstrip()


def compared(a: str, b: str) -> Working[str]:
    """`<`, `=` or `>` for two magnitudes: the last character that a comparison writes."""
    return (yield from ask("?", a, b))[:1]


def split(number: str) -> tuple[str, str]:
    """Sign, `+` or `-`, and magnitude of a signed number."""
    return ("-", number[1:]) if number[:1] == "-" else ("+", number)


def signed(sign: str, magnitude: str) -> Working[str]:
    """A signed number; nothing is written before a zero."""
    if sign == "+" or (yield from compared(magnitude, "0")) == "=":
        return magnitude
    return "-" + magnitude


def sum_of(a: str, b: str) -> Working[str]:
    """The sum of two signed numbers: of their magnitudes, or the difference of these."""
    (sign, x), (other, y) = split(a), split(b)
    if sign == other == "+" or (yield from ask("s", sign, other)) == "+":
        digits = yield from ask("+", x, y)
    elif (yield from compared(x, y)) == "<":
        sign, digits = other, (yield from ask("-", y, x))
    else:
        digits = yield from ask("-", x, y)
    return (yield from signed(sign, (yield from without_zeros(digits))))


def difference_of(a: str, b: str) -> Working[str]:
    """`a - b` of two signed numbers, as a sum with the other sign."""
    sign, magnitude = split(b)
    other = yield from ask("s", sign, "-")
    return (yield from sum_of(a, magnitude if other == "+" else "-" + magnitude))


def product_of(a: str, b: str) -> Working[str]:
    """The product of two signed numbers."""
    (sign, x), (other, y) = split(a), split(b)
    sign = yield from ask("s", sign, other)
    digits = yield from _product(x, y)
    return (yield from signed(sign, (yield from without_zeros(digits))))


def _product(x: str, y: str) -> Working[str]:
    """The product of two magnitudes: by each digit of the second, put together from the left."""
    rows = yield from by_digits(x, y)
    rows = [row + "0" * place for place, row in enumerate(reversed(rows))]
    while len(rows) > 1:
        pairs = [Pass("+", a, b) for a, b in zip(rows[::2], rows[1::2], strict=False)]
        rows = (yield pairs) + rows[2 * len(pairs) :]
    return rows[0]


def by_digits(x: str, digits: str) -> Working[list[str]]:
    """The product of a magnitude and each of some digits: its ones, and its tens a place on."""
    length = len(x)
    passes = [Pass(skill, x, digit * length) for digit in digits for skill in "ot"]
    found = yield passes
    sums = [Pass("+", a, b + "0") for a, b in zip(found[::2], found[1::2], strict=True)]
    return (yield sums)


def power_of(base: str, exponent: str) -> Working[str]:
    """A power by repeated products, counted down by differences.

    Raises `StuckError` where networks do not count down to one.
    """
    if (yield from compared(exponent, "0")) == "=":
        return "1"
    sign, digits = split(base)
    result = yield from signed(sign, (yield from without_zeros(digits)))  # 007^1 is 7
    for _ in range(MAX_EXPONENT):
        if (yield from compared(exponent, "1")) != ">":
            return result
        result = yield from product_of(result, base)
        exponent = yield from without_zeros((yield from ask("-", exponent, "1")))
    raise StuckError(f"the doer did not count down from an exponent of at most {MAX_EXPONENT:,}")


class Division:
    """Long division of a magnitude: a digit of the quotient after the other, and what is left.

    The products of the divisor and 1 to 9 are worked out once. The next digit is that of the
    largest of them that is not greater than the rest, found by comparisons from the middle one.
    """

    def __init__(self, divisor: str) -> None:
        self.divisor = divisor
        self.multiples: list[str] = []
        self.rest = "0"
        self.digits = ""

    def bring_down(self, digits: str) -> Working[None]:
        """Bring down digits of the dividend, one after the other."""
        if not self.multiples:
            self.multiples = yield from by_digits(self.divisor, DIGITS)
        for digit in digits:
            rest = yield from without_zeros(self.rest + digit)
            found = yield from self._largest(rest)
            if found:
                rest = yield from ask("-", rest, self.multiples[found - 1])
            self.rest = rest
            self.digits += ("0" + DIGITS)[found]

    def _largest(self, rest: str) -> Working[int]:
        """The place of the largest multiple that is not greater than the rest, 0 for none."""
        places = range(len(DIGITS))
        while places:
            middle = places[len(places) // 2]
            if (yield from compared(rest, self.multiples[middle])) == "<":
                places = range(places[0], middle)
            else:
                places = range(middle + 1, places[-1] + 1)
        return places.start

    def is_even(self) -> Working[bool]:
        """True if nothing is left."""
        return (yield from compared(self.rest, "0")) == "="

    def rounded(self) -> Working[str]:
        """The digits, rounded: one more if twice the rest is not less than the divisor."""
        twice = yield from ask("+", self.rest, self.rest)
        if (yield from compared(twice, self.divisor)) == "<":
            return self.digits
        return (yield from ask("+", self.digits, "1"))


def floor_of(a: str, b: str, *, rest: bool) -> Working[str]:
    """The greatest whole number up to `a / b`, or with `rest` what is left of `a`.

    A division that does not come out even goes one further down where the signs differ; what is
    left has the sign of the divisor.
    """
    (sign, x), (other, y) = split(a), split(b)
    sign = yield from ask("s", sign, other)
    division = Division(y)
    yield from division.bring_down(x)
    quotient, left = division.digits, division.rest
    if sign == "-" and not (yield from division.is_even()):
        quotient = yield from ask("+", quotient, "1")
        left = yield from ask("-", y, left)
    digits = yield from without_zeros(left if rest else quotient)
    return (yield from signed(other if rest else sign, digits))


def quotient_of(a: str, b: str, decimals: str, *, ends: bool) -> Working[str]:
    """`a / b` to a decimal for each zero of `decimals`, rounded half away from zero.

    With `ends` the division stops as soon as nothing is left.
    """
    (sign, x), (other, y) = split(a), split(b)
    sign = yield from ask("s", sign, other)
    division = Division(y)
    yield from division.bring_down(x)
    places = ""
    for zero in decimals:
        if ends and (yield from division.is_even()):
            break
        yield from division.bring_down(zero)
        places += zero
    digits = yield from division.rounded()
    return (yield from with_point(("-" if sign == "-" else "") + digits, places))


def with_point(number: str, places: str) -> Working[str]:
    """A signed number with its point moved left by a digit for each zero of `places`.

    Zeros that lead and decimals of zero at the end are left out.
    """
    sign, digits = split(number)
    digits = digits.rjust(len(places) + 1, "0")
    text = (yield from ask("z", digits, "0" + places)).lstrip()
    if places:
        at = len(text) - len(places)
        text = (yield from ask("x", f"{text[:at]}.{text[at:]}")).rstrip()
    if sign == "-" and (yield from compared(digits, "0")) != "=":
        return "-" + text
    return text
