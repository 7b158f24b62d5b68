"""The Keras twin of `mathrepl.networks.seq2seq`, of Keras's own layers alone."""

from __future__ import annotations

from typing import Any

import keras

from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.networks.seq2seq import NORM_EPSILON

layers = keras.layers
NAME = "seq2seq"


def build(architecture: Architecture, encoding: Encoding, lstm: Any) -> Any:
    """The untrained model of layers `lstm`: one-hot (n, T, V) to probabilities (n, U, V)."""
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
    return keras.Model(question, output, name=NAME)


def _recurrent(architecture: Architecture, lstm: Any, name: str, x: Any, *, sequences: bool) -> Any:
    layer = lstm(architecture.hidden, return_sequences=sequences)
    x = layers.Bidirectional(layer, name=name)(x)
    if architecture.batch_norm:
        x = layers.BatchNormalization(epsilon=NORM_EPSILON, name=f"{name}_norm")(x)
    if architecture.dropout:
        x = layers.Dropout(architecture.dropout, name=f"{name}_dropout")(x)
    return x


def tensor_name(layer: str) -> str:
    """The layer's name in tensors: `encoder.0.norm` for `encoder_0_norm`."""
    return layer.replace("_norm", ".norm").replace("coder_", "coder.")
