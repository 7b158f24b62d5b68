from __future__ import annotations

import random
from dataclasses import replace
from itertools import chain, combinations, islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import OPERATIONS
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import (
    MAX_DECIMALS,
    MAX_NUMBER_DIGITS,
    MAX_OPERATIONS,
    Task,
    parse_count,
    parse_operations,
    parse_range,
)
from mathrepl.data.questions import every_question
from mathrepl.data.sampling import distinct, every
from mathrepl.support.errors import TaskError, WeightsError
from mathrepl.support.records import read
from tests.kit.weights import tasks

OPERATION_SETS = [
    "".join(chosen)
    for chosen in chain.from_iterable(combinations(OPERATIONS, n) for n in range(1, 5))
]


@given(tasks(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_every_sampled_equation_fits_the_lengths_and_characters(task, seed):
    for example in islice(distinct(task, random.Random(seed)), 40):
        assert len(example.question) <= task.question_length
        assert len(example.answer) <= task.answer_length
        assert set(example.question + example.answer) <= set(task.characters)


@pytest.mark.parametrize("operations", OPERATION_SETS)
def test_whole_tiny_spaces_fit_the_lengths_and_characters(operations):
    for (low, high), decimals in product([(-1, 1), (0, 2), (-2, -1), (-1, 0), (9, 10)], (0, 2)):
        task = Task(low=low, high=high, operations=operations, most=2, decimals=decimals)
        for example in every(task):
            assert len(example.answer) <= task.answer_length
            assert set(example.question + example.answer) <= set(task.characters)


def test_small_negative_fractions_fit_although_they_round_to_zero():
    task = Task(-9, -5, "/", fewest=2, most=2, decimals=2)
    answers = [example.answer for example in every(task)]
    assert "-0.36" in answers
    assert max(map(len, answers)) <= task.answer_length


@pytest.mark.parametrize("bounds", [(-2, 0), (0, 2), (-1, 1), (3, 4), (-4, -3)])
def test_whole_spaces_of_three_mixed_operations_fit(bounds):
    task = Task(*bounds, operations="+-*/", fewest=3, most=3, decimals=1)
    assert max(len(example.answer) for example in every(task)) <= task.answer_length


@pytest.mark.parametrize("spaced", [True, False])
@pytest.mark.parametrize("bounds", [(0, 2), (-1, 1), (-10, -9), (9, 10), (-100, -99)])
def test_question_length_is_that_of_the_longest_question(bounds, spaced):
    task = Task(*bounds, operations="*/", most=2, spaced=spaced)
    longest = max(map(len, every_question(task)))
    assert task.question_length == longest


@pytest.mark.parametrize(
    ("settings_", "length"),
    [
        ({}, len("1998")),
        ({"operations": "-"}, len("-999")),
        ({"operations": "*"}, len("998001")),
        ({"operations": "/"}, len("999")),
        ({"operations": "*", "low": -5, "high": 5}, len("-25")),
        ({"operations": "*", "low": -5, "high": -5}, len("25")),
        ({"operations": "-", "low": -50, "high": 50}, len("-100")),
        ({"operations": "/", "high": 9, "decimals": 2}, len("0.11")),
        ({"operations": "/", "low": -9, "high": 9, "decimals": 2}, len("-0.11")),
        ({"operations": "+", "decimals": 2}, len("1998")),
        (
            {"operations": "/", "low": -9, "high": -5, "fewest": 2, "most": 2, "decimals": 2},
            len("-0.36"),
        ),
        ({"high": 10**20 - 1}, len(str(2 * (10**20 - 1)))),
        ({"operations": "+", "high": 9, "fewest": 3, "most": 3}, len("36")),
        ({"operations": "*", "high": 9, "most": 3}, len("6561")),
    ],
)
def test_answer_length_is_that_of_the_longest_possible_answer(settings_, length):
    assert Task(**settings_).answer_length == length


def test_the_seeds_task_is_written_with_12_characters_in_9_and_4_places():
    task = Task()
    assert task.characters == " +0123456789"
    assert task.question_length == len("999 + 999")
    assert task.space_size == 1_000_000


@pytest.mark.parametrize(
    ("task", "extra"),
    [
        (Task(spaced=False), "+"),
        (Task(low=-1), " +-"),
        (Task(operations="/", decimals=1), " /."),
        (Task(operations="/"), " /"),
        (Task(operations="*", decimals=1), " *"),
        (Task(operations="+-*/", spaced=False, decimals=3), "+-*/."),
        (Task(spaced=False, brackets=True), "+-()"),
        (Task(sampling="carries"), " +"),
    ],
)
def test_characters_are_those_needed_and_no_others(task, extra):
    assert sorted(task.characters) == sorted(extra + "0123456789")


@given(tasks(widest=3, most=2))
@settings(max_examples=40, deadline=None)
def test_space_size_counts_the_distinct_questions(task):
    numbers = [str(n) for n in range(task.low, task.high + 1)]
    questions = set()
    for count in range(task.fewest, task.most + 1):
        for operands in product(numbers, repeat=count + 1):
            for operations in product(task.operations, repeat=count):
                questions.add((operands, operations))
    assert task.space_size == len(questions)


@pytest.mark.parametrize(
    "settings_",
    [
        {"low": 5, "high": 4},
        {"high": 10**MAX_NUMBER_DIGITS},
        {"low": -(10**MAX_NUMBER_DIGITS)},
        {"operations": ""},
        {"operations": "^"},
        {"operations": "+ "},
        {"operations": "++"},
        {"fewest": 0},
        {"fewest": 2, "most": 1},
        {"most": MAX_OPERATIONS + 1},
        {"decimals": -1},
        {"decimals": MAX_DECIMALS + 1},
        {"sampling": "weird"},
        {"seed": -1},
        {"operations": "/", "low": 0, "high": 0},
        {"sampling": "carries", "operations": "-"},
        {"sampling": "carries", "operations": "+-"},
        {"sampling": "carries", "most": 2},
        {"sampling": "carries", "low": -1},
    ],
)
def test_contradicting_settings_are_refused(settings_):
    with pytest.raises(TaskError):
        Task(**settings_)


def test_numbers_of_any_size_are_refused_as_a_task_error():
    with pytest.raises(TaskError):
        Task(high=10**5000)


def test_extreme_settings_within_the_bounds_are_possible():
    few_large = Task(
        low=-(10**MAX_NUMBER_DIGITS) + 1,
        high=10**MAX_NUMBER_DIGITS - 1,
        operations="+-*/",
        fewest=4,
        most=4,
        decimals=MAX_DECIMALS,
    )
    # The largest magnitude is a product of 5 numbers of 100 digits: 500 digits and a sign.
    assert few_large.answer_length == 501 + 1 + MAX_DECIMALS
    assert few_large.question_length == 101 + 4 * 104
    many_small = Task(operations="+-*/", fewest=MAX_OPERATIONS, most=MAX_OPERATIONS)
    assert many_small.question_length == 3 + MAX_OPERATIONS * 6


def test_a_task_whose_equations_are_too_long_to_be_read_is_refused():
    with pytest.raises(TaskError, match="characters"):
        Task(high=10**MAX_NUMBER_DIGITS - 1, fewest=1, most=MAX_OPERATIONS)


@given(tasks(), st.booleans())
@settings(max_examples=50, deadline=None)
def test_record_round_trip(task, brackets):
    task = replace(task, brackets=brackets)
    assert read(Task, task.record(), "it") == task


@pytest.mark.parametrize(
    "change",
    [
        {"low": None},
        {"low": "0"},
        {"low": 0.0},
        {"low": True},
        {"operations": 1},
        {"spaced": 1},
        {"brackets": 1},
        {"sampling": ["uniform"]},
        {"colour": 1},
        {"high": -1},
    ],
)
def test_a_bad_record_is_refused(change):
    with pytest.raises((TaskError, WeightsError)):
        read(Task, {**Task().record(), **change}, "it")


def test_a_record_from_before_brackets_has_none():
    record = Task(high=9).record()
    del record["brackets"]
    assert read(Task, record, "it") == Task(high=9)


@pytest.mark.parametrize("key", sorted({*Task().record()} - {"brackets"}))
def test_a_record_that_lacks_a_key_is_refused(key):
    record = Task().record()
    del record[key]
    with pytest.raises(WeightsError, match=key):
        read(Task, record, "it")


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("94 + 909", []),
        ("0 + 999", []),
        ("94+909", []),
        ("1000 + 1", ["1000", "0..999"]),
        ("-1 + 1", ["-1", "0..999"]),
        ("0.5 + 1", ["whole numbers"]),
        ("2 * 3", ["*"]),
        ("1 + 2 + 3", ["2 operations", "1"]),
        ("007 + 1", ["leading zeros"]),
        ("(1 + 2)", ["parentheses"]),
    ],
)
def test_outside_says_in_which_way_an_equation_leaves_the_training(text, notes):
    found = Task().outside(parse(text))
    assert len(found) == (1 if notes else 0)
    assert all(note in found[0] for note in notes)


