from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.reference_steps import next_step
from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import encode_answers, encode_questions
from mathrepl.data.sampling import LEARNT_BY_HEART, Example, Split, is_held_out
from mathrepl.data.step_examples import (
    MAX_LINE,
    MAX_PART,
    MAX_RESULT,
    PARTS,
    held_out_part,
    step_examples,
)
from mathrepl.training.recipes import RECIPES

WORK = RECIPES["work"]
seeds = st.integers(0, 2**32)


def task_of(seed: int) -> Task:
    return Task(operations="+-*/", most=3, decimals=3, spaced=False, brackets=True, seed=seed)


def drawn(part: str, count: int = 300, seed: int = 0) -> Split:
    return step_examples(task_of(seed), part, count)


def every_one(part: str, count: int = 2000) -> tuple[Example, ...]:
    split = drawn(part, count)
    return split.training + split.held_out


@pytest.mark.parametrize("part", PARTS)
def test_a_tenth_of_the_lessons_is_held_out_and_none_of_these_stands_twice(part: str):
    split = drawn(part, 500)
    assert (len(split.training), len(split.held_out)) == (450, 50)
    assert len(set(split.held_out)) == 50


def test_an_unknown_part_is_a_key_error():
    with pytest.raises(KeyError):
        step_examples(task_of(0), "writer", 10)


@pytest.mark.parametrize("part", PARTS)
@given(seeds)
@settings(max_examples=3, deadline=None)
def test_no_training_lesson_is_held_out(part: str, seed: int):
    training = drawn(part, 1000, seed).training
    assert not [e.question for e in training if held_out_part(e.question, seed)]


@given(seeds)
@settings(max_examples=3, deadline=None)
def test_the_doers_held_out_parts_are_never_trained_on(seed: int):
    split = drawn("doer", 1000, seed)
    assert all(held_out_part(e.question, seed) for e in split.held_out)
    assert not {e.question for e in split.training} & {e.question for e in split.held_out}


@pytest.mark.parametrize("part", PARTS)
@given(seeds)
@settings(max_examples=3, deadline=None)
def test_the_same_seed_gives_the_same_lessons(part: str, seed: int):
    first = drawn(part, 60, seed)
    assert first == drawn(part, 60, seed)
    assert first != drawn(part, 60, seed + 1)


def test_the_shortest_parts_are_always_trained_on():
    short = [f"{a}+{b}" for a in range(10) for b in range(10)] + ["10-(5", "12345"]
    assert all(len(text) <= LEARNT_BY_HEART for text in short)
    assert not any(held_out_part(text, seed) for text in short for seed in range(5))
    longer = [f"{a}+123" for a in range(100, 400)]
    assert [held_out_part(t, 3) for t in longer] == [is_held_out(t, 3) for t in longer]
    assert any(held_out_part(text, 3) for text in longer)


def test_the_reader_is_taught_where_the_next_step_is():
    for example in every_one("reader"):
        assert example.answer == next_step(example.question).tags


def test_the_doer_is_taught_what_belongs_in_place_of_a_part():
    for example in every_one("doer"):
        step = next_step(example.question)
        assert (step.redex, step.result) == (example.question, example.answer)


def test_every_kind_of_step_is_taught_to_both():
    kinds = {"zeros", "sign", "sum", "difference", "product", "layout"}
    kinds |= {"quotient", "floor", "rounding"}
    for part in PARTS:
        found = {next_step(example.question).kind for example in every_one(part)}
        assert found == kinds


def test_the_doer_is_taught_numbers_far_longer_than_those_of_the_task():
    sums = [e.question.split("+") for e in every_one("doer") if e.question.count("+") == 1]
    digits = {len(number) for numbers in sums for number in numbers if number.isdigit()}
    assert set(range(1, 13)) <= digits


def test_the_reader_meets_what_follows_a_wrong_guess():
    # Only a quotient that was guessed too large leaves a negative rest to divide.
    lines = [e.question for e in every_one("reader", 4000)]
    assert any("+(-" in line and ")/" in line for line in lines)


def test_lessons_fit_the_networks_that_learn_them():
    for example in every_one("doer"):
        assert len(example.question) <= MAX_PART
        assert len(example.answer) <= MAX_RESULT
    assert all(len(example.question) <= MAX_LINE for example in every_one("reader"))
    doer = every_one("doer")
    questions = encode_questions(WORK.encoding, [e.question for e in doer])
    assert questions.shape[1] == WORK.encoding.question_length
    encode_answers(WORK.encoding, [e.answer for e in doer])
    lines = encode_questions(WORK.encoding, [e.question for e in every_one("reader")])
    assert lines.shape[1] == WORK.encoding.question_length
