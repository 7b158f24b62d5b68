"""mathrepl from Python: its names, and the session that scripts talk to."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mathrepl
import mathrepl.hosts.api
import mathrepl.session.session
from mathrepl.commands.spec import Value
from mathrepl.store.store import Store
from mathrepl.support.errors import DivisionByZeroError, SettingsError
from mathrepl.support.plugins import note_problem
from mathrepl.training.events import EpochDone, Finished, Launched, Started, Stepped
from mathrepl.training.plan import Plan
from tests.kit.lab import METRICS, FakeJob, epoch_done, finished
from tests.kit.weights import tiny_weights

NAMES = [
    "Answer",
    "Answers",
    "Card",
    "Certified",
    "EpochDone",
    "EquationError",
    "Figure",
    "Finished",
    "MathreplError",
    "Note",
    "OutOfReachError",
    "Refused",
    "Round",
    "Score",
    "Session",
    "Table",
    "Task",
    "TaskError",
    "UsageError",
    "Value",
    "WeightsError",
    "__version__",
]
STARTED = Started("tiny", 10, 9, 1, 5, METRICS)


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def s(tmp_path: Path) -> mathrepl.Session:
    """A session with the untrained weights `tiny`, numbers 0..9 and +."""
    tiny_weights(Store(tmp_path / "data" / "weights"), "tiny")
    return mathrepl.Session("tiny")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[FakeJob]:
    """The trainings started; they emit `FakeJob.script`, and none of them runs a process."""
    jobs: list[FakeJob] = []

    def launch(number: int, plan: Plan, *, follow: bool) -> FakeJob:
        jobs.append(FakeJob(number, plan, follow=follow))
        return jobs[-1]

    script = [STARTED, Stepped(1, 0.5, 0.1), epoch_done(), finished("finished")]
    monkeypatch.setattr(FakeJob, "script", script)
    monkeypatch.setattr(mathrepl.session.session, "Job", launch)
    return jobs


# Names


def test_the_names_offered():
    assert sorted(mathrepl.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_what_it_is_called(name: str):
    value = getattr(mathrepl, name)
    assert isinstance(value, str) or value.__name__ == name
    assert name in dir(mathrepl)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'mathrepl' has no attribute 'Sesion'"):
        mathrepl.Sesion  # noqa: B018


# Asking


def test_one_equation_gives_an_answer_and_several_a_list(s: mathrepl.Session):
    one = s.ask("3 + 4")
    assert isinstance(one, mathrepl.Answer)
    assert (one.equation, one.truth, one.weights) == ("3 + 4", "7", "tiny")
    several = s.ask("3 + 4", "5+6")
    assert [answer.truth for answer in several] == ["7", "11"]
    assert (several[0].equation, several[0].network) == (one.equation, one.network)


@pytest.mark.parametrize(
    ("equations", "error"),
    [
        (("1 + x",), mathrepl.EquationError),
        (("1 + 2; 3 + 4",), mathrepl.EquationError),
        (("1 / 0",), DivisionByZeroError),
        (("3 * 4",), mathrepl.OutOfReachError),
        (("1 + 2", "3 * 4"), mathrepl.OutOfReachError),
    ],
)
def test_what_cannot_be_asked_raises(
    s: mathrepl.Session, equations: tuple[str, ...], error: type[Exception]
):
    with pytest.raises(error):
        s.ask(*equations)


def test_a_quiz_is_that_of_the_command(s: mathrepl.Session):
    score = s.quiz(4, range="0..8", ops="+", seed=3)
    command = s.run(":quiz 4 --range 0..8 --ops + --seed 3")[-1]
    assert isinstance(command, mathrepl.Score)
    assert len(score.rounds) == 4
    assert [one.answer for one in score.rounds] == [one.answer for one in command.rounds]
    assert all(max(map(int, one.answer.equation.split(" + "))) <= 8 for one in score.rounds)


def test_ctrl_c_in_a_quiz_is_raised(s: mathrepl.Session, monkeypatch: pytest.MonkeyPatch):
    ask = mathrepl.session.session.Session.ask

    def press(session: mathrepl.session.session.Session, text: str) -> mathrepl.Answer:
        signal.raise_signal(signal.SIGINT)
        return ask(session, text)

    monkeypatch.setattr(mathrepl.session.session.Session, "ask", press)
    with pytest.raises(KeyboardInterrupt):
        s.quiz(3)


# Weights


def test_weights_are_chosen_and_changed(s: mathrepl.Session):
    assert (s.weights, s.card.name) == ("tiny", "tiny")
    assert s.use("blog").name == s.card.name == s.weights == "blog"
    with pytest.raises(mathrepl.WeightsError):
        s.use("nothing")
    assert s.weights == "blog"
    s.use("auto")
    assert s.weights == "auto"
    assert repr(s) == "mathrepl.Session('auto', engine='numpy')"


def test_a_session_that_cannot_be_says_so_at_once():
    with pytest.raises(mathrepl.WeightsError, match="no weights named 'nothing'"):
        mathrepl.Session("nothing")
    with pytest.raises(SettingsError, match="engine must be numpy or keras"):
        mathrepl.Session(engine="abacus")


@pytest.mark.parametrize("kind", [str, Path])
def test_weights_come_from_the_directory_given(kind: type, tmp_path: Path):
    tiny_weights(Store(tmp_path / "elsewhere" / "weights"), "mine")
    assert mathrepl.Session("mine", data_dir=kind(tmp_path / "elsewhere")).card.name == "mine"
    with pytest.raises(mathrepl.WeightsError):
        mathrepl.Session("mine")


def test_a_script_does_not_depend_on_the_settings_file(tmp_path: Path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text('weights = "blog"\nquiz = "many"\n')
    assert mathrepl.Session().weights == "auto"


def test_a_package_that_cannot_be_used_is_a_warning():
    note_problem(mathrepl.MathreplError("the command 'x' of y is left out"))
    with pytest.warns(RuntimeWarning, match="'x' of y is left out"):
        mathrepl.Session()


# Training


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, ""),
        ({"fresh": True, "name": "wide", "hidden": 6}, "--fresh --name wide --hidden 6"),
        ({"fresh": True, "range": (-9, 9), "ops": "+-"}, "--fresh --range=-9..9 --ops +-"),
        ({"fresh": True, "spaces": False, "reverse": True}, "--fresh --spaces off --reverse"),
        ({"fresh": False, "name": None, "lr": 1e-5, "batch": 7}, "--lr 0.00001 --batch 7"),
        ({"fresh": True, "task_seed": 3}, "--fresh --task-seed 3"),
    ],
)
def test_train_plans_what_the_command_plans(
    s: mathrepl.Session, launched: list[FakeJob], options: dict[str, Any], line: str
):
    s.train(7, **options)
    s.use("tiny")
    s.run(f":train 7 {line}")
    assert launched[0].plan == launched[1].plan
    assert launched[0].plan.settings.epochs == 7


@pytest.mark.parametrize(
    ("epochs", "options", "message"),
    [
        (None, {}, "epochs"),
        (0, {}, "epochs must be 1 to"),
        (5, {"hiden": 3}, "did you mean hidden"),
        (5, {"fresh": True, "hidden": 0}, "--hidden must be 1 to"),
        (5, {"fresh": "yes"}, "--fresh takes no value"),
        (5, {"range": "9..0", "fresh": True}, "9..0"),
        (5, {"background": True}, "train waits for the end"),
    ],
)
def test_options_that_mean_nothing_raise_one_line(
    s: mathrepl.Session,
    launched: list[FakeJob],
    epochs: int | None,
    options: dict[str, Any],
    message: str,
):
    with pytest.raises(mathrepl.UsageError) as caught:
        s.train(epochs, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.column is None
    assert launched == []


def test_events_come_as_they_happen(s: mathrepl.Session, launched: list[FakeJob]):
    seen: list[Value] = []
    done = s.train(1, on_event=seen.append)
    assert [type(event) for event in seen] == [Launched, Started, Stepped, EpochDone, Finished]
    assert done == seen[-1]


def test_run_leaves_out_what_only_tells_how_far_it_is(s: mathrepl.Session, launched: list[FakeJob]):
    seen: list[Value] = []
    values = s.run(":train 1", on_event=seen.append)
    assert [type(value) for value in values] == [Started, EpochDone, Finished]
    assert len(seen) == 5


def test_a_training_does_not_outlive_a_callback_that_fails(
    s: mathrepl.Session, launched: list[FakeJob]
):
    def fail(event: Value) -> None:
        if isinstance(event, EpochDone):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        s.train(5, on_event=fail)
    assert launched[0].calls == ["stop", "wait"]


def test_ctrl_c_in_a_training_gives_what_it_came_to(
    s: mathrepl.Session, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch
):
    def press() -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FakeJob, "script", [STARTED, epoch_done(), press, finished("stopped")])
    assert s.train(5).outcome == "stopped"
    assert launched[0].calls[0] == "stop"


def test_leaving_the_session_stops_what_still_trains(s: mathrepl.Session, launched: list[FakeJob]):
    with s:
        s.run(":train 5 --background")
        assert launched[0].calls == []
    assert launched[0].calls == ["stop", "wait"]


# CertifyProgress and other commands


def test_certify_counts_and_tells_how_far_it_is(s: mathrepl.Session):
    seen: list[Value] = []
    certified = s.certify(on_event=seen.append)
    assert isinstance(certified, mathrepl.Certified)
    (certificate,) = certified.certificates
    assert (certified.name, certificate.total) == ("tiny", 100)
    assert s.card.certificates == certified.certificates
    assert len(seen) > 1
    with pytest.raises(mathrepl.UsageError, match="--sample must be"):
        s.certify(sample=0)


def test_ctrl_c_ends_a_certification_that_goes_on_later(s: mathrepl.Session):
    def press(event: Value) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        s.certify(on_event=press)
    assert s.certify().certificates[0].total == 100


def test_a_person_answers_through_input(s: mathrepl.Session, monkeypatch: pytest.MonkeyPatch):
    replies = iter(["7", "q"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(replies))
    score = s.run(":quiz 3 --me")[-1]
    assert isinstance(score, mathrepl.Score)
    assert [one.person for one in score.rounds] == ["7"]
    assert score.early


@pytest.mark.parametrize("error", [EOFError, KeyboardInterrupt])
def test_the_end_of_input_ends_a_quiz(
    s: mathrepl.Session, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
):
    def end(prompt: str) -> str:
        raise error

    monkeypatch.setattr("builtins.input", end)
    score = s.run(":quiz 3 --me")[-1]
    assert isinstance(score, mathrepl.Score)
    assert score.rounds == ()


def test_a_quiz_with_a_person_needs_one(s: mathrepl.Session, monkeypatch: pytest.MonkeyPatch):
    def nobody(prompt: str) -> str:
        raise NotImplementedError

    monkeypatch.setattr("builtins.input", nobody)
    with pytest.raises(mathrepl.MathreplError, match="nobody is there"):
        s.run(":quiz 3 --me")


@pytest.mark.parametrize("line", [":trane", ":quiz x", "", "help", "1 +"])
def test_lines_that_mean_nothing_raise_one_line(s: mathrepl.Session, line: str):
    with pytest.raises(mathrepl.MathreplError) as caught:
        s.run(line)
    assert "\n" not in str(caught.value)


# Values of any kind

STRANGE = [
    None, True, 5, -1, 1.5, float("nan"), 10**5000, b"1 + 1", object(), [], (1, 2, 3), {}, "", " ",
    "--sample=5", "--me", "--fresh", "--ray-address=localhost:1", "-5", "auto", "../x", "a\0b",
    "\udc80", ":quit", "1 + 2; :quit", "x" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize("value", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize(
    "call",
    [
        lambda s, value: s.ask(value),
        lambda s, value: s.use(value),
        lambda s, value: s.run(value),
        lambda s, value: s.certify(value, sample=3),
        lambda s, value: s.certify("tiny", sample=value or 3),
        lambda s, value: s.quiz(value or 2),
        lambda s, value: s.quiz(2, range=value),
        lambda s, value: s.quiz(2, ops=value),
        lambda s, value: s.quiz(2, seed=value),
        lambda s, value: s.train(value),
        lambda s, value: s.train(1, name=value),
        lambda s, value: s.train(1, fresh=value),
        lambda s, value: s.train(1, hidden=value),
        lambda s, value: s.train(1, **{str(type(value)): value}),
        lambda s, value: mathrepl.Session(value),
        lambda s, value: mathrepl.Session(engine=value),
        lambda s, value: mathrepl.Session("tiny", data_dir=value).run(":models"),
    ],
)
def test_a_value_of_any_kind_is_taken_as_a_value_or_refused_in_one_line(
    s: mathrepl.Session, launched: list[FakeJob], call: Callable[..., Any], value: Any
):
    told = ""
    try:
        call(s, value)
    except mathrepl.MathreplError as error:
        told = str(error)
    assert "\n" not in told


@pytest.mark.parametrize("word", ["--sample=5", "--ray", "--ray-address=localhost:1"])
def test_no_value_becomes_an_option(s: mathrepl.Session, word: str):
    with pytest.raises(mathrepl.WeightsError, match="cannot name weights"):
        s.certify(word)
    with pytest.raises(mathrepl.UsageError, match="n must be a whole number, not '--me'"):
        s.quiz("--me")  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers(s: mathrepl.Session, launched: list[FakeJob]):
    s.train(np.int64(3), fresh=True, hidden=np.int32(8), lr=np.float32(0.5))
    assert launched[0].plan.settings.epochs == 3
    assert launched[0].plan.architecture.hidden == 8
    assert launched[0].plan.settings.learning_rate == 0.5


def test_a_folder_named_relatively_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    tiny_weights(Store(tmp_path / "mine" / "weights"), "tiny")
    session = mathrepl.Session("tiny", data_dir="mine")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    session.run(":save other")
    assert (tmp_path / "mine" / "weights" / "other.json").exists()


def test_a_folder_within_one_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SettingsError, match="data_dir is 'mine'"):
        mathrepl.Session(data_dir="mine")
