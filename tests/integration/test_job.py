"""Trainings as their starter sees them: events, stop, drop, and workers that die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from mathrepl.networks import parameter_count
from mathrepl.session.session import Session
from mathrepl.store.card import Card, Epoch, Metrics
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from mathrepl.training import job as job_module
from mathrepl.training.events import (
    EpochDone,
    Event,
    Finished,
    Started,
    Stepped,
    Warned,
    dump_event,
    load_event,
)
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan
from tests.kit.processes import PATIENCE, until
from tests.kit.training import ARCHITECTURE, ENCODING, TASK, plan, random_tensors

ENDLESS = {"epochs": 100_000}
BASELINE = Metrics(2.0, 0.3, 0.1)
BETTER = Metrics(1.0, 0.6, 0.4)
STARTED = Started("tiny", 3229, 72, 8, 3, BASELINE)
DONE = EpochDone(1, Epoch(1, 0.1, BETTER, BETTER), True, ())
WORSE = EpochDone(2, Epoch(2, 0.1, BASELINE, BASELINE), False, ())


def ended(job: Job) -> Finished:
    """The end of a job, awaited."""
    until(lambda: not job.running)
    assert job.finished is not None
    return job.finished


def save_untrained(store: Store, name: str, *, seed: int = 0) -> None:
    count = parameter_count(ARCHITECTURE, ENCODING)
    store.save(Card(name, ARCHITECTURE, ENCODING, TASK, count), random_tensors(seed=seed))


def pair(store: Store, name: str) -> dict[str, bytes]:
    """The files of `name` in the user's directory, by their suffix."""
    return {p.suffix: p.read_bytes() for p in store.user.glob(f"{name}.*")}


def heard(job: Job) -> list[Event]:
    """The events of a job up to its end."""
    return [event for event in job.events() if event is not None]


# --- Real workers ------------------------------------------------------------------------------

WHOLE_JOB = """
import json, sys
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan
from mathrepl.inference.solver import numpy_solver
from mathrepl.store.store import Store

plan = Plan.from_json(sys.argv[1])
job = Job(1, plan, follow=True)
events = [event.record() for event in job.events() if event is not None]
job.wait()
store = Store(plan.user, plan.bundled)
found = store.find(plan.name)
written = numpy_solver(found.card, store.tensors(found)).write(["1 + 2"]).texts
heavy = sorted({name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "jax"})
record = {"events": events, "running": job.running, "saves": job.saves, "heavy": heavy}
print(json.dumps(record | {"written": written}))
"""


def test_a_followed_job_streams_to_its_end_and_its_process_never_imports_tensorflow(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHOLE_JOB, plan(tmp_path).to_json()],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(done.stdout)
    assert record["heavy"] == []
    events = [load_event(json.dumps(e)) for e in record["events"]]
    kinds = [type(e) for e in events if not isinstance(e, Stepped)]
    assert kinds == [Started, EpochDone, EpochDone, EpochDone, Finished]
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.outcome, end.epochs, end.saved) == ("finished", 3, True)
    assert record["running"] is False
    assert record["saves"] >= sum(isinstance(e, EpochDone) and e.best for e in events) > 0
    assert len(record["written"]) == 1


@dataclass
class Ending:
    """A job that has ended, what it told, and what the files of its name were before it."""

    job: Job
    events: list[Event]
    store: Store
    before: dict[str, bytes]

    @property
    def finished(self) -> Finished:
        assert self.job.finished is not None
        return self.job.finished


@dataclass
class Endings:
    """Three trainings cut off after their second save, each in its own way."""

    stopped: Ending
    dropped: Ending
    killed: Ending


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endings]:
    base = plan(tmp_path_factory.mktemp("jobs"), settings=ENDLESS)
    store = Store(base.user, base.bundled)
    cut_off: dict[str, Callable[[Job], None]] = {
        "stopped": Job.stop,
        "dropped": Job.drop,
        "killed": lambda job: os.kill(job._process.pid, signal.SIGKILL),
    }
    for name in ("dropped", "killed"):
        save_untrained(store, name)
    before = {name: pair(store, name) for name in cut_off}
    running = {
        name: Job(1, replace(base, name=name, source=name if before[name] else None), follow=True)
        for name in cut_off
    }
    pending = dict(running)

    def all_cut_off() -> bool:
        for name, job in list(pending.items()):
            assert job.running, job.finished
            if job.saves >= 2:
                assert pair(store, name) != before[name]
                cut_off[name](pending.pop(name))
        return not pending

    try:
        until(all_cut_off)
        found = {
            name: Ending(job, heard(job), store, before[name]) for name, job in running.items()
        }
        yield Endings(**found)
    finally:
        for job in running.values():
            job._process.kill()
            job.wait()


