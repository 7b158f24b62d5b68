"""Random expressions of everything in the grammar of a calculator, with their right answers."""

from __future__ import annotations

import random
from collections.abc import Iterator

from mathrepl.arithmetic.layout import first_line
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.sampling import Example
from mathrepl.support.errors import EquationError

MAX_OPERATIONS = 10
MAX_DEPTH = 5
MAX_DIGITS = 12
_OPERATIONS = ("+", "-", "*", "/") * 2 + ("//", "%", "**")
_EXPONENTS = ("2", "3", "0", "-1", "-2", "(1+1)")


def expressions(count: int, seed: int, decimals: int) -> Iterator[Example]:
    """`count` expressions of 1 to 10 operations, nested to 5 levels, numbers to 12 digits.
    Quotients are rounded to `decimals`. Expressions without an answer, such as a division by zero,
    are not among them.
    """
    rng, task = random.Random(seed), Task()
    while count:
        question = _expression(rng, rng.randint(1, MAX_OPERATIONS), rng.randint(0, MAX_DEPTH))
        try:
            expression = parse(question)
            value = expression.value()
            first_line(expression)
        except EquationError:
            continue
        count -= 1
        yield Example(question, task.target(expression, value, decimals))


def _expression(rng: random.Random, operations: int, depth: int) -> str:
    text, left = "", operations
    while True:
        inner = min(rng.randint(0, left) if depth and rng.random() < 0.5 else 0, left)
        left -= inner
        text += _operand(rng, inner, depth)
        if not left:
            return text
        left -= 1
        operation = rng.choice(_OPERATIONS)
        if operation == "**":
            exponent = rng.choice(_EXPONENTS if left else _EXPONENTS[:-1])
            text += "**" + exponent
            left -= exponent.count("+")
            if not left:
                return text
            left -= 1
            operation = rng.choice("+-*/")
        text += operation


def _operand(rng: random.Random, operations: int, depth: int) -> str:
    """A number, or a group of so many operations, with a sign at times."""
    sign = rng.choice(("", "", "", "", "-", "+"))
    if operations:
        return f"{sign}({_expression(rng, operations, depth - 1)})"
    number = str(rng.randrange(10 ** rng.randint(1, rng.choice((2, 4, MAX_DIGITS)))))
    if rng.random() < 0.2:
        number += "." + str(rng.randrange(1000)).zfill(rng.randint(1, 3))
    return sign + number
