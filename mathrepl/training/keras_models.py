"""The Keras twin of every kind of network, and its tensors under the same names as numpy's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from mathrepl.architecture import Architecture
from mathrepl.codec import Floats, Indices, one_hot
from mathrepl.encoding import Encoding
from mathrepl.networks.seq2seq import NORM_EPSILON
from mathrepl.training.fused_lstm import FusedLSTM

layers = keras.layers


def build(architecture: Architecture, encoding: Encoding, *, fused: bool = False) -> Any:
    """The untrained Keras model; one-hot (n, T, V) in, probabilities (n, U, V) out.

    T is free, so questions longer than those of the training can be asked. With `fused` the
    LSTM layers run in one operation each: the same function, faster to train.
    """
    return _BUILDERS[architecture.kind](architecture, encoding, FusedLSTM if fused else layers.LSTM)


def _seq2seq(architecture: Architecture, encoding: Encoding, lstm: Any) -> Any:
    width = len(encoding.characters)
    question = keras.Input((None, width), name="question")
    x = question
    for i in range(architecture.encoder_depth):
        last = i == architecture.encoder_depth - 1
        x = _recurrent(architecture, lstm, f"encoder_{i}", x, sequences=not last)
    x = layers.RepeatVector(encoding.answer_length, name="repeat")(x)
    for i in range(architecture.decoder_depth):
        x = _recurrent(architecture, lstm, f"decoder_{i}", x, sequences=True)
    output = layers.TimeDistributed(layers.Dense(width, activation="softmax"), name="output")(x)
    return keras.Model(question, output, name="seq2seq")


def _recurrent(architecture: Architecture, lstm: Any, name: str, x: Any, *, sequences: bool) -> Any:
    layer = lstm(architecture.hidden, return_sequences=sequences)
    x = layers.Bidirectional(layer, name=name)(x)
    if architecture.batch_norm:
        x = layers.BatchNormalization(epsilon=NORM_EPSILON, name=f"{name}_norm")(x)
    if architecture.dropout:
        x = layers.Dropout(architecture.dropout, name=f"{name}_dropout")(x)
    return x


_BUILDERS = {"seq2seq": _seq2seq}


def variables(model: Any) -> dict[str, Any]:
    """Keras variables by our tensor names, such as `encoder.0.forward.kernel`."""
    found: dict[str, Any] = {}
    for layer in model.layers:
        name = layer.name.replace("_norm", ".norm").replace("coder_", "coder.")
        if isinstance(layer, layers.Bidirectional):
            for direction in ("forward", "backward"):
                cell = getattr(layer, f"{direction}_layer").cell
                for part in ("kernel", "recurrent_kernel", "bias"):
                    found[f"{name}.{direction}.{part}"] = getattr(cell, part)
        elif isinstance(layer, layers.BatchNormalization):
            for part in ("gamma", "beta", "moving_mean", "moving_variance"):
                found[f"{name}.{part}"] = getattr(layer, part)
        elif isinstance(layer, layers.TimeDistributed):
            for part in ("kernel", "bias"):
                found[f"{name}.{part}"] = getattr(layer.layer, part)
    return found


def tensors_of(model: Any) -> dict[str, Floats]:
    """A copy of the model's weights, ready for the store."""
    return {
        name: np.array(variable.numpy(), np.float32) for name, variable in variables(model).items()
    }


def load_into(model: Any, tensors: Mapping[str, Floats]) -> None:
    """Set the model's weights; names and shapes were checked when the tensors were read."""
    for name, variable in variables(model).items():
        variable.assign(tensors[name])


def predict(model: Any, encoding: Encoding, questions: Indices) -> Floats:
    """Probabilities (n, U, V) of question indices (n, T), by Keras itself."""
    return np.asarray(model.predict_on_batch(one_hot(encoding, questions)), np.float32)
