from __future__ import annotations

import random
import re
import time
from collections import Counter
from dataclasses import replace
from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import MAX_QUESTION
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data import sampling
from mathrepl.data.questions import every_question, with_carries
from mathrepl.data.sampling import (
    LEARNT_BY_HEART,
    Example,
    distinct,
    draw_held_out,
    every,
    is_held_out,
    is_unseen,
    split,
)
from mathrepl.store.card import MAX_EXAMPLES
from mathrepl.support.errors import TaskError
from tests.kit.weights import tasks


def questions(examples) -> list[str]:
    return [example.question for example in examples]


def test_every_walks_a_space_in_order_with_exact_answers():
    expected = [Example(f"{a} + {b}", str(a + b)) for a, b in product(range(4), repeat=2)]
    assert list(every(Task(high=3))) == expected


def test_every_leaves_out_what_divides_by_zero():
    found = {e.question: e.answer for e in every(Task(high=2, operations="/", decimals=1))}
    assert found == {
        "0 / 1": "0",
        "1 / 1": "1",
        "2 / 1": "2",
        "0 / 2": "0",
        "1 / 2": "0.5",
        "2 / 2": "1",
    }


@given(tasks(widest=3, most=2))
@settings(max_examples=40, deadline=None)
def test_question_at_numbers_the_whole_space_without_repeats(task):
    space = " " if task.spaced else ""
    numbers = [str(n) for n in range(task.low, task.high + 1)]
    expected = {
        operands[0] + "".join(f"{space}{o}{space}{n}" for o, n in zip(signs, operands[1:]))  # noqa: B905
        for count in range(task.fewest, task.most + 1)
        for operands in product(numbers, repeat=count + 1)
        for signs in product(task.operations, repeat=count)
    }
    found = list(every_question(task))
    assert len(found) == len(set(found)) == task.space_size
    assert set(found) == expected


@given(tasks(widest=6, most=1))
@settings(max_examples=40, deadline=None)
def test_every_walks_the_space_in_its_order(task):
    found = list(every(task))
    assert questions(found) == [q for q in every_question(task) if not re.search(r"/ ?-?0$", q)]
    assert all(example.answer == task.target(parse(example.question)) for example in found)


def test_fewer_operations_come_first():
    task = Task(high=1, most=3)
    lengths = [question.count("+") for question in every_question(task)]
    assert lengths == [1] * 4 + [2] * 8 + [3] * 16


