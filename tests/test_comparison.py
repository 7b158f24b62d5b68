from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.comparison import (
    Answer,
    Answers,
    Guess,
    Refused,
    Solution,
    align,
    compare,
)
from mathrepl.errors import EquationError
from mathrepl.expression import format_value

END = Guess("\0", 0.5, "1", 0.25)


def solution(text: str, end: Guess | None = END) -> Solution:
    guesses = tuple(Guess(c, 0.9 - 0.1 * i, "x", 0.05) for i, c in enumerate(text))
    return Solution("1 + 1", text, guesses, end)


def answer(network: str, truth: str, end: Guess | None = END) -> Answer:
    return compare("1 + 1", solution(network, end), truth, weights="blog", engine="numpy")


def pairs(network: str, truth: str) -> list[tuple[str, str, int | None]]:
    return [(c.network, c.truth, c.power) for c in align(solution(network), truth)]


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
    columns = align(solution(network), truth)
    assert "".join(column.network for column in columns) == network
    assert "".join(column.truth for column in columns) == truth
    assert all(column.network or column.truth for column in columns)


@given(number_texts, number_texts)
@settings(max_examples=200, deadline=None)
def test_the_power_of_each_place_gives_the_value_back(network, truth):
    columns = align(solution(network), truth)
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
    columns = align(solution("93"), "1003")
    assert [column.guess for column in columns] == [None, None, *solution("93").guesses]
    columns = align(solution("1.25"), "1.5")
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


def test_confidence_is_the_product_over_the_text_and_its_end():
    assert answer("12", "12").confidence == pytest.approx(0.9 * 0.8 * 0.5)
    assert answer("", "12").confidence == pytest.approx(0.5)


def test_confidence_without_an_end_mark_is_that_of_the_characters():
    found = answer("12", "12", end=None)
    assert found.confidence == pytest.approx(0.9 * 0.8)
    assert found.record()["end_probability"] is None


def test_record_gives_one_probability_for_each_written_character():
    found = compare(
        "9 + 4",
        Solution("9 + 4", "12", solution("12").guesses, END, ("carry 1",)),
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
        "probabilities": [0.9, 0.8],
        "end_probability": 0.5,
        "runners_up": [["x", 0.05], ["x", 0.05]],
        "confidence": 0.36,
        "wrong_digits": 1,
        "off_by": "1",
        "verdict": "wrong by 1, in 1 digit",
        "engine": "keras",
        "notes": ["a note"],
        "working": ["carry 1"],
    }


def test_several_answers_are_recorded_in_order_with_the_refused_in_place():
    refused = Refused("1 +", EquationError("a number is missing", hint="finish it"))
    records = Answers((answer("2", "2"), refused)).record()
    assert records[0]["right"] is True
    assert records[1] == {"equation": "1 +", "error": "a number is missing; finish it"}
