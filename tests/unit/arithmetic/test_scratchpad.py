from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.scratchpad import (
    Span,
    first_line,
    is_done,
    is_line,
    point,
    rest_of,
    span_of,
    splice,
    tidy,
)
from tests.kit.equations import (
    dividing_questions,
    numbers,
    value,
    whole_questions,
)


@pytest.mark.parametrize("text", ["7", "-7", "0", "-10", "999999999999999"])
def test_a_number_is_done(text: str):
    assert is_done(text)


@pytest.mark.parametrize(
    "text", ["", "-", "-0", "-000", "007", "-07", "(7)", "(-7)", "3+4", "--7", "0.5", "7 "]
)
def test_anything_else_is_not_done(text: str):
    assert not is_done(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [("3+(-4)*5/6", True), ("7", True), ("", False), ("3 + 4", False), ("0.5", False)],
)
def test_a_line_has_no_other_characters(text: str, good: bool):
    assert is_line(text) == good


@pytest.mark.parametrize(
    ("line", "part", "text", "expected"),
    [
        ("3+4", "3+4", "7", "7"),
        ("2*(3+4)", "3+4", "7", "2*7"),
        ("2*(3-4)", "3-4", "-(4-3)", "2*(-(4-3))"),
        ("2*(-(1))", "(1)", "1", "2*(-1)"),
        ("5-3*12", "3*12", "3*10+3*2", "5-(3*10+3*2)"),
        ("5+3*12", "3*12", "3*10+3*2", "5+3*10+3*2"),
        ("5+3*12-1", "3*12", "3*10+3*2", "5+3*10+3*2-1"),
        ("3*12*2", "3*12", "3*10+3*2", "(3*10+3*2)*2"),
        ("5+(-3)*2", "(-3)*2", "-(3*2)", "5+(-(3*2))"),
        ("(-3)*2+5", "(-3)*2", "-(3*2)", "-(3*2)+5"),
        ("(2-5)+1", "2-5", "-(5-2)", "(-(5-2))+1"),
        ("-(5-2)*4", "5-2", "3", "-3*4"),
        ("8/(1+1)", "1+1", "2", "8/2"),
        ("9-5-2", "9-5", "(9-(+5))", "(9-(+5))-2"),
        ("3*(9-5)", "9-5", "(9-(+5))", "3*(9-(+5))"),
        ("(1+2)*(3+4)", "1+2", "(1)+(2)", "(1+2)*(3+4)"),
    ],
)
def test_what_is_put_in_place_stands_in_parentheses_where_needed(
    line: str, part: str, text: str, expected: str
):
    start = line.index(part)
    assert splice(line, Span(start, start + len(part)), text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("(5)+3", "5+3"),
        ("((5))", "5"),
        ("(-5)+3", "-5+3"),
        ("((-5))", "-5"),
        ("2*(-5)", "2*(-5)"),
        ("(-5)*2", "(-5)*2"),
        ("3-((-5)+1)", "3-(-5+1)"),
        ("-((-5))", "-(-5)"),
        ("(3+4)", "(3+4)"),
    ],
)
def test_idle_parentheses_go(line: str, expected: str):
    assert tidy(line) == expected


@given(whole_questions | dividing_questions)
@settings(max_examples=100, deadline=None)
def test_tidy_never_changes_a_value(text: str):
    for line in (text, f"({text})", f"3-({text})*2"):
        tidied = tidy(line)
        assert value(tidied) == value(line)
        assert tidy(tidied) == tidied
        assert len(tidied) <= len(line)


