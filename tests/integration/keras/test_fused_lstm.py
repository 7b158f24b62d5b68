"""The fused LSTM against Keras's own: the same outputs and the same gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mathrepl.data.codec import Floats, encode_answers, encode_questions, one_hot
from mathrepl.networks import part_tensors
from mathrepl.networks.config import Architecture
from tests.kit.training import ATTENTION, ENCODING, SETTINGS, random_tensors

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

TOLERANCE = 1e-6
DEEP = Architecture(hidden=8, encoder_depth=2, decoder_depth=2, batch_norm=True)
SUMS = [(a, b) for a in range(10) for b in range(0, 10, 3)]


def assert_alike(one: dict[str, Floats], other: dict[str, Floats]) -> None:
    """Equal within the tolerance, and none so small that the tolerance would hide it."""
    assert set(one) == set(other)
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=0, atol=TOLERANCE, err_msg=name)
        assert np.abs(one[name]).max() > 100 * TOLERANCE, name


def model_outputs_and_gradients(
    architecture: Architecture, scale: float, *, fused: bool, training: bool
) -> dict[str, Floats]:
    """The whole model's output on a batch, and the gradient of every trainable variable."""
    import keras
    import tensorflow as tf

    from mathrepl.training.keras.models import build, load_into, variables

    model = build(architecture, ENCODING, fused=fused)
    load_into(model, random_tensors(architecture, scale=scale))
    questions = one_hot(ENCODING, encode_questions(ENCODING, [f"{a} + {b}" for a, b in SUMS]))
    answers = encode_answers(ENCODING, [str(a + b) for a, b in SUMS])
    with tf.GradientTape() as tape:
        output = model(tf.constant(questions), training=training)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(answers, output))
    named = {name: v for name, v in variables(model).items() if v.trainable}
    gradients = tape.gradient(loss, [v.value for v in named.values()])
    found = {name: g.numpy() for name, g in zip(named, gradients, strict=True)}
    return {"output": output.numpy(), **found}


@pytest.mark.parametrize(
    ("architecture", "scale", "training"),
    [
        (Architecture(), 0.5, True),
        (DEEP, 0.5, False),
        # Batch statistics magnify float error where weights are large; these are as large as
        # those a training starts from.
        (DEEP, 0.1, True),
    ],
    ids=["default", "deep with moving statistics", "deep with batch statistics"],
)
def test_the_whole_model_has_the_outputs_and_gradients_of_plain_keras(
    architecture: Architecture, scale: float, training: bool
) -> None:
    assert_alike(
        model_outputs_and_gradients(architecture, scale, fused=True, training=training),
        model_outputs_and_gradients(architecture, scale, fused=False, training=training),
    )


def masked_outputs_and_gradients(
    architecture: Architecture, part: str, *, fused: bool
) -> dict[str, Floats]:
    """The same of a network that masks its padding, as it is taught."""
    import tensorflow as tf

    from mathrepl.training.keras.models import build, load_into, objective_of, variables
    from mathrepl.training.keras.objectives import Arrays

    model = build(architecture, ENCODING, part=part, fused=fused)
    load_into(model, part_tensors(random_tensors(architecture), part))
    objective = objective_of(model, ENCODING, SETTINGS)
    questions = encode_questions(ENCODING, [f"{a} + {b}"[: 1 + a % 5] for a, b in SUMS])
    answers = encode_answers(ENCODING, [str(a + b) for a, b in SUMS])
    tags = (questions % 2).astype(np.int32)
    columns = objective.columns(Arrays(questions, tags if part == "reader" else answers))
    with tf.GradientTape() as tape:
        output = objective.forward(columns, True)
        assert objective.mask is not None
        mask = objective.mask(columns)
        loss = tf.reduce_sum(objective.cross_entropy(columns, output) * mask) / tf.reduce_sum(mask)
    named = {name: v.value for name, v in variables(model).items()}
    gradients = tape.gradient(loss, list(named.values()))
    found = {
        name: tf.convert_to_tensor(g).numpy() for name, g in zip(named, gradients, strict=True)
    }
    # A bias of all keys shifts the scores of a question alike, which softmax does not see.
    assert np.abs(found.pop("attention.key.bias", np.zeros(1))).max() < TOLERANCE
    return {"output": output.numpy(), **found}


@pytest.mark.parametrize(
    ("architecture", "part"),
    [(ATTENTION, ""), (replace(ATTENTION, places=0), "")],
)
def test_masked_networks_have_the_outputs_and_gradients_of_plain_keras(
    architecture: Architecture, part: str
) -> None:
    assert_alike(
        masked_outputs_and_gradients(architecture, part, fused=True),
        masked_outputs_and_gradients(architecture, part, fused=False),
    )


def layer_outputs_and_gradients(kind: Any, weights: list[Floats], **options: Any) -> Any:
    """One layer's output on a random sequence; gradients by its input and its variables."""
    import tensorflow as tf

    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(size=(5, 7, 3)).astype(np.float32))
    layer = kind(4, **options)
    layer.build(x.shape)
    layer.set_weights(weights)
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = layer(x)
        # Uneven weights, so that no two places of the output can be exchanged unseen.
        mix = np.linspace(-1, 1, int(np.prod(output.shape)), dtype=np.float32)
        loss = tf.reduce_mean(tf.square(output) * mix.reshape(output.shape))
    kernel, recurrent_kernel, bias = (v.value for v in layer.trainable_variables)
    parts = {"x": x, "kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
    gradients = tape.gradient(loss, parts)
    return {"output": output.numpy(), **{name: g.numpy() for name, g in gradients.items()}}


@pytest.mark.parametrize("sequences", [False, True], ids=["last output", "all outputs"])
@pytest.mark.parametrize("backwards", [False, True], ids=["forward", "backward"])
def test_a_layer_has_the_outputs_and_gradients_of_plain_keras(
    backwards: bool, sequences: bool
) -> None:
    import keras

    from mathrepl.training.keras.layers import FusedLSTM

    rng = np.random.default_rng(2)
    weights = [rng.normal(size=s).astype(np.float32) for s in ((3, 16), (4, 16), (16,))]
    options = {"go_backwards": backwards, "return_sequences": sequences}
    assert_alike(
        layer_outputs_and_gradients(FusedLSTM, weights, **options),
        layer_outputs_and_gradients(keras.layers.LSTM, weights, **options),
    )


def test_a_layer_returns_the_states_of_plain_keras() -> None:
    import keras

    from mathrepl.training.keras.layers import FusedLSTM

    x = np.random.default_rng(1).normal(size=(5, 7, 3)).astype(np.float32)
    plain = keras.layers.LSTM(4, return_state=True)
    fused = FusedLSTM(4, return_state=True)
    plain(x)
    fused(x)
    fused.set_weights(plain.get_weights())
    for one, other in zip(fused(x), plain(x), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=0, atol=TOLERANCE)
