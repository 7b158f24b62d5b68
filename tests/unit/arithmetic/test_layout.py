"""First lines in the grammar of lines: of one value with the question, over one denominator."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.layout import MAX_LINE, Layout, first_line
from mathrepl.arithmetic.parser import parse
from mathrepl.support.errors import EquationError
from tests.kit.lines import value_of_line


def laid_out(question: str) -> Layout:
    return first_line(parse(question))


def check(question: str) -> None:
    """The line of a question has its value, and a `/` only where the question is rounded."""
    expression = parse(question)
    layout = first_line(expression)
    assert value_of_line(layout.line) / 10 ** len(layout.places) == expression.value()
    assert ("/" in layout.line) is expression.has_quotient()
    assert not ("/" in layout.line and layout.places)
    assert not layout.places.strip("0")


@pytest.mark.parametrize(
    ("question", "line", "places"),
    [
        ("94 + 909", "94+909", ""),
        ("007 - 5", "007-5", ""),
        ("4 * -2", "4*-2", ""),
        ("5 - -3", "5--3", ""),
        ("-3 + 2", "-3+2", ""),
        ("-(-3) + (2)", "3+2", ""),
        ("(2 - 5) * 4", "(2-5)*4", ""),
        ("2 * (3 * 4)", "2*(3*4)", ""),
        ("((2 + 3)) - 1", "2+3-1", ""),
        ("2**3**2", "2^(3^2)", ""),
        ("(2**3)**2", "2^3^2", ""),
        ("-2**2", "0-2^2", ""),
        ("(-2)**2", "-2^2", ""),
        ("3 - (-2)**2", "3--2^2", ""),
        ("(-(1 + 2))**2", "(0-(1+2))^2", ""),
        ("-(2 + 3) * 4", "0-(2+3)*4", ""),
        ("4 * -(2 + 3)", "0-4*(2+3)", ""),
        ("5 - -(2 + 3)", "5+(2+3)", ""),
        ("5 + -(2 * 3)", "5-2*3", ""),
        ("-(2 + 3) - 1", "0-(2+3)-1", ""),
        ("7 % -(1 + 2)", "7%(0-(1+2))", ""),
        ("7 // 2 // 3", "7:2:3", ""),
        ("7 // (5 % 3)", "7:(5%3)", ""),
        ("10 * 2 // 3", "10*2:3", ""),
        ("7 / 3", "7/3", ""),
        ("-7 / 3", "-7/3", ""),
        ("7 / -3", "7/-3", ""),
        ("-(1 + 2) / 3", "(0-(1+2))/3", ""),
        ("1/2 + 1/3", "(1*3+1*2)/(2*3)", ""),
        ("1/3 + 2/3", "(1+2)/3", ""),
        ("1/2 - 5", "(1-5*2)/2", ""),
        ("1 - 1/2/3", "(1*2*3-1)/(2*3)", ""),
        ("7/2/3", "7/(2*3)", ""),
        ("10/4*2", "(10*2)/4", ""),
        ("1/(1/3)", "(1*3)/1", ""),
        ("2**-2", "1/(2^2)", ""),
        ("(1/2)**3", "(1^3)/(2^3)", ""),
        ("(1/2)**-3", "(2^3)/(1^3)", ""),
        ("(1/2)//(1/3)", "(1*3):(2*1)", ""),
        ("1.5 + 2.25", "150+225", "00"),
        ("1.5 - (1 + 2)", "15-(1+2)*10", "0"),
        ("1.5 - 2*3", "15-2*30", "0"),
        ("0.1 * 0.2", "01*02", "00"),
        ("1.50 + 2.00", "15+20", "0"),
        (".5 ** 2", "05^2", "00"),
        ("0.5 ** -2", "100/(05^2)", ""),
        ("0.1 / 0.03", "010/003", ""),
        ("0.03 / 0.1", "003/010", ""),
        ("7.5 // 2", "75:20", ""),
        ("(1 + 2.5) // 2", "(10+25):20", ""),
        ("0.5 + 1/3", "(05*3+1*10)/(10*3)", ""),
        ("0.5 * (1/3)", "(05*1)/30", ""),
    ],
)
def test_a_question_is_copied_into_one_line(question: str, line: str, places: str):
    assert laid_out(question) == Layout(line, places)
    check(question)


def _number(rng: random.Random) -> str:
    whole = str(rng.randint(0, 10 ** rng.choice((1, 1, 2, 3, 12)) - 1))
    return whole if rng.random() < 0.75 else f"{whole}.{rng.randint(0, 999)}"


def _operand(rng: random.Random, operations: int, depth: int) -> str:
    sign = rng.choice(("", "", "", "", "-", "--", "+"))
    if operations or (depth and rng.random() < 0.1):
        return f"{sign}({_chain(rng, operations, max(0, depth - 1))})"
    return sign + _number(rng)


def _chain(rng: random.Random, operations: int, depth: int) -> str:
    """An expression of so many operations, nested to `depth`."""
    text, left = "", operations
    while True:
        inner = rng.randint(0, left) if depth and rng.random() < 0.5 else 0
        inner = min(inner, left)
        operand = _operand(rng, inner, depth)
        left -= inner
        text += operand
        if not left:
            return text
        left -= 1
        operation = rng.choice(("+", "-", "*", "/", "+", "-", "*", "/", "//", "%", "**"))
        if operation == "**":
            operand = rng.choice(("2", "3", "0", "-1", "-2", "(1+1)", "(3-1)", "-(2)"))
            text += "**" + operand + rng.choice(("+", "-", "*", "/", "//"))
        else:
            text += operation


def refusal(question: str) -> str | None:
    """The reason why a question has no value or no line, out of those that there are."""
    expression = parse(question)
    try:
        expression.value()
    except EquationError as error:
        return error.message
    try:
        first_line(expression)
    except EquationError as error:
        reason = error.message
        known = re.search("too long to be written|needs a number as its exponent", reason)
        return reason if known else None
    return None


@given(st.randoms(use_true_random=False), st.integers(1, 10), st.integers(0, 5))
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_line_has_the_value_of_its_question(rng: random.Random, operations: int, depth: int):
    question = _chain(rng, operations, depth)
    assume(refusal(question) is None)
    check(question)


def test_a_power_with_a_point_needs_a_literal_exponent():
    with pytest.raises(EquationError, match="number with a point") as caught:
        laid_out("1.5 ** (1 + 1)")
    assert caught.value.column == 4


@pytest.mark.parametrize(
    "question",
    [
        "+".join(f"1/{n}" for n in range(1, 90)),
        "1/(1+" * 40 + "2/3" + ")" * 40,
    ],
)
def test_a_line_that_would_be_too_long_is_refused_in_time(question: str):
    with pytest.raises(EquationError, match="too long to be written") as caught:
        laid_out(question)
    assert caught.value.text == question


def test_the_longest_question_is_laid_out():
    question = "+".join(["1.5"] + ["10"] * 198)
    assert len(laid_out(question).line) < MAX_LINE
    check(question)


@pytest.mark.parametrize(
    "text", ["", "(5)", "1+(2)", "1/2/3", "1*2/3", "(1/2)", "1++2", "1+", "(1+2", "1:(2))", "a"]
)
def test_the_reader_of_these_tests_reads_lines_only(text: str):
    with pytest.raises(ValueError, match="line"):
        value_of_line(text)


def test_the_reader_of_these_tests_goes_from_the_left():
    assert value_of_line("2^3^2") == 64
    assert value_of_line("-2^2") == 4
    assert value_of_line("3--2^2*5%7+1") == 3 - 6 + 1
    assert value_of_line("-7:2*3") == -12
    assert value_of_line("(1+2)/(3*-4)") == Fraction(-1, 4)
