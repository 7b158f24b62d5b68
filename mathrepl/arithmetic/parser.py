"""Arithmetic as text: a parser whose errors name the column.

The grammar, with the usual precedence and left association:

    expression = term (("+" | "-") term)*
    term       = factor (("*" | "/" | "%") factor)*
    factor     = ("+" | "-") factor | number | "(" expression ")"
    number     = digit+ ["." digit+]

`a % b` is the remainder of a division, a - b floor(a / b).
"""

from __future__ import annotations

import re

from mathrepl.arithmetic.expression import (
    MAX_LENGTH,
    Binary,
    Expression,
    Group,
    Node,
    Number,
    Unary,
)
from mathrepl.support.errors import EquationError

MAX_DIGITS = 200
MAX_DEPTH = 50

_LOOKALIKES = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-"})  # noqa: RUF001
_TOKEN = re.compile(r"([0-9]+(?:\.[0-9]+)?|[-+*/%()])|(\S)")  # and what is none
_ASKING = re.compile(r"\s*=\s*\??\s*$")
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
    if not expression.operations():
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


def _tokens(text: str) -> list[re.Match[str]]:
    tokens = []
    for token in _TOKEN.finditer(readable(text)):
        if token[2]:
            raise _unreadable(text, token.start())
        if len(token[0]) > MAX_DIGITS:
            raise EquationError(
                f"a number of {len(token[0]):,} digits is too long",
                text=text,
                column=token.start(),
                hint=f"a number may have at most {MAX_DIGITS}",
            )
        tokens.append(token)
    return tokens


def _unreadable(text: str, column: int) -> EquationError:
    character = text[column]
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    if character == "=":
        message, hint = "only ? may follow =", "leave the answer to the network: 94 + 909 = ?"
    elif character == ".":
        message, hint = "a point needs digits on both sides", "write 0.5"
    elif character in "xX":
        message, hint = f"{character!r} cannot stand in an equation", "write * to multiply"
    elif character == ",":
        message, hint = "a comma cannot stand in a number", "write 1000, and 0.5 for a half"
    else:
        message = f"{shown!r} cannot stand in an equation"
        hint = "use digits, + - * / % and parentheses"
    return EquationError(message, text=text, column=column, hint=hint)


class _Parser:
    """A recursive descent over tokens; `depth` counts parentheses and signs together."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.position = 0

    def peek(self) -> str | None:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else None

    def take(self) -> re.Match[str]:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def expression(self, depth: int) -> Node:
        left = self.term(depth)
        while self.peek() in ("+", "-"):
            token = self.take()
            left = Binary(token[0], left, self.term(depth), token.start())
        return left

    def term(self, depth: int) -> Node:
        left = self.factor(depth)
        while self.peek() in ("*", "/", "%"):
            token = self.take()
            left = Binary(token[0], left, self.factor(depth), token.start())
        return left

    def factor(self, depth: int) -> Node:
        head = self.peek()
        if head is None or head in "*/%)":
            raise self.unexpected()
        token = self.take()
        if depth >= MAX_DEPTH and head in "+-(":
            message = f"parentheses and signs are nested more than {MAX_DEPTH} deep"
            raise self.error(message, token.start(), "simplify it")
        if head in "+-":
            return Unary(head, self.factor(depth + 1), token.start())
        if head == "(":
            inner = self.expression(depth + 1)
            if self.peek() is None:
                raise self.error("this parenthesis is never closed", token.start(), "add )")
            if self.peek() != ")":
                raise self.unexpected()
            self.take()
            return Group(inner)
        return Number(head, token.start())

    def unexpected(self) -> EquationError:
        if self.position >= len(self.tokens):
            end = len(self.text)
            return self.error("a number is missing at the end", end, "finish the equation")
        token = self.tokens[self.position]
        text, previous = token[0], self.tokens[self.position - 1][0] if self.position else ""
        after_operand = previous == ")" or previous[-1:].isdigit()
        if text == ")":
            if after_operand:
                message, hint = "this parenthesis was never opened", "remove it, or add ("
            else:
                message, hint = "a number is missing before this parenthesis", "add a number"
        elif after_operand:
            message, hint = f"an operation is missing before {text}", "add + - * or /"
        elif previous == text == "*":
            message, hint = "** is not an operation here", "use + - * or /"
        else:
            message, hint = f"a number is missing before {text}", "add a number"
        return self.error(message, token.start(), hint)

    def error(self, message: str, column: int, hint: str) -> EquationError:
        return EquationError(message, text=self.text, column=column, hint=hint)
