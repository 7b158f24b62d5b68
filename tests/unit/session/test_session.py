from __future__ import annotations

import errno
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mathrepl.inference.solver
import mathrepl.session.session
from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.inference.solution import ScratchpadStep
from mathrepl.networks.config import Architecture
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.planning import make_plan, recipe_plans
from mathrepl.session.router import FALLBACK
from mathrepl.session.session import Session
from mathrepl.store.card import TrainSettings
from mathrepl.store.store import Found, Store
from mathrepl.support import atomic
from mathrepl.support.errors import (
    DivisionByZeroError,
    EquationError,
    MathreplError,
    OutOfReachError,
    TaskError,
    UsageError,
    WeightsError,
)
from mathrepl.support.settings import Settings
from mathrepl.training.plan import Plan
from mathrepl.training.recipes import RECIPES
from tests.kit.exact import exact_weights
from tests.kit.lab import FakeJob, Lab, ScriptedSolver, files
from tests.kit.scripted import SureSolver, tiny_session
from tests.kit.weights import tiny_weights

SPELLINGS = ["94 + 909", "94+909", "  94 +909 = ", "94 + 909 = ?", "94\t+  909=?"]
BY_WIDTH = {True: "94 + 909", False: "94+909"}


pytestmark = pytest.mark.usefixtures("home")


def ask_with(lab: Lab, task: Task, text: str) -> Answer:
    """Ask untrained weights of `task`."""
    tiny_weights(lab.store, "other", task)
    lab.session.use("other")
    return lab.session.ask(text)


def plan_of(lab: Lab, **changes: Any) -> Plan:
    return make_plan(lab.session, TrainSettings(1), **changes)


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


# Asking


@pytest.mark.parametrize("spaced", [True, False])
@pytest.mark.parametrize("text", SPELLINGS)
def test_one_question_has_one_canonical_text(lab: Lab, text: str, spaced: bool):
    answer = ask_with(lab, Task(spaced=spaced), text)
    plain = lab.session.ask("94 + 909")
    assert (answer.equation, answer.solution.question) == (BY_WIDTH[True], BY_WIDTH[spaced])
    assert answer.truth == "1003"
    assert answer == plain


def test_an_answer_names_its_weights_and_engine(lab: Lab):
    answer = lab.session.ask("3 + 4")
    assert (answer.weights, answer.engine, answer.truth) == ("tiny", "numpy", "7")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None)
def test_several_are_answered_as_one_by_one(tmp_path_factory, pairs):
    session = Lab(tmp_path_factory.mktemp("lab")).session
    answers = session.ask_each([f"{a}+{b}" for a, b in pairs])
    for (a, b), answer in zip(pairs, answers.items, strict=True):
        assert isinstance(answer, Answer)
        assert (answer.equation, answer.truth) == (f"{a} + {b}", str(a + b))
        alone = session.ask(f"{a} + {b}")
        assert alone.network == answer.network
        assert alone.confidence == pytest.approx(answer.confidence, abs=1e-5)


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ("3 +", EquationError),
        ("3 / 0", DivisionByZeroError),
        ("3 * 4", OutOfReachError),
        ("7", EquationError),
        ("x", EquationError),
    ],
)
def test_one_of_several_is_refused_in_its_place(lab: Lab, bad: str, kind: type[Exception]):
    answers = lab.session.ask_line(f"1 + 2; {bad} ;4+5")
    assert isinstance(answers, Answers)
    first, second, third = answers.items
    assert isinstance(first, Answer)
    assert isinstance(third, Answer)
    assert (first.equation, third.equation) == ("1 + 2", "4 + 5")
    assert isinstance(second, Refused)
    assert second.equation == bad
    assert type(second.error) is kind
    assert [one.answer for one in lab.session.history] == [first, third]


@pytest.mark.parametrize("bad", ["3 +", "3 / 0", "3 * 4", "7", "x", "", "   "])
def test_a_single_one_that_cannot_be_asked_raises(lab: Lab, bad: str):
    with pytest.raises(EquationError):
        lab.session.ask_line(bad)
    assert lab.session.history == []


@pytest.mark.parametrize("line", ["3 + 4;", "; 3 + 4", ";; 3 + 4 = ? ; "])
def test_empty_parts_between_semicolons_are_dropped(lab: Lab, line: str):
    answer = lab.session.ask_line(line)
    assert isinstance(answer, Answer)
    assert answer.equation == "3 + 4"


def test_all_of_several_can_be_refused(lab: Lab):
    answers = lab.session.ask_line("1/0; 2*3")
    assert isinstance(answers, Answers)
    assert all(isinstance(item, Refused) for item in answers.items)


