"""Training passes of skills, and passes that go on from a counterexample."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from mathrepl.arithmetic.skills import ALL, DOING, READING, columns_of, split_pass
from mathrepl.data.passes import COLUMNS
from mathrepl.data.sampling import Example
from mathrepl.data.skill_examples import example_of, extended, skill_examples


@pytest.mark.parametrize("names", ["+", DOING, READING])
def test_examples_are_right_passes_of_every_skill(names: str):
    split = skill_examples(names, 1000, 0)
    assert len(split.training) == 900
    assert len(split.held_out) == len({one.question for one in split.held_out}) == 100
    used = Counter()
    for example in (*split.training, *split.held_out):
        skill, first, second = split_pass(example.question, names)
        used[skill] += 1
        assert example.answer == ALL[skill].run(first, second)
        assert 1 <= max(len(first), len(second)) < COLUMNS
    assert set(used) == set(names)
    assert min(used.values()) > 1000 / len(names) / 2


def test_the_same_seed_draws_the_same_and_another_others():
    assert skill_examples("+-", 300, 3) == skill_examples("+-", 300, 3)
    assert skill_examples("+-", 300, 3) != skill_examples("+-", 300, 4)


def test_no_long_held_out_pass_is_trained_on():
    split = skill_examples(DOING, 4000, 0)
    trained = {example.question for example in split.training}
    long = [one.question for one in split.held_out if len(one.question) >= 6]
    assert len(long) > 100
    assert not trained & set(long)


@pytest.mark.parametrize("name", ALL)
def test_every_column_in_every_state_comes_up(name: str):
    skill = ALL[name]
    seen = set()
    for example in skill_examples(name, 6_000, 0).training:
        state = 0
        _, first, second = split_pass(example.question, name)
        for column in columns_of(first, second):
            if column not in skill.columns():
                break
            seen.add((state, column))
            _, state = skill.rule(state, *column)
    wanted = {(s, column) for s in range(len(skill.states)) for column in skill.columns()}
    assert len(seen & wanted) > 0.95 * len(wanted)


@pytest.mark.parametrize("name", ["+", "?", "k"])
def test_a_counterexample_goes_on_with_other_columns(name: str):
    skill, rng = ALL[name], random.Random(0)
    begun = {"+": [("9", "9"), ("9", "0")], "?": [("1", "2")], "k": [("1", "1"), ("0", "1")]}[name]
    found = [extended(skill, begun, rng) for _ in range(50)]
    assert len({example.question for example in found}) > 10
    for example in found:
        _, first, second = split_pass(example.question, name)
        assert list(columns_of(first, second))[: len(begun)] == begun
        assert example.answer == skill.run(first, second)
        assert len(first) < COLUMNS


def test_an_example_of_columns_is_the_pass_of_them():
    assert example_of(ALL["+"], [("4", "9"), ("9", "0"), (" ", "9")]) == Example("94+909", "1003")
