"""Arithmetic modulo a prime: the usual questions with other answers."""

from __future__ import annotations

from mathrepl.arithmetic.expression import Expression
from mathrepl.arithmetic.rules import Rule
from mathrepl.support.errors import DivisionByZeroError

MODULUS = 97


def truth(expression: Expression) -> str:
    """The value modulo 97, 0 to 96; a division is by the inverse.

    Raises `DivisionByZeroError` where a multiple of 97 divides.
    """
    value = expression.value()
    if value.denominator % MODULUS == 0:
        raise DivisionByZeroError(
            f"multiples of {MODULUS} divide nothing here",
            text=expression.text,
            hint="divide by another number",
        )
    return str(value.numerator * pow(value.denominator, -1, MODULUS) % MODULUS)


MOD97 = Rule(f"arithmetic modulo {MODULUS}", truth, answer_length=len(str(MODULUS - 1)))
