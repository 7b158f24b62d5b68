"""The worker as the process it is: a plan in, events out, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mathrepl.store.store import Store
from mathrepl.training.events import EpochDone, Event, Finished, Started, Stepped, load_event
from mathrepl.training.plan import Plan
from mathrepl.training.recipes import RECIPES
from tests.kit.training import WORK, plan

GUARD_SECONDS = 60.0  # a worker that hangs is killed then, and its test fails
ENDLESS = {"epochs": 100_000}


class Worker:
    """`python -m mathrepl.training.keras.worker`, started with a plan; stdin stays open."""

    def __init__(self, what: Plan) -> None:
        self.plan = what
        self.lines: list[str] = []
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        ours = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND")  # it has to set these for itself
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mathrepl.training.keras.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            env={key: value for key, value in os.environ.items() if key not in ours},
        )
        self._guard = threading.Timer(GUARD_SECONDS, self.process.kill)
        self._guard.start()
        self.send(what.to_json())

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def events(self) -> Iterator[Event]:
        """Events as they come; whatever is no event fails here."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            yield load_event(line)

    def await_epochs(self, count: int) -> list[EpochDone]:
        """Read on until that many epochs have ended."""
        found: list[EpochDone] = []
        for event in self.events():
            if isinstance(event, EpochDone):
                found.append(event)
                if len(found) == count:
                    return found
        pytest.fail(f"the worker ended early: {self.lines}, {self.errors()!r}")

    def last(self) -> Finished:
        """Read on to the end; the last event."""
        *_, event = self.events()
        assert isinstance(event, Finished)
        return event

    def end(self) -> int:
        return self.process.wait(GUARD_SECONDS)

    def errors(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._guard.cancel()
        for stream in (self.process.stdin, self.process.stdout, self._log):
            if stream is not None:
                stream.close()


@contextmanager
def working(*plans: Plan) -> Iterator[list[Worker]]:
    """Workers for these plans, loading TensorFlow side by side."""
    with ExitStack() as stack:
        workers = []
        for what in plans:
            workers.append(Worker(what))
            stack.callback(workers[-1].close)
        yield workers


def assert_best_is_kept(worker: Worker, end: Finished) -> None:
    store = Store(worker.plan.user, worker.plan.bundled)
    found = store.find(worker.plan.name)
    assert end.saved
    assert (found.card.best_epoch, found.card.held_out) == (end.best_epoch, end.held_out)
    store.tensors(found)


def test_a_plan_gives_events_alone_on_stdout_and_nothing_on_stderr(tmp_path: Path) -> None:
    """Each part of weights of two; `tests/integration/test_job.py` has a lone network."""
    recipe = RECIPES["work"]
    settings = {"epochs": 1, "examples": 60, "batch": 30, "averaging": 0.5, "learning_rate": 0.1}
    for part, source in (("doer", None), ("reader", "tiny")):
        what = plan(
            tmp_path,
            settings=settings,
            architecture=WORK,
            encoding=recipe.encoding,
            task=recipe.task,
            source=source,
            part=part,
        )
        with working(what) as (worker,):
            events = list(worker.events())
            assert worker.end() == 0
            assert worker.errors() == ""
        kinds = [type(event) for event in events if not isinstance(event, Stepped)]
        assert kinds == [Started, EpochDone, Finished]
        assert all(isinstance(json.loads(line), dict) for line in worker.lines)
        (done,) = (event for event in events if isinstance(event, EpochDone))
        assert done.epoch.part == part
        assert isinstance(events[-1], Finished)
        assert events[-1].outcome == "finished"
    store = Store(what.user, what.bundled)
    found = store.find("tiny")
    store.tensors(found)
    assert found.card.trainings[0].part == "doer"


def test_a_closed_stdin_ends_the_training_and_keeps_the_best(tmp_path: Path) -> None:
    """A word that is none and the terminal's Ctrl-C do not."""
    with working(plan(tmp_path, settings=ENDLESS)) as (worker,):
        worker.await_epochs(2)
        worker.send("no such word")
        worker.process.send_signal(signal.SIGINT)
        worker.await_epochs(3)
        asked = time.monotonic()
        assert worker.process.stdin is not None
        worker.process.stdin.close()
        end = worker.last()
        assert end.outcome == "stopped"
        assert end.epochs >= 5
        assert worker.end() == 0
        assert worker.errors() == ""
        assert time.monotonic() - asked < 20
        assert_best_is_kept(worker, end)


def test_a_worker_whose_events_nobody_reads_ends_with_its_best_on_disk(tmp_path: Path) -> None:
    with working(plan(tmp_path, settings=ENDLESS)) as (worker,):
        worker.await_epochs(1)
        assert worker.process.stdout is not None
        worker.process.stdout.close()
        worker.end()
        store = Store(worker.plan.user, worker.plan.bundled)
        card = store.find("tiny").card
        assert card.trainings[-1].outcome.startswith("stopped after ")
        store.tensors(store.find("tiny"))
