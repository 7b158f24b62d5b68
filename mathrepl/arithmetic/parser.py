"""Arithmetic as text: a parser whose errors name the column.

The grammar, with the precedence of Python: powers from the right, all else from the left.

    expression = term (("+" | "-") term)*
    term       = factor (("*" | "/" | "%" | "//") factor)*
    factor     = ("+" | "-") factor | power
    power      = (number | "(" expression ")") ["**" factor]
    number     = digit+ ["." digit+] | "." digit+

`a // b` is floor(a / b), and `a % b` the remainder a - b floor(a / b). `^` stands for `**`, and `x`
between numbers for `*`. One separator (`_`, a comma or a space) may part all thousands of a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mathrepl.arithmetic.expression import (
    ALL_OPERATIONS,
    MAX_LENGTH,
    Binary,
    Expression,
    Group,
    Node,
    Number,
    Unary,
)
from mathrepl.support.errors import EquationError

MAX_DIGITS = 1_000
MAX_OPERATIONS = 200  # a chain of operations is worked out by recursion
MAX_DEPTH = 50

_LOOKALIKES = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "\u00a0": " ", "\u2009": " ", "\u202f": " "}  # noqa: RUF001
)
_TOKEN = re.compile(
    r"(?P<grouped>[1-9][0-9]{0,2}([_, ])[0-9]{3}(?:\2[0-9]{3})*(?![0-9])(?:\.[0-9]+)?)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"|(?P<times>(?<=[0-9)])\s*[xX](?=\s*[0-9.(]))"
    r"|(?P<operation>\*\*|//|[-+*/%^()])"
    r"|(?P<none>\S)"
)
_MEANT = {"^": "**", "x": "*", "X": "*"}
_ASKING = re.compile(r"\s*(?:=\s*\??|\?)\s*$")
# Most questions are two whole numbers and an operation: one match reads them.
_TWO_NUMBERS = re.compile(
    rf"([0-9]{{1,{MAX_DIGITS}}})\s*([-+*/%])\s*([0-9]{{1,{MAX_DIGITS}}})", re.ASCII
)


def parse(line: str) -> Expression:
    """Read `94 + 909`, `94+909 =` or `94 + 909 = ?`.

    Raises `EquationError` with the column of the first character that cannot be read. Length,
    digits and depth are bounded, so no input can hang it.
    """
    text = line.strip()
    if len(text) > MAX_LENGTH:
        raise EquationError(
            f"the line has {len(text):,} characters",
            hint=f"an equation may have at most {MAX_LENGTH:,}",
        )
    text = _ASKING.sub("", text)
    two = _TWO_NUMBERS.fullmatch(text)
    if two is not None:
        left, right = Number(two[1], 0), Number(two[3], two.start(3))
        return Expression(text, Binary(two[2], left, right, two.start(2)))
    if not text:
        raise EquationError("nothing to read", hint="type an equation such as 94 + 909")
    parser = _Parser(text)
    root = parser.expression(0)
    if parser.peek() is not None:
        raise parser.unexpected()
    expression = Expression(text, root)
    if parser.reworded:
        expression = replace(expression, reading=expression.format(spaced=True))
    count = len(expression.operations())
    if count > MAX_OPERATIONS:
        raise EquationError(
            f"the equation has {count:,} operations",
            hint=f"it may have at most {MAX_OPERATIONS}",
        )
    if not count:
        raise EquationError(
            "a number alone asks nothing",
            text=text,
            column=0,
            hint="type an equation such as 94 + 909",
        )
    return expression


def split_line(line: str) -> list[str]:
    """The equations of a line, separated by `;`; empty ones dropped."""
    return [part.strip() for part in line.split(";") if part.strip()]


def readable(text: str) -> str:
    """`text` with look-alikes of operations, such as the times sign, replaced by operations."""
    return text.translate(_LOOKALIKES)


@dataclass(frozen=True, slots=True)
class _Token:
    """A number or an operation as it is read, at a column; `reworded` if it was typed otherwise."""

    text: str
    column: int
    reworded: bool = False


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    end = 0
    for found in _TOKEN.finditer(readable(text)):
        kind, read, column = found.lastgroup, found[0], found.start()
        if kind == "none" or (kind == "number" and read[0] == "." and column == end and tokens):
            raise _unreadable(text, column)
        if kind == "times":
            column = found.end() - 1
        token = _Token(_MEANT.get(read.strip(), read), column, read.strip() in _MEANT)
        if kind == "grouped":
            token = _Token("".join(c for c in read if c not in "_, "), column, True)
        elif kind == "number" and read[0] == ".":
            token = _Token("0" + read, column)
        if len(token.text) > MAX_DIGITS:
            raise EquationError(
                f"a number of {len(token.text):,} digits is too long",
                text=text,
                column=column,
                hint=f"a number may have at most {MAX_DIGITS}",
            )
        tokens.append(token)
        end = found.end() if kind in ("number", "grouped") else 0
    return tokens


def _unreadable(text: str, column: int) -> EquationError:
    character = text[column]
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    before, after = text[:column], text[column + 1 :]
    if character == "=":
        message, hint = "only ? may follow =", "leave the answer to the network: 94 + 909 = ?"
    elif character == "." and (after[:1] == "." or re.search(r"\.[0-9]*$", before)):
        message, hint = "a number has two points", "leave out one"
    elif character == ".":
        digits = re.search(r"[0-9]+$", before)
        message = "a point needs digits after it"
        hint = f"write {digits[0]}" if digits and len(digits[0]) < 20 else "write 0.5"
    elif character in "xX":
        message, hint = f"{character!r} stands between two numbers only", "write * to multiply"
    elif character in ",_":
        message, hint = f"{shown!r} parts groups of three digits only", _without(before, after)
    else:
        message = f"{shown!r} cannot stand in an equation"
        hint = "use digits, + - * / % // ** and parentheses"
    return EquationError(message, text=text, column=column, hint=hint)


def _without(before: str, after: str) -> str:
    """A hint on how to write the number with a misplaced separator between the two texts."""
    left = re.search(r"(?<![0-9_,.])[0-9][0-9_,]{0,20}$", before)
    right = re.match(r"[0-9][0-9_,]{0,20}(?![0-9_,.])", after)
    if left is None or right is None or before[-1:] in ",_":
        return "write 1000 or 1,000, and 0.5 for a half"
    if left[0].isdigit() and right[0].isdigit():
        return f"write {left[0]}{right[0]}, or {left[0]}.{right[0]} for a point"
    return "write " + re.sub(r"[_,]", "", left[0] + right[0])


class _Parser:
    """A recursive descent over tokens; `depth` counts parentheses, signs and powers together."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.reworded = any(token.reworded for token in self.tokens)
        self.position = 0

    def peek(self) -> str | None:
        return self.tokens[self.position].text if self.position < len(self.tokens) else None

    def take(self) -> _Token:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def expression(self, depth: int) -> Node:
        left = self.term(depth)
        while self.peek() in ("+", "-"):
            token = self.take()
            left = Binary(token.text, left, self.term(depth), token.column)
        return left

    def term(self, depth: int) -> Node:
        left = self.factor(depth)
        while self.peek() in ("*", "/", "%", "//"):
            token = self.take()
            left = Binary(token.text, left, self.factor(depth), token.column)
        return left

    def factor(self, depth: int) -> Node:
        head = self.peek()
        if head not in ("+", "-"):
            return self.power(depth)
        token = self.deeper(depth)
        return Unary(token.text, self.factor(depth + 1), token.column)

    def power(self, depth: int) -> Node:
        base = self.atom(depth)
        if self.peek() != "**":
            return base
        token = self.deeper(depth)
        return Binary("**", base, self.factor(depth + 1), token.column)

    def atom(self, depth: int) -> Node:
        head = self.peek()
        if head is None or head == ")" or head in ALL_OPERATIONS:
            raise self.unexpected()
        if head != "(":
            return Number(head, self.take().column)
        token = self.deeper(depth)
        inner = self.expression(depth + 1)
        if self.peek() is None:
            raise self.error("this parenthesis is never closed", token.column, "add )")
        if self.peek() != ")":
            raise self.unexpected()
        self.take()
        return Group(inner)

    def deeper(self, depth: int) -> _Token:
        """The next token, which nests what follows it."""
        token = self.take()
        if depth >= MAX_DEPTH:
            message = f"parentheses, signs and powers are nested more than {MAX_DEPTH} deep"
            raise self.error(message, token.column, "simplify it")
        return token

    def unexpected(self) -> EquationError:
        if self.position >= len(self.tokens):
            end = len(self.text)
            return self.error("a number is missing at the end", end, "finish the equation")
        token = self.tokens[self.position]
        text, previous = token.text, self.tokens[self.position - 1].text if self.position else ""
        after_operand = previous == ")" or previous[-1:].isdigit()
        if text == ")":
            if after_operand:
                message, hint = "this parenthesis was never opened", "remove it, or add ("
            else:
                message, hint = "a number is missing before this parenthesis", "add a number"
        elif after_operand:
            message, hint = f"an operation is missing before {text}", "add + - * or /"
            if previous[-1:].isdigit() and text[0].isdigit():
                hint = "add + - * or /; a space may only part groups of three digits"
        else:
            message, hint = f"a number is missing before {text}", "add a number"
        return self.error(message, token.column, hint)

    def error(self, message: str, column: int, hint: str) -> EquationError:
        return EquationError(message, text=self.text, column=column, hint=hint)
