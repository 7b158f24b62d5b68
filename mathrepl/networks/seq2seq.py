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
DIRECTIONS = ("forward", "backward")


def layer_names(architecture: Architecture) -> list[str]:
    """The recurrent layers in order: `encoder.0`, ..., `decoder.0`, ..."""
    encoder = [f"encoder.{i}" for i in range(architecture.encoder_depth)]
    return encoder + [f"decoder.{i}" for i in range(architecture.decoder_depth)]


def shapes(architecture: Architecture, encoding: Encoding) -> Shapes:
    """Name and shape of every tensor; an LSTM kernel holds its gates as i, f, g, o."""
    h, width = architecture.hidden, len(encoding.characters)
    found: Shapes = {}
    for layer in layer_names(architecture):
        for direction in DIRECTIONS:
            found |= cell_shapes(f"{layer}.{direction}", width, h)
        width = 2 * h
        if architecture.batch_norm:
            for part in ("gamma", "beta", "moving_mean", "moving_variance"):
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
    x = one_hot(encoding, questions)
    last = architecture.encoder_depth - 1
    for i in range(architecture.encoder_depth):
        x = _bidirectional(tensors, f"encoder.{i}", x, states, keep_sequence=i < last)
        x = _normalise(tensors, f"encoder.{i}", x)
    x = np.repeat(x[:, None, :], encoding.answer_length, axis=1)  # RepeatVector
    for i in range(architecture.decoder_depth):
        x = _bidirectional(tensors, f"decoder.{i}", x, states, keep_sequence=True)
        x = _normalise(tensors, f"decoder.{i}", x)
    return softmax(dense(tensors, "output", x))


def _bidirectional(
    tensors: Tensors, layer: str, x: Floats, states: States | None, *, keep_sequence: bool
) -> Floats:
    """Both directions side by side, (n, T, 2h), or (n, 2h) of their last steps.

    The seed network reads padding like any other character: all texts are equally long to it.
    """
    lengths = np.full(len(x), x.shape[1])
    forward, backward = read_both_ways(tensors, layer, x, lengths, states)
    if keep_sequence:
        return np.concatenate([forward, backward], axis=-1)
    return np.concatenate([forward[:, -1], backward[:, 0]], axis=-1)


def _normalise(tensors: Tensors, layer: str, x: Floats) -> Floats:
    """Batch normalisation with the moving statistics; x unchanged where the layer has none."""
    if f"{layer}.norm.gamma" not in tensors:
        return x
    scale = tensors[f"{layer}.norm.gamma"] / np.sqrt(
        tensors[f"{layer}.norm.moving_variance"] + np.float32(NORM_EPSILON)
    )
    result: Floats = (x - tensors[f"{layer}.norm.moving_mean"]) * scale + tensors[
        f"{layer}.norm.beta"
    ]
    return result


def _encoder(architecture: Architecture) -> str:
    return f"encoder.{architecture.encoder_depth - 1}"


NETWORK = Kind(
    shapes, probabilities, states_of(probabilities), encoder=_encoder, reads_padding=True
)
