"""Training towards a proof: the columns of sums, until no transition is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.arithmetic.written import Pass
from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import END
from mathrepl.data.passes import encoding_of
from mathrepl.data.skill_examples import skill_examples
from mathrepl.inference.solver import keras_models
from mathrepl.inference.written_solver import Lookup
from mathrepl.networks.columns import automaton, probabilities
from mathrepl.networks.config import Architecture
from mathrepl.networks.proof import prove
from mathrepl.training.plan import Plan
from tests.kit.running import train
from tests.kit.training import plan

pytestmark = pytest.mark.usefixtures("tensorflow_ready")


def columns_plan(directory: Path, **settings: Any) -> Plan:
    return plan(
        directory,
        architecture=Architecture("columns", hidden=64, symbols=4),
        encoding=encoding_of("+"),
        task=Task(spaced=False),
        settings={"examples": 20_000, "batch": 256, "learning_rate": 0.01, "seed": 1, **settings},
    )


@pytest.mark.parametrize("taught", [True, False])
def test_a_tiny_training_of_sums_ends_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taught: bool
) -> None:
    from mathrepl.training.keras.proving import MARGINS

    monkeypatch.setitem(MARGINS, True, 1.0)  # with so few units a lead of 14 takes long
    ran = train(columns_plan(tmp_path, epochs=90, taught=taught))
    assert (ran.finished.outcome, ran.finished.saved) == ("finished", True)
    found = ran.store.find("tiny")
    assert len(ran.epochs) < 90
    last = ran.epochs[-1].epoch
    assert last.proof is not None
    assert last.proof.wrong == 0
    assert found.card.best_epoch == last.number
    assert found.card.trainings[0].taught is taught
    saved = ran.store.tensors(found)
    listed = automaton(saved, found.card.encoding)
    proof = prove(listed)
    assert proof.holds
    assert proof.margin > 1.0
    # Keras and numpy give the same, the blank columns after a pass included.
    model = keras_models(found.card, saved)[""]
    questions = encode_questions(found.card.encoding, ["94+909", "9" * 40 + "+1", "0+0"])
    theirs = model.probabilities(found.card.encoding, questions)
    ours = probabilities(saved, found.card.encoding, questions)
    assert np.abs(theirs - ours).max() < 1e-5
    lookup = Lookup(listed)
    for a, b in ((94, 909), (10**200 - 1, 1), (0, 0), (7 * 10**50, 3)):
        (one,) = lookup.answer([Pass("+", str(a), str(b))])
        assert int(one.result) == a + b


def test_a_training_that_is_not_proved_begins_anew_with_another_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mathrepl.training.keras.run.ATTEMPT", 2)
    ran = train(columns_plan(tmp_path, epochs=5, examples=200, taught=False))
    assert ran.warnings == ["not proved after 2 epochs; another attempt begins"] * 2
    wrong = [done.epoch.proof.wrong for done in ran.epochs]
    best = min(range(5), key=lambda i: (wrong[i], i))
    assert ran.store.find("tiny").card.best_epoch in {best + 1} | {
        i + 1 for i in range(5) if wrong[i] == wrong[best]
    }


def test_what_a_proof_finds_wrong_is_taught(tmp_path: Path) -> None:
    ran = train(columns_plan(tmp_path, epochs=1, examples=300, taught=True))
    found = ran.store.find("tiny")
    proof = prove(automaton(ran.store.tensors(found), found.card.encoding))
    from mathrepl.training.keras.loop import Trainer
    from mathrepl.training.keras.objectives import arrays_of
    from mathrepl.training.keras.proving import TAUGHT, teach

    examples = skill_examples("+", 300, 0)
    model = keras_models(found.card, ran.store.tensors(found))[""]
    arrays = [arrays_of(found.card.encoding, e) for e in (examples.training, examples.held_out)]
    trainer = Trainer(model, *arrays, encoding=found.card.encoding, settings=ran.plan.settings)
    before = trainer._columns[0].numpy()
    teach(trainer, proof, found.card.encoding, 0)
    after = trainer._columns[0].numpy()
    changed = (after != before).any(1)
    assert 0 < changed.sum() <= TAUGHT[1] * len(before)
    # Each of those passes begins as a counterexample does.
    ways = {
        "".join(a + b for a, b in wrong.columns) for one in proof.skills for wrong in one.wrongs
    }
    for row in after[changed]:
        text = "".join(found.card.encoding.characters[code] for code in row[1:]).replace(END, " ")
        assert any(text.startswith(way) for way in ways)
