"""Trials on a real local Ray."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mathrepl.evaluation.certify import Askers, askers_here, certify
from mathrepl.evaluation.ray import ray_askers, ray_runner
from mathrepl.inference.solver import numpy_solver
from mathrepl.store.card import Certificate
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from mathrepl.training.sweep import TrialDone, finished_before, make_trial, sweep
from tests.kit.training import plan
from tests.kit.weights import tiny_weights

ray = pytest.importorskip("ray", reason="ray is in the extra `ray`")
pytestmark = [
    # Ray leaves sockets to the end of the process, and warns of its own future defaults.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def shut_down() -> Iterator[None]:
    """A test that fails leaves no Ray to the next."""
    yield
    ray.shutdown()


def task_processes() -> list[int]:
    """Ray's processes that run a trial now; Ray names a process after its task."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                title = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if title.startswith(b"ray::train_here"):
                found.append(int(entry.name))
    return found


def test_a_sweep_survives_a_killed_worker_and_loses_no_finished_trial(tmp_path: Path):
    directory = tmp_path / "sweep"
    trials = [
        make_trial([("seed", str(seed))], [plan(tmp_path, settings={"seed": seed})], directory)
        for seed in range(2)
    ]
    killed: list[int] = []

    def kill_one() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            for pid in task_processes()[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    runner = ray_runner(directory, 2, None)
    found = [e for e in sweep(trials, directory, runner, lambda: False) if isinstance(e, TrialDone)]
    assert killed
    assert not ray.is_initialized()  # the Ray that was started here has ended
    assert {done.name for done in found} == {one.name for one in trials}
    assert [done.message for done in found] == [""] * 2
    for one in trials:
        done = finished_before(one, directory)
        assert done is not None
        assert done.settings == one.settings
        card = Store(directory).find(one.name).card
        assert card.held_out is not None
        assert card.held_out.exact == done.exact


def test_a_certificate_asked_on_a_ray_that_is_started_here_is_the_one_asked_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # of somebody else's cluster
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    store = Store(tmp_path / "user", tmp_path / "bundled")
    tiny_weights(store, "tiny")
    found = store.find("tiny")
    solver = numpy_solver(found.card, store.tensors(found))

    def certified(askers: Askers) -> tuple[Certificate, ...]:
        progress = tmp_path / "progress"
        *_, last = certify(found.card, askers, "certify tiny", sample=None, progress=progress)
        assert isinstance(last, tuple)
        return tuple(replace(one, seconds=0.0) for one in last)

    here = certified(askers_here(solver, 1))
    assert certified(ray_askers(store, found, 1, None)) == here
    assert ray.cluster_resources()["CPU"] == 1
    assert os.environ["RAY_AUTH_MODE"] == "token"  # Ray's own default, since 2.59
    # A Ray that runs already is used again, and left running.
    assert certified(ray_askers(store, found, 2, None)) == here
    assert list(ray_runner(tmp_path, 2, None)([], lambda: False)) == []
    assert ray.is_initialized()
    assert ray.cluster_resources()["CPU"] == 1


def test_a_cluster_that_does_not_answer_is_one_clear_line(tmp_path: Path):
    with pytest.raises(MathreplError, match="does not start"):
        list(ray_runner(tmp_path, 1, "127.0.0.1:1")([], lambda: False))
