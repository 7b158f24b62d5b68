"""Written arithmetic, its passes answered by the rules, against whole numbers and fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.lines import by_rules, right_result
from mathrepl.arithmetic.skills import ALL, DOING, READING
from mathrepl.arithmetic.written import (
    Division,
    Pass,
    Working,
    difference_of,
    floor_of,
    pass_of,
    power_of,
    product_of,
    quotient_of,
    sum_of,
    with_point,
    without_zeros,
)
from mathrepl.data.skill_examples import skill_examples

whole = st.integers(-(10**12), 10**12) | st.integers(-20, 20) | st.integers(-(10**40), 10**40)
nonzero = whole.filter(bool)
short = settings(max_examples=120, deadline=None)


def worked(working: Working[str]) -> str:
    return by_rules(working)


def exact(value: Fraction) -> str:
    """All decimals of a fraction that ends."""
    return format_value(value, 50)


@given(whole, whole)
@short
def test_sums_differences_and_products_are_those_of_whole_numbers(a: int, b: int):
    assert worked(sum_of(str(a), str(b))) == str(a + b)
    assert worked(difference_of(str(a), str(b))) == str(a - b)
    assert worked(product_of(str(a), str(b))) == str(a * b)


@given(whole, nonzero)
@short
def test_floors_and_rests_are_those_of_whole_numbers(a: int, b: int):
    assert worked(floor_of(str(a), str(b), rest=False)) == str(a // b)
    assert worked(floor_of(str(a), str(b), rest=True)) == str(a % b)


@given(whole, nonzero, st.integers(0, 12))
@short
def test_quotients_are_rounded_half_away_from_zero(a: int, b: int, decimals: int):
    found = worked(quotient_of(str(a), str(b), "0" * decimals, ends=False))
    assert found == format_value(Fraction(a, b), decimals)


@given(st.integers(-(10**9), 10**9), st.integers(0, 8), st.integers(0, 8))
@short
def test_a_quotient_that_ends_stops_there(a: int, twos: int, fives: int):
    b = 2**twos * 5**fives
    assert worked(quotient_of(str(a), str(b), "0" * 50, ends=True)) == exact(Fraction(a, b))


@pytest.mark.parametrize(
    ("a", "b", "decimals", "answer"),
    [
        ("1", "2", 0, "1"),
        ("-1", "2", 0, "-1"),
        ("1", "3", 0, "0"),
        ("-1", "3", 0, "0"),
        ("-1", "3000", 3, "0"),
        ("1", "16", 3, "0.063"),
        ("5", "1000", 2, "0.01"),
        ("0", "7", 3, "0"),
        ("0", "-7", 3, "0"),
        ("007", "02", 1, "3.5"),
        ("999", "1000", 2, "1"),
    ],
)
def test_these_quotients(a: str, b: str, decimals: int, answer: str):
    assert worked(quotient_of(a, b, "0" * decimals, ends=False)) == answer


@given(st.integers(-30, 30), st.integers(0, 25))
@short
def test_powers_are_repeated_products(base: int, exponent: int):
    assert worked(power_of(str(base), str(exponent))) == str(base**exponent)


@given(st.integers(-(10**9), 10**9), st.integers(0, 12))
@short
def test_a_point_is_moved_by_the_zeros(number: int, places: int):
    assert worked(with_point(str(number), "0" * places)) == exact(Fraction(number, 10**places))


@given(st.text("0123456789", min_size=1, max_size=12))
@short
def test_zeros_that_lead_are_left_out(digits: str):
    assert worked(without_zeros(digits)) == str(int(digits))


@given(st.integers(0, 10**15), st.integers(1, 10**8))
@short
def test_a_long_division_has_a_digit_for_each_of_the_dividend(a: int, b: int):
    division = Division(str(b))
    by_rules(division.bring_down(str(a)))
    assert (int(division.digits), int(division.rest)) == divmod(a, b)
    assert len(division.digits) == len(str(a))


@given(whole, whole)
@short
def test_zeros_before_a_number_change_nothing(a: int, b: int):
    def padded(number: int) -> str:
        return f"{'-' * (number < 0)}00{abs(number)}"

    assert worked(sum_of(padded(a), padded(b))) == str(a + b)
    assert worked(product_of(padded(a), padded(b))) == str(a * b)
    assert worked(power_of(padded(a), "1")) == worked(power_of(padded(a), "001")) == str(a)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (Pass("+", "94", "909"), "94+909"),
        (Pass("z", "007", "0"), "700z0  "),
        (Pass("p", "(1+2)"), ")2+1(p"),
        (Pass("k", "0120", "2220"), "0210k0222"),
    ],
)
def test_a_network_reads_mirrored_rows_turned_round(asked: Pass, text: str):
    assert asked.text == text


@pytest.mark.parametrize("names", [DOING, READING])
def test_the_pass_of_a_text_is_that_of_the_example(names: str):
    for example in skill_examples(names, 800, 2).training:
        one = pass_of(example.question, names)
        found = right_result(one)
        assert (found[::-1] if ALL[one.skill].mirrored else found) == example.answer
        assert pass_of(one.text, names) == one


@given(whole, nonzero)
@settings(max_examples=30, deadline=None)
def test_only_skills_of_the_doer_are_asked_for_numbers_of_two_rows(a: int, b: int):
    seen: set[str] = set()

    def watched(working: Working[str]) -> str:
        results = None
        try:
            while True:
                asked = working.send(results)
                for one in asked:
                    seen.add(one.skill)
                    assert set(one.first) <= set(ALL[one.skill].first)
                    assert set(one.second) <= set(ALL[one.skill].second)
                results = [by_rules(_one(one)) for one in asked]
        except StopIteration as end:
            return end.value

    assert watched(quotient_of(str(a), str(b), "000", ends=False))
    assert seen <= set("+-?otzxs")


def _one(asked: Pass) -> Working[str]:
    (found,) = yield [asked]
    return found
