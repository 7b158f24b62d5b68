"""The attention seq2seq as a numpy forward pass, with batched greedy decoding.

BiLSTM encoder; LSTM decoder that sees its own previous character; attention (Luong et al. 2015,
scaled and in heads as in Vaswani et al. 2017) between its two LSTM layers. Characters are
embedded together with the position of a digit within its number (Abacus, McLeish et al. 2024).

Shapes: n questions, T question length, U answer length, V alphabet, e embedding, h hidden units,
H heads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathrepl.data.codec import Floats, Indices, digit_positions, digits_in
from mathrepl.data.encoding import Encoding
from mathrepl.networks import Kind, Shapes, State, States, Tensors, states_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import (
    Lengths,
    cell_shapes,
    dense,
    gates_of,
    lstm_step,
    read_both_ways,
    softmax,
)

MASKED = np.float32(-1e9)


def shapes(architecture: Architecture, encoding: Encoding) -> Shapes:
    """Name and shape of every tensor; an LSTM kernel holds its gates as i, f, g, o."""
    v, e, h = len(encoding.characters), architecture.embedding, architecture.hidden
    heads, half = architecture.heads, architecture.hidden // 2
    found: Shapes = {"embedding.characters.embeddings": (v, e)}
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
    tensors: Tensors,
    architecture: Architecture,
    encoding: Encoding,
    questions: Indices,
    states: States | None = None,
) -> Floats:
    """Probabilities (n, U, V) of greedy decoding, from question indices (n, T).

    U is the encoding's answer length, or less where every answer has ended. `states`, where given,
    is filled with those of every LSTM.
    """
    return Decoder(tensors, architecture, encoding, questions, states=states).greedily()[0]


@dataclass(frozen=True, slots=True)
class DecoderState:
    """Both LSTM layers' states, each (n, units), and the position (n,) of the last digit."""

    first: State
    second: State
    position: Indices

    def rows(self, chosen: Indices) -> DecoderState:
        """The states of the `chosen` rows, in that order; a row may be chosen several times."""
        first, second = (
            (hidden[chosen], memory[chosen]) for hidden, memory in (self.first, self.second)
        )
        return DecoderState(first, second, self.position[chosen])


