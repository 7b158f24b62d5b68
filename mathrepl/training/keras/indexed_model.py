"""Models that read indices instead of one-hot characters, and mask their padding."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import keras
import tensorflow as tf

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.training.keras.objectives import Objective


class IndexedModel(keras.Model):  # type: ignore[misc]
    """A model of indices to logits; plain models map one-hot characters to probabilities."""

    @abstractmethod
    def named_layers(self) -> dict[str, Any]:
        """The layers by the names of their tensors."""

    @abstractmethod
    def objective(self, encoding: Encoding, offset: int) -> Objective:
        """The objective of its training; `offset` as in `objective_of`."""

    @abstractmethod
    def probabilities(self, encoding: Encoding, questions: Indices) -> Floats:
        """Probabilities (n, U, V) of question indices (n, T), greedily decoded."""


def recurrent(lstm: Any, units: int) -> Any:
    return lstm(units, return_sequences=True, return_state=True)


def lengths_of(indices: Any) -> Any:
    """The number of characters before the padding of each row (n, T), (n,) int32."""
    return tf.reduce_sum(tf.cast(indices > 0, tf.int32), axis=1)


def bidirectional(x: Any, lengths: Any, forward: Any, backward: Any) -> tuple[Any, Any]:
    """Both directions (n, T, h) in reading order, each text turned within its own length."""
    turned = tf.reverse_sequence(x, lengths, seq_axis=1, batch_axis=0)
    back = tf.reverse_sequence(backward(turned)[0], lengths, seq_axis=1, batch_axis=0)
    return forward(x)[0], back
