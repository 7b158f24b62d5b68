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

from mathrepl.arithmetic.skills import ALL, alphabets_of
from mathrepl.data.codec import Floats, Indices
from mathrepl.data.columns import row_codes, states_after, written_codes
from mathrepl.data.encoding import Encoding
from mathrepl.networks.columns import DOER, READER, Size
from mathrepl.networks.config import Architecture
from mathrepl.store.card import TrainSettings
from mathrepl.support.errors import TaskError
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
        logits, memory = self.logits(seen, states[0])
        if not training:
            return logits, [tf.one_hot(tf.argmax(memory, -1), self.state_size)]
        noisy = memory + NOISE * keras.random.normal(tf.shape(memory), seed=self.noise)
        soft = tf.nn.softmax(noisy * self.sharpness)
        hard = tf.one_hot(tf.argmax(noisy, -1), self.state_size)
        straight = soft + tf.stop_gradient(hard - soft)
        return logits, [tf.where(self.sharpness < STRAIGHT, soft, straight)]

    def logits(self, seen: Any, symbols: Any) -> tuple[Any, Any]:
        """Logits of the character (..., O) and of the symbol to remember (..., K)."""
        known = tf.tensordot(symbols, self.named["symbol"].embeddings, 1)
        hidden = tf.nn.relu(self.named["hidden"](seen + known))
        return self.named["output"](hidden), self.named["memory"](hidden)


class Bias(keras.layers.Layer):  # type: ignore[misc]
    """The bias of the hidden layer, whose inputs are sums of embeddings."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.bias = self.add_weight(name="bias", shape=(units,), initializer="zeros")

    def call(self, x: Any) -> Any:
        return x + self.bias


class Columns(IndexedModel):
    """Pass indices (n, T) in, logits of the characters written (n, S, O) out."""

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
        cell.built = True
        self.rnn = keras.layers.RNN(cell, return_sequences=True, unroll=True)
        self.loop = keras.layers.RNN(cell, return_sequences=True)  # of any length
        self.loop.build([None, None, h])
        self(tf.zeros([1, 3], tf.int32))

    def call(self, passes: Any, training: bool = False) -> Any:
        seen = self.seen(passes)
        start = tf.zeros([tf.shape(passes)[0], self.rnn.cell.state_size])  # no symbol
        rnn = self.rnn if passes.shape[1] is not None else self.loop
        return rnn(seen, initial_state=[start], training=training)

    def seen(self, passes: Any) -> Any:
        """The sum of the embeddings of each column and its skill, (n, S, h)."""
        named, codes = self.named_layers, self.codes
        found = named["first"](tf.gather(codes[1], passes[:, 1::2]))
        found += named["second"](tf.gather(codes[2], passes[:, 2::2]))
        return found + named["skill"](tf.gather(codes[0], passes[:, :1]))

    def begin(self, share: float) -> None:
        """Sharpen the memory for the part of a training that begins after a `share` of it."""
        grown = (share - SOFT) / (HARD - SOFT)
        self.sharpness.assign(1 + (SHARPEST - 1) * min(1.0, max(0.0, grown)))

    def objective(self, encoding: Encoding, settings: TrainSettings) -> Objective:
        """Every column counts, the blank ones after a pass too.

        `taught` trains each column by itself: it is shown the symbol of the state that the rule is
        in, and a second loss is that of the symbol to remember.
        """
        states = max(len(ALL[name].states) for name in encoding.skills)
        if settings.taught and states > self.rnn.cell.state_size:
            raise TaskError(
                "the rules have more states than the memory has symbols",
                hint=f"take --symbols {states}",
            )
        places = np.zeros(len(encoding.characters), np.int32)
        places[self.written] = np.arange(len(self.written))

        def columns(arrays: Arrays) -> tuple[Indices, ...]:
            passes = arrays.questions
            answers = places[arrays.answers[:, : (passes.shape[1] - 1) // 2]]
            return passes, states_after(encoding, passes), answers

        def forward(columns: Sequence[Any], training: bool) -> Any:
            passes, states, _ = columns
            if training and settings.taught:
                return self.taught(passes, states)
            return self(passes, training=training)

        def remembered(columns: Sequence[Any], memory: Any) -> Any:
            return keras.losses.sparse_categorical_crossentropy(
                columns[1], memory, from_logits=True
            )

        return Objective(
            columns,
            "qaa",
            forward,
            from_logits=True,
            mask=None,
            more=remembered,
            written=len(self.written),
        )

    def taught(self, passes: Any, states: Any) -> Any:
        """Logits of characters and of symbols (n, S, O + K), each column after the rule's state."""
        cell = self.rnn.cell
        before = tf.pad(tf.one_hot(states[:, :-1], cell.state_size), [[0, 0], [1, 0], [0, 0]])
        return tf.concat(cell.logits(self.seen(passes), before), -1)

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
