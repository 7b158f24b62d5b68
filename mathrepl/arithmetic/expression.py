"""Expressions as trees, with their exact value by integers and fractions.

`Expression.value` is the only arithmetic here: the truth that stands beside a network's answer.
No number that is worked out has more than `MAX_RESULT` digits, so a line cannot hang the program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from mathrepl.support.errors import DivisionByZeroError, EquationError

MAX_LENGTH = 2_200  # characters of a line that is asked
MAX_QUESTION = 600  # characters of an equation that a network is trained on
MAX_EXPONENT = 1_000
MAX_RESULT = 1_100  # digits of each number that is worked out, and decimals of an exact one
OPERATIONS = "+-*/"  # those that tasks draw from
ALL_OPERATIONS = (*OPERATIONS, "%", "//", "**")
MAX_WRITTEN = 2 * MAX_RESULT + len("-.")  # characters of a number
_TOO_LARGE = 10**MAX_RESULT


@dataclass(frozen=True, slots=True)
class Number:
    """A literal at a 0-based `column`, as typed but without separators; `.5` is `0.5`."""

    text: str
    column: int

    @property
    def value(self) -> int | Fraction:
        return Fraction(self.text) if "." in self.text else int(self.text)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before an operand."""

    sign: str
    operand: Node
    column: int


@dataclass(frozen=True, slots=True)
class Binary:
    """One operation out of `+ - * / % // **`."""

    operation: str
    left: Node
    right: Node
    column: int


@dataclass(frozen=True, slots=True)
class Group:
    """A parenthesised expression."""

    inner: Node