def test_no_expressions_give_no_answers(lab: Lab):
    assert lab.session.answer([]) == []


@pytest.mark.parametrize("text", ["1 / 0", "1 + 2 / (3 - 3)", "0 / 0", "5 / (2 * 0)"])
def test_division_by_zero_is_said_even_where_the_network_cannot_divide(lab: Lab, text: str):
    with pytest.raises(DivisionByZeroError) as caught:
        lab.session.ask(text)
    assert caught.value.column == text.index("/")


@pytest.mark.parametrize("text", ["2 ** (1/2)", "9 ** 9 ** 9", "0 ** -1", "1.5 % 1"])
def test_a_question_without_a_value_is_refused_before_a_character(lab: Lab, text: str):
    with pytest.raises(EquationError) as caught:
        lab.session.ask(text)
    assert not isinstance(caught.value, OutOfReachError)


# Notes


def test_what_was_typed_otherwise_is_noted_as_it_was_read(tmp_path: Path):
    session = tiny_session(tmp_path, Task(high=9999))
    assert session.ask("1,000 + 2").notes == ("read as 1000 + 2",)
    assert session.ask("1000 + 2 = ?").notes == ()


def test_decimals_are_those_of_the_setting_for_a_working_and_of_the_task_else(tmp_path: Path):
    task = Task(high=99, operations="+/", decimals=2, brackets=True)
    for kind, truths in (("work", ("0.667", "0.66667", f"0.{'6' * 49}7")), ("seq2seq", ("0.67",))):
        architecture = Architecture(kind, hidden=8)
        session = tiny_session(
            tmp_path / kind, task, architecture=architecture, solver=SureSolver(lambda _: "1")
        )
        for decimals, truth in zip((3, 5, "auto"), truths * 3, strict=False):
            session.settings = replace(session.settings, decimals=decimals)
            assert session.ask("2 / 3").truth == truth


def test_a_question_of_the_task_has_no_notes(lab: Lab):
    assert lab.session.ask("9 + 9").notes == ()


@pytest.mark.parametrize(
    ("task", "text", "words"),
    [
        (Task(high=9), "10 + 3", ["10 is outside the trained range 0..9"]),
        (Task(low=-9, high=9), "-12 + 3", ["-12 is outside the trained range -9..9"]),
        (Task(low=-9, high=9), "3 - 4", ["never trained on -"]),
        (Task(high=99), "1 + 2 + 3", ["2 operations", "equations with 1"]),
        (Task(high=99, fewest=2, most=3), "1 + 2", ["1 operation,", "equations with 2..3"]),
        (Task(high=99), "007 + 8", ["leading zeros"]),
    ],
)
def test_what_lies_outside_the_training_is_noted(lab: Lab, task: Task, text: str, words: list[str]):
    notes = " | ".join(ask_with(lab, task, text).notes)
    assert notes
    for word in words:
        assert word in notes


@pytest.mark.parametrize(
    ("text", "noted"),
    [("99 + 99", False), ("099 + 99", True), ("1 + 2 + 3", True), ("1+1", False)],
)
def test_more_characters_than_in_training_are_noted(lab: Lab, text: str, noted: bool):
    # The longest question of 0..99 is "99 + 99" with 7 characters.
    answer = ask_with(lab, Task(high=99), text)
    assert ("at most 7" in " | ".join(answer.notes)) is noted
    if noted:
        assert f"{len(answer.equation)} characters" in " | ".join(answer.notes)


@pytest.mark.parametrize(("text", "noted"), [("99 + 0", False), ("99 + 1", True), ("50+60", True)])
def test_an_answer_longer_than_it_can_write_is_noted(lab: Lab, text: str, noted: bool):
    # The largest sum of 0..9 has 2 characters.
    notes = " | ".join(lab.session.ask(text).notes)
    assert ("at most 2 characters, the answer has 3" in notes) is noted


# Out of reach


def test_an_unknown_character_is_refused_at_its_column(lab: Lab):
    with pytest.raises(OutOfReachError) as caught:
        lab.session.ask("  12 + 3*4 = ?")
    error = caught.value
    assert "'*'" in error.message
    assert error.text == "12 + 3*4"
    assert error.column == "12 + 3*4".index("*")
    assert error.exit_code == 2


def test_a_lookalike_is_pointed_at_where_it_was_typed(lab: Lab):
    with pytest.raises(OutOfReachError) as caught:
        lab.session.ask("3 \N{MULTIPLICATION SIGN} 4")
    assert caught.value.column == 2