@given(tasks(widest=5, most=2), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_distinct_uses_a_small_space_up_exactly(task, seed):
    found = list(islice(distinct(task, random.Random(seed)), 6000))
    assert sorted(questions(found)) == sorted(questions(islice(every(task), 6000)))
    assert {e.question: e.answer for e in found} == {e.question: e.answer for e in every(task)}


@given(tasks(widest=5, most=1), st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_a_split_is_distinct_disjoint_and_decided_by_the_hash(task, count):
    try:
        found = split(task, count)
    except TaskError:
        sides = {is_held_out(example.question, task.seed) for example in every(task)}
        assert len(sides) < 2
        return
    training, held_out = questions(found.training), questions(found.held_out)
    assert len(set(training + held_out)) == len(training) + len(held_out)
    assert not any(is_held_out(question, task.seed) for question in training)
    assert all(is_held_out(question, task.seed) for question in held_out)
    assert 1 <= len(held_out) <= max(1, count // 10)
    assert 1 <= len(training) <= max(1, count - count // 10)


def test_a_split_has_a_tenth_held_out_and_right_answers():
    found = split(Task(), 3000)
    assert (len(found.training), len(found.held_out)) == (2700, 300)
    for example in found.training + found.held_out:
        left, right = example.question.split(" + ")
        assert example.answer == str(int(left) + int(right))


def test_a_small_space_is_used_up_by_a_split():
    task = Task(high=9)
    found = split(task, 100_000)
    assert sorted(questions(found.training + found.held_out)) == sorted(questions(every(task)))


def test_a_space_too_small_to_hold_some_out_is_refused():
    with pytest.raises(TaskError, match=r"3\.\.3"):
        split(Task(low=3, high=3), 10)


def test_the_same_seed_splits_alike_and_another_differently():
    assert split(Task(seed=7), 500) == split(Task(seed=7), 500)
    one, other = split(Task(seed=7), 500), split(Task(seed=8), 500)
    assert set(questions(one.held_out)) != set(questions(other.held_out))


@pytest.mark.parametrize("drawn", ["uniform", "stratified"])
def test_what_was_held_out_once_is_never_trained_on_by_a_larger_split(drawn):
    task = Task(high=49, operations="+-", sampling=drawn)
    small, large = split(task, 100), split(task, 1000)
    assert not set(questions(small.held_out)) & set(questions(large.training))
    assert not set(questions(small.training)) & set(questions(large.held_out))
    assert len(large.training) == 900


def test_holding_out_depends_on_text_and_seed_alone():
    for question in ("1 + 1", "12 + 900", "7 * 8"):
        assert len({is_held_out(question, 3) for _ in range(3)}) == 1
    held_out = [
        tuple(is_held_out(question, seed) for question in islice(every_question(Task()), 300))
        for seed in (0, 1, 255, 256, 2**64, 2**2000)
    ]
    assert len(set(held_out)) == len(held_out)


def test_about_a_tenth_of_a_space_is_held_out():
    # 10,000 independent draws of 1/10: standard deviation 30.
    held_out = sum(is_held_out(e.question, 0) for e in every(Task(high=99)))
    assert 910 <= held_out <= 1090


def test_a_space_of_10_to_the_40_is_quick():
    task = Task(high=10**20 - 1)
    assert task.space_size == 10**40
    started = time.perf_counter()
    found = split(task, 1000)
    assert time.perf_counter() - started < 2
    assert (len(found.training), len(found.held_out)) == (900, 100)


def test_the_largest_numbers_and_most_operations_can_be_drawn_or_are_refused_as_a_task():
    assert MAX_QUESTION < 7 * 100
    try:
        task = Task(low=10**99, high=10**99 + 9, fewest=6, most=6)
        found = split(task, 10)
    except TaskError:
        return
    assert len(found.training) == 9


class BoundedRandom(random.Random):
    """Fails a test that would draw for ever."""

    left = 50_000

    def randint(self, a: int, b: int) -> int:
        self.left -= 1
        assert self.left, "drew 50,000 numbers without an end"
        return super().randint(a, b)


def test_a_split_of_more_than_a_space_holds_ends_even_where_it_cannot_be_walked(monkeypatch):
    if sampling.ENUMERABLE > 1.01 * MAX_EXAMPLES:  # then no training asks for so many
        return
    monkeypatch.setattr(sampling, "ENUMERABLE", 50)
    monkeypatch.setattr(random, "Random", BoundedRandom)
    found = split(Task(high=9), 1000)
    assert len(found.training) + len(found.held_out) == 100


def digit_counts(examples) -> Counter[int]:
    return Counter(len(n) for e in examples for n in e.question.split(" + "))


def test_stratified_draws_every_digit_count_alike_and_uniform_hardly_ever_a_short_one():
    stratified = Task(high=99_999, sampling="stratified")
    counts = digit_counts(islice(distinct(stratified, random.Random(1)), 1000))
    # 2,000 operands in 5 classes: 400 each, standard deviation 18.
    assert set(counts) == {1, 2, 3, 4, 5}
    assert all(300 <= count <= 500 for count in counts.values())
    uniform = digit_counts(islice(distinct(Task(high=99_999), random.Random(1)), 1000))
    assert uniform[1] + uniform[2] <= 20  # 2 expected


def test_stratified_draws_both_signs_and_stays_within_odd_bounds():
    task = Task(low=-123, high=1234, sampling="stratified")
    numbers = [
        int(n)
        for e in islice(distinct(task, random.Random(2)), 600)
        for n in e.question.split(" + ")
    ]
    assert all(-123 <= n <= 1234 for n in numbers)
    counts = Counter((n < 0, len(str(abs(n)))) for n in numbers)
    # 1,200 operands in 7 classes: 171 each, standard deviation 12.
    assert len(counts) == 7
    assert all(110 <= count <= 235 for count in counts.values())


def carries_of(a: int, b: int) -> str:
    """The columns that carry, from the left, as one adds on paper."""
    pattern, carry = "", 0
    for column in range(max(len(str(a)), len(str(b)))):
        carry = (a // 10**column % 10 + b // 10**column % 10 + carry) // 10
        pattern = f"{carry}{pattern}"
    return pattern


@given(st.lists(st.integers(1, 30), min_size=2, max_size=2), st.integers(0, 2**20))
@settings(max_examples=100, deadline=None)
def test_numbers_drawn_by_their_carries_have_the_digits_asked_for(digits, seed):
    numbers = with_carries(random.Random(seed), *digits)
    assert [len(str(number)) for number in numbers] == digits


def test_every_pattern_of_carries_is_drawn_alike():
    rng = random.Random(0)
    counts = Counter(carries_of(*with_carries(rng, 3, 3)) for _ in range(4000))
    # 8 patterns: 500 each, standard deviation 21.
    assert len(counts) == 8
    assert all(400 <= count <= 600 for count in counts.values())
    plain = Counter(carries_of(rng.randint(100, 999), rng.randint(100, 999)) for _ in range(4000))
    assert not all(400 <= count <= 600 for count in plain.values())


def test_long_numbers_have_long_runs_of_carries_and_long_runs_of_none():
    rng = random.Random(0)
    patterns = [carries_of(*with_carries(rng, 20, 20)) for _ in range(500)]
    for digit in "01":
        longest = [max(map(len, re.findall(f"{digit}+", p)), default=0) for p in patterns]
        assert sum(length >= 15 for length in longest) > 25
    pairs = [(rng.randrange(10**19, 10**20), rng.randrange(10**19, 10**20)) for _ in range(500)]
    assert not any("1" * 15 in carries_of(*pair) for pair in pairs)


@pytest.mark.parametrize("task", [Task(high=150), Task(low=7, high=1234), Task(high=10**12)])
def test_sums_drawn_by_their_carries_stay_within_the_task(task):
    task = replace(task, sampling="carries")
    found = list(islice(distinct(task, random.Random(0)), 300))
    assert len(set(questions(found))) == 300
    for example in found:
        a, b = map(int, example.question.split(" + "))
        assert task.low <= min(a, b) <= max(a, b) <= task.high
        assert example.answer == str(a + b)


def test_a_small_space_is_used_up_by_carries_too():
    task = Task(high=12, sampling="carries")
    found = questions(distinct(task, random.Random(0)))
    assert sorted(found) == sorted(questions(every(task)))


WORK = Task(operations="+-*/", most=3, decimals=3, spaced=False, brackets=True)


def test_equations_with_brackets_keep_to_their_task():
    found = list(islice(distinct(WORK, random.Random(0)), 1000))
    texts = questions(found)
    assert len(set(texts)) == 1000
    for example in found:
        expression = parse(example.question)
        assert WORK.outside(expression) == []
        assert expression.format(spaced=False) == example.question
        assert example.answer == WORK.target(expression)
        assert expression.operations().count("/") <= 1
    for piece in ("(", "(-", "+", "-", "*", "/"):
        assert sum(piece in text for text in texts) > 20, piece
    assert {len(parse(text).operations()) for text in texts} == {1, 2, 3}


@pytest.mark.parametrize("operations", ["+-*", "+-*/", "+/"])
def test_equations_with_brackets_keep_to_the_operations_and_their_number(operations):
    task = replace(WORK, operations=operations, fewest=2)
    for example in islice(distinct(task, random.Random(0)), 300):
        used = parse(example.question).operations()
        assert 2 <= len(used) <= 3
        assert set(used) <= set(operations)


def test_short_parts_of_a_working_are_not_unseen():
    texts = [f"{a}+{b}" for a in range(0, 200, 7) for b in range(0, 200, 7)]
    held_out = [text for text in texts if is_held_out(text, 0)]
    assert {len(text) for text in held_out} > {4, 5, 6}
    for question in held_out:
        assert is_unseen(WORK, question, 0) == (len(question) > LEARNT_BY_HEART)
        assert is_unseen(Task(spaced=False), question, 0)
    for example in islice(draw_held_out(WORK, random.Random(0), split_seed=0), 200):
        assert len(example.question) > LEARNT_BY_HEART
        assert is_held_out(example.question, 0)


def test_uniform_draws_reach_both_ends_of_the_range():
    numbers = {
        n
        for e in islice(distinct(Task(low=-2, high=2), random.Random(0)), 25)
        for n in e.question.split(" + ")
    }
    assert numbers == {"-2", "-1", "0", "1", "2"}


def test_every_operation_and_count_is_drawn():
    task = Task(high=99, operations="+-*/", most=3)
    found = list(islice(distinct(task, random.Random(0)), 600))
    operations = Counter(token for e in found for token in e.question.split()[1::2])
    counts = Counter(len(e.question.split()) // 2 for e in found)
    assert all(operations[o] >= 200 for o in "+-*/")  # 300 expected
    assert all(counts[k] >= 140 for k in (1, 2, 3))  # 200 expected


def test_draw_held_out_gives_exactly_the_held_out_ones_of_a_small_space():
    task = Task(high=9)
    found = questions(draw_held_out(task, random.Random(5), split_seed=3))
    assert sorted(found) == sorted(e.question for e in every(task) if is_held_out(e.question, 3))
    assert found


def test_draws_follow_the_generator():
    def drawn(seed: int) -> list[Example]:
        return list(islice(draw_held_out(Task(), random.Random(seed), split_seed=0), 20))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
