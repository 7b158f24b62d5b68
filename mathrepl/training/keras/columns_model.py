"""The Keras twin of `mathrepl.networks.columns`: same names, shapes and function.

Training softens the memory. The next symbol is a softmax over noisy logits, which grows sharper
while a training goes on; at the end it is one symbol, and its gradient is that of the softmax
(straight-through; Bengio et al. 2013). The noise keeps logits apart, so that a symbol is never
chosen narrowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.arithmetic.skills import alphabets_of
from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.networks.columns import DOER, READER, Size, row_codes, written_codes
from mathrepl.networks.config import Architecture
from mathrepl.training.keras.layers import IndexedModel
from mathrepl.training.keras.objectives import Arrays, Objective

NOISE = 0.3  # standard deviation, of a symbol's logit
SOFT, HARD = 0.3, 0.6  # shares of a training: the memory is soft until, and hard from
SHARPEST, STRAIGHT = 10.0, 8.0  # factors of the logits: the greatest, and from which it is hard
SPREAD = 3.0  # of the first weights of the memory, so that symbols differ from the start


class SymbolCell(keras.layers.Layer):  # type: ignore[misc]
    """One step: the sum of the embeddings (n, h) and a symbol (n, K) to logits (n, O) and a symbol.

    `sharpness` is the factor of the logits of a soft symbol; without training a symbol is one-hot.
    """

    def __init__(self, named: dict[str, Any], symbols: int, written: int, sharpness: Any) -> None:
        super().__init__()
        self.named, self.state_size, self.output_size = named, symbols, written
        self.sharpness = sharpness
        self.noise = keras.random.SeedGenerator(0)

    def call(self, seen: Any, states: Sequence[Any], training: bool = False) -> Any:
        symbol = states[0] @ self.named["symbol"].embeddings
        hidden = tf.nn.relu(self.named["hidden"](seen + symbol))
        memory, logits = self.named["memory"](hidden), self.named["output"](hidden)
        if not training:
            return logits, [tf.one_hot(tf.argmax(memory, -1), self.state_size)]
        noisy = memory + NOISE * keras.random.normal(tf.shape(memory), seed=self.noise)
        soft = tf.nn.softmax(noisy * self.sharpness)
        hard = tf.one_hot(tf.argmax(noisy, -1), self.state_size)
        straight = soft + tf.stop_gradient(hard - soft)
        return logits, [tf.where(self.sharpness < STRAIGHT, soft, straight)]


class Bias(keras.layers.Layer):  # type: ignore[misc]
    """The bias of the hidden layer, whose inputs are sums of embeddings."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.bias = self.add_weight(name="bias", shape=(units,), initializer="zeros")

    def call(self, x: Any) -> Any:
        return x + self.bias


class Columns(IndexedModel):
    """Pass indices (n, T) in, logits of the characters written (n, S, O) out."""

    proved = True

    def __init__(self, size: Size, architecture: Architecture, encoding: Encoding) -> None:
        super().__init__(name="columns")
        alphabets = alphabets_of(encoding.skills)
        h, k = size.hidden(architecture), size.symbols(architecture)
        self.codes = tf.constant(row_codes(encoding))
        self.written = written_codes(encoding)
        self.sharpness = tf.Variable(1.0, trainable=False)
        rows = alphabets.names, alphabets.first, alphabets.second
        even = sum(map(len, rows))
        named: dict[str, Any] = {
            name: keras.layers.Embedding(len(row), h, embeddings_initializer=_uniform(even, h))
            for name, row in zip(("skill", "first", "second"), rows, strict=True)
        }
        named["symbol"] = keras.layers.Embedding(k, h, embeddings_initializer=_between(1.0))
        named["hidden"] = Bias(h)
        named["memory"] = keras.layers.Dense(k, kernel_initializer=_uniform(h, k, SPREAD))
        named["output"] = keras.layers.Dense(len(alphabets.written))
        named["symbol"].build(None)
        self.named_layers = named
        cell = SymbolCell(named, k, len(alphabets.written), self.sharpness)
        self.rnn = keras.layers.RNN(cell, return_sequences=True, unroll=True)
        self(tf.zeros([1, 3], tf.int32))

    def call(self, passes: Any, training: bool = False) -> Any:
        named, codes = self.named_layers, self.codes
        seen = named["first"](tf.gather(codes[1], passes[:, 1::2]))
        seen += named["second"](tf.gather(codes[2], passes[:, 2::2]))
        seen += named["skill"](tf.gather(codes[0], passes[:, :1]))
        start = tf.one_hot(tf.zeros(tf.shape(passes)[0], tf.int32), self.rnn.cell.state_size)
        return self.rnn(seen, initial_state=[start], training=training)

    def begin(self, share: float) -> None:
        """Sharpen the memory for the part of a training that begins after a `share` of it."""
        grown = (share - SOFT) / (HARD - SOFT)
        self.sharpness.assign(1 + (SHARPEST - 1) * min(1.0, max(0.0, grown)))

    def objective(self, encoding: Encoding, offset: int) -> Objective:
        """Every column counts, the blank ones after a pass too."""
        places = np.zeros(len(encoding.characters), np.int32)
        places[self.written] = np.arange(len(self.written))

        def columns(arrays: Arrays) -> tuple[Indices, ...]:
            return arrays.questions, places[
                arrays.answers[:, : (arrays.questions.shape[1] - 1) // 2]
            ]

        return Objective(
            columns=columns,
            sides="qa",
            forward=lambda columns, training: self(columns[0], training=training),
            from_logits=True,
            mask=None,
        )

    def probabilities(self, encoding: Encoding, questions: Indices) -> Floats:
        """Softmax over the alphabet at every column, (n, S, V)."""
        found = tf.nn.softmax(self.predict_on_batch(questions)).numpy()
        whole = np.zeros((*found.shape[:2], len(encoding.characters)), np.float32)
        whole[..., self.written] = found
        return whole


def doer(architecture: Architecture, encoding: Encoding, lstm: Any) -> Columns:
    """The model of the skills that do arithmetic; it has no LSTM."""
    return Columns(DOER, architecture, encoding)


def reader(architecture: Architecture, encoding: Encoding, lstm: Any) -> Columns:
    """The model of the skills that read a line."""
    return Columns(READER, architecture, encoding)


def _between(most: float) -> Any:
    return keras.initializers.RandomUniform(-most, most)


def _uniform(into: int, out: int, spread: float = 1.0) -> Any:
    """Glorot's uniform initializer (Glorot and Bengio 2010) of a layer of `into` inputs."""
    return _between(spread * (6 / (into + out)) ** 0.5)
