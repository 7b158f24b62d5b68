"""The Keras twin of every kind of network, and its tensors under the same names as numpy's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.data.codec import Floats, Indices, digit_positions, digits_in, one_hot
from mathrepl.data.encoding import Encoding
from mathrepl.networks import parts_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.seq2seq import NORM_EPSILON
from mathrepl.networks.tagger import TAGS
from mathrepl.training.keras.attention_model import AttentionSeq2Seq, Tagger
from mathrepl.training.keras.fused_lstm import FusedLSTM
from mathrepl.training.keras.installed_model import build_installed
from mathrepl.training.keras.naming import variables

layers = keras.layers


def build(
    architecture: Architecture, encoding: Encoding, *, part: str = "", fused: bool = False
) -> Any:
    """One untrained Keras model: the network of these weights, or `part` of them.

    The seed network and those of installed packages take one-hot (n, T, V) and give
    probabilities (n, U, V); the others give logits. T is free. With `fused` our LSTM layers run
    in one operation each: the same function, faster to train. Raises `WeightsError` for a model
    of an installed kind that does not fit the shapes of its numpy network.
    """
    kind = parts_of(architecture)[part]
    if kind not in _BUILDERS:
        return build_installed(architecture, encoding)
    return _BUILDERS[kind](architecture, encoding, FusedLSTM if fused else layers.LSTM)


def _seq2seq(architecture: Architecture, encoding: Encoding, lstm: Any) -> Any:
    width = len(encoding.characters)
    question = keras.Input((None, width), name="question")
    x = question
    for i in range(architecture.encoder_depth):
        last = i == architecture.encoder_depth - 1
        x = _recurrent(architecture, lstm, f"encoder_{i}", x, sequences=not last)
    x = layers.RepeatVector(encoding.answer_length, name="repeat")(x)
    for i in range(architecture.decoder_depth):
        x = _recurrent(architecture, lstm, f"decoder_{i}", x, sequences=True)
    output = layers.TimeDistributed(layers.Dense(width, activation="softmax"), name="output")(x)
    return keras.Model(question, output, name="seq2seq")


def _recurrent(architecture: Architecture, lstm: Any, name: str, x: Any, *, sequences: bool) -> Any:
    layer = lstm(architecture.hidden, return_sequences=sequences)
    x = layers.Bidirectional(layer, name=name)(x)
    if architecture.batch_norm:
        x = layers.BatchNormalization(epsilon=NORM_EPSILON, name=f"{name}_norm")(x)
    if architecture.dropout:
        x = layers.Dropout(architecture.dropout, name=f"{name}_dropout")(x)
    return x


def _attention(architecture: Architecture, encoding: Encoding, lstm: Any) -> Any:
    return AttentionSeq2Seq(architecture, encoding, lstm)


def _tagger(architecture: Architecture, encoding: Encoding, lstm: Any) -> Any:
    return Tagger(architecture, len(encoding.characters), TAGS, lstm)


_BUILDERS = {"seq2seq": _seq2seq, "attention": _attention, "tagger": _tagger}


def tensors_of(model: Any) -> dict[str, Floats]:
    """A copy of the model's weights, ready for the store."""
    return {
        name: np.array(variable.numpy(), np.float32) for name, variable in variables(model).items()
    }


def load_into(model: Any, tensors: Mapping[str, Floats]) -> None:
    """Set the model's weights; names and shapes were checked when the tensors were read."""
    for name, variable in variables(model).items():
        variable.assign(tensors[name])


def predict(model: Any, encoding: Encoding, questions: Indices) -> Floats:
    """Probabilities (n, U, V) of question indices (n, T), by Keras itself, greedily decoded."""
    if isinstance(model, AttentionSeq2Seq):
        return _greedy(model, encoding, questions)
    if isinstance(model, Tagger):
        return np.asarray(tf.nn.softmax(model.predict_on_batch(questions)), np.float32)
    return np.asarray(model.predict_on_batch(one_hot(encoding, questions)), np.float32)


def _greedy(model: AttentionSeq2Seq, encoding: Encoding, questions: Indices) -> Floats:
    memory, first, second = model.encode(questions, digit_positions(encoding, questions))
    is_digit = digits_in(encoding)
    written = place = np.zeros(len(questions), np.int32)
    ended = np.zeros(len(questions), bool)
    outputs = []
    for _ in range(encoding.answer_length):
        place = np.where(is_digit[written], place + 1, 0).astype(np.int32)
        x = model.embed(written[:, None], place[:, None] + model.architecture.lookup)
        logits, first, second = model.decode(x, memory, first, second)
        outputs.append(np.asarray(tf.nn.softmax(logits[:, 0])))
        written = outputs[-1].argmax(-1).astype(np.int32)
        ended |= written == 0
        if ended.all():
            break
    return np.stack(outputs, 1)
