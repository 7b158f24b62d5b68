"""`:sweep`; no test here starts a process."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

import mathrepl.commands.sweeping
from mathrepl.analysis.figure import Figure, Progress
from mathrepl.commands import figures
from mathrepl.commands.spec import Note, Table
from mathrepl.networks import Tensors
from mathrepl.store.card import Card, Epoch, Metrics
from mathrepl.store.store import Store
from mathrepl.support import locks
from mathrepl.support.errors import MathreplError, UsageError, WeightsError
from mathrepl.training.recipes import RECIPES
from mathrepl.training.sweep import SweepProgress, Trial, TrialDone, outcome_of
from tests.kit.lab import Lab
from tests.kit.weights import random_tensors, tiny_card


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """The trials that ran; each is as exact as its training seed says, seed 1 the best."""
    ran: list[Trial] = []

    def runner(
        trials: Sequence[Trial], should_stop: Callable[[], bool]
    ) -> Iterator[SweepProgress | TrialDone]:
        for trial in trials:
            ran.append(trial)
            seed = trial.plans[0].settings.seed
            metrics = Metrics(0.5, 0.75, {1: 0.9}.get(seed, 0.1))
            card = replace(
                tiny_card(trial.name),
                held_out=metrics,
                best_epoch=1,
                history=(Epoch(1, 0.1, metrics, metrics),),
            )
            directory = trial.plans[0].user
            Store(directory).save(card, random_tensors(card.architecture, card.encoding))
            yield SweepProgress(1, len(trials))
            yield outcome_of(trial, 2.0)

    monkeypatch.setattr(mathrepl.commands.sweeping, "local_runner", lambda workers: runner)
    return ran


def test_trials_are_every_combination_with_every_seed(lab: Lab, run: list[Trial]):
    lab.values(":sweep --epochs 3 --seeds 2 --set hidden=4,8 --set lr=0.1,0.2")
    made = [
        (
            t.plans[0].architecture.hidden,
            t.plans[0].settings.learning_rate,
            t.plans[0].settings.seed,
        )
        for t in run
    ]
    assert made == [(h, lr, s) for h in (4, 8) for lr in (0.1, 0.2) for s in (0, 1)]
    assert all(t.plans[0].settings.epochs == 3 for t in run)
    assert all(t.plans[0].source is None for t in run)


def test_the_best_is_ranked_first_and_kept_under_its_name(lab: Lab, run: list[Trial]):
    values = lab.values(":sweep --epochs 1 --seeds 3 --name winner")
    (table,) = [value for value in values if isinstance(value, Table)]
    assert [row[1] for row in table.rows] == ["1", "0", "2"]
    assert table.footer == "6 s of training in all"
    assert any(isinstance(value, Figure) for value in values)
    assert any(isinstance(value, Progress) for value in values)
    assert isinstance(values[-2], Note)
    assert "winner" in values[-2].text
    card = lab.store.find("winner").card
    assert card.held_out is not None
    assert card.held_out.exact == 0.9


def test_weights_of_that_name_can_be_had_back(lab: Lab, run: list[Trial]):
    before = lab.store.find("tiny").card.sha256
    lab.values(":sweep --epochs 1 --seeds 2 --name tiny")
    assert lab.store.find("tiny").card.held_out is not None
    lab.values(":undo")
    assert lab.store.find("tiny").card.sha256 == before


def test_more_seeds_run_only_what_is_new(lab: Lab, run: list[Trial]):
    lab.values(":sweep --epochs 1 --seeds 2")
    first = len(run)
    values = lab.values(":sweep --epochs 1 --seeds 3")
    assert len(run) - first == 1
    (table,) = [value for value in values if isinstance(value, Table)]
    assert len(table.rows) == 3


def test_a_recipe_is_the_base_and_its_settings_change(lab: Lab, run: list[Trial]):
    lab.values(":sweep --recipe work --epochs 1 --set hidden=64 --set lookup=on")
    (trial,) = run
    assert [plan.part for plan in trial.plans] == list(RECIPES["work"].stages)
    assert all(plan.architecture.hidden == 64 for plan in trial.plans)
    assert all(plan.architecture.lookup for plan in trial.plans)
    assert all(plan.task == RECIPES["work"].task for plan in trial.plans)


def test_the_command_in_the_card_trains_a_plain_trial_alone(lab: Lab, run: list[Trial]):
    lab.values(":sweep --epochs 2 --set hidden=8 --name best")
    command = run[0].plans[0].command
    assert command.startswith("mathrepl train 2 --fresh --name best")
    assert "--hidden 8" in command


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (":sweep", ["how many epochs"]),
        (":sweep --epochs 1 --set", ["--set needs a value"]),
        (":sweep --epochs 1 --set hidden", ["'hidden' sets nothing"]),
        (":sweep --epochs 1 --set hiden=3", ["did you mean hidden?"]),
        (":sweep --epochs 1 --set hidden=x", ["whole number", "'x'"]),
        (":sweep --epochs 1 --set hidden=", ["whole number"]),
        (":sweep --epochs 1 --set hidden=4 --set hidden=8", ["hidden is set twice"]),
        (":sweep --epochs 1 --set batch-norm=yes", ["on or off"]),
        (":sweep --epochs 1 --set seed=1", ["sets nothing"]),
        (":sweep --epochs 1 --set hidden=0", ["hidden"]),
        (":sweep --epochs 1 --seeds 1000 --set hidden=1,2", ["2,000 trials"]),
        (":sweep --epochs 1 --name ../x", ["name"]),
        (":sweep --recipe nosuch", ["--recipe"]),
    ],
)
def test_what_cannot_be_swept_is_said(lab: Lab, run: list[Trial], line: str, words: list[str]):
    with pytest.raises(MathreplError) as caught:
        lab.values(line)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert run == []
    assert not isinstance(caught.value, UsageError) or caught.value.exit_code == 2


def test_failed_trials_stand_last_and_none_is_kept_where_all_failed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    def failing(
        trials: Sequence[Trial], should_stop: Callable[[], bool]
    ) -> Iterator[SweepProgress | TrialDone]:
        for trial in trials:
            yield TrialDone(trial.name, trial.settings, seconds=1.0, message="killed")

    monkeypatch.setattr(mathrepl.commands.sweeping, "local_runner", lambda workers: failing)
    values = lab.values(":sweep --epochs 1 --seeds 2 --name winner")
    assert any(isinstance(value, Table) for value in values)
    assert "winner" not in lab.store.names()


def test_a_best_that_cannot_be_kept_leaves_no_undo_step(
    lab: Lab, run: list[Trial], monkeypatch: pytest.MonkeyPatch
):
    def refuse(self: Store, card: Card, tensors: Tensors) -> Card:
        if card.name == "tiny":
            raise WeightsError("it could not be read again")
        return save(self, card, tensors)

    save = Store.save
    monkeypatch.setattr(Store, "save", refuse)
    for _ in range(2):
        with pytest.raises(WeightsError, match="read again"):
            lab.values(":sweep --epochs 1 --name tiny")
    assert lab.store.backups("tiny").last is None


def test_the_best_is_kept_before_anything_is_drawn(lab: Lab, run: list[Trial]):
    for value in lab.iterate(":sweep --epochs 1 --seeds 2 --name winner"):
        if isinstance(value, Table):
            break
    assert lab.store.exists_as_user("winner")


def test_a_picture_that_fails_after_all_costs_no_result(
    lab: Lab, run: list[Trial], monkeypatch: pytest.MonkeyPatch
):
    def full(*_args: object) -> None:
        raise MathreplError("cannot write it")

    monkeypatch.setattr(figures, "save_figure", full)
    values: list[Any] = []
    with pytest.raises(MathreplError, match="cannot write it"):
        values.extend(lab.iterate(f":sweep --epochs 1 --seeds 2 --save {lab.folder}/a.png"))
    assert isinstance(values[-1], Figure)
    assert "the best is kept as sweep-best" in values[-2].text


def test_a_name_that_is_being_trained_is_refused_before_the_sweep(
    lab: Lab, run: list[Trial], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.0)
    with lab.store.lock("tiny"), pytest.raises(WeightsError, match="tiny is being trained"):
        lab.values(":sweep --epochs 1 --name tiny")
    assert run == []


def test_a_best_that_cannot_be_saved_is_told_with_the_ranking(
    lab: Lab, run: list[Trial], monkeypatch: pytest.MonkeyPatch
):
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(lab.store, "save", full)
    values: list[Any] = []
    with pytest.raises(WeightsError, match="could not save 'sweep-best': No space") as caught:
        values.extend(lab.iterate(":sweep --epochs 1 --seeds 2"))
    assert isinstance(values[-1], Table)
    assert "trains nothing again" in (caught.value.hint or "")
