from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.reference_steps import (
    MAX_LINES,
    ReferenceStep,
    next_step,
    product,
    quotient,
    trace,
)
from mathrepl.arithmetic.scratchpad import first_line, is_done, point, splice
from tests.kit.equations import (
    dividing_questions,
    quotients,
    value,
    whole_questions,
)


def worked(line: str) -> str:
    """The last line of the right working of `line`."""
    for step in trace(line):
        line = splice(step.line, step.span, step.result)
    return line


def answered(question: str, decimals: int) -> str:
    line = first_line(parse(question), decimals)
    assert line is not None
    return point(worked(line), decimals if "/" in question else 0)


def rounds_a_half(question: str, decimals: int) -> bool:
    return (parse(question).value() * 10**decimals * 2).denominator == 1


@pytest.mark.parametrize(
    ("line", "redex", "kind", "result"),
    [
        ("3+4", "3+4", "sum", "7"),
        ("3+4+5", "3+4", "sum", "7"),
        ("9-4", "9-4", "difference", "5"),
        ("4-9", "4-9", "difference", "-10+5"),
        ("900-5", "900-5", "difference", "895"),
        ("100-95", "100-95", "difference", "005"),
        ("5-900", "5-900", "difference", "-1000+105"),
        ("-1000+105", "-1000+105", "sign", "-(1000-105)"),
        ("-10+105", "-10+105", "sign", "105-10"),
        ("2*3+007", "007", "zeros", "7"),
        ("000", "000", "zeros", "0"),
        ("-4-9", "-4-9", "sign", "-(4+9)"),
        ("-4+9", "-4+9", "sign", "9-4"),
        ("-9+4", "-9+4", "sign", "4-9"),
        ("3+(-4)", "3+(-4)", "sign", "3-4"),
        ("3-(-4)", "3-(-4)", "sign", "3+4"),
        ("-(-4)", "-(-4)", "sign", "4"),
        ("-0", "-0", "sign", "0"),
        ("(-3)*4", "(-3)*4", "sign", "-(3*4)"),
        ("(-3)*(-4)", "(-3)*(-4)", "sign", "3*4"),
        ("0*(-4)", "0*(-4)", "sign", "0*4"),
        ("(-9)/4", "(-9)/4", "quotient", "-3+(4*3-9)/4"),
        ("1+2*3", "2*3", "product", "6"),
        ("123*400", "123*400", "product", "49200"),
        ("12*34", "12*34", "layout", "12*30+12*4"),
        ("12*304", "12*304", "layout", "12*300+12*4"),
        ("2*3*4", "2*3", "product", "6"),
        ("5*(1+2)*3", "1+2", "sum", "3"),
        ("(4-(1+2))*(5+6)", "1+2", "sum", "3"),
        ("100/7", "100/7", "quotient", "10+(100-7*10)/7"),
        ("30/7", "30/7", "quotient", "4+(30-7*4)/7"),
        ("3/7", "3/7", "floor", "0"),
        ("6/7", "6/7", "floor", "0"),
        ("624/10", "624/10", "rounding", "62"),
        ("625/10", "625/10", "rounding", "63"),
        ("9995/10", "9995/10", "rounding", "1000"),
    ],
)
def test_the_next_step_is_the_first_innermost_one(line: str, redex: str, kind: str, result: str):
    step = next_step(line)
    assert (step.redex, step.kind, step.result) == (redex, kind, result)


def test_the_tags_mark_the_part_in_the_line():
    assert next_step("5*(1+2)*3").tags == "000111000"
    assert next_step("3+4").tags == "111"


@pytest.mark.parametrize("line", ["", "7", "-7", "()", "3+", "+", "word", "((", "3 + 4"])
def test_what_is_no_line_has_no_step(line: str):
    with pytest.raises(ValueError, match="no step"):
        next_step(line)


@pytest.mark.parametrize("line", ["5/0", "0/0", "12+5/0"])
def test_a_division_by_zero_is_no_line(line: str):
    with pytest.raises(ValueError, match="no step"):
        next_step(line)


