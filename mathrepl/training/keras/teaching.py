"""How each kind of network is taught: what it is shown, and which of its characters count.

The columns of a kind are arrays with a row an example; the last holds the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.data.codec import Indices, digit_positions, encode_answers, encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.data.sampling import Example
from mathrepl.training.keras.attention_model import AttentionSeq2Seq, Tagger


@dataclass(frozen=True, slots=True)
class Arrays:
    """Question indices (n, T) and answer indices (n, U); index 0 is the end mark."""

    questions: Indices
    answers: Indices

    def __len__(self) -> int:
        return len(self.questions)


def arrays_of(encoding: Encoding, examples: Sequence[Example]) -> Arrays:
    """Questions and answers as indices. Raises `ValueError` for a text that does not fit."""
    return Arrays(
        encode_questions(encoding, [example.question for example in examples]),
        encode_answers(encoding, [example.answer for example in examples]),
    )


@dataclass(frozen=True, slots=True)
class Teaching:
    """One kind's way of being taught.

    `columns` makes its arrays; `sides` says of each whether its length is the question's or the
    answer's. `forward` maps columns to the outputs (n, U, V), logits where `from_logits`.
    `mask` weighs every output, (n, U); without it all count alike, padding included.
    """

    columns: Callable[[Arrays], tuple[Indices, ...]]
    sides: str
    forward: Callable[[Sequence[Any], bool], Any]
    from_logits: bool
    mask: Callable[[Sequence[Any]], Any] | None

    def cross_entropy(self, columns: Sequence[Any], output: Any) -> Any:
        """Of every output, (n, U), in nats."""
        return keras.losses.sparse_categorical_crossentropy(
            columns[-1], output, from_logits=self.from_logits
        )


def teaching_of(model: Any, encoding: Encoding, *, offset: int = 0) -> Teaching:
    """How `model` is taught. With `offset` places are drawn at random, so that those beyond the
    longest number are learnt too: for half of the examples digits count from a random place up to
    `offset` (McLeish et al. 2024), for the others their places grow by random steps (Ruoss et al.
    2023), which teaches places far from each other to be told apart.
    """
    if isinstance(model, AttentionSeq2Seq):
        return _attention(model, encoding, offset)
    if isinstance(model, Tagger):
        return Teaching(
            columns=lambda arrays: (arrays.questions, arrays.answers),
            sides="qq",
            forward=lambda columns, training: model(columns[0], training=training),
            from_logits=True,
            mask=lambda columns: tf.cast(columns[0] > 0, tf.float32),
        )
    alphabet = len(encoding.characters)

    def seq2seq(columns: Sequence[Any], training: bool) -> Any:
        return model(tf.one_hot(columns[0], alphabet), training=training)

    return Teaching(lambda arrays: (arrays.questions, arrays.answers), "qa", seq2seq, False, None)


def _attention(model: AttentionSeq2Seq, encoding: Encoding, offset: int) -> Teaching:
    def columns(arrays: Arrays) -> tuple[Indices, ...]:
        written = np.zeros_like(arrays.answers)
        written[:, 1:] = arrays.answers[:, :-1]
        # The input starts with the end mark; what follows the answer's own is masked.
        questions = arrays.questions
        where = (
            digit_positions(encoding, questions),
            digit_positions(encoding, written) + model.architecture.lookup,
        )
        return questions, where[0], written, where[1], arrays.answers

    def forward(columns: Sequence[Any], training: bool) -> Any:
        questions, where, written, written_where = columns[:4]
        if offset and training:
            drawn = _random_places(where, written_where, offset)
            where = tf.gather(drawn, where, batch_dims=1)
            written_where = tf.gather(drawn, written_where, batch_dims=1)
        return model([questions, where, written, written_where], training=training)

    def mask(columns: Sequence[Any]) -> Any:
        ended = tf.cumsum(tf.cast(tf.equal(columns[-1], 0), tf.int32), axis=1, exclusive=True)
        return tf.cast(tf.equal(ended, 0), tf.float32)

    return Teaching(columns, "qqaaa", forward, True, mask)


def _random_places(where: Any, written_where: Any, offset: int) -> Any:
    """What each place of an example is told as, (n, P + 1): growing with it, and 0 for 0."""
    count = tf.shape(where)[0]
    most = tf.maximum(tf.reduce_max(where), tf.reduce_max(written_where))
    shift = tf.random.uniform([count, 1], 0, offset + 1, tf.int32)
    moved = tf.range(1, most + 1)[None, :] + shift
    chosen = tf.math.top_k(tf.random.uniform([count, most + offset]), most).indices
    spread = tf.sort(chosen, axis=1) + 1
    drawn = tf.where(tf.random.uniform([count, 1]) < 0.5, moved, spread)
    return tf.pad(drawn, [[0, 0], [1, 0]])
