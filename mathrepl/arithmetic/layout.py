"""The first line of a working: a question in the grammar of lines, over one denominator.

    line   = whole | group "/" group
    group  = number | "(" whole ")"
    whole  = part (("+" | "-") part)*
    part   = power (("*" | "%" | ":") power)*
    power  = side ("^" side)*
    side   = number | "(" whole ")"
    number = ["-"] digit+

`:` is floor division. All operations go from the left, and a sign belongs to its number: `-2^2` is
(-2)^2. No parentheses enclose a lone number. A line has at most one `/`, so that its quotient is
rounded once, at the end: `1/2 + 1/3` is laid out as `(1*3+1*2)/(2*3)`.

Laying out copies text. It computes, compares and counts no values: points are moved by appending
zeros, and a literal exponent only repeats the zeros of its base. Two denominators that are written
alike are put together, since they are the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from mathrepl.arithmetic.expression import (
    MAX_EXPONENT,
    Binary,
    Expression,
    Group,
    Node,
    Number,
    Unary,
    is_fractional,
)

MAX_LINE = 5000
MAX_UNDER = 1000  # digits of a denominator, which need not be that of the reduced value
_BINDS = {"+": 1, "-": 1, "*": 2, "%": 2, ":": 2, "^": 3}


@dataclass(frozen=True, slots=True)
class Layout:
    """A `line`, and the `places` by which the point of its value is moved to the left.

    `places` has a zero for each decimal of the answer. It is empty where the line has a `/`.
    """

    line: str
    places: str


def first_line(expression: Expression) -> Layout:
    """The layout of an expression that has a value.

    Raises `EquationError` where the line would have more than `MAX_LINE` characters, for a
    fractional operand of `%` or exponent, and for a power of a number with a point whose exponent
    is not a number.
    """
    writer = _Writer(expression)
    piece = writer.piece(expression.root)
    if piece.under is None:
        layout = Layout(_written(piece.over, 1), piece.places)
    else:
        layout = Layout(f"{_written(piece.over, 9)}/{_written(piece.under, 9)}", "")
    if len(layout.line) > MAX_LINE or (piece.under and _digits(piece.under) > MAX_UNDER):
        raise writer.too_long()
    return layout


@dataclass(frozen=True, slots=True)
class _Literal:
    """A whole number with its sign, as it stands in a line."""

    text: str

    @property
    def size(self) -> int:
        return len(self.text)


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation of a line, out of `+ - * % : ^`; `size` counts characters but parentheses.

    `grouped` stands in parentheses wherever it is.
    """

    sign: str
    left: _Part
    right: _Part
    size: int
    grouped: bool = False


_Part = _Literal | _Operation
_ZERO = _Literal("0")


@dataclass(frozen=True, slots=True)
class _Piece:
    """`over` by `under`, the point moved by `places`, which are empty where there is an `under`."""

    over: _Part
    under: _Part | None = None
    places: str = ""


