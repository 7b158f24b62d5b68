"""Trials and certificates on Ray, which repeats the work of workers that die.

No other module imports `ray`.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from mathrepl.data.sampling import Example
from mathrepl.evaluation.certify import Asker, Elsewhere
from mathrepl.evaluation.suites import suites_of
from mathrepl.inference.solution import Written
from mathrepl.inference.solver import numpy_solver
from mathrepl.store.card import load_card
from mathrepl.store.store import Found, Store
from mathrepl.store.tensors import read_tensors
from mathrepl.support import atomic
from mathrepl.support.errors import MathreplError
from mathrepl.support.thread_pool import in_order
from mathrepl.training.plan import Plan
from mathrepl.training.sweep import Runner, SweepProgress, Trial, TrialDone, run_trial

RETRIES = 3
WAIT_SECONDS = 0.5
CONNECT_SECONDS = 5.0


def ray_runner(directory: Path, workers: int, address: str | None) -> Runner:
    """A runner of trials on the cluster at `address`, or on a Ray started here with `workers` CPUs.

    Each trial runs on a node's own disk, and sends its weights back to `directory`. Raises
    `MathreplError` without ray, or where the cluster does not answer.
    """
    ray = _ray()

    def run(
        trials: Sequence[Trial], should_stop: Callable[[], bool]
    ) -> Iterator[SweepProgress | TrialDone]:
        own = not ray.is_initialized()
        if own:
            _start(ray, workers, address)
        try:
            yield from _run(ray, trials, should_stop, directory)
        finally:
            if own:
                ray.shutdown()

    return run


def ray_asker(
    store: Store, found: Found, sample: int | None, workers: int, address: str | None
) -> Elsewhere:
    """An asker of the batches of a certificate on Ray, each on the next free node.

    Equations are drawn and counted here; nodes get the card and the weights once and write
    answers. Raises what `ray_runner` does, and `WeightsError`.
    """
    ray = _ray()
    _, weights = store.read(found)
    if not ray.is_initialized():
        _start(ray, workers, address)
    card = ray.put(found.card.dump())
    data = ray.put(weights)
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(write_here)
    most = 3 * int(ray.cluster_resources().get("CPU", 1))

    def asker(number: int) -> Asker:
        def submit(batch: list[Example]) -> Any:
            questions = [example.question for example in batch]
            return task.remote(card, data, sample, number, questions)

        return lambda batches: in_order(batches, submit, ray.get, most)

    return asker


def write_here(
    card: bytes, weights: bytes, sample: int | None, number: int, questions: list[str]
) -> Written:
    """Answer questions of the suite of that number; this runs on a node."""
    return _writer(card, weights, sample, number)(questions)


@lru_cache(maxsize=1)
def _writer(
    card: bytes, weights: bytes, sample: int | None, number: int
) -> Callable[[Sequence[str]], Written]:
    known = load_card(card, "the card")
    solver = numpy_solver(known, read_tensors(weights, known, "the weights"))
    return solver.part(suites_of(known, sample)[number].part)


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise MathreplError("this needs ray", hint="pip install 'mathrepl[ray]'") from None
    return ray


def _start(ray: Any, workers: int, address: str | None) -> None:
    try:
        if address is None:
            ray.init(
                address="local",  # and not one that RAY_ADDRESS names, or that runs here already
                num_cpus=workers,
                include_dashboard=False,
                log_to_driver=False,
                configure_logging=False,
            )
        else:
            _reach(address)
            ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = address or "here"
        raise MathreplError(
            f"Ray does not start {where}: {str(error).splitlines()[0]}", hint="check --ray-address"
        ) from None


def _reach(address: str) -> None:
    """Raise `OSError` where no server listens: Ray itself would retry for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()


def _run(
    ray: Any, trials: Sequence[Trial], should_stop: Callable[[], bool], directory: Path
) -> Iterator[SweepProgress | TrialDone]:
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(train_here)
    total, done = sum(trial.epochs for trial in trials), 0
    waiting = {
        task.remote([plan.to_json() for plan in trial.plans], trial.settings): trial
        for trial in trials
    }
    while waiting:
        ended, _ = ray.wait(list(waiting), num_returns=1, timeout=WAIT_SECONDS)
        for reference in ended:
            trial = waiting.pop(reference)
            done += trial.epochs
            yield _fetched(ray, reference, trial, directory)
        if should_stop():
            for reference in waiting:
                ray.cancel(reference, force=True)
            return
        yield SweepProgress(done, total)


def _fetched(ray: Any, reference: Any, trial: Trial, directory: Path) -> TrialDone:
    """Write a trial's files into `directory`; returns its outcome, also of a failed trial."""
    try:
        outcome, files = ray.get(reference)
    except ray.exceptions.RayError as error:
        why = str(error).strip().splitlines()[-1]
        return TrialDone(trial.name, trial.settings, 0.0, 0.0, 0, 0, 0.0, message=why)
    for suffix in (".safetensors", ".json"):  # weights before the card that names their checksum
        if (data := files.get(f"{trial.name}{suffix}")) is not None:
            atomic.write_bytes(directory / f"{trial.name}{suffix}", data)
    return replace(TrialDone(**outcome), settings=trial.settings)


def train_here(
    plans: Sequence[str], settings: Sequence[tuple[str, str]]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Run a trial in a temporary directory; returns its record and its files by name.

    This runs on a node.
    """
    with tempfile.TemporaryDirectory() as nowhere:
        home = Path(nowhere)
        local = tuple(
            replace(plan, user=home, bundled=Store(home).bundled)
            for plan in map(Plan.from_json, plans)
        )
        done = run_trial(Trial(tuple(settings), local), lambda: False, lambda count: None)
        assert done is not None  # noqa: S101 - it is never stopped
        names = (f"{done.name}.safetensors", f"{done.name}.json")
        files = {name: (home / name).read_bytes() for name in names if (home / name).exists()}
    record = {key: value for key, value in done.record().items() if key != "settings"}
    return {**record, "settings": ()}, files
