from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.lines import Operation, Span
from mathrepl.arithmetic.written import Pass
from mathrepl.inference.answer import (
    Answer,
    Answers,
    Refused,
    align,
    check_steps,
    compare,
)
from mathrepl.inference.solution import Guess, ScratchpadStep, Solution
from mathrepl.support.errors import EquationError
from tests.kit.exact_solver import scripted_solver

WORKED = (
    ScratchpadStep("9+4", Span(0, 3), "12", 0.25, Operation("9", "+", "4")),
    ScratchpadStep("12"),
)
END = Guess("\0", 0.5, "1", 0.25)


def solution(text: str, end: Guess | None = END) -> Solution:
    guesses = tuple(Guess(c, 0.9 - 0.1 * i, "x", 0.05) for i, c in enumerate(text))
    return Solution("1 + 1", text, guesses, end)


def answer(network: str, truth: str, end: Guess | None = END) -> Answer:
    return compare("1 + 1", solution(network, end), truth, weights="blog", engine="numpy")


def pairs(network: str, truth: str) -> list[tuple[str, str, int | None]]:
    return [(c.network, c.truth, c.power) for c in align(network, truth)]


@pytest.mark.parametrize(
    ("network", "truth", "expected"),
    [
        ("1003", "1003", [("1", "1", 3), ("0", "0", 2), ("0", "0", 1), ("3", "3", 0)]),
        ("93", "1003", [("", "1", 3), ("", "0", 2), ("9", "0", 1), ("3", "3", 0)]),
        ("1003", "3", [("1", "", 3), ("0", "", 2), ("0", "", 1), ("3", "3", 0)]),
        (
            "1.5",
            "12.25",
            [("", "1", 1), ("1", "2", 0), (".", ".", None), ("5", "2", -1), ("", "5", -2)],
        ),
        (
            "12",
            "0.125",
            [
                ("1", "", 1),
                ("2", "0", 0),
                ("", ".", None),
                ("", "1", -1),
                ("", "2", -2),
                ("", "5", -3),
            ],
        ),
        ("0.5", "2", [("0", "2", 0), (".", "", None), ("5", "", -1)]),
        ("-5", "5", [("-", "", None), ("5", "5", 0)]),
        ("-5", "15", [("-", "1", 1), ("5", "5", 0)]),
        ("15", "-5", [("1", "-", 1), ("5", "5", 0)]),
        ("", "42", [("", "4", 1), ("", "2", 0)]),
    ],
)
def test_places_stand_over_each_other(network, truth, expected):
    assert pairs(network, truth) == expected


number_texts = st.builds(
    lambda units, decimals: format_value(Fraction(units, 10**decimals), decimals),
    st.integers(-(10**6), 10**6),
    st.integers(0, 3),
)


@given(st.text("0123456789-.+ ", max_size=8) | number_texts, number_texts)
@settings(max_examples=200, deadline=None)
def test_columns_hold_both_texts_in_order_and_nothing_else(network, truth):
    columns = align(network, truth)
    assert "".join(column.network for column in columns) == network
    assert "".join(column.truth for column in columns) == truth
    assert all(column.network or column.truth for column in columns)


@given(number_texts, number_texts)
@settings(max_examples=200, deadline=None)
def test_the_power_of_each_place_gives_the_value_back(network, truth):
    columns = align(network, truth)
    for side, text in (("network", network), ("truth", truth)):
        total = sum(
            (
                int(getattr(column, side)) * Fraction(10) ** column.power
                for column in columns
                if getattr(column, side).isdigit()
            ),
            Fraction(0),
        )
        assert total == abs(Fraction(text))


def test_each_written_character_keeps_its_own_guess():
    columns = align("93", "1003", solution("93").guesses)
    assert [column.guess for column in columns] == [None, None, *solution("93").guesses]
    columns = align("1.25", "1.5", solution("1.25").guesses)
    assert [c.guess.character if c.guess else None for c in columns] == ["1", ".", "2", "5"]


@pytest.mark.parametrize(
    ("network", "truth", "wrong"),
    [
        ("1003", "1003", 0),
        ("1013", "1003", 1),
        ("93", "1003", 3),
        ("10030", "1003", 4),
        ("-5", "5", 1),
        ("", "42", 2),
        ("1.5", "1.25", 2),
        ("2", "2.5", 2),
        ("7+", "71", 1),
    ],
)
def test_wrong_digits_counts_the_places_that_differ(network, truth, wrong):
    assert answer(network, truth).wrong_digits == wrong


@pytest.mark.parametrize(
    ("network", "truth", "off_by"),
    [
        ("1003", "1003", "0"),
        ("1013", "1003", "10"),
        ("993", "1003", "10"),
        ("-5", "5", "10"),
        ("0.1", "0.35", "0.25"),
        ("007", "7", "0"),
        ("1" + "0" * 30, "1", "9" * 30),
        ("", "7", None),
        ("-", "7", None),
        ("1+1", "7", None),
        ("1.", "1", None),
        ("--1", "1", None),
    ],
)
def test_off_by_is_the_exact_size_of_the_error(network, truth, off_by):
    assert answer(network, truth).off_by == off_by


