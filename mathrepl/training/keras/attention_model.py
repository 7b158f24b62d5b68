"""The Keras twins of `mathrepl.networks.attention` and `.tagger`: same names, shapes, function."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture

layers = keras.layers


@keras.saving.register_keras_serializable(package="mathrepl")
class AttentionSeq2Seq(keras.Model):  # type: ignore[misc]
    """Encoder, attention and decoder; see the numpy module for shapes and sources.

    Called with question indices and places (n, T), decoder input indices and places (n, U), it
    returns logits (n, U, V): teacher forcing. Padding is index 0 at the end of a question and
    masked: no answer depends on how much of it there is.
    """

    def __init__(self, architecture: Architecture, encoding: Encoding, lstm: Any) -> None:
        super().__init__(name="attention")
        self.architecture = a = architecture
        alphabet = len(encoding.characters)
        self.usual = max(2, encoding.question_length - 1)
        half = a.hidden // 2
        self.characters = layers.Embedding(alphabet, a.embedding)
        self.places = layers.Embedding(a.places, a.embedding) if a.places else None
        if not a.lookup:
            self.forward = _recurrent(lstm, half)
            self.backward = _recurrent(lstm, half)
            self.bridge = layers.Dense(2 * a.hidden, activation="tanh")
        self.lower = _recurrent(lstm, half)
        self.upper = _recurrent(lstm, a.hidden)
        self.key = layers.Dense(a.heads * a.embedding)
        self.value = layers.Dense(a.hidden)
        self.query = layers.Dense(a.heads * a.embedding)
        self.logits = layers.Dense(alphabet)
        zero = tf.zeros([1, 1], tf.int32)
        self([zero, zero, zero, zero])

    def named_layers(self) -> dict[str, Any]:
        """The layers by our tensor names."""
        found = {
            "embedding.characters": self.characters,
            "decoder.0": self.lower,
            "decoder.1": self.upper,
            "attention.key": self.key,
            "attention.value": self.value,
            "attention.query": self.query,
            "output": self.logits,
        }
        if not self.architecture.lookup:
            found |= {
                "encoder.forward": self.forward,
                "encoder.backward": self.backward,
                "bridge": self.bridge,
            }
        return found if self.places is None else {**found, "embedding.places": self.places}

    def call(self, inputs: Any, training: bool = False) -> Any:
        questions, places, written, written_places = inputs
        memory, first, second = self.encode(questions, places)
        return self.decode(self.embed(written, written_places), memory, first, second)[0]

    def embed(self, characters: Any, places: Any) -> Any:
        """Embedded characters (n, ..., e); the last place stands for all beyond."""
        x = self.characters(characters)
        if self.places is None:
            return x
        return x + self.places(tf.minimum(places, self.architecture.places - 1))

    def encode(self, questions: Any, places: Any) -> Any:
        """Keys (n, H, e, T), values (n, H, T, h / H), mask (n, 1, 1, T); the decoder's states."""
        a, steps = self.architecture, tf.shape(questions)[1]
        seen = x = self.embed(questions, places)
        bridge = tf.zeros([tf.shape(questions)[0], 2 * a.hidden])
        lengths = _lengths(questions)
        if not a.lookup:
            forward, backward = _bidirectional(x, lengths, self.forward, self.backward)
            final = tf.gather(forward, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
            bridge = self.bridge(tf.concat([final, backward[:, 0]], -1))
            seen = tf.concat([forward, backward, x], -1)
        keys = tf.reshape(self.key(seen), [-1, steps, a.heads, a.embedding])
        values = tf.reshape(self.value(seen), [-1, steps, a.heads, a.hidden // a.heads])
        if a.lookup:  # `mathrepl.networks.attention.sharpness`
            longer = tf.cast(tf.maximum(lengths, self.usual), tf.float32)
            keys *= (tf.math.log(longer) / math.log(self.usual))[:, None, None, None]
        mask = tf.where(questions > 0, 0.0, -1e9)[:, None, None, :]
        half = a.hidden // 2
        hidden, cell, upper = tf.split(bridge, [half, half, a.hidden], axis=-1)
        memory = (tf.transpose(keys, [0, 2, 3, 1]), tf.transpose(values, [0, 2, 1, 3]), mask)
        return memory, [hidden, cell], [upper, tf.zeros_like(upper)]

    def decode(self, x: Any, memory: Any, first: Any, second: Any) -> Any:
        """Logits (n, U, V) and both layers' states after embedded inputs (n, U, e)."""
        a, steps = self.architecture, tf.shape(x)[1]
        keys, values, mask = memory
        low, *first = self.lower(x, initial_state=first)
        query = tf.reshape(self.query(tf.concat([low, x], -1)), [-1, steps, a.heads, a.embedding])
        scores = tf.matmul(tf.transpose(query, [0, 2, 1, 3]), keys) / a.embedding**0.5
        context = tf.matmul(tf.nn.softmax(scores + mask), values)
        context = tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, steps, a.hidden])
        high, *second = self.upper(tf.concat([x, context], -1), initial_state=second)
        return self.logits(tf.concat([high, context], -1)), first, second


@keras.saving.register_keras_serializable(package="mathrepl")
class Tagger(keras.Model):  # type: ignore[misc]
    """Stacked BiLSTMs; line indices (n, T) in, logits of the tags (n, T, 2) out."""

    def __init__(self, architecture: Architecture, alphabet: int, tags: int, lstm: Any) -> None:
        super().__init__(name="tagger")
        self.characters = layers.Embedding(alphabet, architecture.embedding)
        self.stack = [
            (
                _recurrent(lstm, architecture.reader_hidden),
                _recurrent(lstm, architecture.reader_hidden),
            )
            for _ in range(architecture.reader_depth)
        ]
        self.logits = layers.Dense(tags)
        self(tf.zeros([1, 1], tf.int32))

    def named_layers(self) -> dict[str, Any]:
        """The layers by our tensor names."""
        found = {"embedding.characters": self.characters}
        for i, (forward, backward) in enumerate(self.stack):
            found |= {f"layer.{i}.forward": forward, f"layer.{i}.backward": backward}
        return found | {"output": self.logits}

    def call(self, lines: Any, training: bool = False) -> Any:
        lengths = _lengths(lines)
        x = self.characters(lines)
        for forward, backward in self.stack:
            x = tf.concat(_bidirectional(x, lengths, forward, backward), -1)
        return self.logits(x)


def _recurrent(lstm: Any, units: int) -> Any:
    return lstm(units, return_sequences=True, return_state=True)


def _lengths(indices: Any) -> Any:
    return tf.reduce_sum(tf.cast(indices > 0, tf.int32), axis=1)


def _bidirectional(x: Any, lengths: Any, forward: Any, backward: Any) -> tuple[Any, Any]:
    """Both directions (n, T, h) in reading order, each text turned within its own length."""
    turned = tf.reverse_sequence(x, lengths, seq_axis=1, batch_axis=0)
    back = tf.reverse_sequence(backward(turned)[0], lengths, seq_axis=1, batch_axis=0)
    return forward(x)[0], back
