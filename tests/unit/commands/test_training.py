"""`:train`, `:jobs`, `:stop` and `:undo`; no test here starts a process."""

from __future__ import annotations

import os
import shlex
import signal
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

import mathrepl.session.session
from mathrepl.arithmetic.task import Task
from mathrepl.commands.options import reproduce
from mathrepl.commands.spec import Host, Note, Table
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.session.session import Session
from mathrepl.store.card import Training, TrainSettings
from mathrepl.store.store import Store
from mathrepl.support import atomic
from mathrepl.support.errors import MathreplError, TaskError, UsageError, WeightsError
from mathrepl.support.settings import Settings
from mathrepl.training.events import Finished, Launched, Started, Warned
from mathrepl.training.plan import Plan
from tests.kit.lab import METRICS, FakeJob, Lab, epoch_done, files, finished, plan_again
from tests.kit.weights import tiny_weights

STARTED = Started("tiny", 10, 9, 1, 5, METRICS)


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[FakeJob]:
    """The trainings started; they emit `FakeJob.script`, and none of them runs a process."""
    jobs: list[FakeJob] = []

    def launch(number: int, plan: Plan, *, follow: bool) -> FakeJob:
        jobs.append(FakeJob(number, plan, follow=follow))
        return jobs[-1]

    monkeypatch.setattr(FakeJob, "script", [STARTED, epoch_done(), finished("finished")])
    monkeypatch.setattr(mathrepl.session.session, "Job", launch)
    return jobs


def plan_of(lab: Lab, launched: list[FakeJob], line: str) -> Plan:
    """The plan that `line` starts."""
    lab.values(line)
    return launched[-1].plan


# Plans


def test_plain_training_goes_on_with_the_current_weights(lab: Lab, launched: list[FakeJob]):
    plan = plan_of(lab, launched, ":train 5")
    card = lab.session.card
    assert (plan.name, plan.source, plan.settings) == ("tiny", "tiny", TrainSettings(5))
    assert (plan.task, plan.architecture, plan.encoding) == (
        card.task,
        card.architecture,
        card.encoding,
    )
    assert launched[0].follow


def test_every_option_reaches_the_plan(lab: Lab, launched: list[FakeJob]):
    plan = plan_of(
        lab,
        launched,
        ":train 7 --fresh --name wide --examples 500 --batch 32 --lr 0.002 --seed 9 "
        "--range -50..50 --ops +,* --operations 1..2 --decimals 1 --sampling stratified "
        "--task-seed 4 --spaces off --hidden 12 --encoder-depth 2 --decoder-depth 3 --dropout 0.25 "
        "--batch-norm --reverse",
    )
    task = Task(-50, 50, "+*", 1, 2, 1, "stratified", 4, spaced=False)
    assert (plan.name, plan.source) == ("wide", None)
    assert plan.settings == TrainSettings(7, 500, 32, 0.002, 9)
    assert plan.task == task
    assert plan.encoding == Encoding.for_task(task, reverse=True)
    assert plan.architecture == Architecture("seq2seq", 12, 2, 3, 0.25, True)
    assert (plan.user, plan.bundled) == (lab.store.user, lab.store.bundled)


def test_every_option_of_attention_reaches_the_plan(lab: Lab, launched: list[FakeJob]):
    plan = plan_of(
        lab,
        launched,
        ":train 7 --fresh --kind attention --hidden 12 --embedding 5 --heads 3 --places 0 "
        "--weight-decay 0.1 --clip 1 --schedule cosine --warmup 20 --averaging 0.99 --offset 4 "
        "--sampling carries --range 0..99 --reverse",
    )
    assert plan.architecture == Architecture("attention", hidden=12, embedding=5, heads=3, places=0)
    assert plan.settings == TrainSettings(
        7,
        weight_decay=0.1,
        clip=1.0,
        schedule="cosine",
        warmup=20,
        averaging=0.99,
        offset=4,
    )
    assert plan.task == Task(high=99, sampling="carries")
    assert plan.part == ""


