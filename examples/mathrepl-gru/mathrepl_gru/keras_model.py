"""The same network in Keras, for training; layers are named as the tensors are."""

from __future__ import annotations

from typing import Any

from keras import Input, Model, layers

from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture


def build(architecture: Architecture, encoding: Encoding) -> Any:
    """One-hot characters (n, T, V) to probabilities (n, U, V)."""
    width = len(encoding.characters)
    question = Input((None, width))
    x = layers.GRU(architecture.hidden, name="encoder")(question)
    x = layers.Dropout(architecture.dropout)(x)
    x = layers.RepeatVector(encoding.answer_length)(x)
    x = layers.GRU(architecture.hidden, return_sequences=True, name="decoder")(x)
    output = layers.Dense(width, activation="softmax", name="output")(x)
    return Model(question, output)