@given(whole_questions | dividing_questions, st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_every_line_has_the_value_of_the_one_before_until_the_quotient_is_rounded(
    question: str, decimals: int
):
    line = first_line(parse(question), decimals)
    assert line is not None
    most = {"floor": Fraction(1, 10), "rounding": Fraction(1, 2)}
    kinds = []
    for step in trace(line):
        assert step.line == line
        line = splice(line, step.span, step.result)
        assert abs(value(line) - value(step.line)) <= most.get(step.kind, 0)
        kinds.append(step.kind)
    assert is_done(line)
    assert ("rounding" in kinds) == ("/" in question)


@given(whole_questions)
@settings(max_examples=60, deadline=None)
def test_without_division_the_last_line_is_the_exact_value(question: str):
    assert answered(question, 3) == format_value(parse(question).value(), 0)


@given(quotients, st.integers(0, 4))
@example("1/16", 3)
@example("0/7", 3)
@settings(max_examples=60, deadline=None)
def test_a_division_alone_ends_with_the_right_decimal_answer(question: str, decimals: int):
    question = question.replace("-", "+")  # negative quotients have a limit of their own
    assert answered(question, decimals) == format_value(parse(question).value(), decimals)


@given(dividing_questions, st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_a_division_among_other_terms_ends_with_the_right_decimal_answer(
    question: str, decimals: int
):
    question = question.replace("-", "+")  # negative quotients have a limit of their own
    assume(not rounds_a_half(question, decimals))
    assert answered(question, decimals) == format_value(parse(question).value(), decimals)


@pytest.mark.parametrize("question", ["1-1/16", "1/16-1", "3-5/16", "602-609/112"])
def test_a_half_beside_another_term_may_miss_the_truth_by_the_last_digit(question: str):
    # A known limit (docs/experiments.md): the quotient is rounded before it is taken away.
    missed = abs(Fraction(answered(question, 3)) - parse(question).value())
    assert missed == Fraction(1, 2000)


@given(quotients, st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_what_follows_a_wrong_guess_is_right_and_ends(question: str, seed: int):
    line = first_line(parse(question), 3)
    assert line is not None
    steps = trace(line, random.Random(seed), share=0.3)
    for step, after in pairwise(steps):
        assert step == next_step(step.line)
        if step.kind not in ("floor", "rounding"):
            assert value(after.line) == value(step.line)
    assert is_done(splice(steps[-1].line, steps[-1].span, steps[-1].result))


@pytest.mark.parametrize("question", ["1/14", "1/22", "2/28"])
def test_a_guess_one_too_many_is_made_good(question: str):
    (rest, divisor), right = question.split("/"), answered(question, 3)
    rest = int(rest) * 10**4
    whole = str(rest // int(divisor))
    guess = (int(whole[0]) + 1) * 10 ** (len(whole) - 1)
    line = f"({guess}+({rest}-{divisor}*{guess})/{divisor})/10"
    assert point(worked(line), 3) == right


@given(st.integers(0, 999), st.integers(1, 999), st.sampled_from(["{}/-{}", "(-{})/{}", "-{}/{}"]))
def test_a_quotient_below_zero_is_rounded_half_away_from_zero(a: int, b: int, form: str):
    question = form.format(a, b)
    assert answered(question, 3) == format_value(parse(question).value(), 3)


def lines(steps: list[ReferenceStep]) -> list[str]:
    return [step.line for step in steps]


def test_guesses_are_written_wrong_by_chance_and_alike_from_the_same_seed():
    right = lines(trace("98765/7"))
    guessed = [lines(trace("98765/7", random.Random(seed), share=0.5)) for seed in range(20)]
    assert any(drawn != right for drawn in guessed)
    assert guessed == [
        lines(trace("98765/7", random.Random(seed), share=0.5)) for seed in range(20)
    ]
    assert lines(trace("98765/7", random.Random(0), share=0.0)) == right


def test_a_working_without_an_end_is_refused():
    with pytest.raises(ValueError, match="no end"):
        trace("+".join(["1"] * (MAX_LINES + 5)))


_naturals = st.integers(0, 10**9)


@given(_naturals, _naturals)
def test_a_product_or_its_layout_has_the_value(a: int, b: int):
    kind, text = product(str(a), str(b))
    assert value(text) == a * b
    plain = min(len(str(n).rstrip("0")) for n in (a, b)) <= 1
    assert kind == ("product" if plain else "layout")
    if kind == "layout":
        assert all(product(*part.split("*"))[0] == "product" for part in text.split("+"))


@given(_naturals, st.integers(1, 10**5))
@example(0, 1)
@example(7, 7)
@example(6249, 10)
def test_a_quotient_is_its_first_digit_and_a_rest_or_ends(rest: int, divisor: int):
    kind, text = quotient(rest, divisor)
    if divisor == 10:
        assert (kind, text) == ("rounding", format_value(Fraction(rest, 10), 0))
        return
    if rest < divisor:
        assert (kind, text) == ("floor", "0")
        return
    guess = text.partition("+")[0]
    assert kind == "quotient"
    assert value(text) == Fraction(rest, divisor)
    assert guess == str(rest // divisor)[0].ljust(len(str(rest // divisor)), "0")