@pytest.mark.parametrize(
    ("text", "operation"),
    [("3x4", "*"), ("3 ^ 4", "**"), ("3**4", "**"), ("7 // 2", "//"), ("1 + 7 % 2", "%")],
)
def test_an_operation_it_lacks_is_pointed_at_as_it_was_typed(
    tmp_path: Path, text: str, operation: str
):
    session = tiny_session(tmp_path, Task(high=9, operations="+" if operation in "*%" else "+*/"))
    with pytest.raises(OutOfReachError, match=re.escape(repr(operation))) as caught:
        session.ask(text)
    assert text[caught.value.column] in "x^*/%"


def test_without_able_weights_the_hint_is_to_train(lab: Lab):
    tiny_weights(lab.store, "wide", Task(high=99))
    with pytest.raises(OutOfReachError) as caught:
        lab.session.ask("3 * 4")
    assert "train" in (caught.value.hint or "")
    assert "wide" not in (caught.value.hint or "")


def test_the_only_weights_that_could_are_named(lab: Lab):
    tiny_weights(lab.store, "times", Task(high=9, operations="*"))
    tiny_weights(lab.store, "minus", Task(high=9, operations="-"))
    with pytest.raises(OutOfReachError) as caught:
        lab.session.ask("3 * 4")
    assert caught.value.hint == "try :use times"


def test_all_weights_that_could_are_named_bundled_ones_too(lab: Lab):
    tiny_weights(lab.store, "times", Task(high=9, operations="*", spaced=False))
    lab.bundle("all", task=Task(high=9, operations="+-*/"))
    (lab.store.user / "broken.json").write_text("{")
    with pytest.raises(OutOfReachError) as caught:
        lab.session.ask("3 * 4")
    hint = caught.value.hint or ""
    assert "all" in hint
    assert "times" in hint
    assert "broken" not in hint


def test_the_named_weights_do_answer(lab: Lab):
    tiny_weights(lab.store, "times", Task(high=9, operations="*"))
    with pytest.raises(OutOfReachError):
        lab.session.ask("3 * 4")
    lab.session.use("times")
    assert lab.session.ask("3 * 4").truth == "12"


# History


def test_history_holds_answers_in_order_with_their_time(lab: Lab):
    first = lab.session.ask("1 + 2")
    second = lab.session.ask("3 + 4")
    assert [one.answer for one in lab.session.history] == [first, second]
    assert all(one.seconds > 0 for one in lab.session.history)


def test_history_keeps_the_latest(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.session.session, "MAX_HISTORY", 3)
    lab.session.ask_line(";".join(f"{n}+1" for n in range(5)))
    assert [one.answer.equation for one in lab.session.history] == ["2 + 1", "3 + 1", "4 + 1"]


# Auto


SUMS = Task(high=9, spaced=False)
CHAINS = Task(high=99, operations="+-", most=3, spaced=False)


@pytest.fixture
def auto(lab: Lab) -> Session:
    """A session that chooses between `add` for sums of 0..9, and `long`, for more."""
    tiny_weights(lab.store, "add", SUMS)
    lab.bundle("long", task=CHAINS)
    return Session(Settings(), lab.store)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("3 + 4", "add"),
        ("30 + 4", "long"),
        ("3 - 4", "long"),
        ("1 + 2 + 3", "long"),
        ("300 + 4", "long"),  # outside both, in one way here and in two there
        ("100 + 100 + 100 + 100 + 100", "long"),  # in three ways each: it knows larger numbers
        ("300 - 4", "long"),  # `add` has no minus
    ],
)
def test_auto_sends_a_question_to_the_weights_that_fit_it(auto: Session, text: str, name: str):
    assert auto.ask(text).weights == name
    assert auto.name == "add"  # the simplest is the one in use
    assert auto.auto


def test_an_answer_says_whether_auto_chose_its_weights(auto: Session):
    def chosen() -> list[bool]:
        one, (other,) = auto.ask("3 + 4"), auto.ask_each(["30 + 4"]).items
        *_, by_lines = auto.ask_stepwise("3 + 4")
        return [a.auto for a in (one, other, by_lines) if isinstance(a, Answer)]

    assert chosen() == [True, True, True]
    auto.use("long")
    assert chosen() == [False, False, False]