def test_a_stop_keeps_the_best(endings: Endings) -> None:
    end = endings.stopped.finished
    found = endings.stopped.store.find("stopped")
    assert (end.outcome, end.saved, end.message) == ("stopped", True, "")
    assert (found.card.best_epoch, found.card.held_out) == (end.best_epoch, end.held_out)
    assert found.card.trainings[-1].outcome == f"stopped after {end.epochs} of 100000 epochs"
    endings.stopped.store.tensors(found)
    assert end.epochs == endings.stopped.job.epochs[-1].index
    assert endings.stopped.job.best is not None
    assert end.best_epoch == endings.stopped.job.best.epoch.number


def test_a_drop_puts_back_the_old_weights(endings: Endings) -> None:
    end = endings.dropped.finished
    assert (end.outcome, end.saved, end.message) == ("dropped", False, "")
    assert end.held_out == end.baseline is not None
    assert set(endings.dropped.before) == {".json", ".safetensors"}
    assert pair(endings.dropped.store, "dropped") == endings.dropped.before
    assert endings.dropped.store.backups("dropped").last is None
    # The drop is one more change of the files, which a session has to see.
    best = [e for e in endings.dropped.events if isinstance(e, EpochDone) and e.best]
    assert endings.dropped.job.saves > len(best)


def test_a_killed_worker_ends_in_one_clear_failure_and_its_best_stays(endings: Endings) -> None:
    killed = endings.killed
    ends = [e for e in killed.events if isinstance(e, Finished)]
    assert ends == killed.events[-1:] == [killed.finished]
    assert killed.job._events.empty()
    end = killed.finished
    assert (end.outcome, end.saved) == ("failed", True)
    assert (
        end.message == "the training process was killed (signal 9), as happens when memory runs out"
    )
    found = killed.store.find("killed")
    killed.store.tensors(found)  # card and weights belong together
    assert found.card.best_epoch >= end.best_epoch > 0  # a last save may have gone unreported
    assert end.baseline is not None
    assert end.held_out is not None
    assert end.held_out.loss < end.baseline.loss
    # Undo still knows the way back.
    assert end.undo is not None
    killed.store.backups("killed").restore(end.undo)
    assert pair(killed.store, "killed") == killed.before


@pytest.mark.parametrize("seconds", [0.0, 0.7], ids=["at once", "while TensorFlow loads"])
@pytest.mark.parametrize("how", [Job.stop, Job.drop], ids=["stop", "drop"])
def test_an_end_before_tensorflow_has_loaded_takes_less_than_a_second(
    tmp_path: Path, seconds: float, how: Callable[[Job], None]
) -> None:
    what = plan(tmp_path, settings=ENDLESS)
    job = Job(1, what, follow=True)
    time.sleep(seconds)
    assert job.started is None
    asked = time.monotonic()
    how(job)
    (end,) = heard(job)
    assert time.monotonic() - asked < 1
    outcome: Any = "stopped" if how is Job.stop else "dropped"
    assert end == Finished("stopped", "tiny", 0, False, 0, None, None)
    assert ended(job) == structs.replace(end, outcome=outcome)
    assert not what.user.exists()


