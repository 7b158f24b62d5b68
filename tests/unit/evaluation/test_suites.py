from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.sampling import Example, every, is_held_out
from mathrepl.evaluation import suites
from mathrepl.evaluation.suites import Suite, suites_of
from mathrepl.store.card import Card
from mathrepl.training.recipes import RECIPES
from tests.kit.exact import exact_card
from tests.kit.exact_solver import exact_solver
from tests.kit.weights import tiny_card

WORK = RECIPES["work"]
LONG = Task(high=10**12 - 1, sampling="carries", spaced=False)


def work_spaces(sample: int | None = 40, **changes: object) -> list[Suite]:
    task = replace(WORK.task, **changes)
    return suites_of(Card("work", WORK.architecture, WORK.encoding, task, 0), sample)


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
    assert len({space.name for space in found}) == len(found) == 4
    for space in found:
        asked = examples(space)
        assert 0 < len(asked) <= space.total
        assert asked == examples(space)
        assert (space.unseen, space.part) == (True, "")
        for example in asked:
            decimals = WORK.task.decimals if space.decimals is None else space.decimals
            assert example.answer == WORK.task.target(parse(example.question), None, decimals)


def test_numbers_of_every_length_are_asked():
    sums, products, quotients, _ = work_spaces(sample=2000)
    for space, first, second in ((sums, 1000, 1000), (products, 50, 50), (quotients, 50, 30)):
        lengths = [
            [len(number) for number in re.findall("[0-9]+", example.question)]
            for example in examples(space)
        ]
        assert {len(pair) for pair in lengths} == {2}
        assert max(a for a, _ in lengths) > 0.98 * first
        assert max(b for _, b in lengths) > 0.98 * second
        assert min(a for a, _ in lengths) == 1
    assert {e.question.strip("0123456789") or "+-" for e in examples(sums)} <= {"+-", "+", "-"}
    assert quotients.decimals == 20
    assert max(len(e.answer.partition(".")[2]) for e in examples(quotients)) == 20


def test_expressions_have_everything_in_the_grammar():
    space = work_spaces(sample=1500)[-1]
    asked = [parse(example.question) for example in examples(space)]
    used = {operation for expression in asked for operation in expression.operations()}
    assert used == {*"+-*/%", "//", "**"}
    assert {len(expression.operations()) for expression in asked} >= set(range(1, 11))
    texts = " ".join(example.question for example in examples(space))
    assert "((" in texts
    assert "." in texts
    assert re.search("[0-9]{12}", texts)
    assert examples(space) == examples(space)


@pytest.mark.parametrize(
    ("operations", "names"),
    [("+", 1), ("+-*", 2), ("+-*/", 3)],
)
def test_weights_without_a_reader_are_asked_their_operations_alone(operations: str, names: int):
    task = Task(operations=operations, spaced=False)
    card = exact_card(task=task)
    found = suites_of(card, 30)
    assert len(found) == names
    for space in found:
        for example in examples(space):
            assert set(parse(example.question).operations()) <= set(operations) | {"-"}


def test_exact_weights_are_right_in_every_space():
    for space in work_spaces(sample=25):
        asked = examples(space)
        written = exact_solver().part(space.part, space.decimals)([e.question for e in asked])
        assert written.texts == [example.answer for example in asked]
