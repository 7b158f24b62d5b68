"""The rules of the skills against whole numbers and a plain reading of lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.skills import (
    ALL,
    BLANK,
    DOING,
    END,
    READING,
    alphabets_of,
    characters_of,
    columns_of,
    pass_text,
    split_pass,
)

numbers = st.integers(0, 10**12).map(str)
each_skill = pytest.mark.parametrize("name", ALL)


def run(skill: str, first: str, second: str = "") -> str:
    return ALL[skill].run(first, second)


def mirrored(skill: str, first: str, second: str = "") -> str:
    assert ALL[skill].mirrored
    return run(skill, first[::-1], second[::-1])[::-1]


# The doer


@given(numbers, numbers)
@settings(max_examples=100, deadline=None)
def test_a_sum_is_the_sum(a: str, b: str):
    assert int(run("+", a, b)) == int(a) + int(b)


@given(numbers, numbers)
@settings(max_examples=100, deadline=None)
def test_a_difference_is_that_of_a_larger_number_and_a_smaller(a: str, b: str):
    most, least = sorted((a, b), key=int, reverse=True)
    found = run("-", most, least)
    assert len(found) == len(most)
    assert int(found) == int(most) - int(least)


@given(numbers, numbers)
@settings(max_examples=100, deadline=None)
def test_a_comparison_ends_in_the_order_of_the_numbers(a: str, b: str):
    order = "=<>"[(int(a) < int(b)) + 2 * (int(a) > int(b))]
    assert run("?", a, b)[0] == order
    assert run("?", a, a.zfill(15))[0] == "="


@given(numbers, st.sampled_from("0123456789"))
@settings(max_examples=100, deadline=None)
def test_ones_and_tens_make_a_product_by_a_digit(a: str, digit: str):
    row = digit * len(a)
    ones, tens = run("o", a, row), run("t", a, row)
    assert len(ones) == len(tens) == len(a)
    assert int(ones) + 10 * int(tens) == int(a) * int(digit)


@given(st.text("0123456789", min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_zeros_that_lead_become_blanks_and_the_ones_stay(digits: str):
    found = mirrored("z", digits, "0".rjust(len(digits)))
    assert len(found) == len(digits)
    assert found.strip() == str(int(digits))


@pytest.mark.parametrize(
    ("text", "found"),
    [("1.50", "1.5 "), ("2.00", "2   "), ("0.05", "0.05"), ("10.0", "10  "), ("3.", "3 ")],
)
def test_decimals_of_zero_at_the_end_become_blanks(text: str, found: str):
    assert run("x", text) == found


def test_the_sign_of_a_product():
    assert [run("s", a, b) for a in "+-" for b in "+-"] == ["+", "-", "-", "+"]


# The reader


def innermost(line: str) -> tuple[int, int]:
    """The first group without another in it, without its parentheses; all of a flat line."""
    end = line.find(")")
    return (0, len(line)) if end < 0 else (line.rindex("(", 0, end) + 1, end)


@given(st.text("()12+", min_size=1, max_size=14))
@settings(max_examples=200, deadline=None)
def test_the_group_is_the_first_innermost_one(line: str):
    depth = 0
    for character in line:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return
    if depth:
        return
    closing = mirrored("p", line)
    start, end = innermost(line)
    marked = run("g", line, closing)
    assert marked == "0" * start + "1" * (end - start) + "0" * (len(line) - end)


@pytest.mark.parametrize(
    ("group", "ranks", "highest", "marks", "span"),
    [
        ("1+2*3", "01020", "22220", "00012", "00111"),
        ("1*2+3", "02010", "22110", "01233", "11100"),
        ("-1--2", "00100", "11100", "00122", "11111"),
        ("5-3-2", "01010", "11110", "01233", "11100"),
        ("2^3^2", "03030", "33330", "01233", "11100"),
        ("9:4%5", "02020", "22220", "01233", "11100"),
    ],
)
def test_the_reader_finds_the_operation_and_the_numbers_on_both_sides(
    group: str, ranks: str, highest: str, marks: str, span: str
):
    assert mirrored("n", group) == ranks
    assert run("w", ranks) == highest
    assert mirrored("k", ranks, highest) == marks
    assert run("l", ranks, marks) == span


# Columns and texts


@each_skill
def test_each_column_of_a_rule_is_answered_in_the_alphabet_and_by_a_state(name: str):
    skill, alphabets = ALL[name], alphabets_of(name)
    columns = skill.columns()
    assert len(set(columns)) == len(columns)
    for state in range(len(skill.states)):
        for column in columns:
            written, after = skill.rule(state, *column)
            assert written in alphabets.written
            assert 0 <= after < len(skill.states)


@each_skill
def test_the_blank_column_ends_every_pass_but_where_a_carry_is_left(name: str):
    skill = ALL[name]
    assert (BLANK, BLANK) in skill.columns()
    ends = [skill.rule(state, BLANK, BLANK)[0] for state in range(len(skill.states))]
    assert ends == ([END, "1"] if name == "+" else [END] * len(ends))


def test_columns_come_from_the_right_and_end_with_a_blank_one():
    assert list(columns_of("94", "909")) == [("4", "9"), ("9", "0"), (" ", "9"), (" ", " ")]
    assert list(columns_of("", "")) == [(" ", " ")]


@pytest.mark.parametrize(
    ("text", "names", "parts"),
    [
        ("94+909", DOING, ("+", "94", "909")),
        ("744o333", DOING, ("o", "744", "333")),
        ("-s+", DOING, ("s", "-", "+")),
        ("+s-", DOING, ("s", "+", "-")),
        ("007z  0", DOING, ("z", "007", "  0")),
        ("1.50x", DOING, ("x", "1.50", "")),
        (" +7", DOING, ("+", " ", "7")),
        ("(1+2)*3p", READING, ("p", "(1+2)*3", "")),
        ("(1+2)*3g0000122", READING, ("g", "(1+2)*3", "0000122")),
    ],
)
def test_a_pass_is_split_at_its_skill(text: str, names: str, parts: tuple[str, str, str]):
    assert split_pass(text, names) == parts


@pytest.mark.parametrize("text", ["", "12", "+", "1*2", "-5"])
def test_a_text_without_a_skill_is_no_pass(text: str):
    with pytest.raises(ValueError, match="is no pass of one of the skills"):
        split_pass(text, DOING)


@each_skill
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_text_of_columns_is_split_into_them_again(name: str, data: st.DataObject):
    skill = ALL[name]
    columns = data.draw(st.lists(st.sampled_from(skill.columns()), min_size=1, max_size=6))
    if not columns[0][0].strip() and not columns[0][1].strip():
        return
    names = DOING if name in DOING else READING
    found, first, second = split_pass(pass_text(skill, columns), names)
    assert found == name
    width = len(columns)
    assert first.rjust(width)[-width:] == "".join(a for a, _ in columns)[::-1]
    assert second.rjust(width)[-width:] == "".join(b for _, b in columns)[::-1]


def test_alphabets_lead_with_the_blank_and_the_end_mark():
    for names in (DOING, READING, "+", "g"):
        alphabets = alphabets_of(names)
        assert alphabets.first[0] == alphabets.second[0] == BLANK
        assert alphabets.written[0] == END
        assert characters_of(names).startswith(END)
        assert set(characters_of(names)) >= {*names, *alphabets.first, *alphabets.written}
    with pytest.raises(KeyError):
        alphabets_of("q")
