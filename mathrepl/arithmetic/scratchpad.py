"""Lines of a working: laying a question out, marking a part, putting text in its place.

Everything here copies text; no number is looked at. What is put in place of a part stands in
parentheses where the line would otherwise read differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from mathrepl.arithmetic.expression import Binary, Expression, Group, Node, Number, Unary

CHARACTERS = "()*+-/0123456789"
_DONE = re.compile(r"-?[1-9][0-9]*|0")  # a sign of zero and zeros before are still to go
_LINE = re.compile(r"[-+*/()0-9]+")
_BARE = re.compile(r"\(([0-9]+)\)")
_LEADING = re.compile(r"(^|\()\((-[0-9]+)\)(?=[-+)]|$)")


@dataclass(frozen=True, slots=True)
class Span:
    """The part `start..end` (end excluded) of a line that is to be worked on next."""

    start: int
    end: int

    def of(self, line: str) -> str:
        """The part itself."""
        return line[self.start : self.end]


def is_done(line: str) -> bool:
    """Whether nothing is left to do: the line is a number."""
    return _DONE.fullmatch(line) is not None


def is_line(line: str) -> bool:
    """Whether the line is made of a line's characters."""
    return _LINE.fullmatch(line) is not None


def nesting(line: str) -> int:
    """Levels of parentheses at the deepest place of a line."""
    steps = ((character == "(") - (character == ")") for character in line)
    return max(accumulate(steps), default=0)


def splice(line: str, span: Span, text: str) -> str:
    """The line with `text` in the marked place; parentheses that change nothing go."""
    before, after = line[: span.start], line[span.end :]
    if _is_group(text):
        if before[-1:] == "(" and after[:1] == ")":
            text = text[1:-1]
    elif not text.isdigit() and not _stands_alone(before, after, text):
        text = f"({text})"
    return tidy(before + text + after)


def rest_of(part: str, text: str) -> str | None:
    """The rest of a division, where `text` in place of the part `rest/divisor` drops it.

    By 10 that is the last digit, which is put away at once.
    """
    rest, _, divisor = part.partition("/")
    if not (rest.isdigit() and divisor.isdigit() and text.isdigit()):
        return None
    return rest[-1] if divisor == "10" else rest


def tidy(line: str) -> str:
    """Without parentheses around a number, or around a negative one that leads."""
    while True:
        tidied = _LEADING.sub(r"\1\2", _BARE.sub(r"\1", line))
        if tidied == line:
            return line
        line = tidied


def _stands_alone(before: str, after: str, text: str) -> bool:
    follows = not before or before[-1] == "(" or (before[-1] == "+" and text[:1] != "-")
    return follows and (not after or after[0] in "+-)")


def _is_group(text: str) -> bool:
    """Whether one pair of parentheses holds the whole text."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return character == ")" and place == len(text) - 1
    return False


def span_of(flags: Sequence[bool]) -> Span | None:
    """The one unbroken marked part, or None where there is none or more than one."""
    marked = [place for place, flag in enumerate(flags) if flag]
    if not marked or marked[-1] - marked[0] >= len(marked):
        return None
    return Span(marked[0], marked[-1] + 1)


def first_line(expression: Expression, decimals: int) -> str | None:
    """The question laid out as the first line of its working.

    A question that divides has every term's first number written with `decimals` zeros more,
    or its first group times 1 with so many zeros: that moves the point of the answer, and
    `point` puts it back. The term that divides gets one zero more and a last division by 10,
    where it is rounded. None where the question divides more than once or goes on multiplying
    after it has divided, because rounding would come too early, and where a number has a point.
    A remainder `a % b` is laid out as `a/b`, without more, and asked for alone.
    """
    if any("." in text for text in expression.literals()):
        return None
    if "%" in expression.operations():
        match expression.root:
            case Binary("%", Number(a), Number(b)):
                return f"{a}/{b}"
        return None
    terms = list(_terms(expression.root))
    divided = [term for _, term in terms if "/" in _operations(term)]
    if not divided:
        return tidy(_write(expression.root, leads=True))
    node = divided[0]
    if len(divided) > 1 or not isinstance(node, Binary) or node.operation != "/":
        return None
    if "/" in _operations(node.left) or "/" in _operations(node.right):
        return None
    parts: list[str] = []
    for sign, term in terms:
        rounded = "/10" if term is node else ""
        scaled = _scaled(term, "0" * (decimals + len(rounded[2:])))
        parts.append(sign + _write(scaled, leads=not parts and not sign) + rounded)
    return tidy("".join(parts))


def point(text: str, decimals: int) -> str:
    """A whole number with its point put `decimals` places from the right, without idle zeros."""
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


def _operations(node: Node) -> str:
    return Expression("", node).operations()


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
    """Text of a tree; a negative stands in parentheses unless it leads its group."""
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