def train_once(lab: Lab, name: str, *trainings: Training, **more: Any) -> None:
    """Untrained weights whose card tells of `trainings`, and use of them."""
    card = tiny_weights(lab.store, name, **more)
    lab.store.save_card(replace(card, trainings=trainings))
    lab.session.use(name)


PAST = Training(
    epochs=9,
    examples=90,
    batch=16,
    learning_rate=0.5,
    seed=5,
    weight_decay=0.1,
    clip=1.0,
    schedule="cosine",
    warmup=20,
    averaging=0.99,
    offset=4,
    command="c",
    held_out_examples=10,
    started="",
    outcome="finished",
)


def test_going_on_keeps_the_settings_of_the_last_training(lab: Lab, launched: list[FakeJob]):
    train_once(lab, "other", replace(PAST, seed=7), PAST)
    assert plan_of(lab, launched, ":train 3").settings == TrainSettings(
        3, 100, 16, 0.5, 5, 0.1, 1.0, "cosine", 20, 0.99, offset=4
    )
    assert plan_of(lab, launched, ":train 3 --fresh").settings == TrainSettings(3)


@pytest.mark.parametrize(
    ("option", "key", "value"),
    [
        ("--seed 0", "seed", 0),
        ("--seed 8", "seed", 8),
        ("--examples 50", "examples", 50),
        ("--batch 4", "batch", 4),
        ("--lr 0.25", "learning_rate", 0.25),
        ("--weight-decay 0", "weight_decay", 0),
        ("--clip 0", "clip", 0),
        ("--schedule constant", "schedule", "constant"),
        ("--warmup 0", "warmup", 0),
        ("--averaging 0", "averaging", 0),
        ("--offset 0", "offset", 0),
    ],
)
def test_a_setting_that_is_given_comes_before_the_last_trainings(
    lab: Lab, launched: list[FakeJob], option: str, key: str, value: object
):
    train_once(lab, "other", PAST)
    usual = plan_of(lab, launched, ":train 3").settings
    plan = plan_of(lab, launched, f":train 3 {option}")
    assert plan.settings == replace(usual, **{key: value})
    assert plan_again(lab, plan) == plan


def test_each_part_goes_on_with_settings_of_its_own(lab: Lab, launched: list[FakeJob]):
    work = Architecture("work", hidden=8, reader_hidden=3)
    doer = replace(PAST, part="doer", batch=64)
    reader = replace(PAST, part="reader", batch=32)
    train_once(lab, "other", doer, reader, architecture=work)
    for words, part, batch in (
        (" --part reader", "reader", 32),
        (" --part doer", "doer", 64),
        ("", "doer", 64),
    ):
        plan = plan_of(lab, launched, f":train 3{words}")
        assert (plan.part, plan.settings.batch) == (part, batch)
        assert plan_again(lab, plan) == plan


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (":train --recipe add --hidden 8", "--hidden"),
        (":train --recipe add --fresh", "--fresh"),
        (":train --recipe add --range 0..9", "--range"),
        (":train --recipe work --part doer", "--part"),
        (":train --recipe add --lr 0.1", "--lr"),
        (":train --recipe add --places 0", "--places"),
        (":train --recipe add --clip 0", "--clip"),
        (":train --recipe add --reverse", "--reverse"),
        (":train --recipe work --background", "trainings"),
        (":train", "epochs"),
    ],
)
def test_what_a_recipe_decides_is_not_asked_of_it(
    lab: Lab, launched: list[FakeJob], line: str, words: str
):
    with pytest.raises(UsageError, match=words):
        lab.values(line)
    assert launched == []


