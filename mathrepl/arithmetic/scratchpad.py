"""Lines of the scratchpad: laying out a question, marking a span, replacing it by text.

Everything here copies text and computes nothing. Text in place of a span stands in parentheses
where the line would otherwise read differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from mathrepl.arithmetic.expression import (
    OPERATIONS,
    Binary,
    Expression,
    Group,
    Node,
    Number,
    Unary,
)

CHARACTERS = "()*+-/0123456789"
_DONE = re.compile(r"-?[1-9][0-9]*|0")  # -0 and leading zeros are still to be removed
_LINE = re.compile(r"[-+*/()0-9]+")
_BARE = re.compile(r"\(([0-9]+)\)")
_LEADING = re.compile(r"(^|\()\((-[0-9]+)\)(?=[-+)]|$)")


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start..end` (end excluded) of a line that are to be worked on next."""

    start: int
    end: int

    def of(self, line: str) -> str:
        """The text of the span."""
        return line[self.start : self.end]


def is_done(line: str) -> bool:
    """True where the line is a number, so that no step is left."""
    return _DONE.fullmatch(line) is not None


def is_line(line: str) -> bool:
    """True where the line has no other characters than lines have."""
    return _LINE.fullmatch(line) is not None


def nesting(line: str) -> int:
    """The number of open parentheses at the deepest position of a line."""
    return max(_depths(line), default=0)


def splice(line: str, span: Span, text: str) -> str:
    """The line with `text` in place of the span, without redundant parentheses."""
    before, after = line[: span.start], line[span.end :]
    if _is_group(text):
        if before[-1:] == "(" and after[:1] == ")":
            text = text[1:-1]
    elif not text.isdigit() and not _stands_alone(before, after, text):
        text = f"({text})"
    return tidy(before + text + after)


def rest_of(part: str, text: str) -> str | None:
    """The rest of a division that is dropped where `text` replaces the part `rest/divisor`.

    A division by 10 drops the last digit at once. None where the part is not such a division.
    """
    rest, _, divisor = part.partition("/")
    if not (rest.isdigit() and divisor.isdigit() and text.isdigit()):
        return None
    return rest[-1] if divisor == "10" else rest


def tidy(line: str) -> str:
    """The line without parentheses around a number, or around a negative one that leads."""
    while True:
        tidied = _LEADING.sub(r"\1\2", _BARE.sub(r"\1", line))
        if tidied == line:
            return line
        line = tidied


def _stands_alone(before: str, after: str, text: str) -> bool:
    follows = not before or before[-1] == "(" or (before[-1] == "+" and text[:1] != "-")
    return follows and (not after or after[0] in "+-)")


def _is_group(text: str) -> bool:
    """True where one pair of parentheses holds the whole text."""
    depths = list(_depths(text)) if text[:1] == "(" else []
    return 0 in depths and depths.index(0) == len(text) - 1


def _depths(text: str) -> Iterator[int]:
    """The number of parentheses that are open after each character."""
    return accumulate((character == "(") - (character == ")") for character in text)


def span_of(flags: Sequence[bool]) -> Span | None:
    """The span of the marked positions, None where they are none or not contiguous."""
    marked = [position for position, flag in enumerate(flags) if flag]
    if not marked or marked[-1] - marked[0] >= len(marked):
        return None
    return Span(marked[0], marked[-1] + 1)


def first_line(expression: Expression, decimals: int) -> str | None:
    """The question as the first line of the scratchpad, None where it cannot be laid out.

    In a question that divides, the first number of every term gets `decimals` more zeros, and a
    leading group is multiplied by 1 with as many zeros: this moves the point of the answer, and
    `point` puts it back. The term that divides gets one more zero and a last division by 10,
    which rounds it. A question cannot be laid out where it divides more than once or multiplies
    after it has divided, since rounding would come too early, and where a number has a point. A
    remainder `a % b` is laid out as `a/b`, and only where it is the whole question; `//` and `**`
    are not.
    """
    if any("." in text for text in expression.literals()):
        return None
    if not {*expression.operations()} <= {*OPERATIONS, "%"}:
        return None
    if "%" in expression.operations():
        match expression.root:
            case Binary("%", Number(a), Number(b)):
                return f"{a}/{b}"
        return None
    divisions = expression.operations().count("/")
    if not divisions:
        return tidy(_write(expression.root, leads=True))
    terms = list(_terms(expression.root))
    divided = [term for _, term in terms if isinstance(term, Binary) and term.operation == "/"]
    if divisions > 1 or not divided:
        return None
    parts: list[str] = []
    for sign, term in terms:
        rounded = "/10" if term is divided[0] else ""
        scaled = _scaled(term, "0" * (decimals + len(rounded[2:])))
        parts.append(sign + _write(scaled, leads=not parts and not sign) + rounded)
    return tidy("".join(parts))


def point(text: str, decimals: int) -> str:
    """A whole number with its point `decimals` digits from the right, without trailing zeros."""
    if not decimals or not is_done(text):
        return text
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text)
    digits = digits.rjust(decimals + 1, "0")
    whole, rest = digits[:-decimals], digits[-decimals:].rstrip("0")
    return sign + (f"{whole}.{rest}" if rest else whole)


def _terms(node: Node) -> Iterator[tuple[str, Node]]:
    """The terms of a sum, left to right, each with the operation before it."""
    if isinstance(node, Binary) and node.operation in "+-":
        yield from _terms(node.left)
        yield node.operation, node.right
    else:
        yield "", node


def _scaled(node: Node, zeros: str) -> Node:
    match node:
        case Number(text, column):
            return Number(text + zeros, column)
        case Unary(sign, operand, column):
            return Unary(sign, _scaled(operand, zeros), column)
        case Binary(operation, left, right, column):
            return Binary(operation, _scaled(left, zeros), right, column)
        case Group():
            return Binary("*", node, Number("1" + zeros, 0), 0) if zeros else node


def _write(node: Node, *, leads: bool) -> str:
    """The text of a tree; a negative stands in parentheses unless it leads its group."""
    match node:
        case Number(text):
            return text
        case Group(inner):
            return f"({_write(inner, leads=True)})"
        case Unary("+", operand):
            return _write(operand, leads=leads)
        case Unary(_, operand):
            negative = "-" + _write(operand, leads=False)
            return negative if leads else f"({negative})"
        case Binary(operation, left, right):
            return _write(left, leads=leads) + operation + _write(right, leads=False)
