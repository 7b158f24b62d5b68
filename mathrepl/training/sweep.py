"""Many trainings side by side, ranked by held-out exact match; what is finished stays finished.

A trial is a training, or the trainings of a recipe, with settings and a seed of its own. Its name
is a hash of all that decides its outcome. So a sweep that was cut off, or is asked for again with
more seeds, trains only what is missing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from mathrepl.store.store import Store
from mathrepl.support import atomic
from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.support.records import convert, parse
from mathrepl.training.events import Finished
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan

POLL_SECONDS = 0.1
TRIES = 2  # a worker may be killed from outside, for memory for one


@dataclass(frozen=True, slots=True)
class Trial:
    """Trainings one after the other under one name; `settings` is what sets this trial apart."""

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
    """How a trial ended: its best epoch on held-out equations and what it cost.

    `seconds` are those of its worker processes. `message` says why a failed one has no result;
    `before` that it was finished in an earlier run.
    """

    name: str
    settings: tuple[tuple[str, str], ...]
    exact: float
    loss: float
    best_epoch: int
    parameters: int
    seconds: float
    message: str = ""
    before: bool = False

    @property
    def rank(self) -> tuple[bool, float, float]:
        """Ascending: the best first, failed ones last."""
        return bool(self.message), -self.exact, self.loss

    def record(self) -> dict[str, Any]:
        return {**asdict(self), "settings": dict(self.settings)}


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """Progress: so many of all epochs are done."""

    done: int
    total: int


class Runner(Protocol):
    """Runs trials wherever it does, and yields their ends as they come.

    `should_stop` is asked often; after it has said so, what runs is stopped and not reported.
    """

    def __call__(
        self, trials: Sequence[Trial], should_stop: Callable[[], bool]
    ) -> Iterator[SweepProgress | TrialDone]: ...


def make_trial(
    settings: Iterable[tuple[str, str]], plans: Sequence[Plan], directory: Path
) -> Trial:
    """A trial that saves into `directory`, named after all that decides its outcome."""
    told = []
    for plan in plans:
        record = json.loads(plan.to_json())
        for key in ("name", "source", "command", "user", "bundled"):
            record.pop(key)
        told.append(record)
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    name = f"trial-{digest[:16]}"
    renamed = (
        replace(plan, name=name, source=plan.source and name, user=directory) for plan in plans
    )
    return Trial(tuple(settings), tuple(renamed))


def sweep(
    trials: Sequence[Trial], directory: Path, runner: Runner, should_stop: Callable[[], bool]
) -> Iterator[SweepProgress | TrialDone]:
    """Run what is not finished in `directory`; a `TrialDone` for each trial as it ends."""
    directory.mkdir(parents=True, exist_ok=True)
    waiting = []
    for trial in trials:
        done = finished_before(trial, directory)
        if done is None:
            waiting.append(trial)
        else:
            yield done
    spared = sum(trial.epochs for trial in trials) - sum(trial.epochs for trial in waiting)
    for event in runner(waiting, should_stop):
        if isinstance(event, SweepProgress):
            yield SweepProgress(event.done + spared, event.total + spared)
            continue
        if not event.message:
            note_finished(event, directory)
        yield event


def finished_before(trial: Trial, directory: Path) -> TrialDone | None:
    """The result of a trial that an earlier run has finished and whose weights are whole."""
    try:
        record = parse((directory / f"{trial.name}.done").read_bytes())
        store = Store(directory)
        store.read(store.find(trial.name))
        known = {"settings": trial.settings, "before": True}
        return convert(TrialDone, {**record, **known}, trial.name)
    except (OSError, ValueError, TypeError, MathreplError):
        return None


def note_finished(done: TrialDone, directory: Path) -> None:
    """Write down that the weights of a trial, which are in `directory`, are final."""
    atomic.write_bytes(directory / f"{done.name}.done", json.dumps(done.record()).encode())


def local_runner(workers: int) -> Runner:
    """Trials in worker processes on this machine, `workers` at a time."""

    def run(
        trials: Sequence[Trial], should_stop: Callable[[], bool]
    ) -> Iterator[SweepProgress | TrialDone]:
        total = sum(trial.epochs for trial in trials)
        epochs = dict.fromkeys((trial.name for trial in trials), 0)

        def work(trial: Trial) -> TrialDone | None:
            def on_epochs(count: int) -> None:
                epochs[trial.name] = count

            return run_trial(trial, should_stop, on_epochs)

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
    """Train one trial in worker processes of its own; None when `should_stop` cut it off."""
    began = time.monotonic()
    done = 0
    for plan in trial.plans:
        finished: Finished | None = None
        for _ in range(TRIES):
            if should_stop():
                return None
            try:
                job = Job(0, plan, follow=False)
            except WeightsError as error:  # another sweep is at it
                return _failed(trial, error.message, time.monotonic() - began)
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
        if should_stop() and (finished is None or finished.outcome != "finished"):
            return None
        if finished is None or finished.outcome != "finished":
            why = finished.message if finished and finished.message else "it did not finish"
            return _failed(trial, why, time.monotonic() - began)
        done += plan.settings.epochs
        on_epochs(done)
    return outcome_of(trial, trial.plans[0].user, time.monotonic() - began)


def outcome_of(trial: Trial, directory: Path, seconds: float) -> TrialDone:
    """What the card of a trained trial says."""
    try:
        card = Store(directory).find(trial.name).card
    except MathreplError as error:
        return _failed(trial, str(error), seconds)
    if card.held_out is None:
        return _failed(trial, "no epoch has been kept", seconds)
    return TrialDone(
        trial.name,
        trial.settings,
        card.held_out.exact,
        card.held_out.loss,
        card.best_epoch,
        card.parameters,
        round(seconds, 2),
    )


def _failed(trial: Trial, why: str, seconds: float) -> TrialDone:
    return TrialDone(trial.name, trial.settings, 0.0, 0.0, 0, 0, round(seconds, 2), message=why)