Node = Number | Unary | Binary | Group


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed equation: the text as typed (no `= ?`), and its tree.

    `reading` is the equation as it was read where a person should see that: where the text has
    `^`, `x` or separators of thousands. It is empty for other texts.
    """

    text: str
    root: Node
    reading: str = ""

    def value(self) -> Fraction:
        """Exact value.

        Raises `DivisionByZeroError`, and `EquationError` where an exponent, a `%` or the size of a
        number has no answer here, each with the column of the operation.
        """
        value = Fraction(_value(self.root, self))
        if value.denominator > 1 and _TOO_LARGE % value.denominator and not self.has_quotient():
            raise self.error(
                f"the result has more than {MAX_RESULT:,} decimals", 0, "use smaller exponents"
            )
        return value

    def has_quotient(self) -> bool:
        """True where the value may have decimals without an end, so that it is rounded."""
        return _has_quotient(self.root)

    def error(self, message: str, column: int, hint: str) -> EquationError:
        """An error at a column of the text."""
        return EquationError(message, text=self.text, column=column, hint=hint)

    def operands(self) -> tuple[int | Fraction, ...]:
        """Values of the literals, left to right, each with the sign directly before it."""
        signed: set[int] = set()
        values: list[int | Fraction] = []
        for node in _walk(self.root):
            if isinstance(node, Number):
                values.append(-node.value if id(node) in signed else node.value)
            elif isinstance(node, Unary) and node.sign == "-":
                signed.add(id(node.operand))
        return tuple(values)

    def literals(self) -> tuple[str, ...]:
        """Literals as typed, left to right, unsigned."""
        return tuple([node.text for node in _walk(self.root) if isinstance(node, Number)])

    def operations(self) -> tuple[str, ...]:
        """The binary operations, left to right, for instance `("+", "**")`."""
        return tuple([node.operation for node in _walk(self.root) if isinstance(node, Binary)])

    def column_of(self, operation: str) -> int | None:
        """The column of the first such operation, however it was typed; None without one."""
        found = (n for n in _walk(self.root) if isinstance(n, Binary) and n.operation == operation)
        return next((node.column for node in found), None)

    def has_signs(self) -> bool:
        """True where a plus stands before an operand, or a sign before a parenthesis or a sign."""
        return any(
            isinstance(node, Unary) and (node.sign == "+" or not isinstance(node.operand, Number))
            for node in _walk(self.root)
        )

    def format(self, *, spaced: bool) -> str:
        """Canonical text: digits as typed, one space round each operation, or none at all."""
        return _format(self.root, " " if spaced else "")


def signed_literal(node: Node) -> str | None:
    """A number alone with the sign that it has in all, such as `-3` for `-(+3)`; else None."""
    sign = ""
    while not isinstance(node, Number):
        if isinstance(node, Binary):
            return None
        if isinstance(node, Unary) and node.sign == "-":
            sign = "" if sign else "-"
        node = node.operand if isinstance(node, Unary) else node.inner
    return sign + node.text


def is_fractional(node: Node) -> bool:
    """True where a number has a point, or a quotient is not made whole: the value may be one."""
    return _has_quotient(node) or _has_point(node)


def _has_quotient(node: Node) -> bool:
    match node:
        case Binary("//" | "%"):
            return False
        case Binary("/"):
            return True
        case Binary("**", base, exponent):
            return _has_quotient(base) or (signed_literal(exponent) or "")[:1] == "-"
        case Binary(_, left, right):
            return _has_quotient(left) or _has_quotient(right)
        case Unary(_, inner) | Group(inner):
            return _has_quotient(inner)
    return False


def _has_point(node: Node) -> bool:
    match node:
        case Number(text):
            return "." in text
        case Binary("//" | "%"):
            return False
        case Binary("**", base):
            return _has_point(base)
        case Binary(_, left, right):
            return _has_point(left) or _has_point(right)
        case Unary(_, inner) | Group(inner):
            return _has_point(inner)
    return False


def _value(node: Node, expression: Expression) -> int | Fraction:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Group):
        return _value(node.inner, expression)
    if isinstance(node, Unary):
        value = _value(node.operand, expression)
        return -value if node.sign == "-" else value
    a, b = _value(node.left, expression), _value(node.right, expression)
    value = _operated(node, a, b, expression)
    if not -_TOO_LARGE < value.numerator < _TOO_LARGE or value.denominator >= _TOO_LARGE:
        raise _too_large(node, expression)
    return value


def _operated(
    node: Binary, a: int | Fraction, b: int | Fraction, expression: Expression
) -> int | Fraction:
    operation = node.operation
    if operation == "+":
        return a + b
    if operation == "-":
        return a - b
    if operation == "*":
        return a * b
    if operation == "**":
        return _power(node, a, b, expression)
    if b == 0:
        raise _by_zero(node, expression)
    if operation == "/":
        return Fraction(a) / b
    if operation == "//":
        return a // b
    if is_fractional(node.left) or is_fractional(node.right):
        raise expression.error(
            "% takes whole numbers", node.column, "use whole numbers, or // for a whole quotient"
        )
    return a % b


def _power(
    node: Binary, base: int | Fraction, exponent: int | Fraction, expression: Expression
) -> int | Fraction:
    """The power, whose size is bounded before it is worked out."""
    if is_fractional(node.right):
        raise expression.error(
            "an exponent must be a whole number", node.column, "leave out its point or division"
        )
    power = int(exponent)
    if power < 0 and base == 0:
        raise _by_zero(node, expression)
    if abs(power) > MAX_EXPONENT:
        raise expression.error(
            "the exponent is too large", node.column, f"it may be at most {MAX_EXPONENT:,}"
        )
    if power < 0 and signed_literal(node.right) is None:
        other = f"1/{_format(node.left, '')}**{-power}"
        way = f"write {other}" if node is expression.root else f"write ({other}) in its place"
        raise expression.error(f"the exponent works out to {power}", node.column, way)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if (bits - 1) * abs(power) > _TOO_LARGE.bit_length():
        raise _too_large(node, expression)
    return Fraction(base) ** power if power < 0 else base**power


def _by_zero(node: Binary, expression: Expression) -> DivisionByZeroError:
    return DivisionByZeroError(
        "division by zero has no answer",
        text=expression.text,
        column=node.column,
        hint="divide by another number",
    )


def _too_large(node: Binary, expression: Expression) -> EquationError:
    return expression.error(
        f"this works out to more than {MAX_RESULT:,} digits", node.column, "use smaller numbers"
    )


def _walk(node: Node) -> list[Node]:
    """The nodes except groups, in reading order: a sign before its operand."""
    if isinstance(node, Number):
        return [node]
    if isinstance(node, Binary):
        return [*_walk(node.left), node, *_walk(node.right)]
    return [node, *_walk(node.operand)] if isinstance(node, Unary) else _walk(node.inner)


def _format(node: Node, space: str) -> str:
    if isinstance(node, Number):
        return node.text
    if isinstance(node, Binary):
        left, right = _format(node.left, space), _format(node.right, space)
        return f"{left}{space}{node.operation}{space}{right}"
    if isinstance(node, Unary):
        return node.sign + _format(node.operand, space)
    return f"({_format(node.inner, space)})"


def format_value(value: int | Fraction, decimals: int) -> str:
    """`value` in decimals: rounded half away from zero, without trailing zeros and without -0."""
    if value.denominator == 1:
        return str(value.numerator)
    scale = 10**decimals
    scaled = abs(value) * scale
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    whole, rest = divmod(rounded, scale)
    text = str(whole)
    if rest:
        text += "." + str(rest).rjust(decimals, "0").rstrip("0")
    return "-" + text if value < 0 and rounded else text


def format_exact(value: int | Fraction) -> str:
    """`value` in decimals that end, all of them: its denominator divides a power of ten."""
    return format_value(value, value.denominator.bit_length())


def read_value(text: str) -> Fraction | None:
    """The number that a network wrote, None where the text is not a number."""
    if len(text) <= MAX_WRITTEN and re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text):
        return Fraction(text)
    return None
