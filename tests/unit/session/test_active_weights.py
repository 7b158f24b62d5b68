from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

import mathrepl.inference.solver
from mathrepl.arithmetic.task import Task
from mathrepl.inference.solver import numpy_solver
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.session import Session
from mathrepl.store.card import Card
from mathrepl.support.errors import UsageError, WeightsError
from mathrepl.support.settings import Settings
from mathrepl.training.job import Job
from tests.kit.lab import Lab, ScriptedSolver
from tests.kit.weights import tiny_weights

pytestmark = pytest.mark.usefixtures("home")


def test_use_switches_the_network_and_the_task(lab: Lab):
    before = lab.session.ask("3 + 4")
    tiny_weights(lab.store, "wide", Task(high=99), seed=7)
    assert lab.session.use("wide").name == "wide"
    after = lab.session.ask("3 + 4")
    assert (lab.session.name, after.weights) == ("wide", "wide")
    assert lab.session.task == Task(high=99)
    assert after.solution.guesses != before.solution.guesses


def damage(lab: Lab, how: str) -> str:
    """Damaged weights; the name to ask for."""
    if how == "missing":
        return "nobody"
    if how == "no name":
        return "../tiny"
    tiny_weights(lab.store, "bad", seed=3)
    card, tensors = lab.store.user / "bad.json", lab.store.user / "bad.safetensors"
    match how:
        case "card cut":
            card.write_bytes(card.read_bytes()[:-40])
        case "card of another format":
            card.write_text(card.read_text().replace('"format": 1', '"format": 99'))
        case "no tensors":
            tensors.unlink()
        case "tensors flipped":
            data = bytearray(tensors.read_bytes())
            data[-1] ^= 1
            tensors.write_bytes(data)
        case "tensors empty":
            tensors.write_bytes(b"")
        case "card is a directory":
            card.unlink()
            card.mkdir()
        case _:
            raise AssertionError(how)
    return "bad"


DAMAGES = [
    "missing",
    "no name",
    "card cut",
    "card of another format",
    "no tensors",
    "tensors flipped",
    "tensors empty",
    "card is a directory",
]


@pytest.mark.parametrize("how", DAMAGES)
def test_after_a_failed_use_the_session_goes_on_as_before(lab: Lab, how: str):
    before = lab.session.ask("3 + 4")
    name = damage(lab, how)
    with pytest.raises(WeightsError):
        lab.session.use(name)
    assert lab.session.name == lab.session.card.name == "tiny"
    assert lab.session.ask("3 + 4") == before


@pytest.mark.parametrize("how", DAMAGES)
def test_a_session_that_starts_on_bad_weights_can_switch(lab: Lab, how: str):
    session = Session(Settings(weights=damage(lab, how)), lab.store)
    with pytest.raises(WeightsError):
        session.ask("3 + 4")
    session.use("tiny")
    assert session.ask("3 + 4").weights == "tiny"


def test_an_unknown_engine_is_refused_and_the_old_one_stays(lab: Lab):
    with pytest.raises(UsageError):
        list(lab.iterate(":set engine torch"))
    assert lab.session.weights.engine == "numpy"
    assert lab.session.ask("3 + 4").engine == "numpy"


def test_use_switches_the_network_of_keras_too(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    def solver(card: Card, models: dict[str, str]) -> ScriptedSolver:
        assert models == {"": f"model of {card.name}"}
        return ScriptedSolver(lambda _: "1" if card.name == "tiny" else "2")

    monkeypatch.setattr(
        ActiveWeights, "models", property(lambda self: {"": f"model of {self.name}"})
    )
    monkeypatch.setattr(mathrepl.inference.solver, "keras_solver", solver)
    tiny_weights(lab.store, "other")
    lab.session.ask("3 + 4")
    lab.session.weights.set_engine("keras")
    answer = lab.session.ask("3 + 4")
    assert (answer.network, answer.engine) == ("1", "keras")
    lab.session.use("other")
    answer = lab.session.ask("3 + 4")
    assert (answer.network, answer.engine, answer.weights) == ("2", "keras", "other")


def test_saves_of_weights_that_were_in_use_before_hide_none_of_these(lab: Lab):
    tiny_weights(lab.store, "other", seed=3)
    jobs = lab.session.jobs
    jobs += [saving("tiny", 1), saving("other", 0)]
    assert lab.session.ask("3 + 4").weights == "tiny"
    lab.session.use("other")
    tiny_weights(lab.store, "other", seed=4)
    jobs[1].saves = 1  # as many as the training of `tiny` had
    answer = lab.session.ask("3 + 4")
    found = lab.store.find("other")
    (again,) = numpy_solver(found.card, lab.store.tensors(found)).solve([answer.solution.question])
    assert answer.solution == again


def saving(name: str, saves: int) -> Job:
    """A training of that name that has saved so often."""
    return cast("Job", SimpleNamespace(plan=SimpleNamespace(name=name), saves=saves))
