"""Sweeps: many trainings side by side, ranked by held-out exact match; finished ones are kept.

A trial is a training, or the trainings of a recipe, with its own settings and seed. Its name is a
hash of everything that decides its outcome. So a sweep that was interrupted, or is repeated with
more seeds, trains only the missing trials.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mathrepl.store.store import Store
from mathrepl.support import atomic
from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.support.records import parse, read
from mathrepl.training.events import Finished
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan

POLL_SECONDS = 0.1
TRIES = 2  # the system may kill a worker, for example when memory runs out


@dataclass(frozen=True, slots=True)
class Trial:
    """Consecutive trainings under one name; `settings` are those that differ between trials."""

    settings: tuple[tuple[str, str], ...]
    plans: tuple[Plan, ...]

    @property
    def name(self) -> str:
        return self.plans[0].name

    @property
    def epochs(self) -> int:
        return sum(plan.settings.epochs for plan in self.plans)


@dataclass(frozen=True, slots=True)
class TrialDone:
    """The end of a trial: its best epoch on held-out equations and its cost.

    `seconds` is the time of its worker processes. `message` says why a failed trial has no
    result. `before` is true if an earlier run finished it.
    """

    name: str
    settings: tuple[tuple[str, str], ...]
    exact: float = 0.0
    loss: float = 0.0
    best_epoch: int = 0
    parameters: int = 0
    seconds: float = 0.0
    message: str = ""
    before: bool = False

    @property
    def rank(self) -> tuple[bool, float, float]:
        """A sort key: the best trial first, failed ones last."""
        return bool(self.message), -self.exact, self.loss

    def record(self) -> dict[str, Any]:
        return {**asdict(self), "settings": dict(self.settings)}


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """The number of epochs done, of the total of all trials."""

    done: int
    total: int


Events = Iterator[SweepProgress | TrialDone]
Runner = Callable[[Sequence[Trial], Callable[[], bool]], Events]
"""Runs trials and yields the end of each.

It calls the function often; once that returns true, it stops the running trials and does not
report them.
"""


def make_trial(
    settings: Iterable[tuple[str, str]], plans: Sequence[Plan], directory: Path
) -> Trial:
    """A trial that saves into `directory`, named after everything that decides its outcome."""
    records = []
    for plan in plans:
        record = json.loads(plan.to_json())
        for key in ("name", "source", "command", "user", "bundled"):
            record.pop(key)
        records.append(record)
    digest = hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()
    name = f"trial-{digest[:16]}"
    renamed = (
        replace(plan, name=name, source=plan.source and name, user=directory) for plan in plans
    )
    return Trial(tuple(settings), tuple(renamed))


def sweep(
    trials: Sequence[Trial], directory: Path, runner: Runner, should_stop: Callable[[], bool]
) -> Events:
    """Run the trials that `directory` has no result of; yields a `TrialDone` as each ends."""
    directory.mkdir(parents=True, exist_ok=True)
    waiting = []
    for trial in trials:
        done = finished_before(trial, directory)
        if done is None:
            waiting.append(trial)
        else:
            yield done
    skipped = sum(trial.epochs for trial in trials) - sum(trial.epochs for trial in waiting)
    for event in runner(waiting, should_stop):
        if isinstance(event, SweepProgress):
            yield SweepProgress(event.done + skipped, event.total + skipped)
            continue
        if not event.message:  # its weights are final
            record = json.dumps(event.record()).encode()
            atomic.write_bytes(directory / f"{event.name}.done", record)
        yield event


def finished_before(trial: Trial, directory: Path) -> TrialDone | None:
    """The result of a trial that an earlier run finished, if its weights can be read."""
    try:
        record = parse((directory / f"{trial.name}.done").read_bytes(), trial.name)
        store = Store(directory)
        store.read(store.find(trial.name))
        record |= {"settings": trial.settings, "before": True}
        return read(TrialDone, record, trial.name)
    except (OSError, TypeError, MathreplError):
        return None


def local_runner(workers: int) -> Runner:
    """A runner of worker processes on this machine, `workers` at a time."""

    def run(trials: Sequence[Trial], should_stop: Callable[[], bool]) -> Events:
        total = sum(trial.epochs for trial in trials)
        epochs = dict.fromkeys((trial.name for trial in trials), 0)

        def work(trial: Trial) -> TrialDone | None:
            return run_trial(trial, should_stop, partial(epochs.__setitem__, trial.name))

        with ThreadPoolExecutor(workers) as pool:
            running: set[Future[TrialDone | None]] = {pool.submit(work, t) for t in trials}
            while running:
                ended, running = wait(running, 0.5, FIRST_COMPLETED)
                for future in ended:
                    done = future.result()
                    if done is not None:
                        yield done
                if should_stop():
                    for future in running:
                        future.cancel()
                yield SweepProgress(sum(epochs.values()), total)

    return run


def run_trial(
    trial: Trial, should_stop: Callable[[], bool], on_epochs: Callable[[int], None]
) -> TrialDone | None:
    """Train one trial in its own worker processes; None if `should_stop` interrupted it."""
    began = time.monotonic()
    done = 0
    for plan in trial.plans:
        finished: Finished | None = None
        for _ in range(TRIES):
            if should_stop():
                return None
            try:
                job = Job(0, plan, follow=False)
            except WeightsError as error:  # another sweep trains it
                return failed(trial, error.message, time.monotonic() - began)
            try:
                while job.running and not should_stop():
                    time.sleep(POLL_SECONDS)
                    on_epochs(done + len(job.epochs))
            finally:
                if job.running:
                    job.stop()
                    job.wait()
            finished = job.finished
            if finished is not None and finished.outcome != "failed":
                break
        if finished is None or finished.outcome != "finished":
            if should_stop():
                return None
            why = finished.message if finished and finished.message else "it did not finish"
            return failed(trial, why, time.monotonic() - began)
        done += plan.settings.epochs
        on_epochs(done)
    return outcome_of(trial, time.monotonic() - began)


def outcome_of(trial: Trial, seconds: float) -> TrialDone:
    """The result of a trained trial, from its card."""
    try:
        card = Store(trial.plans[0].user).find(trial.name).card
    except MathreplError as error:
        return failed(trial, str(error), seconds)
    if card.held_out is None:
        return failed(trial, "no epoch has been kept", seconds)
    return TrialDone(
        trial.name,
        trial.settings,
        card.held_out.exact,
        card.held_out.loss,
        card.best_epoch,
        card.parameters,
        round(seconds, 2),
    )


def failed(trial: Trial, why: str, seconds: float) -> TrialDone:
    return TrialDone(trial.name, trial.settings, seconds=round(seconds, 2), message=why)