def test_auto_sends_each_of_several_to_its_own_weights_and_keeps_their_order(auto: Session):
    texts = ["30 + 4", "3 + 4", "7 - 1", "3 * 4", "0 + 9"]
    answers = auto.ask_each(texts).items
    assert [a.weights for a in answers if isinstance(a, Answer)] == ["long", "add", "long", "add"]
    assert [a.equation for a in answers] == texts
    assert isinstance(answers[3], Refused)
    for answer in answers:
        if isinstance(answer, Answer):
            alone = auto.ask_beside(auto.weights.beside(answer.weights), answer.equation)
            assert (alone.network, alone.truth) == (answer.network, answer.truth)
    assert sorted(one.answer.equation for one in auto.history) == [
        "0 + 9",
        "3 + 4",
        "30 + 4",
        "7 - 1",
    ]


def test_auto_refuses_what_none_of_its_weights_can_read(auto: Session):
    with pytest.raises(OutOfReachError, match=r"^add .*'\*'"):
        auto.ask("3 * 4")


def test_auto_says_that_a_question_divides_by_zero_before_that_none_can_divide(auto: Session):
    with pytest.raises(DivisionByZeroError):
        auto.ask("3 / 0")


def test_auto_passes_over_weights_that_cannot_be_read(auto: Session):
    (auto.store.user / "add.safetensors").write_bytes(b"cut off")
    (auto.store.bundled / "work.json").write_text("{")
    assert auto.ask("30 + 4").weights == "long"
    with pytest.raises(WeightsError, match="checksum"):
        auto.ask("3 + 4")


def test_auto_takes_the_usual_weights_where_it_has_none_of_its_own(lab: Lab):
    lab.bundle(FALLBACK, task=Task(high=9))
    session = Session(Settings(weights="auto"), lab.store)
    assert session.ask("3 + 4").weights == FALLBACK
    assert session.ask("30 + 40").weights == FALLBACK


def test_use_of_a_name_ends_auto_and_use_of_auto_begins_it(auto: Session):
    assert auto.use("add").name == "add"
    assert not auto.auto
    assert auto.ask("30 + 4").weights == "add"
    assert auto.use("auto").name == "add"
    assert auto.auto
    assert auto.ask("30 + 4").weights == "long"


def test_a_failed_use_leaves_auto_as_it_was(auto: Session):
    with pytest.raises(WeightsError):
        auto.use("nobody")
    assert auto.auto
    assert auto.ask("30 + 4").weights == "long"


def test_auto_sees_weights_that_a_training_has_saved(auto: Session):
    before = auto.ask("30 + 4")
    plan = make_plan(auto, TrainSettings(1), name="long")
    job = FakeJob(1, plan, follow=False)
    auto.jobs.append(job)
    tiny_weights(auto.store, "long", CHAINS, seed=7)
    assert auto.ask("30 + 4") == before
    job.saves += 1
    assert auto.ask("30 + 4").solution != before.solution


def test_auto_forgets_weights_that_were_deleted(auto: Session):
    shipped = auto.ask("30 + 4")
    tiny_weights(auto.store, "long", CHAINS, seed=7)
    mine = Session(Settings(), auto.store)
    assert mine.ask("30 + 4").solution != shipped.solution
    mine.delete("long")  # the bundled one answers again
    assert mine.ask("30 + 4") == shipped


