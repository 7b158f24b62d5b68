"""The Keras twin of `mathrepl.networks.tagger`: same names, shapes and function."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.networks.tagger import TAGS
from mathrepl.store.card import TrainSettings
from mathrepl.training.keras.layers import (
    IndexedModel,
    bidirectional,
    lengths_of,
    recurrent,
)
from mathrepl.training.keras.objectives import Objective

layers = keras.layers


class Tagger(IndexedModel):
    """Stacked BiLSTMs; line indices (n, T) in, logits of the tags (n, T, 2) out."""

    def __init__(self, architecture: Architecture, encoding: Encoding, lstm: Any) -> None:
        super().__init__(name="tagger")
        self.depth, h = architecture.reader_depth, architecture.reader_hidden
        embedding = layers.Embedding(len(encoding.characters), architecture.embedding)
        named = {"embedding.characters": embedding}
        for i in range(self.depth):
            named[f"layer.{i}.forward"] = recurrent(lstm, h)
            named[f"layer.{i}.backward"] = recurrent(lstm, h)
        named["output"] = layers.Dense(TAGS)
        self.named_layers = named
        self(tf.zeros([1, 1], tf.int32))

    def call(self, lines: Any, training: bool = False) -> Any:
        named, lengths = self.named_layers, lengths_of(lines)
        x = named["embedding.characters"](lines)
        for i in range(self.depth):
            x = tf.concat(bidirectional(named, f"layer.{i}", x, lengths), -1)
        return named["output"](x)

    def objective(self, encoding: Encoding, settings: TrainSettings) -> Objective:
        """One tag a character; padding does not count."""
        return Objective(
            columns=lambda arrays: (arrays.questions, arrays.answers),
            sides="qq",
            forward=lambda columns, training: self(columns[0], training=training),
            from_logits=True,
            mask=lambda columns: tf.cast(columns[0] > 0, tf.float32),
        )

    def probabilities(self, encoding: Encoding, questions: Indices) -> Floats:
        """Softmax over the tags of every character, (n, T, 2)."""
        return np.asarray(tf.nn.softmax(self.predict_on_batch(questions)), np.float32)
