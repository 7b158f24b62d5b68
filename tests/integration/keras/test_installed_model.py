"""The Keras models of kinds of networks that other packages add."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.inference.solver import keras_solver, numpy_solver
from mathrepl.networks import shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.training.events import Finished, Started
from tests.kit.packages import BAG_KERAS, BAG_NETWORK, Packages, lay_bag
from tests.kit.training import ENCODING, plan

pytestmark = pytest.mark.usefixtures("tensorflow_ready")
BAG = Architecture("bag", hidden=6, dropout=0.2)
QUESTIONS = ["1 + 2", "9 + 9", "0 + 7", "12 + 345"]


def test_numpy_and_keras_agree_and_the_tensors_have_the_layers_names(packages: Packages) -> None:
    from mathrepl.training.keras.agreement import largest_difference
    from mathrepl.training.keras.models import build, variables

    lay_bag(packages)
    assert largest_difference(BAG, ENCODING, QUESTIONS) < 1e-5
    found = {name: tuple(v.shape) for name, v in variables(build(BAG, ENCODING)).items()}
    assert found == shapes_of(BAG, ENCODING)


def test_two_halves_that_do_not_agree_are_found(packages: Packages) -> None:
    from mathrepl.training.keras.agreement import largest_difference

    lay_bag(packages, network=BAG_NETWORK.replace("np.tanh", "np.sin"))
    assert largest_difference(BAG, ENCODING, QUESTIONS) > 1e-3


def test_questions_that_do_not_matter_compare_nothing(packages: Packages) -> None:
    from mathrepl.training.keras.agreement import largest_difference

    lay_bag(
        packages, network=BAG_NETWORK.replace("one_hot(e, questions)", "0 * one_hot(e, questions)")
    )
    with pytest.raises(MathreplError, match="all questions get the same answer"):
        largest_difference(BAG, ENCODING, QUESTIONS)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("OTHER = 1", "AttributeError"),
        ("def build(a, e): return 1 / 0", "failed: ZeroDivisionError: division by zero"),
        ("build = 3", "failed: TypeError"),
        ("def build(a, e): return None", "failed: TypeError"),
        (
            BAG_KERAS.replace("layers.Softmax()(x)", "x"),
            "gives no probabilities, which a softmax as its last step would",
        ),
        (
            BAG_KERAS.replace("u, v = e.answer_length", "u, v = 1 + e.answer_length"),
            "gives (1, 4, 13) for one question, not (1, 3, 13)",
        ),
        (
            BAG_KERAS.replace('name="hidden"', 'name="middle"'),
            "lacks the variable 'hidden.bias'",
        ),
        (
            BAG_KERAS.replace(
                "layers.Dropout(a.dropout)", "layers.BatchNormalization(name='norm')"
            ),
            "has besides its network's the variable 'norm.beta'",
        ),
        (
            BAG_KERAS.replace("Dense(a.hidden", "Dense(a.hidden + 1"),
            "has hidden.kernel of shape (13, 7), its network (13, 6)",
        ),
    ],
)
def test_a_model_that_does_not_fit_its_network_is_one_line(
    packages: Packages, code: str, reason: str
) -> None:
    from mathrepl.training.keras.models import build

    lay_bag(packages, keras=code)
    with pytest.raises(WeightsError if "failed" not in reason else MathreplError) as caught:
        build(BAG, ENCODING)
    assert "the architecture bag of pack-bag 1.2" in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_layer_in_two_directions_is_two_and_one_of_many_variables_names_their_path() -> None:
    from keras import Input, Model, layers

    from mathrepl.training.keras.models import variables

    question = Input((None, 4))
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True), name="both")(question)
    x = layers.MultiHeadAttention(1, 2, name="look")(x, x)
    x = layers.BatchNormalization(name="a_norm")(x)
    model = Model(question, x)
    found = variables(model)
    parts = [
        f"{side}.{part}"
        for side in ("query", "key", "value", "attention_output")
        for part in ("kernel", "bias")
    ]
    assert [*found] == [
        *(
            f"both.{side}.{part}"
            for side in ("forward", "backward")
            for part in ("kernel", "recurrent_kernel", "bias")
        ),
        *(f"look.{part}" for part in parts),
        *(f"a_norm.{part}" for part in ("gamma", "beta", "moving_mean", "moving_variance")),
    ]
    assert {id(v) for v in found.values()} == {id(v) for v in model.weights}


def test_it_is_trained_saved_and_read_and_both_engines_write_the_same(
    packages: Packages, tmp_path: Path
) -> None:
    from mathrepl.training.keras.models import build, load_into
    from mathrepl.training.keras.run import run

    lay_bag(packages)
    events: list[object] = []
    run(plan(tmp_path, architecture=BAG), events.append, lambda: False)
    started, finished = events[0], events[-1]
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    assert (finished.outcome, finished.saved) == ("finished", True), finished.message
    store = Store(tmp_path / "user", tmp_path / "bundled")
    found = store.find("tiny")
    assert found.card.architecture == BAG
    losses = [epoch.training.loss for epoch in found.card.history]
    assert losses == sorted(losses, reverse=True)
    assert found.card.trainings[0].versions["pack-bag"] == "1.2"
    assert found.card.parameters == started.parameters == 13 * 6 + 6 + 6 * 39 + 39
    tensors = store.tensors(found)
    model = build(BAG, ENCODING)
    load_into(model, tensors)
    ours = numpy_solver(found.card, tensors).solve(QUESTIONS[:3])
    theirs = keras_solver(found.card, {"": model}).solve(QUESTIONS[:3])
    assert [one.text for one in ours] == [one.text for one in theirs]


def test_a_training_of_one_that_is_no_good_ends_in_one_line(
    packages: Packages, tmp_path: Path
) -> None:
    from mathrepl.training.keras.run import run

    lay_bag(packages, keras=BAG_KERAS.replace('name="hidden"', 'name="middle"'))
    events: list[object] = []
    run(plan(tmp_path, architecture=BAG), events.append, lambda: False)
    (finished,) = events
    assert isinstance(finished, Finished)
    assert finished.outcome == "failed"
    assert "lacks the variable 'hidden.bias'" in finished.message
    assert not (tmp_path / "user").exists()