def test_a_recipe_is_trained_stage_by_stage_and_used(
    lab: Lab, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(FakeJob, "script", [STARTED, finished("finished", saved=True)])
    tiny_weights(lab.store, "mine", architecture=Architecture("work", hidden=8, reader_hidden=3))
    *values, note = lab.values(":train 2 --recipe work --name mine --seed 3")
    assert [value.part for value in values if isinstance(value, Launched)] == ["doer", "reader"]
    assert [(job.plan.part, job.plan.source) for job in launched] == [
        ("doer", None),
        ("reader", "mine"),
    ]
    assert {job.plan.settings.epochs for job in launched} == {2}
    assert note.text == "now using mine"
    assert lab.session.name == "mine"


def test_in_a_shell_nothing_is_used_after_a_training(
    lab: Lab, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(FakeJob, "script", [STARTED, finished("finished", saved=True)])
    lab.context.host = "shell"
    *_, last = lab.values(":train 2 --fresh --name mine")
    assert isinstance(last, Finished)
    assert launched[0].plan.name == "mine"


@pytest.mark.parametrize("outcome", ["stopped", "failed", "dropped"])
def test_a_stage_that_does_not_finish_ends_the_recipe(
    lab: Lab, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch, outcome: Any
):
    monkeypatch.setattr(FakeJob, "script", [STARTED, finished(outcome)])
    lab.values(":train 2 --recipe work --name mine")
    assert [job.plan.part for job in launched] == ["doer"]
    assert lab.session.name == "tiny"


def test_a_recipe_of_one_stage_can_run_in_the_background(lab: Lab, launched: list[FakeJob]):
    note = lab.value(":train --recipe add --name mine --background")
    assert "job 1 trains mine for 100 epochs" in note.text
    assert not launched[0].follow


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (":train 5 --hidden 8", TaskError),
        (":train 5 --encoder-depth 2", TaskError),
        (":train 5 --batch-norm", TaskError),
        (":train 5 --dropout 0.5", TaskError),
        (":train 5 --reverse", TaskError),
        (":train 5 --range 0..99", TaskError),
        (":train 5 --ops -", TaskError),
        (":train 5 --operations 2", TaskError),
        (":train 5 --task-seed 1", TaskError),
        (":train 5 --spaces off", TaskError),
        (":train 5 --lr 0", TaskError),
        (":train 5 --weight-decay 11", TaskError),
        (":train 5 --clip -1", TaskError),
        (":train 5 --averaging 1", TaskError),
        (":train 5 --offset 1025", UsageError),
        (":train 5 --schedule odd", UsageError),
        (":train 5 --warmup -1", UsageError),
        (":train 5 --kind attention", TaskError),
        (":train 5 --fresh --kind work", UsageError),
        (":train 5 --fresh --kind attention --hidden 10 --heads 4", TaskError),
        (":train 5 --fresh --kind attention --heads 0", UsageError),
        (":train 5 --fresh --sampling carries --ops -", TaskError),
        (":train 5 --part doer", UsageError),
        (":train 5 --name auto", WeightsError),
        (":train --recipe cake", UsageError),
        (":train 5 --lr -1", TaskError),
        (":train 5 --lr 11", TaskError),
        (":train 5 --fresh --dropout 1", TaskError),
        (":train 5 --fresh --range 9..1", TaskError),
        (":train 5 --fresh --range x", TaskError),
        (":train 5 --fresh --ops x", TaskError),
        (":train 5 --fresh --operations 0", TaskError),
        (":train 5 --fresh --decimals 51", TaskError),
        (":train 5 --fresh --decimals -1", TaskError),
        (":train 5 --fresh --task-seed x", TaskError),
        (":train 5 --fresh --range=", TaskError),
        (":train 5 --examples 1", UsageError),
        (":train 5 --seed -1", UsageError),
        (":train 5 --batch 0", UsageError),
        (":train 0", UsageError),
        (":train -3", UsageError),
        (":train x", UsageError),
        (":train", UsageError),
        (":train 5 --name ../x", WeightsError),
        (":train 5 --fresh --name 'a b'", WeightsError),
        (":train 5 --fresh --name=", MathreplError),
        (':train 5 --fresh --name ""', MathreplError),
    ],
)
def test_what_cannot_be_trained_starts_nothing(
    lab: Lab, launched: list[FakeJob], line: str, kind: type[Exception]
):
    before = files(lab.folder)
    with pytest.raises(kind):
        lab.values(line)
    assert launched == lab.session.jobs == []
    assert files(lab.folder) == before


