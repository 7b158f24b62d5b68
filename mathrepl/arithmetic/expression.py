"""Expressions as trees, with their exact value by integers and fractions.

`Expression.value` is the only arithmetic here: the truth that stands beside a network's answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from mathrepl.support.errors import DivisionByZeroError

MAX_LENGTH = 600
OPERATIONS = "+-*/"


@dataclass(frozen=True, slots=True)
class Number:
    """A literal as typed, leading zeros included, at a 0-based `column`."""

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
    """One operation out of `+ - * / %`."""

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
    """A parsed equation: the text as typed (no `= ?`), and its tree."""

    text: str
    root: Node

    def value(self) -> Fraction:
        """Exact value. Raises `DivisionByZeroError` with the column of the slash."""
        return Fraction(_value(self.root, self.text))

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

    def operations(self) -> str:
        """The binary operations, left to right, for instance `+*`."""
        return "".join([node.operation for node in _walk(self.root) if isinstance(node, Binary)])

    def has_signs(self) -> bool:
        """True where a plus stands before an operand, or a sign before a parenthesis or a sign."""
        return any(
            isinstance(node, Unary) and (node.sign == "+" or not isinstance(node.operand, Number))
            for node in _walk(self.root)
        )

    def format(self, *, spaced: bool) -> str:
        """Canonical text: digits as typed, one space round each operation, or none at all."""
        return _format(self.root, " " if spaced else "")


def _value(node: Node, text: str) -> int | Fraction:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Group):
        return _value(node.inner, text)
    if isinstance(node, Unary):
        value = _value(node.operand, text)
        return -value if node.sign == "-" else value
    operation, a, b = node.operation, _value(node.left, text), _value(node.right, text)
    if operation == "+":
        return a + b
    if operation == "-":
        return a - b
    if operation == "*":
        return a * b
    if b == 0:
        raise DivisionByZeroError(
            "division by zero has no answer",
            text=text,
            column=node.column,
            hint="divide by another number",
        )
    return a % b if operation == "%" else Fraction(a) / b


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


def read_value(text: str) -> Fraction | None:
    """The number that a network wrote, None where the text is not a number."""
    if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text) and len(text) <= MAX_LENGTH:
        return Fraction(text)
    return None
