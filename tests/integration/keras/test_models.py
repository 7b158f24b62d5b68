"""The Keras networks against the numpy ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import Floats, Indices, encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.inference.solver import keras_solver, numpy_solver
from mathrepl.networks import kind_of, parameter_count, part_tensors, parts_of
from mathrepl.networks.config import Architecture
from mathrepl.store.card import Card
from tests.kit import exact, exported
from tests.kit.training import ATTENTION, ENCODING, TASK, WORK, random_tensors

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

TOLERANCE = 1e-5
ARCHITECTURES = {
    "default": Architecture(),
    "deep": Architecture(hidden=8, encoder_depth=2, decoder_depth=2),
    "uneven depth": Architecture(hidden=8, encoder_depth=3, decoder_depth=1),
    "batch norm": Architecture(hidden=8, batch_norm=True),
    "dropout": Architecture(hidden=8, dropout=0.3),
    "everything": Architecture(
        hidden=8, encoder_depth=2, decoder_depth=2, dropout=0.3, batch_norm=True
    ),
}
each_architecture = pytest.mark.parametrize(
    "architecture", ARCHITECTURES.values(), ids=ARCHITECTURES
)
# Those that mask what they are padded with, as (architecture, part).
MASKED = {
    "attention": (ATTENTION, ""),
    "lookup": (Architecture("attention", hidden=8, embedding=5, places=9, lookup=True), ""),
    "without places": (Architecture("attention", hidden=6, embedding=4, heads=1, places=0), ""),
    "three heads": (Architecture("attention", hidden=12, embedding=3, heads=3), ""),
}
IN_COLUMNS = {name: (a, part) for name, (a, part, _) in exported.IN_COLUMNS.items()}
PARTS = {**{name: (a, "") for name, a in ARCHITECTURES.items()}, **MASKED, **IN_COLUMNS}
each_part = pytest.mark.parametrize(("architecture", "part"), PARTS.values(), ids=PARTS)
each_lstm = pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
LONGER = Encoding.for_task(Task(high=999))
UNEVEN = ["1 + 2", "7", "905 + 97", "999 + 999", "12 + 345", "0"]


def build(architecture: Architecture, encoding: Encoding = ENCODING, **options: Any) -> Any:
    from mathrepl.training.keras.models import build

    return build(architecture, encoding, **options)


def difference(architecture: Architecture, encoding: Encoding, questions: Indices) -> float:
    """Greatest difference between the probabilities of Keras and of numpy."""
    from mathrepl.training.keras.models import load_into, predict

    tensors = random_tensors(architecture, encoding)
    model = build(architecture, encoding)
    load_into(model, tensors)
    ours = kind_of(architecture.kind).probabilities(tensors, architecture, encoding, questions)
    theirs = predict(model, encoding, questions)
    assert ours.shape == theirs.shape == (len(questions), encoding.answer_length, ours.shape[2])
    assert np.ptp(ours, axis=0).max() > 100 * TOLERANCE  # the questions matter
    return float(np.abs(ours - theirs).max())


@each_architecture
def test_numpy_and_keras_give_the_same_probabilities(architecture: Architecture) -> None:
    questions = encode_questions(ENCODING, [f"{a} + {b}" for a in range(10) for b in range(10)])
    assert difference(architecture, ENCODING, questions) < TOLERANCE


def loaded(architecture: Architecture, part: str, encoding: Encoding, *, fused: bool) -> Any:
    """A Keras model of random weights, those of `by_numpy`."""
    from mathrepl.training.keras.models import load_into

    model = build(architecture, encoding, part=part, fused=fused)
    load_into(model, part_tensors(random_tensors(architecture, encoding), part))
    return model


def by_numpy(
    architecture: Architecture, part: str, encoding: Encoding, questions: Indices
) -> Floats:
    """Probabilities (n, U, V) of the same random weights."""
    tensors = part_tensors(random_tensors(architecture, encoding), part)
    kind = kind_of(parts_of(architecture)[part])
    return kind.probabilities(tensors, architecture, encoding, questions)


@pytest.mark.parametrize(("architecture", "part", "passes"), exported.IN_COLUMNS.values())
def test_numpy_and_keras_agree_in_columns(
    architecture: Architecture, part: str, passes: list[str]
) -> None:
    from mathrepl.training.keras.models import load_into, predict

    network = exported.tiny(architecture, part)
    questions = network.indices(passes)
    assert questions.shape[1] > network.encoding.question_length
    model = build(architecture, network.card.encoding, part=part)
    load_into(model, part_tensors(network.tensors, part))
    ours, theirs = network.probabilities(questions), predict(model, network.encoding, questions)
    assert ours.shape == theirs.shape
    assert np.ptp(ours, axis=0).max() > 100 * TOLERANCE  # the questions matter
    assert np.abs(ours - theirs).max() < TOLERANCE


# Both layers and both directions for each network, and every two of the three together.
CROSSED = [
    pytest.param(*network, fused, reverse, id=f"{name}-{'fused' if fused else 'plain'}")
    for row, (name, network) in enumerate(MASKED.items())
    for fused in (False, True)
    for reverse in ((row % 2 == 0) == fused,)
]


@pytest.mark.parametrize(("architecture", "part", "fused", "reverse"), CROSSED)
def test_numpy_and_keras_agree_on_questions_of_different_lengths(
    architecture: Architecture, part: str, fused: bool, reverse: bool
) -> None:
    from mathrepl.training.keras.models import predict

    encoding = replace(LONGER, reverse=reverse)
    questions = encode_questions(encoding, UNEVEN)
    ours = by_numpy(architecture, part, encoding, questions)
    theirs = predict(loaded(architecture, part, encoding, fused=fused), encoding, questions)
    assert ours.shape == theirs.shape
    assert np.ptp(ours, axis=0).max() > 100 * TOLERANCE  # the questions matter
    # What stands in place of padding means nothing, but is the same.
    assert np.abs(ours - theirs).max() < TOLERANCE


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("name", "fused"),
    [
        ("attention", False),
        ("lookup", True),
        ("without places", True),
    ],
)
def test_no_answer_of_keras_depends_on_the_padding_or_on_the_neighbours(
    name: str, fused: bool
) -> None:
    from mathrepl.training.keras.models import predict

    (architecture, part), questions = MASKED[name], encode_questions(LONGER, UNEVEN)
    model = loaded(architecture, part, LONGER, fused=fused)
    together = predict(model, LONGER, questions)
    padded = predict(model, LONGER, np.pad(questions, ((0, 0), (0, 7))))
    for row, text in enumerate(UNEVEN):
        (alone,) = predict(model, LONGER, questions[row : row + 1, : len(text) + 1])
        # What follows an end mark means nothing, and fewer steps may be run.
        seen = int(np.argmin([*alone.argmax(-1), 0])) + 1
        for other in (together[row], padded[row]):
            assert np.abs(alone[:seen] - other[:seen]).max() < TOLERANCE


@each_lstm
@pytest.mark.parametrize("architecture", [ATTENTION, MASKED["three heads"][0]])
def test_the_right_characters_given_beforehand_give_what_greedy_decoding_gives(
    architecture: Architecture, fused: bool
) -> None:
    import tensorflow as tf

    from mathrepl.data.codec import digit_positions

    questions = encode_questions(LONGER, UNEVEN)
    ours = by_numpy(architecture, "", LONGER, questions)
    written = ours.argmax(-1).astype(np.int32)
    given = np.concatenate([np.zeros_like(written[:, :1]), written[:, :-1]], 1)
    model = loaded(architecture, "", LONGER, fused=fused)
    logits = model(
        [questions, digit_positions(LONGER, questions), given, digit_positions(LONGER, given)]
    )
    assert np.abs(tf.nn.softmax(logits).numpy() - ours).max() < TOLERANCE


def test_both_engines_write_the_same_for_each_part() -> None:
    from mathrepl.training.keras.models import load_into

    card = exact.exact_card()
    tensors = exact.tensors_of(card)
    shape = card.architecture, card.encoding
    models = {part: build(*shape, part=part) for part in parts_of(card.architecture)}
    for part, model in models.items():
        load_into(model, part_tensors(tensors, part))
    ours, theirs = numpy_solver(card, tensors), keras_solver(card, models)
    for part in models:
        passes = exported.IN_COLUMNS[part][2]
        written, too = ours.part(part)(passes), theirs.part(part)(passes)
        assert written.texts == too.texts
        # Keras reads the padding too, and so an end mark after a last carry.
        assert written.confidences == pytest.approx(too.confidences, abs=1e-3)
        assert len(set(written.texts)) > 1
    with pytest.raises(KeyError):
        ours.part("head")(["1+2"])


def test_numpy_and_keras_agree_on_reversed_text() -> None:
    encoding = replace(Encoding.for_task(Task()), reverse=True)
    questions = encode_questions(encoding, ["94 + 909", "1 + 2", "999 + 999", "0 + 0"])
    assert difference(Architecture(hidden=8), encoding, questions) < TOLERANCE


def test_numpy_and_keras_agree_on_questions_longer_than_those_of_the_training() -> None:
    questions = encode_questions(ENCODING, ["12345 + 6789 + 10", "1 + 1"])
    assert questions.shape[1] > ENCODING.question_length
    assert difference(Architecture(hidden=8), ENCODING, questions) < TOLERANCE


def test_both_engines_write_the_same_answers() -> None:
    from mathrepl.training.keras.models import load_into

    architecture = Architecture(hidden=8, batch_norm=True)
    tensors = random_tensors(architecture)
    card = Card("tiny", architecture, ENCODING, TASK, parameter_count(architecture, ENCODING))
    model = build(architecture)
    load_into(model, tensors)
    questions = ["1 + 2", "9 + 9", "123 + 4567", "0 + 7"]
    ours = numpy_solver(card, tensors).solve(questions)
    theirs = keras_solver(card, {"": model}).solve(questions)
    assert [s.question for s in ours] == [s.question for s in theirs] == questions
    assert [s.text for s in ours] == [s.text for s in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert [g.probability for g in one.guesses] == pytest.approx(
            [g.probability for g in other.guesses], abs=TOLERANCE
        )


def test_the_seed_network_has_15733_parameters() -> None:
    encoding = Encoding.for_task(Task())
    assert build(Architecture(), encoding).count_params() == 15_733
    assert parameter_count(Architecture(), encoding) == 15_733


@pytest.mark.parametrize("architecture", [ARCHITECTURES["everything"], ATTENTION, WORK])
def test_parameter_count_is_what_keras_can_train(architecture: Architecture) -> None:
    models = [build(architecture, part=part) for part in parts_of(architecture)]
    trainable = sum(int(np.prod(v.shape)) for m in models for v in m.trainable_variables)
    assert parameter_count(architecture, ENCODING) == trainable


@each_part
def test_weights_come_out_of_keras_as_they_went_in(architecture: Architecture, part: str) -> None:
    """By the names and shapes of the kind, each variable once."""
    from mathrepl.training.keras.models import load_into, tensors_of, variables

    model = build(architecture, part=part)
    found = variables(model)
    wanted = kind_of(parts_of(architecture)[part]).shapes(architecture, ENCODING)
    assert {name: tuple(variable.shape) for name, variable in found.items()} == wanted
    assert {id(v) for v in found.values()} == {id(v) for v in model.weights}

    tensors = part_tensors(random_tensors(architecture), part)
    load_into(model, tensors)
    read = tensors_of(model)
    assert set(read) == set(tensors)
    for name, tensor in tensors.items():
        assert read[name].dtype == np.float32
        np.testing.assert_array_equal(read[name], tensor, err_msg=name)


def test_weights_taken_from_keras_are_copies() -> None:
    from mathrepl.training.keras.models import tensors_of

    model = build(Architecture(hidden=8))
    taken = tensors_of(model)
    taken["output.bias"] += 1
    model.get_layer("output").layer.kernel.assign_add(
        np.ones_like(taken["output.kernel"], np.float32)
    )
    again = tensors_of(model)
    assert (again["output.bias"] == 0).all()
    assert not np.array_equal(again["output.kernel"], taken["output.kernel"])