def test_shape_options_that_ask_for_no_change_go_on(lab: Lab, launched: list[FakeJob]):
    plan = plan_of(lab, launched, ":train 5 --hidden 4 --encoder-depth 1 --dropout 0")
    assert plan.architecture == lab.session.card.architecture


def test_a_fresh_training_does_not_inherit_the_shape(lab: Lab, launched: list[FakeJob]):
    assert plan_of(lab, launched, ":train 5 --fresh").architecture == Architecture()
    plan = plan_of(lab, launched, ":train 5 --fresh --encoder-depth 2")
    assert plan.architecture == Architecture(encoder_depth=2)


def test_options_change_parts_of_the_task_that_was_set(lab: Lab, launched: list[FakeJob]):
    lab.value(":set range 0..5")
    lab.value(":set ops +-")
    plan = plan_of(lab, launched, ":train 5 --fresh --range 0..7")
    assert plan.task == Task(high=7, operations="+-")


def test_a_fresh_training_needs_no_weights(lab: Lab, launched: list[FakeJob]):
    (lab.store.user / "tiny.json").write_text("{")
    plan = plan_of(lab, launched, ":train 5 --fresh --name new --range 0..5")
    assert plan.task == Task(high=5)
    assert plan_of(lab, launched, ":train 5 --fresh --name new").task == Task()


def test_the_task_can_be_set_without_weights(lab: Lab, launched: list[FakeJob]):
    (lab.store.user / "tiny.json").unlink()
    lab.value(":set range 0..5")
    assert plan_of(lab, launched, ":train 5 --fresh --name new").task == Task(high=5)


# Refusals


def test_a_second_training_at_once_is_refused(lab: Lab, launched: list[FakeJob]):
    note = lab.value(":train 5 --background")
    assert isinstance(note, Note)
    assert "job 1" in note.text
    for line in (":train 5", ":train 5 --background", ":train 5 --fresh --name other"):
        with pytest.raises(UsageError, match="job 1 is training tiny"):
            lab.values(line)
    assert len(launched) == 1
    launched[0].end("finished")
    lab.values(":train 5")
    assert len(launched) == 2


def test_a_data_folder_that_is_the_bundled_one_is_refused(lab: Lab, launched: list[FakeJob]):
    lab.session.store = Store(lab.store.user, lab.store.user)
    with pytest.raises(WeightsError):
        lab.values(":train 5")
    assert launched == []


def test_a_data_folder_that_cannot_be_written_is_refused(
    lab: Lab, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch
):
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.tempfile, "TemporaryFile", refuse)
    for line in (":train 5", ":train 5 --background"):
        with pytest.raises(MathreplError, match="Permission denied"):
            lab.values(line)
    assert launched == []


# Following


def test_the_events_are_passed_on(lab: Lab, launched: list[FakeJob]):
    first, *rest = lab.values(":train 5")
    assert first == Launched("tiny", 5)
    assert [type(event) for event in rest] == [type(e) for e in FakeJob.script]
    assert not lab.context.interrupted


@pytest.mark.parametrize(
    ("saved", "name", "used"),
    [(True, "other", "other"), (False, "other", "tiny"), (True, "tiny", "tiny")],
)
def test_new_weights_are_used_when_they_were_saved(
    lab: Lab,
    launched: list[FakeJob],
    monkeypatch: pytest.MonkeyPatch,
    saved: bool,
    name: str,
    used: str,
):
    monkeypatch.setattr(FakeJob, "script", [STARTED, finished("finished", saved=saved)])
    tiny_weights(lab.store, "other", seed=4)
    values = lab.values(f":train 5 --name {name}")
    assert lab.session.name == used
    assert isinstance(values[-1], Note if used == "other" else Finished)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_stops_and_keeps_the_best(
    lab: Lab, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch
):
    script = [STARTED, press, epoch_done(), finished("stopped", saved=True)]
    monkeypatch.setattr(FakeJob, "script", script)
    monkeypatch.setattr(FakeJob, "stop", lambda self: self.calls.append("stop"))
    values = lab.values(":train 5")
    assert launched[0].calls == ["stop"]
    assert lab.context.interrupted
    (warning,) = [value for value in values if isinstance(value, Warned)]
    assert "Ctrl-C again" in warning.message
    assert isinstance(values[-1], Finished)