def test_auto_reads_the_weights_it_chooses_once(auto: Session, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    original = Store.tensors

    def tensors(self: Store, found: Found) -> Any:
        read.append(found.card.name)
        return original(self, found)

    monkeypatch.setattr(Store, "tensors", tensors)
    for text in ("3 + 4", "30 + 4", "30 + 5", "3 + 5", "30 + 6"):
        auto.ask(text)
    assert sorted(read) == ["add", "long"]


def test_auto_answers_through_the_engine_that_was_chosen(
    auto: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ActiveWeights, "models", property(lambda self: {"": self.name}))
    monkeypatch.setattr(
        mathrepl.inference.solver,
        "keras_solver",
        lambda card, _: ScriptedSolver(lambda _: card.name),
    )
    auto.ask("30 + 4")
    auto.weights.set_engine("keras")
    answer = auto.ask("30 + 4")
    assert (answer.network, answer.engine) == ("long", "keras")
    auto.weights.set_engine("numpy")
    assert auto.ask("30 + 4").engine == "numpy"


def test_weights_cannot_be_called_auto(auto: Session):
    with pytest.raises(WeightsError, match="chooses among"):
        auto.save("auto")


def test_undo_of_the_first_weights_goes_back_to_auto(auto: Session):
    auto.store.backups("first").add()
    tiny_weights(auto.store, "first", SUMS)
    auto.use("first")
    assert auto.undo() == (None, "first-undone")
    assert auto.auto
    assert auto.ask("30 + 4").weights == "long"


# Workings


class Showing(ScriptedSolver):
    """A stand-in that shows a working."""

    def solve(self, questions, decimals=None):
        return [
            replace(s, scratchpad=(ScratchpadStep("3+4"), ScratchpadStep("7")))
            for s in super().solve(questions)
        ]


def test_the_lines_of_a_working_are_checked_and_can_be_left_out(lab: Lab):
    lab.session.weights._solver = Showing(lambda _: "7")
    assert lab.session.ask("3 + 4").scratchpad == ()  # one right step tells no more than the answer
    lab.session.settings = replace(lab.session.settings, steps="all")
    assert [one.state for one in lab.session.ask("3 + 4").scratchpad] == ["equal", "equal"]
    lab.session.settings = replace(lab.session.settings, steps=False)
    assert lab.session.ask("3 + 4").scratchpad == ()
    assert lab.session.ask("3 + 4").confidence == 1


def test_a_working_can_be_followed_line_by_line(tmp_path: Path):
    exact_weights(Store(tmp_path), "mine")
    session = Session(Settings(weights="mine"), Store(tmp_path))
    *lines, answer = session.ask_stepwise("131 + 83 - 744*33")
    assert isinstance(answer, Answer)
    assert [(one.line.text, one.state) for one in lines] == [
        (one.line.text, one.state) for one in answer.scratchpad
    ]
    assert answer == Session(Settings(weights="mine"), Store(tmp_path)).ask("131+83-744*33")
    assert [asked.answer for asked in session.history] == [answer]
    session.settings = replace(session.settings, steps=False)
    (short,) = session.ask_stepwise("131 + 83 - 744*33")
    assert short == replace(answer, scratchpad=())


def test_a_network_without_a_working_gives_its_answer_at_once(lab: Lab):
    assert list(lab.session.ask_stepwise("3 + 4")) == [lab.session.ask("3 + 4")]
    with pytest.raises(EquationError):
        next(lab.session.ask_stepwise("3 +"))


def test_user_weights_come_before_bundled_of_the_same_name(lab: Lab):
    lab.bundle("tiny", seed=9)
    assert lab.session.weights.found.origin == "user"


def test_save_copies_and_goes_on_with_the_copy(lab: Lab):
    lab.bundle("shipped", seed=4)
    shipped = files(lab.store.bundled)
    lab.session.use("shipped")
    before = lab.session.ask("3 + 4")
    assert lab.session.save("mine").name == "mine"
    after = lab.session.ask("3 + 4")
    assert (after.weights, lab.session.weights.found.origin) == ("mine", "user")
    assert replace(after, weights="shipped") == before
    assert files(lab.store.bundled) == shipped


def test_save_takes_no_name_of_bundled_weights_or_of_the_users(lab: Lab):
    lab.bundle("shipped")
    with pytest.raises(WeightsError, match="already"):
        lab.session.save("tiny")
    with pytest.raises(WeightsError, match="bundled"):
        lab.session.save("shipped")


def test_training_for_another_task_does_not_take_the_place_of_bundled_weights(lab: Lab):
    lab.bundle("shipped")
    lab.session.use("shipped")
    with pytest.raises(TaskError, match="shipped is bundled for"):
        plan_of(lab, task=Task(high=5))
    assert plan_of(lab, task=Task(high=5), name="mine").name == "mine"
    assert plan_of(lab).name == "shipped"


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "a b", "x.json", "-x"])
def test_save_refuses_what_cannot_be_a_name(lab: Lab, name: str):
    before = files(lab.folder)
    with pytest.raises(WeightsError, match="cannot name"):
        lab.session.save(name)
    assert files(lab.folder) == before
    assert lab.session.name == "tiny"


