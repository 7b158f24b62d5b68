"""Lines worked out step by step, the passes answered by the rules."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import format_exact, format_value
from mathrepl.arithmetic.layout import first_line
from mathrepl.arithmetic.lines import (
    NO_OPERATION,
    LineWorking,
    Span,
    Step,
    by_rules,
    is_operation,
    next_operation,
    read,
    replaced,
    right_result,
    spelled,
    work_out,
)
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.written import Pass, StuckError
from mathrepl.data.expressions import expressions
from tests.kit.lines import value_of_line


def steps_of(question: str, decimals: int = 3, *, ends: bool = False) -> tuple[list[Step], str]:
    layout = first_line(parse(question))
    working = work_out(layout.line, layout.places, "0" * decimals, ends=ends)
    found: list[Step] = []
    results = None
    try:
        while True:
            wanted = working.send(results)
            if isinstance(wanted, Step):
                found.append(wanted)
                results = None
            else:
                results = [right_result(one) for one in wanted]
    except StopIteration as end:
        return found, end.value


def answer(question: str, decimals: int = 3, *, ends: bool = False) -> str:
    return steps_of(question, decimals, ends=ends)[1]


@pytest.mark.parametrize("decimals", [0, 3, 11])
def test_random_expressions_of_the_whole_grammar_have_the_exact_answer(decimals: int):
    for example in expressions(60, decimals, decimals):
        assert answer(example.question, decimals) == example.answer, example.question


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_every_line_of_a_working_has_the_value_of_the_question(seed: int):
    (example,) = expressions(1, seed, 3)
    expression = parse(example.question)
    layout = first_line(expression)
    steps, found = steps_of(example.question)
    for step in steps:
        assert value_of_line(step.line) / 10 ** len(layout.places) == expression.value()
    exact = not expression.has_quotient()
    value = expression.value()
    assert found == (format_exact(value) if exact else format_value(value, 3))


def test_the_first_operation_of_the_highest_rank_in_the_first_group_is_next():
    steps, found = steps_of("131 + 83 - (2 + 3*4)*5")
    assert [(s.line, s.span.of(s.line), s.written) for s in steps] == [
        ("131+83-(2+3*4)*5", "3*4", "12"),
        ("131+83-(2+12)*5", "2+12", "14"),
        ("131+83-14*5", "14*5", "70"),
        ("131+83-70", "131+83", "214"),
        ("214-70", "214-70", "144"),
    ]
    assert found == "144"


def test_a_fraction_is_one_quotient_at_the_end():
    steps, found = steps_of("1/2 + 1/3")
    assert steps[0].line == "(1*3+1*2)/(2*3)"
    assert [step.operation.sign for step in steps] == ["*", "*", "+", "*", "/"]
    assert (steps[-1].line, found) == ("5/6", "0.833")


def test_a_point_is_moved_in_a_last_step():
    steps, found = steps_of("0.1 + 0.2")
    assert [(s.line, s.operation.sign, s.written) for s in steps] == [
        ("01+02", "+", "3"),
        ("3", ".", "0.3"),
    ]
    assert found == "0.3"


def test_a_lone_number_with_no_point_to_move_has_no_step():
    assert steps_of("(7) + 0 * 0")[1] == "7"
    working = work_out("-7", "", "000", ends=False)
    with pytest.raises(StopIteration) as done:
        next(working)
    assert done.value.value == "-7"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("94+909", True),
        ("-5--3", True),
        ("7:2", True),
        ("2^10", True),
        ("1+2+3", False),
        ("(1+2)*3", False),
        ("7", False),
    ],
)
def test_one_operation_on_two_numbers_is_told(line: str, wanted: bool):
    assert is_operation(line) is wanted


def test_weights_without_a_reader_take_one_operation():
    working = work_out("1+2+3", "", "000", ends=False, reads=False)
    with pytest.raises(StuckError, match="no reader"):
        next(working)
    assert by_rules(work_out("94+909", "", "", ends=False, reads=False)) == "1003"
    assert by_rules(work_out("22/7", "", "000", ends=False, reads=False)) == "3.143"


def test_lines_are_spelled_as_people_write_floor_division():
    assert spelled("7:2+1") == "7//2+1"
    assert read("7//2+1") == "7:2+1"


@pytest.mark.parametrize(
    ("line", "part", "text", "after"),
    [
        ("(1+2)*3", "1+2", "3", "3*3"),
        ("((1+2)*3)-1", "1+2", "3", "(3*3)-1"),
        ("4*(5-9)", "5-9", "-4", "4*-4"),
        ("1+2", "1+2", "3", "3"),
    ],
)
def test_no_parentheses_stay_around_a_number(line: str, part: str, text: str, after: str):
    start = line.index(part)
    assert replaced(line, Span(start, start + len(part)), text) == after


def test_the_next_operation_has_its_place_in_the_whole_line():
    span, operation = by_rules(next_operation("9-(1+2)/3", "00", True))
    assert span.of("9-(1+2)/3") == "1+2"
    assert (operation.a, operation.sign, operation.b, operation.zeros) == ("1", "+", "2", "")
    _, quotient = by_rules(next_operation("9/3", "00", True))
    assert (quotient.zeros, quotient.ends) == ("00", True)


# Networks that are wrong


def stuck(changed: dict[str, str], line: str = "(1+2)*3") -> str:
    """The reason for which a line cannot be worked out where skills write other texts."""
    working = work_out(line, "", "000", ends=False)
    with pytest.raises(StuckError) as caught:
        answered(working, lambda one: changed.get(one.skill, right_result(one)))
    return str(caught.value)


def answered(working: LineWorking, write: Callable[[Pass], str]) -> str:
    results = None
    try:
        while True:
            wanted = working.send(results)
            results = None if isinstance(wanted, Step) else [write(one) for one in wanted]
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"g": ""}, "the reader marked no one group"),
        ({"g": "0000000"}, "the reader marked no one group"),
        ({"g": "0101000"}, "the reader marked no one group"),
        ({"l": "000"}, "the reader marked no one part"),
        ({"l": "101"}, "the reader marked no one part"),
        ({"l": "110"}, NO_OPERATION),
        ({"k": "000"}, "the reader marked no one part"),
        ({"g": "1111111"}, NO_OPERATION),
        ({"+": "", "z": ""}, "the doer wrote no number"),
        ({"+": ""}, "the doer wrote no number"),
        ({"z": "1<"}, "the doer wrote no number"),
    ],
)
def test_what_no_line_has_ends_a_working_with_its_reason(changed: dict[str, str], reason: str):
    assert stuck(changed) == reason


def test_a_power_that_is_not_counted_down_is_given_up():
    assert "did not count down from an exponent of at most 1,000" in stuck({"?": ">"}, "1^3")


def test_a_line_can_have_more_operations_than_characters_of_the_question():
    question = "+".join(f"1/{n}" for n in range(2, 34))
    steps, found = steps_of(question)
    assert len(steps) > 400
    assert found == format_value(parse(question).value(), 3)


@given(st.lists(st.text("0123456789+-<>= .", max_size=4), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_whatever_networks_write_a_working_ends_or_says_why(texts: list[str]):
    turns = count()

    def write(one: Pass) -> str:
        turn = next(turns)
        return right_result(one) if turn % 7 else texts[turn % len(texts)]

    try:
        found = answered(work_out("(12+3)*4-96/7", "", "000", ends=True), write)
    except StuckError as error:
        found = str(error)
    assert isinstance(found, str)


def test_fractions_within_the_longest_lines():
    assert answer("1000000/7", 50) == format_value(Fraction(1000000, 7), 50)
    assert answer("123456789 * 987654321") == "121932631112635269"