def test_a_worker_imports_nothing_from_the_folder_a_person_is_in(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("open('it ran', 'w').close()\n")
    done = subprocess.run(
        job_module.worker_command(),
        input="no plan\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "json.decoder.JSONDecodeError" in done.stderr  # of Python's own json
    assert [path.name for path in tmp_path.iterdir()] == ["json.py"]


# --- Stand-ins for the worker, for what a real one seldom does ---------------------------------


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plan]:
    """Let the next jobs run a worker that writes these lines and then does `then`."""

    def install(*lines: Event | str, then: str = "") -> Plan:
        texts = [line if isinstance(line, str) else dump_event(line) for line in lines]
        script = tmp_path / "worker"
        script.write_text(
            f"#!{sys.executable}\n"
            "import os, sys, time\n"
            "plan = sys.stdin.readline()\n"
            f"for line in {texts!r}:\n    print(line, flush=True)\n"
            f"{then}\n"
        )
        script.chmod(0o755)
        monkeypatch.setattr(job_module.sys, "executable", str(script))  # type: ignore[attr-defined]
        return plan(tmp_path)

    return install


FINISHED = Finished("finished", "tiny", 2, True, 1, BETTER, BASELINE, "", 1)
StandIn = Callable[..., Plan]


def test_a_job_notes_what_its_worker_tells(stand_in: StandIn) -> None:
    step = Stepped(1, 0.5, 1.5)
    told = [STARTED, step, DONE, Warned("careful"), WORSE, FINISHED]
    job = Job(7, stand_in(*told), follow=True)
    assert heard(job) == told
    assert ended(job) == FINISHED
    assert (job.number, job.started) == (7, STARTED)
    assert (job.best, job.epochs) == (DONE, [DONE, WORSE])


def test_the_worker_gets_the_plan(stand_in: StandIn, tmp_path: Path) -> None:
    copy = tmp_path / "plan.json"
    what = stand_in(FINISHED, then=f"open({str(copy)!r}, 'w').write(plan)")
    ended(Job(1, what, follow=False))
    assert Plan.from_json(copy.read_text()) == what


def test_a_job_that_is_not_followed_hands_out_its_end_alone(stand_in: StandIn) -> None:
    job = Job(1, stand_in(STARTED, DONE, WORSE, FINISHED), follow=False)
    assert ended(job) == FINISHED
    assert heard(job) == [FINISHED]
    assert job.epochs[-1] == WORSE


def test_whoever_follows_gets_to_act_ten_times_a_second(stand_in: StandIn) -> None:
    what = stand_in(STARTED, then=f"time.sleep(1)\nprint({dump_event(FINISHED)!r})")
    events = list(Job(1, what, follow=True).events())
    assert [event for event in events if event is not None] == [STARTED, FINISHED]
    assert events.count(None) >= 8


def test_lines_that_are_no_events_are_passed_over(stand_in: StandIn) -> None:
    rubbish = ["", "hello", "[]", "3", '{"event": "Launched"}', '{"event": "Stepped"}', "{"]
    job = Job(1, stand_in(STARTED, *rubbish, DONE, FINISHED), follow=True)
    assert heard(job) == [STARTED, DONE, FINISHED]


@pytest.mark.parametrize(
    ("then", "message"),
    [
        ("{}['nope']", "ended with code 1: KeyError: 'nope'"),
        ("sys.exit(3)", "ended with code 3: no message"),
        (r"sys.exit('\x1b[31mred\x07')", "ended with code 1: [31mred"),
        ("os.abort()", "was killed (signal 6)"),
    ],
    ids=["traceback", "silent", "control characters", "signal"],
)
def test_a_worker_that_dies_ends_in_one_failure_that_says_why(
    stand_in: StandIn, then: str, message: str
) -> None:
    job = Job(1, stand_in(STARTED, then=then), follow=True)
    *_, end = heard(job)
    assert end == Finished(
        "failed", "tiny", 0, False, 0, BASELINE, BASELINE, f"the training process {message}"
    )


def test_a_worker_that_dies_after_its_best_epoch_has_saved_it(stand_in: StandIn) -> None:
    end = ended(Job(1, stand_in(STARTED, DONE, WORSE, then="sys.exit(1)"), follow=False))
    assert (end.outcome, end.epochs, end.saved) == ("failed", 2, True)
    assert (end.best_epoch, end.held_out, end.baseline) == (1, BETTER, BASELINE)


def test_a_worker_killed_between_a_save_and_its_report_has_saved_it(stand_in: StandIn) -> None:
    job = Job(1, what := stand_in(STARTED, then="time.sleep(60)"), follow=False)
    until(lambda: job.started is not None)
    store = Store(what.user, what.bundled)
    count = parameter_count(ARCHITECTURE, ENCODING)
    store.backups("tiny").add()
    card = Card("tiny", ARCHITECTURE, ENCODING, TASK, count, history=(DONE.epoch,), best_epoch=1)
    store.save(card, random_tensors(seed=1))
    os.kill(job._process.pid, signal.SIGKILL)
    end = ended(job)
    assert (end.outcome, end.epochs, end.saved, end.best_epoch) == ("failed", 1, True, 1)
    assert (end.held_out, end.undo) == (BETTER, 1)
    assert job.saves == 1  # a session has to read the weights again


def test_a_worker_killed_by_others_while_it_loads_has_failed(stand_in: StandIn) -> None:
    """As when memory runs out: nobody asked it to stop, so the job must not say so."""
    job = Job(1, stand_in(then="time.sleep(60)"), follow=True)
    os.kill(job._process.pid, signal.SIGKILL)
    end = ended(job)
    assert end.outcome == "failed"
    assert (
        end.message == "the training process was killed (signal 9), as happens when memory runs out"
    )


def test_a_stop_while_the_start_is_on_its_way_is_a_stop_and_no_failure(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has just started, and the stop comes before the job has read so."""
    arrived, asked = threading.Event(), threading.Event()

    def slowly(line: str) -> Event:
        arrived.set()
        assert asked.wait(PATIENCE)
        return load_event(line)

    monkeypatch.setattr(job_module, "load_event", slowly)
    job = Job(1, stand_in(STARTED, then="time.sleep(60)"), follow=True)
    assert arrived.wait(PATIENCE)
    job.stop()
    asked.set()
    end = ended(job)
    assert (end.outcome, end.message) == ("stopped", "")


def test_a_worker_that_does_not_hear_is_killed_and_its_best_kept(stand_in: StandIn) -> None:
    job = Job(1, stand_in(STARTED, DONE, then="time.sleep(60)"), follow=False)
    until(lambda: job.saves == 1)
    job.stop()
    asked = time.monotonic()
    job.wait(0.3)
    assert time.monotonic() - asked < 5
    assert not job.running
    assert (ended(job).saved, ended(job).best_epoch) == (True, 1)
    assert job._process.returncode == -signal.SIGKILL


def test_a_job_that_has_ended_can_be_stopped_and_waited_for_again(stand_in: StandIn) -> None:
    job = Job(1, stand_in(STARTED, FINISHED), follow=False)
    end = ended(job)
    job.stop()
    job.wait()
    assert job.finished is end


def on_stop(event: Event) -> str:
    """The code that makes a stand-in wait for a line and then write this event."""
    return f"sys.stdin.readline()\nprint({dump_event(event)!r})"


def test_a_drop_of_new_weights_removes_them(stand_in: StandIn) -> None:
    what = stand_in(
        STARTED, DONE, then=on_stop(structs.replace(FINISHED, outcome="stopped", undo=1))
    )
    store = Store(what.user, what.bundled)
    assert store.backups("tiny").add() == 1
    save_untrained(store, "tiny")
    job = Job(1, what, follow=False)
    until(lambda: job.saves == 1)
    job.drop()
    end = ended(job)
    assert (end.outcome, end.saved, end.held_out) == ("dropped", False, BASELINE)
    assert store.names() == []
    assert pair(store, "tiny") == {}


def test_a_training_can_be_dropped_after_its_end(stand_in: StandIn) -> None:
    what = stand_in(STARTED, DONE, FINISHED)
    store = Store(what.user, what.bundled)
    save_untrained(store, "tiny")
    before = pair(store, "tiny")
    assert store.backups("tiny").add() == 1
    save_untrained(store, "tiny", seed=1)
    job = Job(1, what, follow=True)
    assert heard(job)[-1] == FINISHED
    job.drop()
    end = ended(job)
    assert (end.outcome, end.saved, end.held_out) == ("dropped", False, BASELINE)
    assert pair(store, "tiny") == before


def test_a_session_sees_the_completed_card_when_a_training_has_ended(stand_in: StandIn) -> None:
    """The card is completed after the last best epoch, when the session may have read it."""
    what = stand_in(STARTED, DONE, then=on_stop(FINISHED))
    store = Store(what.user, what.bundled)
    save_untrained(store, "tiny")
    session = Session(Settings(weights="tiny"), store)
    job = Job(1, what, follow=False)
    session.jobs.append(job)
    until(lambda: job.saves == 1)
    best = session.card
    store.save_card(replace(best, history=(DONE.epoch, WORSE.epoch)))
    job.stop()
    ended(job)
    assert session.card.history == (DONE.epoch, WORSE.epoch)


def test_a_drop_that_cannot_put_the_weights_back_says_so(stand_in: StandIn) -> None:
    stopped = structs.replace(
        FINISHED, outcome="stopped", undo=5
    )  # nothing is kept under that number
    job = Job(1, stand_in(STARTED, DONE, then=on_stop(stopped)), follow=False)
    until(lambda: job.saves == 1)
    job.drop()
    end = ended(job)
    assert end.message.startswith("could not put back the old weights: ")
    assert (end.outcome, end.saved, end.held_out) == ("stopped", True, BETTER)