def test_a_save_that_fails_leaves_all_as_it_was(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    lab.session.ask("3 + 4")
    before = files(lab.folder)
    monkeypatch.setattr(atomic, "write_bytes", no_space)
    with pytest.raises(WeightsError, match="No space left") as caught:
        lab.session.save("mine")
    assert str(lab.store.user) in (caught.value.hint or "")
    assert files(lab.folder) == before
    assert lab.session.name == "tiny"


def test_save_into_the_bundled_directory_is_refused(lab: Lab):
    lab.bundle("shipped")
    before = files(lab.store.bundled)
    session = Session(Settings(weights="shipped"), Store(lab.store.bundled, lab.store.bundled))
    with pytest.raises(WeightsError, match="never overwritten"):
        session.save("mine")
    assert files(lab.store.bundled) == before


# Undo


def test_undo_returns_to_the_weights_before_and_keeps_the_undone(lab: Lab):
    before = lab.session.ask("3 + 4")
    lab.store.backups("tiny").add()
    tiny_weights(lab.store, "tiny", seed=8)
    trained = Session(Settings(weights="tiny"), lab.store).ask("3 + 4")
    assert trained.solution != before.solution
    card, undone = lab.session.undo()
    assert card is not None
    assert (card.name, undone) == ("tiny", "tiny-undone")
    assert lab.session.ask("3 + 4") == before
    lab.session.use("tiny-undone")
    assert lab.session.ask("3 + 4").solution == trained.solution


def test_undo_of_first_weights_goes_back_to_the_usual_ones(lab: Lab):
    lab.store.backups("first").add()
    tiny_weights(lab.store, "first")
    lab.session.use("first")
    assert lab.session.undo() == (None, "first-undone")
    assert "first" not in lab.store.names()
    assert lab.session.ask("3 + 4").weights == "tiny"


def test_undo_returns_to_the_bundled_weights(lab: Lab):
    lab.bundle("shipped", seed=5)
    lab.session.use("shipped")
    before = lab.session.ask("3 + 4")
    lab.store.backups("shipped").add()
    tiny_weights(lab.store, "shipped", seed=6)
    lab.session.undo()
    assert lab.session.weights.found.origin == "bundled"
    assert lab.session.ask("3 + 4") == before


def test_nothing_to_undo_is_said(lab: Lab):
    with pytest.raises(WeightsError, match="no training of 'tiny' to undo"):
        lab.session.undo()
    assert lab.session.ask("3 + 4").weights == "tiny"


def test_weights_in_training_are_not_undone(lab: Lab):
    lab.store.backups("tiny").add()
    lab.session.jobs.append(FakeJob(1, plan_of(lab), follow=False))
    before = files(lab.folder)
    with pytest.raises(UsageError, match="being trained"):
        lab.session.undo()
    assert files(lab.folder) == before


def test_a_training_of_other_weights_does_not_keep_from_undo(lab: Lab):
    lab.store.backups("tiny").add()
    lab.session.jobs.append(FakeJob(1, plan_of(lab, name="other"), follow=False))
    card, _ = lab.session.undo()
    assert card is not None


def test_an_undo_that_cannot_write_is_one_error(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    lab.store.backups("tiny").add()
    before = files(lab.folder)
    monkeypatch.setattr(atomic, "write_bytes", no_space)
    with pytest.raises(WeightsError, match="No space left"):
        lab.session.undo()
    assert files(lab.folder) == before


# Plans


def test_going_on_keeps_the_shape_and_the_task(lab: Lab):
    plan = plan_of(lab)
    card = lab.session.card
    assert (plan.name, plan.source) == ("tiny", "tiny")
    assert (plan.architecture, plan.encoding, plan.task) == (
        card.architecture,
        card.encoding,
        card.task,
    )
    assert (plan.user, plan.bundled) == (lab.store.user, lab.store.bundled)


def test_going_on_may_save_elsewhere(lab: Lab):
    plan = plan_of(lab, name="other")
    assert (plan.name, plan.source) == ("other", "tiny")


def test_a_fresh_plan_has_the_usual_shape_and_an_encoding_of_its_own(lab: Lab):
    task = Task(low=-99, high=99, operations="+-")
    plan = plan_of(lab, fresh=True, task=task, name="wide", reverse=True)
    assert (plan.source, plan.architecture) == (None, Architecture())
    assert plan.encoding == Encoding.for_task(task, reverse=True)


def test_the_task_that_was_set_is_trained(lab: Lab):
    assert lab.session.chosen_task is None
    lab.session.chosen_task = Task(high=5)
    assert lab.session.chosen_task is not None
    assert plan_of(lab).task == Task(high=5)
    assert plan_of(lab, fresh=True).task == Task(high=5)
    assert plan_of(lab, fresh=True, task=Task(high=7)).task == Task(high=7)
    lab.session.chosen_task = None
    assert plan_of(lab).task == Task(high=9)


def test_a_fresh_plan_needs_no_weights(lab: Lab):
    session = Session(Settings(weights="new"), lab.store)
    plan = make_plan(session, TrainSettings(1), fresh=True)
    assert (plan.name, plan.task) == ("new", Task())


def test_going_on_from_missing_weights_is_refused(lab: Lab):
    lab.session.weights.name = "new"
    lab.session.weights._found = None
    with pytest.raises(WeightsError, match="no weights named 'new'"):
        plan_of(lab)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": Architecture(hidden=5)}, "cannot change its shape"),
        ({"architecture": Architecture(hidden=4, batch_norm=True)}, "cannot change its shape"),
        ({"reverse": True}, "cannot change its shape"),
        ({"task": Task(high=10)}, "no room"),
        ({"task": Task(high=9, operations="-")}, "no room"),
        ({"task": Task(high=9, most=2)}, "no room"),
        ({"task": Task(high=9, seed=1)}, "held out"),
        ({"task": Task(high=9, spaced=False)}, "held out"),
    ],
)
def test_what_going_on_cannot_honour_needs_fresh(lab: Lab, changes: dict[str, Any], words: str):
    with pytest.raises(TaskError, match=words) as caught:
        plan_of(lab, **changes)
    assert "--fresh" in (caught.value.hint or "")
    fresh = plan_of(lab, fresh=True, **changes)
    assert fresh.task == changes.get("task", Task(high=9))


