from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mathrepl.store.card import Metrics
from mathrepl.store.store import Store
from mathrepl.training.sweep import (
    SweepProgress,
    Trial,
    TrialDone,
    finished_before,
    local_runner,
    make_trial,
    outcome_of,
    sweep,
)
from tests.kit.training import plan
from tests.kit.weights import random_tensors, tiny_card

METRICS = Metrics(0.5, 0.75, 0.25)


def trial(folder: Path, seed: int = 0, **settings: object) -> Trial:
    one = plan(folder, settings={"seed": seed, **settings})
    return make_trial([("seed", str(seed))], [one], folder / "sweep")


def trained(one: Trial, exact: float = 0.25) -> TrialDone:
    """Put weights of the trial where a runner leaves them; its result."""
    directory = one.plans[0].user
    card = replace(tiny_card(one.name), held_out=replace(METRICS, exact=exact), best_epoch=1)
    Store(directory).save(card, random_tensors(card.architecture, card.encoding))
    return outcome_of(one, 1.0)


class Scripted:
    """A runner that 'trains' at once and remembers what it was asked to."""

    def __init__(self, crash_after: int | None = None) -> None:
        self.asked: list[str] = []
        self.crash_after = crash_after

    def __call__(
        self, trials: Sequence[Trial], should_stop: Callable[[], bool]
    ) -> Iterator[SweepProgress | TrialDone]:
        for number, one in enumerate(trials):
            if number == self.crash_after:
                raise RuntimeError("the machine went down")
            self.asked.append(one.name)
            yield SweepProgress(one.epochs, sum(t.epochs for t in trials))
            yield trained(one)


def ended(events: Iterator[SweepProgress | TrialDone]) -> list[TrialDone]:
    return [event for event in events if isinstance(event, TrialDone)]


def test_a_trial_is_named_after_what_decides_its_outcome(tmp_path: Path):
    first = trial(tmp_path)
    assert trial(tmp_path).name == first.name
    assert trial(tmp_path / "elsewhere").name == first.name
    others = [trial(tmp_path, seed=1), trial(tmp_path, epochs=4), trial(tmp_path, batch=41)]
    assert len({first.name, *(other.name for other in others)}) == 4


def test_the_trainings_of_a_trial_go_on_from_one_another(tmp_path: Path):
    first = plan(tmp_path)
    both = make_trial([], [first, replace(first, source="tiny")], tmp_path / "sweep")
    assert [one.name for one in both.plans] == [both.name] * 2
    assert [one.source for one in both.plans] == [None, both.name]
    assert both.epochs == 6


def test_finished_trials_are_not_run_again(tmp_path: Path):
    trials = [trial(tmp_path, seed) for seed in range(3)]
    directory = tmp_path / "sweep"
    crashing = Scripted(crash_after=2)
    with pytest.raises(RuntimeError):
        list(sweep(trials, directory, crashing, lambda: False))
    assert crashing.asked == [trials[0].name, trials[1].name]
    again = Scripted()
    found = ended(sweep(trials, directory, again, lambda: False))
    assert again.asked == [trials[2].name]
    assert [done.before for done in found] == [True, True, False]
    assert {done.name for done in found} == {one.name for one in trials}
    assert all(done.exact == 0.25 for done in found)


def test_a_trial_whose_weights_are_damaged_is_run_again(tmp_path: Path):
    one, directory = trial(tmp_path), tmp_path / "sweep"
    list(sweep([one], directory, Scripted(), lambda: False))
    assert finished_before(one, directory) is not None
    weights = directory / f"{one.name}.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert finished_before(one, directory) is None
    again = Scripted()
    list(sweep([one], directory, again, lambda: False))
    assert again.asked == [one.name]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"exact": 1}', b"\xff"])
def test_a_damaged_note_counts_as_none(tmp_path: Path, content: bytes):
    one, directory = trial(tmp_path), tmp_path / "sweep"
    list(sweep([one], directory, Scripted(), lambda: False))
    (directory / f"{one.name}.done").write_bytes(content)
    assert finished_before(one, directory) is None


def test_what_is_finished_counts_as_done_in_the_progress(tmp_path: Path):
    trials = [trial(tmp_path, seed) for seed in range(2)]
    list(sweep(trials[:1], tmp_path / "sweep", Scripted(), lambda: False))
    events = list(sweep(trials, tmp_path / "sweep", Scripted(), lambda: False))
    assert [e for e in events if isinstance(e, SweepProgress)] == [SweepProgress(6, 6)]


def test_a_failed_trial_is_told_and_not_noted(tmp_path: Path):
    one, directory = trial(tmp_path), tmp_path / "sweep"

    def failing(
        trials: Sequence[Trial], should_stop: Callable[[], bool]
    ) -> Iterator[SweepProgress | TrialDone]:
        yield TrialDone(one.name, one.settings, message="out of memory")

    (done,) = ended(sweep([one], directory, failing, lambda: False))
    assert done.message == "out of memory"
    assert finished_before(one, directory) is None


def test_trials_are_ranked_by_exact_match_then_loss_and_failed_ones_last():
    done = TrialDone("a", (), 0.5, 0.2, 1, 10, 1.0)
    ranked = [
        replace(done, exact=0.9, loss=0.3),
        replace(done, exact=0.9, loss=0.4),
        done,
        replace(done, exact=0.0),
        replace(done, exact=1.0, message="killed"),
    ]
    mixed = [ranked[place] for place in (3, 0, 4, 2, 1)]
    assert sorted(mixed, key=lambda one: one.rank) == ranked


def test_a_record_is_plain():
    done = TrialDone("a", (("seed", "1"),), 0.5, 0.2, 1, 10, 1.0)
    assert json.loads(json.dumps(done.record()))["settings"] == {"seed": "1"}


def workers() -> list[int]:
    """Processes of the training worker that this one has started."""
    children = subprocess.run(
        ["pgrep", "-f", "mathrepl.training.keras.worker"],
        capture_output=True,
        text=True,
        check=False,
    )
    mine = []
    for pid in map(int, children.stdout.split()):
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        if int(status.rsplit(")", 1)[1].split()[1]) == os.getpid():
            mine.append(pid)
    return mine


def test_real_trials_survive_a_killed_worker(tmp_path: Path):
    """Two tiny trainings side by side; the first worker that shows up is killed."""
    trials = [trial(tmp_path, seed, epochs=2) for seed in range(2)]
    killed: list[int] = []

    def kill_one() -> None:
        while not killed:
            for pid in workers()[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            time.sleep(0.02)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    found = ended(sweep(trials, tmp_path / "sweep", local_runner(2), lambda: False))
    assert killed
    assert sorted(done.name for done in found) == sorted(one.name for one in trials)
    assert [done.message for done in found] == ["", ""]
    for done in found:
        card = Store(tmp_path / "sweep").find(done.name).card
        assert card.held_out is not None
        assert card.held_out.exact == done.exact
    assert [one.before for one in ended(sweep(trials, tmp_path / "sweep", Scripted(), bool))] == [
        True,
        True,
    ]


def test_a_stop_ends_what_runs_and_notes_nothing(tmp_path: Path):
    one = trial(tmp_path, epochs=1000, examples=1000)
    asked_at = time.monotonic()

    def should_stop() -> bool:
        return time.monotonic() > asked_at + 1

    assert ended(sweep([one], tmp_path / "sweep", local_runner(1), should_stop)) == []
    assert finished_before(one, tmp_path / "sweep") is None
    assert workers() == []
