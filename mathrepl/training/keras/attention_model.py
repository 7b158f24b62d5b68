"""The Keras twin of `mathrepl.networks.attention`: same names, shapes and function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.data.codec import Floats, Indices, digit_positions, digits_in
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.store.card import TrainSettings
from mathrepl.training.keras.layers import (
    IndexedModel,
    bidirectional,
    lengths_of,
    recurrent,
)
from mathrepl.training.keras.objectives import Arrays, Objective

layers = keras.layers


class AttentionSeq2Seq(IndexedModel):
    """Encoder, attention and decoder; see the numpy module for shapes and sources.

    Called with question indices and digit positions (n, T), decoder input indices and digit
    positions (n, U), it returns logits (n, U, V): teacher forcing. Padding is index 0 at the end of
    a question and masked: no answer depends on its length.
    """

    def __init__(self, architecture: Architecture, encoding: Encoding, lstm: Any) -> None:
        super().__init__(name="attention")
        self.architecture = a = architecture
        alphabet, half = len(encoding.characters), a.hidden // 2
        self.usual = max(2, encoding.question_length - 1)
        named = {"embedding.characters": layers.Embedding(alphabet, a.embedding)}
        if a.places:
            named["embedding.places"] = layers.Embedding(a.places, a.embedding)
        if not a.lookup:
            named["encoder.forward"] = recurrent(lstm, half)
            named["encoder.backward"] = recurrent(lstm, half)
            named["bridge"] = layers.Dense(2 * a.hidden, activation="tanh")
        named["decoder.0"] = recurrent(lstm, half)
        named["decoder.1"] = recurrent(lstm, a.hidden)
        named["attention.key"] = layers.Dense(a.heads * a.embedding)
        named["attention.value"] = layers.Dense(a.hidden)
        named["attention.query"] = layers.Dense(a.heads * a.embedding)
        named["output"] = layers.Dense(alphabet)
        self.named_layers = named
        zero = tf.zeros([1, 1], tf.int32)
        self([zero, zero, zero, zero])

    def call(self, inputs: Any, training: bool = False) -> Any:
        questions, positions, written, written_positions = inputs
        memory, first, second = self.encode(questions, positions)
        return self.decode(self.embed(written, written_positions), memory, first, second)[0]

    def embed(self, characters: Any, positions: Any) -> Any:
        """Embedded characters (n, ..., e); the last embedded position stands for all beyond."""
        x = self.named_layers["embedding.characters"](characters)
        if not self.architecture.places:
            return x
        positions = tf.minimum(positions, self.architecture.places - 1)
        return x + self.named_layers["embedding.places"](positions)

    def encode(self, questions: Any, positions: Any) -> Any:
        """Keys (n, H, e, T), values (n, H, T, h / H), mask (n, 1, 1, T); the decoder's states."""
        a, named, steps = self.architecture, self.named_layers, tf.shape(questions)[1]
        seen = x = self.embed(questions, positions)
        bridge = tf.zeros([tf.shape(questions)[0], 2 * a.hidden])
        lengths = lengths_of(questions)
        if not a.lookup:
            forward, backward = bidirectional(named, "encoder", x, lengths)
            final = tf.gather(forward, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)
            bridge = named["bridge"](tf.concat([final, backward[:, 0]], -1))
            seen = tf.concat([forward, backward, x], -1)
        keys = tf.reshape(named["attention.key"](seen), [-1, steps, a.heads, a.embedding])
        values = tf.reshape(
            named["attention.value"](seen), [-1, steps, a.heads, a.hidden // a.heads]
        )
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
        a, named, steps = self.architecture, self.named_layers, tf.shape(x)[1]
        keys, values, mask = memory
        low, *first = named["decoder.0"](x, initial_state=first)
        query = named["attention.query"](tf.concat([low, x], -1))
        query = tf.reshape(query, [-1, steps, a.heads, a.embedding])
        scores = tf.matmul(tf.transpose(query, [0, 2, 1, 3]), keys) / a.embedding**0.5
        context = tf.matmul(tf.nn.softmax(scores + mask), values)
        context = tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, steps, a.hidden])
        seen = tf.concat([x, context], -1)
        high, *second = named["decoder.1"](seen, initial_state=second)
        return named["output"](tf.concat([high, context], -1)), first, second

    def objective(self, encoding: Encoding, settings: TrainSettings) -> Objective:
        """Teacher forcing; characters after an answer's end mark do not count.

        With `offset` digit positions are drawn at random in training, so that those beyond the
        longest number are learnt too: for half of the examples they count from a random start up to
        `offset` (McLeish et al. 2024), for the others they grow by random steps (Ruoss et al.
        2023), which teaches the network to distinguish distant positions.
        """

        offset = settings.offset

        def columns(arrays: Arrays) -> tuple[Indices, ...]:
            questions, written = arrays.questions, np.zeros_like(arrays.answers)
            written[:, 1:] = arrays.answers[:, :-1]  # the input starts with the end mark
            positions = digit_positions(encoding, questions)
            written_positions = digit_positions(encoding, written) + self.architecture.lookup
            return questions, positions, written, written_positions, arrays.answers

        def forward(columns: Sequence[Any], training: bool) -> Any:
            questions, positions, written, written_positions = columns[:4]
            if offset and training:
                drawn = _random_positions(positions, written_positions, offset)
                positions = tf.gather(drawn, positions, batch_dims=1)
                written_positions = tf.gather(drawn, written_positions, batch_dims=1)
            return self([questions, positions, written, written_positions], training=training)

        def mask(columns: Sequence[Any]) -> Any:
            ended = tf.cumsum(tf.cast(tf.equal(columns[-1], 0), tf.int32), axis=1, exclusive=True)
            return tf.cast(tf.equal(ended, 0), tf.float32)

        return Objective(columns, "qqaaa", forward, True, mask)

    def probabilities(self, encoding: Encoding, questions: Indices) -> Floats:
        """Probabilities (n, U, V) of greedy decoding; U is less where every answer has ended."""
        memory, first, second = self.encode(questions, digit_positions(encoding, questions))
        is_digit = digits_in(encoding)
        written = position = np.zeros(len(questions), np.int32)
        ended = np.zeros(len(questions), bool)
        outputs = []
        for _ in range(encoding.answer_length):
            position = np.where(is_digit[written], position + 1, 0).astype(np.int32)
            x = self.embed(written[:, None], position[:, None] + self.architecture.lookup)
            logits, first, second = self.decode(x, memory, first, second)
            outputs.append(np.asarray(tf.nn.softmax(logits[:, 0])))
            written = outputs[-1].argmax(-1).astype(np.int32)
            ended |= written == 0
            if ended.all():
                break
        return np.stack(outputs, 1)


def _random_positions(positions: Any, written_positions: Any, offset: int) -> Any:
    """The position that stands for each position of an example, (n, P + 1): increasing, 0 for 0."""
    count = tf.shape(positions)[0]
    most = tf.maximum(tf.reduce_max(positions), tf.reduce_max(written_positions))
    shift = tf.random.uniform([count, 1], 0, offset + 1, tf.int32)
    moved = tf.range(1, most + 1)[None, :] + shift
    chosen = tf.math.top_k(tf.random.uniform([count, most + offset]), most).indices
    spread = tf.sort(chosen, axis=1) + 1
    drawn = tf.where(tf.random.uniform([count, 1]) < 0.5, moved, spread)
    return tf.pad(drawn, [[0, 0], [1, 0]])
