"""Rules of other packages: a task whose questions have another truth."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mathrepl.analysis.plane import Cells
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.rules import Rule, flaw_of, rule_names
from mathrepl.arithmetic.task import Task
from mathrepl.commands.options import reproduce, task_changes, task_texts
from mathrepl.data.encoding import Encoding
from mathrepl.data.sampling import distinct, draw_held_out, every, split
from mathrepl.evaluation.suites import suites_of
from mathrepl.inference.answer import Answer
from mathrepl.session.session import Session
from mathrepl.store.card import load_card
from mathrepl.store.store import Store
from mathrepl.support.errors import (
    DivisionByZeroError,
    MathreplError,
    OutOfReachError,
    TaskError,
    WeightsError,
)
from mathrepl.support.plugins import TASKS, take_problems
from mathrepl.support.records import read
from mathrepl.support.settings import Settings
from tests.kit.lab import Lab
from tests.kit.packages import Packages
from tests.kit.weights import tiny_card, tiny_weights

CODE = """
from mathrepl.support.errors import DivisionByZeroError
from mathrepl.arithmetic.rules import Rule
RULE = Rule("modulo 7", lambda e: str(int(e.value()) % 7), 1)
"""
MADE = """
from mathrepl.arithmetic.rules import Rule
RULE = Rule("a summary", {truth}, {length}, "{signs}")
"""

Install = Callable[..., None]


@pytest.fixture
def install(packages: Packages) -> Install:
    """Lay a package of one module, which adds a rule."""

    def lay(code: str = CODE, rule: str = "mod7", module: str = "pack_rule") -> None:
        packages.lay(module, TASKS, {rule: f"{module}:RULE"}, **{module: code})

    return lay


def made(truth: str = "lambda e: '1'", length: object = 1, signs: str = "") -> str:
    return MADE.format(truth=truth, length=length, signs=signs)


# the rule itself


def test_without_packages_there_is_no_rule_and_it_is_told_by_name():
    assert rule_names() == ()
    with pytest.raises(TaskError, match="no rule 'mod7' among the installed packages; install it"):
        Task(rule="mod7")


def test_the_truth_is_that_of_the_rule(install: Install):
    install()
    assert rule_names() == ("mod7",)
    task = Task(high=9, operations="+*", rule="mod7")
    assert task.target(parse("5 + 6")) == "4"
    assert replace(task, rule="").target(parse("5 + 6")) == "11"
    assert task.answer_length == 1
    assert task.describe() == "a + b, a * b, 0..9, mod7 (modulo 7)"


def test_signs_of_answers_are_in_the_alphabet(install: Install):
    install(made(signs="-."))
    assert set(Task(high=9, rule="mod7").characters) == set("0123456789 +-.")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("import nowhere_to_be_found", "cannot be loaded: ModuleNotFoundError"),
        ("RULE = 3", "cannot be used: it is no Rule, but of type int"),
        (made(length=0), "cannot be used: its answer_length must be 1 to 1,000"),
        (made(length=True), "cannot be used: its answer_length must be 1 to 1,000"),
        (made(truth="3"), "cannot be used: its truth cannot be called"),
        (made(signs="x"), "cannot be used: its characters can be - and . alone"),
    ],
)
def test_a_rule_that_is_no_good_is_one_line_that_names_its_package(
    install: Install, code: str, reason: str
):
    install(code)
    with pytest.raises(TaskError) as caught:
        Task(rule="mod7")
    assert caught.value.message.startswith("the rule mod7 of pack_rule 1.2 ")
    assert reason in caught.value.message
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("summary", ["", " ", "a\nb", 3])
def test_a_summary_is_a_line(summary: object):
    assert flaw_of(Rule(summary, str, 1)) == "its summary must be one line"  # type: ignore[arg-type]
    assert flaw_of(Rule("a line", lambda e: "1", 1)) is None


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        ("lambda e: 1 / 0", "failed: ZeroDivisionError: division by zero"),
        ("lambda e: open('/nonexistent')", "failed: FileNotFoundError"),
        ("lambda e: 12", "answers 1 + 2 with 12, not with a number"),
        ("lambda e: 'three'", "answers 1 + 2 with 'three', not with a number"),
        ("lambda e: ''", "answers 1 + 2 with '', not with a number"),
    ],
)
def test_what_a_truth_fails_at_is_one_line(install: Install, truth: str, reason: str):
    install(made(truth))
    with pytest.raises(MathreplError, match=r"^the rule mod7 of pack_rule 1\.2") as caught:
        Task(rule="mod7").target(parse("1 + 2"))
    assert reason in caught.value.message


@pytest.mark.parametrize("name", ["none", "Mod7", "mod 7", "7mod"])
def test_a_name_that_cannot_be_typed_or_is_taken_is_left_out_with_a_line(
    install: Install, name: str
):
    install(rule=name)
    assert rule_names() == ()
    (problem,) = take_problems()
    assert f"{name!r} of pack_rule 1.2 in mathrepl.tasks is left out" in problem.message
    assert rule_names() == ()
    assert take_problems() == []


def test_of_two_packages_with_one_rule_the_first_has_it(install: Install):
    install(module="pack_a")
    install(made(), module="pack_b")
    assert Task(rule="mod7").target(parse("5 + 6")) == "4"
    (problem,) = take_problems()
    assert "'mod7' of pack_b 1.2" in problem.message


# the task


@pytest.mark.parametrize("changes", [{"brackets": True}, {"decimals": 2}])
def test_a_rule_goes_with_neither_parentheses_nor_decimals(install: Install, changes: dict):
    install()
    with pytest.raises(TaskError, match="neither parentheses nor decimals"):
        Task(rule="mod7", **changes)


def test_a_record_names_a_rule_only_where_there_is_one(install: Install):
    install()
    assert "rule" not in Task().record()
    task = Task(rule="mod7")
    assert task.record() == {**Task().record(), "rule": "mod7"}
    assert read(Task, task.record(), "it") == task


def test_options_name_the_rule_and_take_it_back(install: Install):
    install()
    task = Task(rule="mod7")
    assert task_texts(task)["rule"] == "mod7"
    assert task_texts(Task())["rule"] == "none"
    assert replace(Task(), **task_changes(task_texts(task))) == task
    assert replace(task, **task_changes({"rule": "none"})) == Task()


def test_a_card_of_a_package_that_is_gone_is_one_line(install: Install, packages: Packages):
    install()
    card = tiny_card(task=Task(high=9, rule="mod7"))
    data = card.dump()
    assert load_card(data, "the card") == card
    packages.take_away()
    with pytest.raises(WeightsError, match="there is no rule 'mod7'") as caught:
        load_card(data, "the card")
    assert "\n" not in str(caught.value)


def test_cards_without_a_rule_say_nothing_of_rules():
    assert "rule" not in json.loads(tiny_card().dump())["task"]


# sampling and spaces


@pytest.mark.parametrize("operations", ["+", "+-*", "+/"])
def test_examples_have_the_answers_of_the_rule(install: Install, operations: str):
    install()
    task = Task(high=9, operations=operations, rule="mod7")
    for examples in (
        every(task),
        distinct(task, random.Random(0)),
        draw_held_out(task, random.Random(0), split_seed=0),
    ):
        found = list(examples)
        assert len(found) > 5
        for one in found:
            assert one.answer == str(int(parse(one.question).value()) % 7)


def test_a_rule_draws_and_holds_out_the_same_questions(install: Install):
    install()
    task = Task(high=20)
    ours, others = split(task, 300), split(replace(task, rule="mod7"), 300)
    for side in ("training", "held_out"):
        questions = [[e.question for e in getattr(one, side)] for one in (ours, others)]
        assert questions[0] == questions[1]
    assert ours != others


def test_what_a_rule_gives_no_answer_is_not_drawn(install: Install):
    install(
        CODE + "def truth(e):\n    if '7' in e.text: raise DivisionByZeroError('no answer')\n"
        "    return '1'\nRULE = Rule('sevens have none', truth, 1)\n"
    )
    questions = [one.question for one in every(Task(high=9, rule="mod7"))]
    assert len(questions) == 81
    assert not [question for question in questions if "7" in question]


@pytest.mark.parametrize(("truth", "length"), [("lambda e: '12'", 1), ("lambda e: '-1'", 2)])
def test_an_answer_other_than_the_rule_says_is_told_before_training(
    install: Install, truth: str, length: int
):
    install(made(truth, length))
    with pytest.raises(TaskError, match="the rule mod7 answers"):
        split(Task(high=9, rule="mod7"), 50)


def test_sums_by_their_carries_are_certified_by_the_rule(install: Install):
    install()
    task = Task(high=10**20 - 1, sampling="carries", rule="mod7")
    (space,) = suites_of(tiny_card(task=task), 5)
    for one in space.examples():
        assert one.answer == str(int(parse(one.question).value()) % 7)


def test_the_plane_is_asked_by_the_rule(install: Install):
    install()
    task = Task(high=9, rule="mod7")
    for operation in "+*/":
        questions, truths = Cells(task, operation, (3, 4), (2, 3)).texts(range(1, 4))
        assert len(questions) == 3
        assert truths == [str(int(parse(question).value()) % 7) for question in questions]


# the session


@pytest.fixture
def lab(tmp_path: Path, install: Install) -> Lab:
    """`tiny` adds, and `clock` answers by the rule."""
    install()
    lab = Lab(tmp_path)
    tiny_weights(lab.store, "clock", Task(high=9, rule="mod7"))
    return lab


def test_an_answer_stands_beside_the_truth_of_its_rule_and_says_so(lab: Lab):
    lab.session.use("clock")
    answer = lab.value("5 + 6")
    assert answer.truth == "4"
    assert "the truth is by mod7, modulo 7" in answer.notes
    lab.session.use("tiny")
    answer = lab.value("5 + 6")
    assert answer.truth == "11"
    assert not [note for note in answer.notes if "mod7" in note]


def test_a_rule_may_answer_what_arithmetic_does_not(tmp_path: Path, install: Install):
    install(made("lambda e: '3'"))
    store = Store(tmp_path / "user", tmp_path / "bundled")
    tiny_weights(store, "odd", Task(high=9, operations="/", rule="mod7"))
    tiny_weights(store, "plain", Task(high=9, operations="/"))
    assert Session(Settings(weights="odd"), store).ask("1 / 0").truth == "3"
    with pytest.raises(DivisionByZeroError):
        Session(Settings(weights="plain"), store).ask("1 / 0")


def test_auto_never_answers_by_a_rule(lab: Lab):
    tiny_weights(lab.store, "add", Task(high=9, rule="mod7"))
    tiny_weights(lab.store, "long", Task(high=9))
    lab.session.use("auto")
    answer = lab.session.ask("5 + 6")
    assert (answer.weights, answer.truth) == ("long", "11")
    lab.session.delete("long")
    with pytest.raises(OutOfReachError, match=r"add answers by the rule mod7.*:use add"):
        lab.session.ask("5 + 6")


def test_weights_of_another_rule_are_not_proposed(lab: Lab):
    tiny_weights(lab.store, "minus", Task(high=9, operations="-", rule="mod7"))
    with pytest.raises(OutOfReachError, match="no weights here can"):
        lab.session.ask("5 - 6")
    lab.session.use("clock")
    with pytest.raises(OutOfReachError, match="try :use minus"):
        lab.session.ask("5 - 6")


def test_set_names_a_rule_and_none_takes_it_back(lab: Lab):
    lab.values(":set rule mod7")
    assert lab.session.task == Task(high=9, rule="mod7")
    assert ("rule", "mod7") in [row[:2] for row in lab.value(":show").rows]
    lab.values(":set rule none")
    assert lab.session.task == Task(high=9)
    with pytest.raises(TaskError, match=r"there is no rule 'mod8'.*there are mod7"):
        lab.values(":set rule mod8")


def test_the_command_of_a_training_names_its_rule(lab: Lab):
    from mathrepl.session.planning import make_plan
    from mathrepl.store.card import TrainSettings

    def command(rule: str) -> str:
        plan = make_plan(
            lab.session,
            TrainSettings(1),
            fresh=True,
            name="new",
            task=Task(high=9, rule=rule),
        )
        assert plan.encoding == Encoding.for_task(plan.task)
        return reproduce(plan)

    assert "--rule=mod7" in command("mod7").split()
    # Beside weights with a rule, a command without one must say so.
    assert "--rule=none" in command("").split()


def test_a_stream_asks_weights_of_a_rule_together_as_one_by_one(install: Install, tmp_path: Path):
    install()
    lab = Lab(tmp_path)
    tiny_weights(lab.store, "mod", Task(high=9, rule="mod7"))
    lab.session.use("mod")
    lines = ["3 + 4", "9 + 9", "1/0", "3 +", "12 + 1"]
    found = lab.session.ask_lines(lines)
    for line, one in zip(lines, found, strict=True):
        if isinstance(one, MathreplError):
            with pytest.raises(type(one)) as caught:
                lab.session.ask_line(line)
            assert str(caught.value) == str(one)
            continue
        alone = lab.session.ask_line(line)
        assert (one.network, one.truth, one.notes) == (alone.network, alone.truth, alone.notes)
    assert [one.truth for one in found if isinstance(one, Answer)] == ["0", "4", "6"]