class Decoder:
    """The decoder of one batch of questions (n, T), which writes a character at a time.

    T is cut to the longest question. `states`, where given, is filled with each LSTM's states.
    """

    def __init__(
        self,
        tensors: Tensors,
        architecture: Architecture,
        encoding: Encoding,
        questions: Indices,
        *,
        states: States | None = None,
    ) -> None:
        self._tensors, self._architecture = tensors, architecture
        self._encoding, self._states = encoding, states
        self._lower, self._upper = (gates_of(tensors, f"decoder.{layer}") for layer in (0, 1))
        self._is_digit = digits_in(encoding)
        longest = max(1, int((questions > 0).sum(1).max(initial=0)))
        self.start = self._encode(questions[:, :longest])

    def _encode(self, questions: Indices) -> DecoderState:
        """Read the questions; returns the decoder's first state.

        Keeps keys (n, H, e, T), values (n, H, T, h / H) and a mask (n, 1, 1, T).
        """
        tensors, n, steps = self._tensors, *questions.shape
        heads, h = self._architecture.heads, self._architecture.hidden
        width = self._architecture.embedding
        x = _embed(tensors, questions, digit_positions(self._encoding, questions))
        seen, bridge = x, np.zeros((n, 2 * h), np.float32)
        sharper = np.ones(n, np.float32)
        lengths = (questions > 0).sum(1)
        if self._architecture.lookup:
            sharper = sharpness(lengths, self._encoding).astype(np.float32)
        else:
            forward, backward = read_both_ways(tensors, "encoder", x, lengths, self._states)
            rows, last = np.arange(n), np.maximum(lengths - 1, 0)
            final = np.concatenate([forward[rows, last], backward[:, 0]], -1)
            bridge = np.tanh(dense(tensors, "bridge", final))
            seen = np.concatenate([forward, backward, x], -1)
        keys = dense(tensors, "attention.key", seen).reshape(n, steps, heads, width)
        values = dense(tensors, "attention.value", seen).reshape(n, steps, heads, h // heads)
        self._keys: Floats = keys.transpose(0, 2, 3, 1) * sharper[:, None, None, None]
        self._values = values.transpose(0, 2, 1, 3)
        self._mask: Floats = np.where(questions > 0, np.float32(0), MASKED)[:, None, None, :]
        hidden, cell, upper = bridge[:, : h // 2], bridge[:, h // 2 : h], bridge[:, h:]
        position = np.zeros(n, np.int32)
        return DecoderState((hidden, cell), (upper, np.zeros_like(upper)), position)

    def rows(self, chosen: Indices) -> None:
        """Go on with the `chosen` questions alone; one may be chosen several times."""
        self._keys, self._values = self._keys[chosen], self._values[chosen]
        self._mask = self._mask[chosen]

    def greedily(self, forced: Mapping[int, int] | None = None) -> tuple[Floats, Floats]:
        """Probabilities (n, U, V) and attention weights (n, U, H, T) of greedy decoding.

        The likeliest character of each position, or the `forced` one, is the input of the next.
        U is at most the answer length; what follows an end mark means nothing.
        """
        state = self.start
        written = np.zeros(len(state.position), np.int32)
        ended = np.zeros(len(written), bool)
        outputs, attention, kept = [], [], []
        for position in range(self._encoding.answer_length):
            state, output, weights = self.step(state, written)
            outputs.append(output)
            attention.append(weights)
            kept.append(state)
            written = output.argmax(-1).astype(np.int32)
            if forced and position in forced:
                written = np.full_like(written, forced[position])
            ended |= written == 0
            if ended.all():
                break
        if self._states is not None:
            for name, layer in (
                ("decoder.0", [state.first for state in kept]),
                ("decoder.1", [state.second for state in kept]),
            ):
                hidden, memory = (np.stack(values, 1) for values in zip(*layer, strict=True))
                self._states[name] = hidden, memory
        return np.stack(outputs, 1), np.stack(attention, 1)

    def step(self, state: DecoderState, written: Indices) -> tuple[DecoderState, Floats, Floats]:
        """After `written` (n,): the next state, probabilities (n, V), attention weights (n, H, T).

        Before the first character, the end mark counts as written.
        """
        tensors, architecture, n = self._tensors, self._architecture, len(written)
        position = np.where(self._is_digit[written], state.position + 1, 0).astype(np.int32)
        x = _embed(tensors, written, position + 1 if architecture.lookup else position)
        first = lstm_step(x, state.first, self._lower)
        query = dense(tensors, "attention.query", np.concatenate([first[0], x], -1))
        query = query.reshape(n, architecture.heads, 1, architecture.embedding)
        scores = query @ self._keys / np.float32(architecture.embedding**0.5)
        weights = softmax(scores + self._mask)
        context = (weights @ self._values).reshape(n, architecture.hidden)
        seen = np.concatenate([x, context], -1)
        second = lstm_step(seen, state.second, self._upper)
        output = softmax(dense(tensors, "output", np.concatenate([second[0], context], -1)))
        return DecoderState(first, second, position), output, weights[:, :, 0]


def sharpness(lengths: Lengths, encoding: Encoding) -> NDArray[np.float64]:
    """The factor of attention scores, (n,): ln T / ln T0 for questions of more than the T0
    characters of the longest in training, else 1.

    Attention over more characters gives more weight to irrelevant ones; scores that grow with
    ln T keep that weight constant (Chiang and Cholak 2022).
    """
    usual = max(2, encoding.question_length - 1)
    ratio: NDArray[np.float64] = np.log(np.maximum(lengths, usual)) / np.log(usual)
    return ratio


def _embed(tensors: Tensors, characters: Indices, positions: Indices) -> Floats:
    """Embeddings of characters and of their positions, added; the last row is for all beyond."""
    x = tensors["embedding.characters.embeddings"][characters]
    table = tensors.get("embedding.places.embeddings")
    return x if table is None else x + table[np.minimum(positions, len(table) - 1)]


NETWORK = Kind(
    shapes,
    probabilities,
    states_of(probabilities),
    encoder=lambda architecture: "" if architecture.lookup else "encoder",
    decoder=Decoder,
)
