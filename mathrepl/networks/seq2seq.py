"""The seed network as a numpy forward pass: BiLSTM -> RepeatVector -> BiLSTM -> Dense -> softmax.

Shapes: n questions, T question length, U answer length, V alphabet, h hidden units.
Equal to Keras within 1e-5 (`tests/training/test_keras_models.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mathrepl.architecture import Architecture
from mathrepl.codec import Floats, Indices, one_hot
from mathrepl.encoding import Encoding

NORM_EPSILON = 1e-3  # Keras's BatchNormalization default
DIRECTIONS = ("forward", "backward")
Tensors = Mapping[str, Floats]


def layer_names(architecture: Architecture) -> list[str]:
    """The recurrent layers in order: `encoder.0`, ..., `decoder.0`, ..."""
    encoder = [f"encoder.{i}" for i in range(architecture.encoder_depth)]
    return encoder + [f"decoder.{i}" for i in range(architecture.decoder_depth)]


def shapes(architecture: Architecture, encoding: Encoding) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor; an LSTM kernel holds its gates as i, f, g, o."""
    h, width = architecture.hidden, len(encoding.characters)
    found: dict[str, tuple[int, ...]] = {}
    for layer in layer_names(architecture):
        for direction in DIRECTIONS:
            found[f"{layer}.{direction}.kernel"] = (width, 4 * h)
            found[f"{layer}.{direction}.recurrent_kernel"] = (h, 4 * h)
            found[f"{layer}.{direction}.bias"] = (4 * h,)
        width = 2 * h
        if architecture.batch_norm:
            for part in ("gamma", "beta", "moving_mean", "moving_variance"):
                found[f"{layer}.norm.{part}"] = (width,)
    found["output.kernel"] = (width, len(encoding.characters))
    found["output.bias"] = (len(encoding.characters),)
    return found


def probabilities(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
) -> Floats:
    """Softmax over the alphabet at every answer position, (n, U, V), from indices (n, T)."""
    x = one_hot(encoding, questions)
    last = architecture.encoder_depth - 1
    for i in range(architecture.encoder_depth):
        x = _bidirectional(tensors, f"encoder.{i}", x, keep_sequence=i < last)
        x = _normalise(tensors, f"encoder.{i}", x)
    x = np.repeat(x[:, None, :], encoding.answer_length, axis=1)  # RepeatVector
    for i in range(architecture.decoder_depth):
        x = _bidirectional(tensors, f"decoder.{i}", x, keep_sequence=True)
        x = _normalise(tensors, f"decoder.{i}", x)
    return softmax(x @ tensors["output.kernel"] + tensors["output.bias"])


def lstm(x: Floats, kernel: Floats, recurrent_kernel: Floats, bias: Floats) -> Floats:
    """Hidden states (n, T, h) of an LSTM over x (n, T, width), from zero states.

    Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000), as in Keras:
    i, f, o = sigmoid, g = tanh of x W + h U + b; c = f c + i g; h = o tanh(c).
    """
    n, steps, _ = x.shape
    units = recurrent_kernel.shape[0]
    projected = x @ kernel + bias
    hidden = np.zeros((n, units), np.float32)
    cell = np.zeros((n, units), np.float32)
    states = np.empty((n, steps, units), np.float32)
    for t in range(steps):
        gates = projected[:, t] + hidden @ recurrent_kernel
        i, f, g, o = (gates[:, k * units : (k + 1) * units] for k in range(4))
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        states[:, t] = hidden
    return states


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), written with tanh so that no exponential can overflow."""
    half = np.float32(0.5)
    result: Floats = half * np.tanh(half * x) + half
    return result


def softmax(logits: Floats) -> Floats:
    """exp(x) / sum exp(x) over the last axis, shifted by its maximum."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result


def _bidirectional(tensors: Tensors, layer: str, x: Floats, *, keep_sequence: bool) -> Floats:
    """Both directions side by side, (n, T, 2h), or (n, 2h) of their last steps."""
    forward = lstm(x, *_cell(tensors, f"{layer}.forward"))
    backward = lstm(x[:, ::-1], *_cell(tensors, f"{layer}.backward"))
    if keep_sequence:
        return np.concatenate([forward, backward[:, ::-1]], axis=-1)
    return np.concatenate([forward[:, -1], backward[:, -1]], axis=-1)


def _cell(tensors: Tensors, name: str) -> tuple[Floats, Floats, Floats]:
    return (
        tensors[f"{name}.kernel"],
        tensors[f"{name}.recurrent_kernel"],
        tensors[f"{name}.bias"],
    )


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
