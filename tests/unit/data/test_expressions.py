"""Random expressions of everything in the grammar."""

from __future__ import annotations

import pytest

from mathrepl.arithmetic.expression import format_exact, format_value
from mathrepl.arithmetic.layout import first_line
from mathrepl.arithmetic.parser import parse
from mathrepl.data.expressions import MAX_OPERATIONS, expressions


@pytest.mark.parametrize("decimals", [0, 3, 20])
def test_every_expression_has_its_right_answer_and_can_be_laid_out(decimals: int):
    found = list(expressions(200, 1, decimals))
    assert len(found) == 200
    for example in found:
        expression = parse(example.question)
        value = expression.value()
        exact = not expression.has_quotient()
        assert example.answer == (format_exact(value) if exact else format_value(value, decimals))
        assert first_line(expression)
        assert 1 <= len(expression.operations()) <= MAX_OPERATIONS


def test_the_same_seed_draws_the_same_and_another_others():
    assert list(expressions(20, 5, 3)) == list(expressions(20, 5, 3))
    assert list(expressions(20, 5, 3)) != list(expressions(20, 6, 3))
    assert list(expressions(0, 5, 3)) == []