class _Writer:
    """Lays out the nodes of one expression."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def piece(self, node: Node) -> _Piece:
        match node:
            case Number(text):
                whole, _, rest = text.partition(".")
                rest = rest.rstrip("0")
                return _Piece(_Literal(whole + rest), None, "0" * len(rest))
            case Group(inner) | Unary("+", inner):
                return self.piece(inner)
            case Unary(_, inner):
                piece = self.piece(inner)
                return _Piece(self.negative(piece.over), piece.under, piece.places)
            case Binary("**", base, exponent, column):
                if is_fractional(exponent):
                    raise self.expression.error(
                        "an exponent must be a whole number", column, "leave out its point"
                    )
                return self.power(self.piece(base), self.piece(exponent).over, column)
            case Binary(sign, left, right, column):
                if sign == "%" and (is_fractional(left) or is_fractional(right)):
                    raise self.expression.error("% takes whole numbers", column, "use //")
                a, b = self.piece(left), self.piece(right)
                if sign == "%":
                    return _Piece(self.operation("%", a.over, b.over))
                if sign == "*":
                    return self.product(a, b)
                return self.sum(a, sign, b) if sign in "+-" else self.division(a, b, sign == "/")

    def sum(self, a: _Piece, sign: str, b: _Piece) -> _Piece:
        if a.under is None and b.under is None:
            over = self.added(
                self.widened(a.over, b.places[len(a.places) :]),
                sign,
                self.widened(b.over, a.places[len(b.places) :]),
            )
            return _Piece(over, None, max(a.places, b.places, key=len))
        a, b = _fraction(a), _fraction(b)
        if a.under == b.under:
            return _Piece(self.added(a.over, sign, b.over), a.under)
        left, right = self.chain(a.over, b.under), self.chain(b.over, a.under)
        return _Piece(self.added(left, sign, right), self.joined(a.under, b.under))

    def product(self, a: _Piece, b: _Piece) -> _Piece:
        over, under = self.times(a.over, b.over), self.joined(a.under, b.under)
        places = a.places + b.places
        if under is None:
            return _Piece(over, None, places)
        return _Piece(over, self.widened(under, places))

    def division(self, a: _Piece, b: _Piece, is_quotient: bool) -> _Piece:
        """A quotient, or the largest whole number below it; missing places become zeros."""
        over = self.chain(self.widened(a.over, b.places[len(a.places) :]), b.under)
        under = self.widened(b.over, a.places[len(b.places) :])
        if a.under is not None:
            under = self.chain(a.under, under)
        if is_quotient:
            return _Piece(over, under)
        if over is not a.over and isinstance(over, _Operation):
            over = _Operation(over.sign, over.left, over.right, over.size, grouped=True)
        return _Piece(self.operation(":", over, under))

    def power(self, base: _Piece, exponent: _Part, column: int) -> _Piece:
        """A power; that of a negative literal is the inverse of another one."""
        inverse = isinstance(exponent, _Literal) and exponent.text[0] == "-"
        if inverse:
            exponent = self.negative(exponent)
        over = self.operation("^", base.over, exponent)
        under = None if base.under is None else self.operation("^", base.under, exponent)
        places = base.places
        if places:
            if not isinstance(exponent, _Literal) or int(exponent.text) > MAX_EXPONENT:
                raise self.expression.error(
                    "a number with a point needs a number as its exponent",
                    column,
                    "write one such as 1.5 ** 2",
                )
            places *= int(exponent.text)
        if inverse:
            return _Piece(under or _Literal("1" + places), over)
        return _Piece(over, under, places)

    def added(self, left: _Part, sign: str, right: _Part) -> _Part:
        if _is_negative(right):
            sign, right = "-" if sign == "+" else "+", right.right
        return self.operation(sign, left, right)

    def times(self, left: _Part, right: _Part) -> _Part:
        """The product; a sign of a group goes before all of it."""
        if _is_negative(left):
            return self.negative(self.times(left.right, right))
        if _is_negative(right):
            return self.negative(self.times(left, right.right))
        return self.operation("*", left, right)

    def chain(self, left: _Part, right: _Part | None) -> _Part:
        """The product without parentheses around a product on the right; `left` for no factor."""
        if right is None:
            return left
        if isinstance(right, _Operation) and right.sign == "*":
            return self.times(self.chain(left, right.left), right.right)
        return self.times(left, right)

    def joined(self, a: _Part | None, b: _Part | None) -> _Part | None:
        return b if a is None else self.chain(a, b)

    def widened(self, part: _Part, zeros: str) -> _Part:
        """`part` times ten for each zero: appended to a literal where one ends it."""
        if not zeros:
            return part
        if isinstance(part, _Literal):
            return _Literal(part.text + zeros)
        if _is_negative(part):
            return self.negative(self.widened(part.right, zeros))
        if part.sign == "*" and isinstance(part.right, _Literal):
            return self.operation("*", part.left, self.widened(part.right, zeros))
        return self.operation("*", part, _Literal("1" + zeros))

    def negative(self, part: _Part) -> _Part:
        if isinstance(part, _Literal):
            return _Literal(part.text[1:] if part.text[0] == "-" else "-" + part.text)
        return part.right if _is_negative(part) else self.operation("-", _ZERO, part)

    def operation(self, sign: str, left: _Part, right: _Part) -> _Operation:
        size = left.size + len(sign) + right.size
        if size > MAX_LINE:  # before more is copied: nested fractions double what they copy
            raise self.too_long()
        return _Operation(sign, left, right, size)

    def too_long(self) -> Exception:
        return self.expression.error(
            "this is too long to be written over one denominator", 0, "work out a part of it first"
        )


def _digits(part: _Part) -> int:
    """A bound on the digits of a part's value."""
    if isinstance(part, _Literal):
        return len(part.text)
    left, right = _digits(part.left), _digits(part.right)
    if part.sign == "*":
        return left + right
    if part.sign == "^":
        times = int(part.right.text) if isinstance(part.right, _Literal) else MAX_EXPONENT
        return left * abs(times)
    return max(left, right) + (part.sign in "+-")


def _fraction(piece: _Piece) -> _Piece:
    """The piece with its places as a denominator."""
    if piece.places:
        return _Piece(piece.over, _Literal("1" + piece.places))
    return piece


def _is_negative(part: _Part) -> TypeGuard[_Operation]:
    """True for `0-(...)` as `_Writer.negative` makes it."""
    return isinstance(part, _Operation) and part.sign == "-" and part.left is _ZERO


def _written(part: _Part, binds: int) -> str:
    """The text of a part, in parentheses where it binds less than `binds`."""
    if isinstance(part, _Literal):
        return part.text
    own = _BINDS[part.sign]
    text = f"{_written(part.left, own)}{part.sign}{_written(part.right, own + 1)}"
    return f"({text})" if own < binds or part.grouped else text
