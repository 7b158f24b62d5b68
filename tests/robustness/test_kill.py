"""A short form of `python -m tests.robustness.kill`, and that its judge sees what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mathrepl.store.card import Metrics
from mathrepl.support.atomic import TEMPORARY
from tests.robustness.kill.checks import save_again, save_phase, strays, weights_problems
from tests.robustness.kill.killing import (
    killed_certifying,
    killed_history,
    killed_neighbours,
    killed_saving,
    killed_training,
)
from tests.robustness.kill.moments import Place, make_place
from tests.robustness.kill.terminal import interrupted


@pytest.mark.parametrize(
    ("activity", "times"),
    [
        (killed_saving, 8),
        (killed_neighbours, 2),
        (killed_history, 3),
        (killed_certifying, 2),
        (killed_training, 1),
        (interrupted, 2),
    ],
)
def test_kills_and_interrupts_lose_nothing(tmp_path: Path, activity, times: int):
    moments = list(activity(tmp_path, times, 0))
    assert len(moments) == times
    assert [moment for moment in moments if moment.violations] == []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path / "data")


def test_the_judge_sees_weights_that_are_lost_worse_or_damaged(place: Place):
    store = place.store
    seen: dict[str, float] = {}
    assert weights_problems(store, seen) == []
    assert seen == {"tiny": 0.0}
    found = store.find("tiny")
    better = replace(found.card, held_out=Metrics(1.0, 0.5, 0.25))
    store.save(better, store.tensors(found))
    assert weights_problems(store, seen) == []
    store.save(found.card, store.tensors(found))
    assert weights_problems(store, seen) == ["tiny is worse: 0.0 after 0.25"]
    weights = store.user / "tiny.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (problem,) = weights_problems(store, {})
    assert "tiny does not load" in problem
    (store.user / "tiny.json").unlink()
    assert weights_problems(store, seen) == ["tiny is lost"]


def test_the_judge_sees_files_that_nothing_explains(place: Place):
    user = place.store.user
    assert strays(user) == []
    assert save_phase(user) == "between saves"
    for name in (f".tiny.json.abc{TEMPORARY}", ".tiny.0123.pending", "gone.safetensors"):
        (user / name).touch()
        assert strays(user) == [name]
        (user / name).unlink()


def test_pending_weights_are_explained_while_their_card_needs_them_and_cleared(place: Place):
    user = place.store.user
    sha256 = place.store.find("tiny").card.sha256
    (user / "tiny.safetensors").rename(user / f".tiny.{sha256[:16]}.pending")
    assert save_phase(user) == "card in place, weights pending"
    assert strays(user) == []
    assert weights_problems(place.store, {}) == []
    save_again(place.store, "tiny")
    assert not list(user.glob(".*.pending"))
    assert strays(user) == []