def test_the_same_shape_named_again_is_accepted(lab: Lab):
    plan = plan_of(lab, architecture=Architecture(hidden=4), reverse=False, task=Task(high=8))
    assert plan.task == Task(high=8)


@pytest.mark.parametrize("name", ["../x", "a b", "x.json"])
def test_a_plan_refuses_what_cannot_be_a_name(lab: Lab, name: str):
    with pytest.raises(WeightsError, match="cannot name"):
        plan_of(lab, name=name)


def test_the_network_to_train_is_named_in_weights_of_two(lab: Lab):
    assert plan_of(lab).part == ""
    with pytest.raises(UsageError, match="no part 'doer'") as caught:
        plan_of(lab, part="doer")
    assert "--part" in (caught.value.hint or "")
    tiny_weights(lab.store, "two", architecture=Architecture("work", hidden=8, reader_hidden=3))
    lab.session.use("two")
    assert plan_of(lab).part == "doer"
    assert plan_of(lab, part="reader").part == "reader"
    with pytest.raises(UsageError, match="no part 'head'") as caught:
        plan_of(lab, part="head")
    assert "reader, doer" in (caught.value.hint or "")


def test_weights_of_two_are_not_started_without_their_recipe(lab: Lab):
    with pytest.raises(TaskError, match="recipe"):
        plan_of(lab, fresh=True, architecture=Architecture("work"))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_training_a_stage_each_going_on_from_the_one_before(lab: Lab, name: str):
    recipe = RECIPES[name]
    plans = recipe_plans(lab.store, name, seed=None, epochs=None, saved_as=None)
    assert [plan.settings for plan in plans] == list(recipe.stages.values())
    assert [plan.part for plan in plans] == list(recipe.stages)
    assert {plan.name for plan in plans} == {name}
    assert [plan.source for plan in plans] == [None, *[name] * (len(plans) - 1)]
    for plan in plans:
        assert (plan.task, plan.architecture, plan.encoding) == (
            recipe.task,
            recipe.architecture,
            recipe.encoding,
        )
        assert plan.command == f"mathrepl train --recipe {name}"


def test_a_recipe_takes_a_seed_epochs_and_a_name(lab: Lab):
    plans = recipe_plans(lab.store, "work", seed=3, epochs=2, saved_as="mine")
    assert {(plan.settings.seed, plan.settings.epochs, plan.name) for plan in plans} == {
        (3, 2, "mine")
    }
    assert [plan.source for plan in plans] == [None, "mine"]
    assert plans[0].command == "mathrepl train 2 --recipe work --seed 3 --name mine"


def test_an_unknown_recipe_is_refused(lab: Lab):
    with pytest.raises(UsageError, match="no recipe 'cake'") as caught:
        recipe_plans(lab.store, "cake", seed=None, epochs=None, saved_as=None)
    assert "add" in (caught.value.hint or "")
    with pytest.raises(WeightsError, match="cannot name"):
        recipe_plans(lab.store, "add", seed=None, epochs=None, saved_as="../x")


# Starting a training


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[FakeJob]:
    """The trainings started; none of them runs a process."""
    jobs: list[FakeJob] = []

    def launch(number: int, plan: Plan, *, follow: bool) -> FakeJob:
        jobs.append(FakeJob(number, plan, follow=follow))
        return jobs[-1]

    monkeypatch.setattr(mathrepl.session.session, "Job", launch)
    return jobs


def test_trainings_are_numbered_from_one(lab: Lab, launched: list[FakeJob]):
    first = lab.session.train(plan_of(lab), follow=False)
    assert lab.session.running_job is first
    launched[0].end("finished")
    assert lab.session.running_job is None
    lab.session.train(plan_of(lab), follow=True)
    assert [job.number for job in launched] == [1, 2]
    assert [job.follow for job in launched] == [False, True]