@pytest.mark.parametrize(
    ("network", "truth", "verdict"),
    [
        ("1003", "1003", "right"),
        ("1013", "1003", "wrong by 10, in 1 digit"),
        ("1114", "1003", "wrong by 111, in 3 digits"),
        ("0.25", "0.5", "wrong by 0.25, in 2 digits"),
        ("007", "7", "wrong in 2 digits: the value is right, the writing is not"),
        ("1.0", "1", "wrong in 2 digits: the value is right, the writing is not"),
        ("", "7", "wrong: it wrote nothing"),
        ("1-", "7", "wrong: '1-' is not a number"),
    ],
)
def test_the_verdict_says_it_in_words(network, truth, verdict):
    found = answer(network, truth)
    assert found.verdict == verdict
    assert found.right == (verdict == "right")


def test_a_copied_character_has_no_guess_in_its_column():
    first, second = solution("12").guesses
    found = Solution("1 + 1", "102", (first, None, second), END)
    assert [column.guess for column in align(found.text, "102", found.guesses)] == [
        first,
        None,
        second,
    ]


def test_why_a_solver_could_go_on_no_further_is_its_verdict():
    stuck = Solution("1 + 1", "", (), None, (ScratchpadStep("1+1"),), "it lost its way")
    found = compare("1 + 1", stuck, "2", weights="work", engine="numpy")
    assert found.verdict == "wrong: it lost its way"


# Workings


def worked(question: str, change: Callable[[Pass], str | None] = lambda one: None):
    (found,) = scripted_solver(change).solve([question])
    return found.scratchpad


def wrong_at(skill: str, first: str, text: str) -> Callable[[Pass], str | None]:
    """Another text for a pass of a skill that reads these characters."""
    return lambda one: text if (one.skill, one.first) == (skill, first) else None


def test_right_lines_are_all_equal_to_the_question():
    checked = check_steps(worked("2+3*4"))
    assert [one.state for one in checked] == ["equal"] * 3
    assert [one.line.text for one in checked] == ["2+3*4", "2+12", "14"]
    assert not any(one.wanted or one.columns for one in checked)


def test_the_first_wrong_line_has_the_right_one_and_the_places_that_differ():
    first, second, third = check_steps(worked("2+3*4", wrong_at("o", "3", "3")))
    assert (first.state, second.state, third.state) == ("equal", "wrong", "after")
    assert (second.line.text, second.wanted) == ("2+13", "2+12")
    assert [(c.network, c.truth) for c in second.columns] == [("1", "1"), ("3", "2")]
    assert (third.wanted, third.columns) == ("", ())


def test_another_operation_than_the_next_is_wrong_whatever_it_gives():
    lines = worked("1+2+3", lambda one: {"k": "00012", "l": "00111"}.get(one.skill))
    first, second, *_ = check_steps(lines)
    assert (first.state, second.state) == ("equal", "wrong")
    assert (second.line.text, second.wanted, second.columns) == ("1+5", "3+3", ())


def test_lines_after_a_mistake_are_not_judged_even_where_they_come_out_right():
    lines = worked("1+1+1", wrong_at("+", "1", "3"))
    assert [one.state for one in check_steps(lines)] == ["equal", "wrong", "after"]


def test_a_right_rounding_is_told_from_a_wrong_one():
    assert [one.state for one in check_steps(worked("1/2"))] == ["equal", "equal"]
    assert [one.state for one in check_steps(worked("1/3"))] == ["equal", "rounded"]
    wrong = check_steps(worked("1/3", wrong_at("x", "0.333", "0.332")))
    assert [one.state for one in wrong] == ["equal", "wrong"]
    assert (wrong[1].line.text, wrong[1].wanted) == ("0.332", "0.333")


def test_a_point_that_is_moved_wrong_is_found():
    lines = worked("0.1+0.2", wrong_at("x", "0.3", "0.8"))
    assert [one.state for one in check_steps(lines)] == ["equal", "equal", "wrong"]


def test_a_working_that_is_stuck_is_judged_up_to_its_last_line():
    lines = worked("1+2*3", wrong_at("+", "1", ""))
    assert [one.text for one in lines] == ["1+2*3", "1+6", ""]
    *right, last = check_steps(lines)
    assert [one.state for one in right] == ["equal", "equal"]
    assert (last.state, last.wanted) == ("wrong", "7")


def test_no_lines_give_none():
    assert check_steps(()) == ()


def test_an_answer_without_an_end_mark_says_so_in_its_record():
    found = answer("12", "12", end=None)
    assert found.confidence == pytest.approx(0.9 * 0.8)
    assert found.record()["end_probability"] is None


def test_record_gives_one_probability_for_each_written_character():
    found = compare(
        "9 + 4",
        Solution("9 + 4", "12", (solution("12").guesses[0], None), END, WORKED),
        "13",
        weights="blog",
        engine="keras",
        notes=("a note",),
    )
    assert found.record() == {
        "equation": "9 + 4",
        "network": "12",
        "truth": "13",
        "right": False,
        "weights": "blog",
        "probabilities": [0.9, None],
        "end_probability": 0.5,
        "runners_up": [["x", 0.05], None],
        "confidence": 0.25,
        "wrong_digits": 1,
        "off_by": "1",
        "verdict": "wrong by 1, in 1 digit",
        "engine": "keras",
        "notes": ["a note"],
        "working": [
            {"line": "9+4", "state": "equal", "probability": 0.25},
            {"line": "12", "state": "wrong", "probability": 1.0, "wanted": "13"},
        ],
    }


def test_several_answers_are_recorded_in_order_with_the_refused_in_place():
    refused = Refused("1 +", EquationError("a number is missing", hint="finish it"))
    records = Answers((answer("2", "2"), refused)).record()
    assert records[0]["right"] is True
    assert records[1] == {"equation": "1 +", "error": "a number is missing; finish it"}
