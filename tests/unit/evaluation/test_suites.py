from __future__ import annotations

from dataclasses import replace

import pytest

from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.sampling import Example, every, is_held_out, is_unseen
from mathrepl.evaluation import suites
from mathrepl.evaluation.suites import Suite, suites_of
from mathrepl.store.card import Card
from mathrepl.training.recipes import RECIPES
from tests.kit.weights import tiny_card

WORK = RECIPES["work"]
LONG = Task(high=10**12 - 1, sampling="carries", spaced=False)


def work_spaces(sample: int | None = 40, **changes: object) -> list[Suite]:
    task = replace(WORK.task, **changes)
    return suites_of(Card("work", WORK.architecture, WORK.encoding, task, 0), sample)


def named(found: list[Suite], name: str) -> Suite:
    (space,) = [space for space in found if space.name == name]
    return space


def examples(space: Suite) -> list[Example]:
    return list(space.examples())


# A single network


def test_a_small_space_is_asked_whole():
    task = Task(high=9)
    (space,) = suites_of(tiny_card(task=task), None)
    assert examples(space) == list(every(task))
    assert (space.name, space.total, space.unseen) == (task.describe(), 100, False)


def test_a_sample_is_held_out_and_the_same_again():
    card = tiny_card(task=Task(high=99, seed=4))
    (space,) = suites_of(card, 50)
    found = examples(space)
    assert (len(found), space.total, space.unseen) == (50, 50, True)
    assert len(set(found)) == 50
    assert all(is_held_out(example.question, 4) for example in found)
    assert found == examples(space) == examples(suites_of(card, 50)[0])


def test_a_large_space_is_sampled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(suites, "WHOLE_SPACE", 9999)
    monkeypatch.setattr(suites, "SAMPLE", 25)
    (whole,) = suites_of(tiny_card(task=Task(high=98)), None)
    (sampled,) = suites_of(tiny_card(task=Task(high=99)), None)
    assert (whole.unseen, whole.total) == (False, 99 * 99)
    assert (sampled.unseen, len(examples(sampled))) == (True, 25)


# Long sums


def test_long_sums_are_asked_by_digits_the_hard_cases_and_longer_ones_than_trained():
    found = suites_of(tiny_card(task=LONG), 30)
    assert len({space.name for space in found}) == len(found)
    digits = []
    for space in found:
        asked = examples(space)
        assert len(asked) == space.total
        for example in asked:
            a, b = example.question.split("+")
            assert example.answer == str(int(a) + int(b))
        digits.append(max(len(n) for e in asked for n in e.question.split("+")))
    assert digits == [10, 12, 12, 30, 50, 100]
    assert len(examples(found[0])) == 30
    assert examples(found[-1]) == examples(found[-1])


def test_the_hard_cases_hold_a_carry_through_every_length_and_stay_inside():
    hard = suites_of(tiny_card(task=LONG), 30)[2]
    assert hard.name.startswith("hard cases")
    asked = [example.question for example in examples(hard)]
    assert {f"{'9' * n}+1" for n in range(1, 13)} <= set(asked)
    assert {f"1+{'9' * n}" for n in range(1, 13)} <= set(asked)
    assert "0+0" in asked
    assert len(set(asked)) == len(asked)
    assert all(int(n) <= LONG.high for question in asked for n in question.split("+"))


# Workings


def test_a_working_is_asked_in_spaces_of_distinct_names_with_right_answers():
    found = work_spaces()
    assert len({space.name for space in found}) == len(found)
    for space in found:
        asked = examples(space)
        assert 0 < len(asked) <= space.total
        assert asked == examples(space)
        if "alone" not in space.name:
            for example in asked:
                assert example.answer == WORK.task.target(parse(example.question))


def test_nothing_asked_of_a_working_was_trained_on():
    for space in work_spaces():
        assert space.unseen
        if "alone" in space.name:
            continue
        for example in examples(space):
            question = example.question.replace("%", "/")
            assert is_unseen(WORK.task, question, WORK.task.seed)


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("one operation of + - *, 0..999", "+-*"),
        ("a / b to 3 decimals, 0..999", "/"),
        ("a % b, the remainder, 0..999", "%"),
    ],
)
def test_a_space_of_one_operation_has_one(name: str, operations: str):
    space = named(work_spaces(), name)
    asked = [parse(example.question).operations() for example in examples(space)]
    assert all(len(used) == 1 for used in asked)
    assert {one for (one,) in asked} == set(operations)


def test_two_and_three_operations_are_two_or_three_and_none_divides():
    asked = examples(named(work_spaces(), "two and three operations of + - *, 0..999"))
    used = [parse(example.question).operations() for example in asked]
    assert {len(operations) for operations in used} == {2, 3}
    assert not any("/" in operations for operations in used)


def test_one_division_among_others_is_one_division_among_others():
    space = named(work_spaces(), "one division among + - * to 3 decimals, 0..999")
    asked = examples(space)
    used = [parse(example.question).operations() for example in asked]
    assert all(operations.count("/") == 1 and len(operations) > 1 for operations in used)


def test_beyond_the_training_lie_more_operations_and_larger_numbers():
    for space in work_spaces():
        if space.name.startswith("beyond"):
            outside = [WORK.task.outside(parse(example.question)) for example in examples(space)]
            assert sum(map(bool, outside)) > 0.8 * len(outside)
    for most in (4, 5, 6):
        asked = examples(named(work_spaces(), f"beyond: {most} operations of + - *, 0..999"))
        assert {len(parse(example.question).operations()) for example in asked} == {most}


def test_each_network_is_asked_alone_and_the_rest_of_both():
    parts = [suite.part for suite in work_spaces()]
    assert parts[-2:] == ["reader", "doer"]
    assert set(parts[:-2]) == {""}