def test_a_second_ctrl_c_drops(lab: Lab, launched: list[FakeJob], monkeypatch: pytest.MonkeyPatch):
    script = [STARTED, press, epoch_done(), press, epoch_done(2), press, finished("dropped")]
    monkeypatch.setattr(FakeJob, "script", script)
    monkeypatch.setattr(FakeJob, "stop", lambda self: self.calls.append("stop"))
    monkeypatch.setattr(FakeJob, "drop", lambda self: self.calls.append("drop"))
    values = lab.values(":train 5")
    assert launched[0].calls == ["stop", "drop"]
    assert values[-1].outcome == "dropped"
    assert len([value for value in values if isinstance(value, Warned)]) == 1


def test_a_display_that_fails_does_not_leave_the_training_behind(lab: Lab, launched: list[FakeJob]):
    values = lab.iterate(":train 5")
    next(values)
    values.close()  # type: ignore[attr-defined]
    assert launched[0].calls == ["stop", "wait"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# jobs and stop


def test_without_trainings_there_are_no_jobs(lab: Lab):
    assert isinstance(lab.value(":jobs"), Note)
    assert "no training" in lab.value(":stop").text


def test_jobs_are_listed_as_they_stand(lab: Lab, launched: list[FakeJob]):
    lab.value(":train 5 --background")
    assert [row[:4] for row in lab.value(":jobs").rows] == [("1", "tiny", "starting", "0/5")]
    job = launched[0]
    job.started = structs.replace(STARTED, baseline=replace(METRICS, exact=0.5))
    assert lab.value(":jobs").rows == (("1", "tiny", "running", "0/5", "50.00%"),)
    job.epochs.append(epoch_done(3))
    assert lab.value(":jobs").rows == (("1", "tiny", "running", "3/5", "50.00%"),)
    job.best = epoch_done(2)
    assert lab.value(":jobs").rows == (("1", "tiny", "running", "3/5", "25.00%"),)
    job.end("failed")
    lab.value(":train 6 --fresh --name other --background")
    table = lab.value(":jobs")
    assert isinstance(table, Table)
    assert [row[:3] for row in table.rows] == [("1", "tiny", "failed"), ("2", "other", "starting")]


@pytest.mark.parametrize(
    ("line", "call"),
    [(":stop", "stop"), (":stop 1", "stop"), (":stop --drop", "drop"), (":stop 1 --drop", "drop")],
)
def test_stop_ends_the_running_job(lab: Lab, launched: list[FakeJob], line: str, call: str):
    lab.value(":train 5 --background")
    end = lab.value(line)
    assert launched[0].calls[0] == call
    assert launched[0].reported
    assert end is launched[0].finished
    assert "no training" in lab.value(":stop").text


def test_stop_of_no_job_is_an_error(lab: Lab, launched: list[FakeJob]):
    lab.value(":train 5 --background")
    with pytest.raises(UsageError, match="no job 2"):
        lab.values(":stop 2")
    assert launched[0].calls == []


def test_a_job_that_does_not_end_in_time_is_said_so(lab: Lab, launched: list[FakeJob]):
    lab.value(":train 5 --background")
    launched[0].ends_when_stopped = False
    assert "still ending" in lab.value(":stop").text
    assert not launched[0].reported


# undo


def test_undo_says_where_it_went_back_to(lab: Lab):
    before = lab.value("3 + 4")
    lab.store.backups("tiny").add()
    tiny_weights(lab.store, "tiny", seed=9)
    lab.session.weights._found = lab.session.weights._solver = None  # as after a training has saved
    assert lab.value("3 + 4").solution != before.solution
    note = lab.value(":undo")
    assert "tiny is back as it was before" in note.text
    assert "tiny-undone" in note.text
    assert lab.value("3 + 4") == before


def test_undo_goes_further_back_each_time(lab: Lab):
    answers = [lab.value("3 + 4").solution]
    for seed in (1, 2):
        lab.store.backups("tiny").add()
        tiny_weights(lab.store, "tiny", seed=seed)
        lab.value(":use tiny")
        answers.append(lab.value("3 + 4").solution)
    for expected in answers[-2::-1]:
        lab.value(":undo")
        assert lab.value("3 + 4").solution == expected
    with pytest.raises(WeightsError, match="to undo"):
        lab.values(":undo")


def test_undo_of_first_weights_says_they_are_gone(lab: Lab):
    lab.store.backups("first").add()
    tiny_weights(lab.store, "first")
    lab.value(":use first")
    note = lab.value(":undo")
    assert "first is gone" in note.text
    assert "now using tiny" in note.text
    assert lab.session.name == "tiny"
    assert lab.store.names() == ["first-undone", "tiny"]


def test_undo_in_a_shell_does_not_say_what_is_used_now(lab: Lab):
    lab.store.backups("first").add()
    tiny_weights(lab.store, "first")
    lab.value(":use first")
    lab.context.host = "shell"
    assert lab.value(":undo").text.endswith("kept as first-undone")


def test_undo_of_a_deletion_speaks_of_no_training(lab: Lab):
    tiny_weights(lab.store, "first")
    lab.value(":delete first")
    lab.context.session = Session(Settings(weights="first"), lab.store)
    assert lab.value(":undo").text == "first is back as it was before"


def test_undo_to_the_bundled_weights_says_so(lab: Lab):
    lab.bundle("shipped")
    lab.store.backups("shipped").add()
    tiny_weights(lab.store, "shipped", seed=2)
    lab.value(":use shipped")
    assert "back to the bundled weights" in lab.value(":undo").text


# The command in the card


def test_the_command_uses_the_weights_it_went_on_from(lab: Lab, launched: list[FakeJob]):
    tiny_weights(lab.store, "other", Task(high=7), Architecture(hidden=3))
    lab.value(":use other")
    plan = plan_of(lab, launched, ":train 5 --name third --seed 3")
    assert shlex.split(plan.command)[:4] == ["mathrepl", "train", "5", "--weights"]
    again = plan_again(lab, plan)
    assert again == plan
    assert again.source == "other"


def test_the_command_holds_what_was_set_in_the_session(lab: Lab, launched: list[FakeJob]):
    lab.value(":set range 0..7")
    lab.value(":set task_seed 0")
    plan = plan_of(lab, launched, ":train 5")
    assert plan.task == Task(high=7)
    assert plan_again(lab, plan) == plan


def test_the_command_is_one_line_that_a_shell_can_read(lab: Lab, launched: list[FakeJob]):
    plan = plan_of(lab, launched, ":train 5 --fresh --name a --ops +-*/ --range -9..9")
    assert plan.command == reproduce(plan)
    assert "\n" not in plan.command
    assert shlex.join(shlex.split(plan.command)) == plan.command


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("session", ":undo --skip-damaged"),
        ("shell", "mathrepl undo --skip-damaged --weights tiny"),
    ],
)
def test_undo_names_a_damaged_step_and_the_way_past_it(lab: Lab, host: Host, advice: str):
    lab.context.host = host
    for seed in (1, 2):
        lab.store.backups("tiny").add()
        tiny_weights(lab.store, "tiny", seed=seed)
    (lab.store.user / ".undo" / "tiny" / "2.json").write_bytes(b"damaged")
    names = lab.store.names()
    with pytest.raises(WeightsError, match="damaged") as caught:
        lab.values(":undo")
    assert advice in str(caught.value.spelled(lab.context.spell))
    assert lab.store.names() == names
    assert lab.value(":undo --skip-damaged").text.startswith("tiny is back as it was before")
    with pytest.raises(WeightsError, match="no training"):
        lab.values(":undo")
