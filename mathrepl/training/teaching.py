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

from mathrepl.codec import Indices, encode_answers, encode_questions, places
from mathrepl.encoding import Encoding
from mathrepl.sampling import Example
from mathrepl.training.attention_model import AttentionSeq2Seq, Tagger


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
    """How `model` is taught; with `offset`, digits count from a random place up to that, which
    teaches all the places to stand for one another (McLeish et al. 2024).
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
        where = places(encoding, questions), places(encoding, written)
        return questions, where[0], written, where[1], arrays.answers

    def forward(columns: Sequence[Any], training: bool) -> Any:
        questions, where, written, written_where = columns[:4]
        if offset and training:
            shift = tf.random.uniform([tf.shape(questions)[0], 1], 0, offset + 1, tf.int32)
            where = tf.where(where > 0, where + shift, 0)
            written_where = tf.where(written_where > 0, written_where + shift, 0)
        return model([questions, where, written, written_where], training=training)

    def mask(columns: Sequence[Any]) -> Any:
        ended = tf.cumsum(tf.cast(tf.equal(columns[-1], 0), tf.int32), axis=1, exclusive=True)
        return tf.cast(tf.equal(ended, 0), tf.float32)

    return Teaching(columns, "qqaaa", forward, True, mask)