def test_outside_collects_every_way():
    assert len(Task(high=9).outside(parse("(010.5 - 1) * 2"))) == 6


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("(94 + 909) * 2", []),
        ("-94 + (-909)", []),
        ("94 - (-(2 + 3))", []),
        ("(-1000) + 1", ["-1000 is outside the trained range 0..999"]),
        ("007 + 1", ["leading zeros"]),
        ("(1.5 + 1)", ["whole numbers"]),
    ],
)
def test_parentheses_and_signs_lie_inside_a_task_with_brackets(text, notes):
    found = Task(operations="+-*", most=3, brackets=True).outside(parse(text))
    assert len(found) == len(notes)
    assert all(note in one for note, one in zip(notes, found, strict=True))


def test_outside_counts_operations_against_a_span():
    task = Task(fewest=2, most=3)
    assert task.outside(parse("1 + 2 + 3")) == []
    assert task.outside(parse("1 + 2 + 3 + 4")) == []
    assert "2..3" in task.outside(parse("1 + 2"))[0]
    assert "2..3" in task.outside(parse("1 + 2 + 3 + 4 + 5"))[0]


def test_truth_rounds_as_the_task_says():
    assert Task(operations="/").target(parse("5 / 2")) == "3"
    assert Task(operations="/", decimals=2).target(parse("2 / 3")) == "0.67"
    assert Task(operations="/", decimals=2).target(parse("6 / 3")) == "2"