def test_a_second_training_at_once_is_refused(lab: Lab, launched: list[FakeJob]):
    lab.session.train(plan_of(lab, name="other"), follow=False)
    with pytest.raises(UsageError, match="job 1 is training other"):
        lab.session.train(plan_of(lab), follow=False)
    assert len(launched) == len(lab.session.jobs) == 1


def test_training_into_the_bundled_directory_is_refused(lab: Lab, launched: list[FakeJob]):
    lab.session.store = Store(lab.store.user, lab.store.user / ".." / "weights")
    with pytest.raises(WeightsError, match="never overwritten"):
        lab.session.train(plan_of(lab), follow=False)
    assert launched == lab.session.jobs == []


def test_training_into_a_folder_that_cannot_be_is_refused(lab: Lab, launched: list[FakeJob]):
    plan = plan_of(lab)
    (lab.folder / "file").write_text("")
    lab.session.store = Store(lab.folder / "file" / "weights", lab.store.bundled)
    with pytest.raises(MathreplError, match="cannot write to") as caught:
        lab.session.train(plan, follow=False)
    assert "MATHREPL_DATA_DIR" in (caught.value.hint or "")
    assert launched == lab.session.jobs == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_training_without_room_or_right_to_write_is_refused(
    lab: Lab, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch, code: int
):
    def refuse(**_: object) -> None:
        raise OSError(code, "not here")

    plan = plan_of(lab)
    monkeypatch.setattr(atomic.tempfile, "TemporaryFile", refuse)
    with pytest.raises(MathreplError, match=r"cannot write to .*: not here"):
        lab.session.train(plan, follow=False)
    assert launched == lab.session.jobs == []


def test_weights_saved_by_a_training_are_used_at_once(lab: Lab, launched: list[FakeJob]):
    before = lab.session.ask("3 + 4")
    job = lab.session.train(plan_of(lab), follow=False)
    tiny_weights(lab.store, "tiny", seed=8)
    assert lab.session.ask("3 + 4") == before
    job.saves += 1
    assert lab.session.ask("3 + 4").solution != before.solution


def test_weights_saved_under_another_name_change_nothing(lab: Lab, launched: list[FakeJob]):
    before = lab.session.ask("3 + 4")
    job = lab.session.train(plan_of(lab, name="other"), follow=False)
    tiny_weights(lab.store, "other", seed=8)
    job.saves += 1
    assert lab.session.ask("3 + 4") == before


def test_close_stops_what_runs_and_waits(lab: Lab, launched: list[FakeJob]):
    lab.session.train(plan_of(lab), follow=False)
    launched[0].end("finished")
    lab.session.train(plan_of(lab), follow=False)
    lab.session.close()
    assert "stop" not in launched[0].calls
    assert launched[1].calls == ["stop", "wait"]
    assert lab.session.running_job is None


def test_a_scripted_network_is_compared_with_the_truth(lab: Lab):
    lab.session.weights._solver = ScriptedSolver(lambda _: "8")
    wrong, right = lab.session.ask("3 + 4"), lab.session.ask("4 + 4")
    assert (wrong.right, right.right) == (False, True)
    assert (wrong.network, wrong.truth, wrong.off_by) == ("8", "7", "1")


def test_auto_sends_numbers_of_any_length_to_a_network_that_looks_digits_up(lab: Lab):
    tiny_weights(lab.store, "add", SUMS)
    shape = Architecture("attention", hidden=8, embedding=4, lookup=True)
    lab.bundle("long", task=Task(high=99, spaced=False), architecture=shape)
    session = Session(Settings(), lab.store)
    assert session.ask("3 + 4").weights == "add"
    assert session.ask("30 + 4").weights == "long"
    assert session.ask("123456789 + 4").weights == "long"


def test_auto_sends_all_that_it_can_to_the_weights_that_can_be_proved(lab: Lab):
    tiny_weights(lab.store, "add", SUMS)
    exact_weights(lab.store, "work")
    session = Session(Settings(), lab.store)
    for text in ("3 + 4", "1 + 2 + 3", "1.5 + 2", "10/4*2", "2**10", f"{'9' * 300} * 7"):
        answer = session.ask(text)
        assert (answer.weights, answer.right) == ("work", True)


def test_in_auto_what_no_weights_can_lay_out_is_refused_by_those_that_can_do_the_most(lab: Lab):
    tiny_weights(lab.store, "add", SUMS)
    exact_weights(lab.store, "work")
    session = Session(Settings(), lab.store)
    with pytest.raises(EquationError, match="too long to be written over one denominator"):
        session.ask("+".join(f"1/{n}" for n in range(101, 180)))
