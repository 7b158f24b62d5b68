"""The seed network as a numpy forward pass: BiLSTM -> RepeatVector -> BiLSTM -> Dense -> softmax.

Shapes: n questions, T question length, U answer length, V alphabet, h hidden units.
Equal to Keras within 1e-5 (`tests/integration/keras/test_models.py`).
"""

from __future__ import annotations

import numpy as np

from mathrepl.data.codec import Floats, Indices, one_hot
from mathrepl.data.encoding import Encoding
from mathrepl.networks import Kind, Shapes, States, Tensors, states_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import cell_shapes, dense, read_both_ways, softmax

NORM_EPSILON = 1e-3  # Keras's BatchNormalization default
NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def shapes(architecture: Architecture, encoding: Encoding) -> Shapes:
    """Name and shape of every tensor; an LSTM kernel holds its gates as i, f, g, o."""
    h, width = architecture.hidden, len(encoding.characters)
    found: Shapes = {}
    layers = [f"encoder.{i}" for i in range(architecture.encoder_depth)]
    for layer in layers + [f"decoder.{i}" for i in range(architecture.decoder_depth)]:
        found |= cell_shapes(f"{layer}.forward", width, h)
        found |= cell_shapes(f"{layer}.backward", width, h)
        width = 2 * h
        if architecture.batch_norm:
            for part in NORM:
                found[f"{layer}.norm.{part}"] = (width,)
    found["output.kernel"] = (width, len(encoding.characters))
    found["output.bias"] = (len(encoding.characters),)
    return found


def probabilities(
    tensors: Tensors,
    architecture: Architecture,
    encoding: Encoding,
    questions: Indices,
    states: States | None = None,
) -> Floats:
    """Softmax over the alphabet at every answer position, (n, U, V), from indices (n, T).

    `states`, where given, is filled with those of every LSTM, before any batch normalisation.
    """
    x, h = one_hot(encoding, questions), architecture.hidden
    for i in range(architecture.encoder_depth):
        x = _bidirectional(tensors, f"encoder.{i}", x, states)
    last = np.concatenate([x[:, -1, :h], x[:, 0, h:]], axis=-1)
    x = np.repeat(last[:, None, :], encoding.answer_length, axis=1)  # RepeatVector
    for i in range(architecture.decoder_depth):
        x = _bidirectional(tensors, f"decoder.{i}", x, states)
    return softmax(dense(tensors, "output", x))


def _bidirectional(tensors: Tensors, layer: str, x: Floats, states: States | None) -> Floats:
    """Both directions side by side, (n, T, 2h), normalised where the layer has that.

    The seed network reads padding like any other character: all texts are equally long to it.
    """
    lengths = np.full(len(x), x.shape[1])
    x = np.concatenate(read_both_ways(tensors, layer, x, lengths, states), axis=-1)
    return _normalise(tensors, layer, x)


def _normalise(tensors: Tensors, layer: str, x: Floats) -> Floats:
    """Batch normalisation with the moving statistics; x unchanged where the layer has none."""
    if f"{layer}.norm.gamma" not in tensors:
        return x
    gamma, beta, mean, variance = (tensors[f"{layer}.norm.{part}"] for part in NORM)
    result: Floats = (x - mean) * (gamma / np.sqrt(variance + np.float32(NORM_EPSILON))) + beta
    return result


NETWORK = Kind(
    shapes,
    probabilities,
    states_of(probabilities),
    encoder=lambda architecture: f"encoder.{architecture.encoder_depth - 1}",
    reads_padding=True,
)