@pytest.mark.parametrize(
    ("text", "decimals", "target"),
    [
        ("0.1 + 0.2", 0, "0.3"),
        ("0.0001*0.1", 3, "0.00001"),
        ("0.5**60 * 2**60", 3, "1"),
        ("1.05**3", 1, "1.157625"),
        ("1/2 + 1/3", 3, "0.833"),
        ("1/8", 3, "0.125"),
        ("1/16", 3, "0.063"),
        ("-1/16", 3, "-0.063"),
        ("1/16", 50, "0.0625"),
        ("2**-50", 50, "0." + str(5**50).rjust(50, "0")),
        ("2/3", 50, "0." + "6" * 49 + "7"),
        ("(1/2)//(1/3) + 0.0625", 0, "1.0625"),
        ("1/3*3", 0, "1"),
    ],
)
def test_a_quotient_is_rounded_once_and_all_else_written_whole(text, decimals, target):
    assert Task(operations="/", decimals=decimals).target(parse(text)) == target
    assert Task(operations="/", decimals=7).target(parse(text), decimals=decimals) == target


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (Task(), "a + b, 0..999"),
        (Task(operations="+-"), "a + b, a - b, 0..999"),
        (Task(low=-5, high=5, operations="*", fewest=2, most=2), "2 of *, -5..5"),
        (
            Task(operations="+/", most=3, decimals=2, sampling="stratified"),
            "1..3 of + /, 0..999, 2 decimals, stratified",
        ),
        (Task(sampling="carries"), "a + b, 0..999"),
        (
            Task(operations="+-", most=3, brackets=True),
            "1..3 of + -, 0..999, with parentheses and signs",
        ),
    ],
)
def test_describe_is_one_line_for_a_person(task, text):
    assert task.describe() == text


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("0..99", (0, 99)),
        (" -5 .. 5 ", (-5, 5)),
        ("99", (0, 99)),
        ("-9..-3", (-9, -3)),
        ("5..3", (5, 3)),
        ("0.." + "9" * 100, (0, 10**100 - 1)),
    ],
)
def test_parse_range(text, bounds):
    assert parse_range(text) == bounds


@pytest.mark.parametrize(
    "text", ["", "-5", "a..b", "1...5", "1.5..2", "1..", "..2", "0..٣", "9" * 101, "1..2..3", "1-5"]
)
def test_parse_range_refuses_what_is_none(text):
    with pytest.raises(TaskError):
        parse_range(text)


@pytest.mark.parametrize(
    ("text", "operations"), [("+-", "+-"), ("-,+", "+-"), ("/ * - +", "+-*/"), ("**", "*")]
)
def test_parse_operations_in_canonical_order(text, operations):
    assert parse_operations(text) == operations


@pytest.mark.parametrize("text", ["", " , ", "^", "+x"])
def test_parse_operations_refuses_what_is_none(text):
    with pytest.raises(TaskError):
        parse_operations(text)


@pytest.mark.parametrize(
    ("text", "count"), [("2", (2, 2)), ("1..3", (1, 3)), (" 1 .. 3 ", (1, 3)), ("3..1", (3, 1))]
)
def test_parse_count(text, count):
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "-1", "a", "1.3", "1..", "1..2..3", "1000", "1 3"])
def test_parse_count_refuses_what_is_none(text):
    with pytest.raises(TaskError):
        parse_count(text)


@given(tasks(), st.integers(0, 40), st.sampled_from("+-*/%"), st.integers(0, 40), st.booleans())
def test_what_is_told_at_once_to_lie_inside_has_no_other_note(
    task: Task, a: int, operation: str, b: int, padded: bool
):
    expression = parse(f"{'0' if padded else ''}{a} {operation} {b}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Task, "_plainly_inside", lambda self, expression: False)
        notes = task.outside(expression)
    assert task.outside(expression) == notes