@given(
    st.lists(st.builds(str.__add__, numbers, st.sampled_from("+-*")), max_size=2).map("".join),
    st.lists(
        st.builds(str.__add__, st.sampled_from("+-*/"), st.integers(1, 99).map(str)), max_size=2
    ).map("".join),
    whole_questions | st.integers(-99, 99).map(str),
    st.sampled_from(("", "-", "2-", "3*")),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_a_text_of_the_parts_value_leaves_the_lines_value(
    before: str, after: str, text: str, outside: str, with_parentheses: bool
):
    size = value(text)
    part = f"{size}+0" if size >= 0 else f"0-{-size}"
    head, tail = (f"{outside}({before}", f"{after})") if outside else (before, after)
    line = f"{head}({part}){tail}"
    span = Span(len(head) + 1, len(head) + 1 + len(part))
    if with_parentheses:
        span = Span(span.start - 1, span.end + 1)
    assert value(splice(line, span, text)) == value(line)


@pytest.mark.parametrize(
    ("flags", "span"),
    [
        ("0110", Span(1, 3)),
        ("1", Span(0, 1)),
        ("111", Span(0, 3)),
        ("001", Span(2, 3)),
        ("000", None),
        ("", None),
        ("101", None),
        ("1101", None),
    ],
)
def test_a_mark_is_one_unbroken_part(flags: str, span: Span | None):
    assert span_of([flag == "1" for flag in flags]) == span


@pytest.mark.parametrize(
    ("question", "decimals", "line"),
    [
        ("94 + 909", 0, "94+909"),
        ("94 + 909", 3, "94+909"),
        ("3 - -5", 0, "3-(-5)"),
        ("-5 * 3", 0, "-5*3"),
        ("2 * (-5)", 0, "2*(-5)"),
        ("--5 + +3", 0, "-(-5)+3"),
        ("((3)) * 2", 0, "3*2"),
        ("007 + 0", 0, "007+0"),
        ("7 / 3", 0, "70/3/10"),
        ("7 / 3", 3, "70000/3/10"),
        ("-7 / 3", 2, "-7000/3/10"),
        ("7 / (1 + 2)", 1, "700/(1+2)/10"),
        ("2 * 7 / 3", 1, "200*7/3/10"),
        ("(2 + 5) / 3", 2, "(2+5)*1000/3/10"),
        ("1 - 7 / 3 + 2 * 4", 1, "10-700/3/10+20*4"),
        ("842 % 37", 3, "842/37"),
    ],
)
def test_the_first_line_lays_the_question_out(question: str, decimals: int, line: str):
    assert first_line(parse(question), decimals) == line


@pytest.mark.parametrize(
    "question",
    [
        "8 / 2 / 2",
        "8 / 2 * 3",
        "1 / 2 + 1 / 3",
        "(8 / 2) + 1",
        "8 / (4 / 2)",
        "2 * (8 / 2)",
        "0.5 + 1",
        "8 % 3 + 1",
        "(8 + 1) % 3",
        "8 // 3",
        "2 ** 3",
        "1 + 2 ** -3",
    ],
)
def test_what_would_round_too_early_has_no_first_line(question: str):
    assert first_line(parse(question), 3) is None


@given(whole_questions, st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_a_first_line_without_division_has_the_questions_value(question: str, decimals: int):
    line = first_line(parse(question), decimals)
    assert line is not None
    assert is_line(line)
    assert value(line) == parse(question).value()


@given(dividing_questions, st.integers(0, 4))
@settings(max_examples=80, deadline=None)
def test_a_first_line_with_a_division_has_the_value_moved_by_the_decimals(
    question: str, decimals: int
):
    line = first_line(parse(question), decimals)
    assert line is not None
    assert is_line(line)
    assert value(line) == parse(question).value() * 10**decimals


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_the_point_moves_back_as_a_person_writes_it(number: int, decimals: int):
    assert point(str(number), decimals) == format_value(Fraction(number, 10**decimals), decimals)


@pytest.mark.parametrize("text", ["", "3+4", "-0", "(7)"])
def test_what_is_no_number_gets_no_point(text: str):
    assert point(text, 3) == text


@pytest.mark.parametrize(
    ("part", "text", "rest"),
    [
        ("28/37", "0", "28"),
        ("0/7", "0", "0"),
        ("842/37", "20+(842-37*20)/37", None),
        ("3+4", "7", None),
        ("007", "7", None),
        ("(-3)/7", "-(3/7)", None),
    ],
)
def test_the_rest_is_what_is_divided_when_the_division_ends(part: str, text: str, rest: str | None):
    assert rest_of(part, text) == rest
