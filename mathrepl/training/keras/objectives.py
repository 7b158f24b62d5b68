"""The objective of a training: the inputs a network gets, and which of its outputs count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from mathrepl.data.codec import Indices, encode_answers, encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.data.sampling import Example


@dataclass(frozen=True, slots=True)
class Arrays:
    """Question indices (n, T) and answer indices (n, U); index 0 is the end mark."""

    questions: Indices
    answers: Indices

    def __len__(self) -> int:
        return len(self.questions)


def arrays_of(encoding: Encoding, examples: Sequence[Example]) -> Arrays:
    """Questions and answers as indices.

    Raises `ValueError` for a text that does not fit.
    """
    questions = encode_questions(encoding, [example.question for example in examples])
    answers = encode_answers(encoding, [example.answer for example in examples])
    return Arrays(questions, answers)


@dataclass(frozen=True, slots=True)
class Objective:
    """The mean cross-entropy of one model's outputs.

    `columns` makes its arrays, a row an example; the last holds the answers. `sides` says of each
    whether its length is the question's or the answer's. `forward` maps columns to the outputs
    (n, U, V), logits where `from_logits`. `mask` weighs every output, (n, U); without it all count
    alike, padding included. While it trains, a forward pass can give more than V numbers for each
    output, of which `more` makes a second loss (n, U).
    """

    columns: Callable[[Arrays], tuple[Indices, ...]]
    sides: str
    forward: Callable[[Sequence[Any], bool], Any]
    from_logits: bool
    mask: Callable[[Sequence[Any]], Any] | None
    more: Callable[[Sequence[Any], Any], Any] | None = None
    written: int | None = None

    def cross_entropy(self, columns: Sequence[Any], output: Any) -> Any:
        """The cross-entropy of every output, (n, U), in nats, and any second loss."""
        found = keras.losses.sparse_categorical_crossentropy(
            columns[-1], self.outputs(output), from_logits=self.from_logits
        )
        if self.more is not None and output.shape[-1] != self.written:
            found += self.more(columns, output[..., self.written :])
        return found

    def outputs(self, output: Any) -> Any:
        """The outputs (n, U, V) of a forward pass, without the numbers of a second loss."""
        return output if self.written is None else output[..., : self.written]


def one_hot_objective(model: Any, encoding: Encoding) -> Objective:
    """The objective of a model of one-hot characters: padding counts like any other character."""
    alphabet = len(encoding.characters)

    def forward(columns: Sequence[Any], training: bool) -> Any:
        return model(tf.one_hot(columns[0], alphabet), training=training)

    return Objective(lambda arrays: (arrays.questions, arrays.answers), "qa", forward, False, None)
