"""Trials and certificates on Ray, which repeats the work of workers that die.

No other module imports `ray`.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from mathrepl.data.sampling import Example
from mathrepl.evaluation.certify import Asker, Askers
from mathrepl.inference.solution import Written
from mathrepl.inference.solver import Solver, numpy_solver
from mathrepl.store.card import load_card
from mathrepl.store.store import Found, Store
from mathrepl.store.tensors import read_tensors
from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.support.libraries import check_library
from mathrepl.support.thread_pool import in_order
from mathrepl.training.sweep import (
    Events,
    Runner,
    SweepProgress,
    Trial,
    TrialDone,
    failed,
    run_trial,
)

RETRIES = 3
WAIT_SECONDS = 0.5
CONNECT_SECONDS = 5.0
SUFFIXES = (".safetensors", ".json")


def ray_runner(directory: Path, workers: int, address: str | None) -> Runner:
    """A runner of trials on the cluster at `address`, or on a Ray started here with `workers` CPUs.

    Each trial runs on a node's own disk, and sends its weights back to `directory`. Raises
    `MathreplError` without ray, or where the cluster does not answer.
    """
    return partial(_run, _ray(), directory, workers, address)


def ray_askers(store: Store, found: Found, workers: int, address: str | None) -> Askers:
    """Askers of the batches of a certificate on Ray, each on the next free node.

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

    def asker(part: str, decimals: int | None) -> Asker:
        def submit(batch: list[Example]) -> Any:
            questions = [example.question for example in batch]
            return task.remote(card, data, part, decimals, questions)

        return lambda batches: in_order(batches, submit, ray.get, most)

    return asker


def write_here(
    card: bytes, weights: bytes, part: str, decimals: int | None, questions: list[str]
) -> Written:
    """Answer questions by one part of the weights; this runs on a node."""
    return _solver(card, weights).part(part, decimals)(questions)


@lru_cache(maxsize=1)
def _solver(card: bytes, weights: bytes) -> Solver:
    known = load_card(card, "the card")
    return numpy_solver(known, read_tensors(weights, known, "the weights"))


def _ray() -> Any:
    check_library("ray", "this", "ray")
    import ray

    return ray


def _start(ray: Any, workers: int, address: str | None) -> None:
    cluster: dict[str, Any] = {"address": address}
    if address is None:  # "local": not one that RAY_ADDRESS names, or that runs here already
        cluster = {"address": "local", "num_cpus": workers, "include_dashboard": False}
    try:
        host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
        if colon and port.isdecimal():  # Ray itself would retry for minutes
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(**cluster, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        where = address or "here"
        raise MathreplError(
            f"Ray does not start {where}: {str(error).splitlines()[0]}", hint="check --ray-address"
        ) from None


def _run(
    ray: Any,
    directory: Path,
    workers: int,
    address: str | None,
    trials: Sequence[Trial],
    should_stop: Callable[[], bool],
) -> Events:
    own = not ray.is_initialized()
    if own:
        _start(ray, workers, address)
    try:
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(train_here)
        total, done = sum(trial.epochs for trial in trials), 0
        waiting = {task.remote(trial): trial for trial in trials}
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
    finally:
        if own:
            ray.shutdown()


def _fetched(ray: Any, reference: Any, trial: Trial, directory: Path) -> TrialDone:
    """Write a trial's files into `directory`; returns its outcome, also of a failed trial."""
    try:
        done, files = ray.get(reference)
    except ray.exceptions.RayError as error:
        return failed(trial, str(error).strip().splitlines()[-1], 0.0)
    if set(files) == set(SUFFIXES):
        store = Store(directory)
        try:
            with store.lock(trial.name):
                store.put(trial.name, files[".json"], files[".safetensors"])
        except WeightsError as error:
            return failed(trial, str(error), 0.0)
    found: TrialDone = done
    return found


def train_here(trial: Trial) -> tuple[TrialDone, dict[str, bytes]]:
    """Run a trial in a temporary directory; returns its outcome and its files by suffix.

    This runs on a node.
    """
    with tempfile.TemporaryDirectory() as nowhere:
        store = Store(Path(nowhere))
        plans = (replace(plan, user=store.user, bundled=store.bundled) for plan in trial.plans)
        done = run_trial(replace(trial, plans=tuple(plans)), lambda: False, lambda count: None)
        assert done is not None  # noqa: S101 - it is never stopped
        paths = (store.user / f"{trial.name}{suffix}" for suffix in SUFFIXES)
        return done, {path.suffix: path.read_bytes() for path in paths if path.exists()}
