"""The attention seq2seq as a numpy forward pass, with batched greedy decoding.

BiLSTM encoder; LSTM decoder that sees its own previous character; attention (Luong et al. 2015,
scaled and in heads as in Vaswani et al. 2017) between its two LSTM layers. Characters are
embedded together with the place of a digit within its number (Abacus, McLeish et al. 2024).

Shapes: n questions, T question length, U answer length, V alphabet, e embedding, h hidden units,
H heads, P places.
"""

from __future__ import annotations

import numpy as np

from mathrepl.architecture import Architecture
from mathrepl.codec import Floats, Indices, digits_in, places
from mathrepl.encoding import Encoding
from mathrepl.networks.lstm import (
    Gates,
    State,
    Tensors,
    bidirectional,
    cell_of,
    cell_shapes,
    dense,
    lstm_step,
    softmax,
)

MASKED = np.float32(-1e9)


def shapes(architecture: Architecture, encoding: Encoding) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor; an LSTM kernel holds its gates as i, f, g, o."""
    v, e, h = len(encoding.characters), architecture.embedding, architecture.hidden
    heads, half = architecture.heads, architecture.hidden // 2
    found: dict[str, tuple[int, ...]] = {"embedding.characters.embeddings": (v, e)}
    if architecture.places:
        found["embedding.places.embeddings"] = (architecture.places, e)
    seen = e
    if not architecture.lookup:
        seen += h
        found |= cell_shapes("encoder.forward", e, half)
        found |= cell_shapes("encoder.backward", e, half)
        found |= {"bridge.kernel": (h, 2 * h), "bridge.bias": (2 * h,)}
    found |= cell_shapes("decoder.0", e, half)
    found |= cell_shapes("decoder.1", e + h, h)
    for name, width, units in (
        ("attention.key", seen, heads * e),
        ("attention.value", seen, h),
        ("attention.query", half + e, heads * e),
        ("output", 2 * h, v),
    ):
        found[f"{name}.kernel"] = (width, units)
        found[f"{name}.bias"] = (units,)
    return found


def probabilities(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
) -> Floats:
    """The probabilities (n, U, V) of `decode_greedily` alone."""
    return decode_greedily(tensors, architecture, encoding, questions)[0]


def decode_greedily(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
) -> tuple[Floats, Floats]:
    """Probabilities (n, U, V) and attention weights (n, U, H, T) from question indices (n, T).

    The likeliest character of each position is the input of the next. U is the encoding's answer
    length, or less where every answer has ended; what follows an end mark means nothing. T is
    cut to the longest question.
    """
    n = len(questions)
    questions = questions[:, : max(1, int((questions > 0).sum(1).max(initial=0)))]
    lower, upper = (Gates.of(cell_of(tensors, f"decoder.{layer}")) for layer in (0, 1))
    keys, values, mask, first, second = _encode(tensors, architecture, encoding, questions)
    is_digit = digits_in(encoding)
    written, place = np.zeros(n, np.int32), np.zeros(n, np.int32)
    ended = np.zeros(n, bool)
    outputs, looks = [], []
    for _ in range(encoding.answer_length):
        place = np.where(is_digit[written], place + 1, 0).astype(np.int32)
        x = _embed(tensors, written, place + 1 if architecture.lookup else place)
        first = lstm_step(x, first, lower)
        query = dense(tensors, "attention.query", np.concatenate([first[0], x], -1))
        query = query.reshape(n, architecture.heads, 1, architecture.embedding)
        scores = query @ keys / np.float32(architecture.embedding**0.5)
        weights = softmax(scores + mask)
        context = (weights @ values).reshape(n, architecture.hidden)
        seen = np.concatenate([x, context], -1)
        second = lstm_step(seen, second, upper)
        output = softmax(dense(tensors, "output", np.concatenate([second[0], context], -1)))
        outputs.append(output)
        looks.append(weights[:, :, 0])
        written = output.argmax(-1).astype(np.int32)
        ended |= written == 0
        if ended.all():
            break
    return np.stack(outputs, 1), np.stack(looks, 1)


def _encode(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
) -> tuple[Floats, Floats, Floats, State, State]:
    """Keys (n, H, e, T), values (n, H, T, h / H), mask (n, 1, 1, T), and the decoder's states."""
    n, steps = questions.shape
    heads, h = architecture.heads, architecture.hidden
    lengths = (questions > 0).sum(1)
    x = _embed(tensors, questions, places(encoding, questions))
    seen, bridge = x, np.zeros((n, 2 * h), np.float32)
    if not architecture.lookup:
        forward, backward = bidirectional(
            x, lengths, cell_of(tensors, "encoder.forward"), cell_of(tensors, "encoder.backward")
        )
        rows, last = np.arange(n), np.maximum(lengths - 1, 0)
        final = np.concatenate([forward[rows, last], backward[:, 0]], -1)
        bridge = np.tanh(dense(tensors, "bridge", final))
        seen = np.concatenate([forward, backward, x], -1)
    keys = dense(tensors, "attention.key", seen).reshape(n, steps, heads, architecture.embedding)
    values = dense(tensors, "attention.value", seen).reshape(n, steps, heads, h // heads)
    mask = np.where(questions > 0, np.float32(0), MASKED)[:, None, None, :]
    hidden, cell, upper = bridge[:, : h // 2], bridge[:, h // 2 : h], bridge[:, h:]
    return (
        keys.transpose(0, 2, 3, 1),
        values.transpose(0, 2, 1, 3),
        mask,
        (hidden, cell),
        (upper, np.zeros_like(upper)),
    )


def _embed(tensors: Tensors, characters: Indices, place: Indices) -> Floats:
    """Characters' embeddings, with those of their places added; the last place stands for more."""
    x = tensors["embedding.characters.embeddings"][characters]
    table = tensors.get("embedding.places.embeddings")
    return x if table is None else x + table[np.minimum(place, len(table) - 1)]
