from __future__ import annotations

import math

import numpy as np
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.networks import (
    kind_of,
    parameter_count,
    part_tensors,
    parts_of,
    prefixed,
    shapes_of,
)
from mathrepl.networks import lstm as lstm_module
from mathrepl.networks.attention import Decoder
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import CachedTensors, Gates, cell_shapes, gates_of, lstm, softmax
from mathrepl.support.errors import WeightsError
from tests.kit.weights import random_tensors

TASK = Task(high=9)
ENCODING = Encoding.for_task(TASK)
VARIANTS = [
    Architecture(hidden=3),
    Architecture(hidden=2, encoder_depth=2, decoder_depth=3),
    Architecture(hidden=3, batch_norm=True),
    Architecture(hidden=2, encoder_depth=3, decoder_depth=2, batch_norm=True, dropout=0.5),
]


REVERSED = Encoding.for_task(Task(high=999), reverse=True)
ATTENTION = [
    Architecture("attention", hidden=8, embedding=5, places=3),
    Architecture("attention", hidden=6, embedding=4, heads=1, places=0),
    Architecture("attention", hidden=12, embedding=3, heads=3),
    Architecture("attention", hidden=8, embedding=4, places=7, lookup=True),
]
WORK = Architecture("work", hidden=8, symbols=3, reader_hidden=6, reader_symbols=4)
UNEVEN = ["1 + 2", "7", "905 + 97", "999 + 999", "12 + 345", "0"]
each_kind_that_masks = pytest.mark.parametrize(
    ("kind", "architecture"),
    [("attention", architecture) for architecture in ATTENTION],
    ids=lambda value: value if isinstance(value, str) else value.describe(),
)


def reference_states(
    xs, kernel, recurrent_kernel, bias, state=None
) -> list[tuple[list[float], list[float]]]:
    """Hidden and cell states of one sequence, one number at a time, gates i, f, g, o."""
    units = len(recurrent_kernel)
    hidden, cell = state or ([0.0] * units, [0.0] * units)
    hidden, cell, states = list(hidden), list(cell), []
    for x in xs:
        gates = []
        for column in range(4 * units):
            total = float(bias[column])
            for row, value in enumerate(x):
                total += value * float(kernel[row][column])
            for row, value in enumerate(hidden):
                total += value * float(recurrent_kernel[row][column])
            gates.append(total)
        logistic = [1 / (1 + math.exp(-gate)) for gate in gates]
        for unit in range(units):
            write = logistic[unit] * math.tanh(gates[2 * units + unit])
            cell[unit] = logistic[units + unit] * cell[unit] + write
        hidden = [logistic[3 * units + u] * math.tanh(cell[u]) for u in range(units)]
        states.append((hidden, list(cell)))
    return states


def reference_lstm(*cell_and_inputs) -> list[list[float]]:
    """The hidden ones of `reference_states` alone."""
    return [hidden for hidden, _ in reference_states(*cell_and_inputs)]


def reference_both_ways(tensors, layer: str, xs) -> dict[str, list]:
    """Hidden and cell states of both directions of a layer, in reading order."""
    found = {}
    for side in ("forward", "backward"):
        order = 1 if side == "forward" else -1
        cell = [tensors[f"{layer}.{side}.{p}"] for p in ("kernel", "recurrent_kernel", "bias")]
        found[f"{layer}.{side}"] = reference_states(xs[::order], *cell)[::order]
    return found


def reference_layer(tensors, layer: str, xs) -> tuple[list[list[float]], list[list[float]]]:
    """Forward states, and backward states in the order in which they were reached."""

    def direction(name: str, sequence) -> list[list[float]]:
        parts = ("kernel", "recurrent_kernel", "bias")
        return reference_lstm(sequence, *(tensors[f"{layer}.{name}.{part}"] for part in parts))

    return direction("forward", xs), direction("backward", xs[::-1])


def reference_dense(tensors, name: str, x) -> np.ndarray:
    return np.array(x, float) @ tensors[f"{name}.kernel"] + tensors[f"{name}.bias"]


def reference_softmax(logits) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum()


def reference_attention(
    tensors, a, encoding, indices, length: int, states: dict[str, list] | None = None
) -> tuple[list, list]:
    """One question without its padding, and answers of `length`; probabilities and looks.

    Every character of the answer runs the whole decoder again from its first. `states` gets
    the hidden and cell states of every LSTM.
    """
    indices = [index for index in indices if index]
    kinds = ("characters", "places") if a.places else ("characters",)
    tables = [tensors[f"embedding.{kind}.embeddings"] for kind in kinds]

    def embedded(codes, ahead: bool = False) -> list:
        place, xs = 0, []
        for code in codes:
            place = place + 1 if encoding.characters[code].isdigit() else 0
            spots = (code, min(place + ahead, a.places - 1))
            xs.append(sum(table[k].astype(float) for table, k in zip(tables, spots, strict=False)))
        return xs

    def cell(name: str) -> list:
        return [tensors[f"{name}.{part}"] for part in ("kernel", "recurrent_kernel", "bias")]

    xs = embedded(indices)
    # Longer questions than those of the training are looked up by sharper scores.
    usual = encoding.question_length - 1
    sharper = math.log(max(len(xs), usual)) / math.log(usual) if a.lookup else 1.0
    half, share = a.hidden // 2, a.hidden // a.heads
    if a.lookup:
        memory, bridge = xs, np.zeros(2 * a.hidden)
    else:
        forward, backward = reference_layer(tensors, "encoder", xs)
        memory = [
            np.concatenate([f, b, x]) for f, b, x in zip(forward, backward[::-1], xs, strict=True)
        ]
        bridge = np.tanh(reference_dense(tensors, "bridge", forward[-1] + backward[-1]))
        if states is not None:
            states |= reference_both_ways(tensors, "encoder", xs)
    first, second = (bridge[:half], bridge[half : 2 * half]), (bridge[2 * half :], [0.0] * a.hidden)
    written, rows, looks = [0], [], []
    for _ in range(length):
        ys = embedded(written, ahead=a.lookup)
        lower = reference_lstm(ys, *cell("decoder.0"), first)
        contexts, weights = [], []
        for low, y in zip(lower, ys, strict=True):
            query = reference_dense(tensors, "attention.query", np.concatenate([low, y]))
            context = []
            for head in range(a.heads):
                ours = slice(head * a.embedding, (head + 1) * a.embedding)
                scores = [
                    query[ours] @ reference_dense(tensors, "attention.key", m)[ours] for m in memory
                ]
                scaled = np.array(scores) * sharper / math.sqrt(a.embedding)
                weights.append(reference_softmax(scaled))
                mine = slice(head * share, (head + 1) * share)
                values = [reference_dense(tensors, "attention.value", m)[mine] for m in memory]
                context += list(sum(w * v for w, v in zip(weights[-1], values, strict=True)))
            contexts.append(context)
        inputs = [np.concatenate([y, c]) for y, c in zip(ys, contexts, strict=True)]
        upper = reference_lstm(inputs, *cell("decoder.1"), second)
        logits = reference_dense(tensors, "output", np.concatenate([upper[-1], contexts[-1]]))
        if states is not None:
            states["decoder.0"] = reference_states(ys, *cell("decoder.0"), first)
            states["decoder.1"] = reference_states(inputs, *cell("decoder.1"), second)
        rows.append(reference_softmax(logits))
        looks.append(weights[-a.heads :])
        written.append(int(rows[-1].argmax()))
    return rows, looks


def reference_norm(tensors, layer: str, x: list[float]) -> list[float]:
    if f"{layer}.norm.gamma" not in tensors:
        return x
    gamma, beta, mean, variance = (
        tensors[f"{layer}.norm.{part}"]
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    return [
        float(gamma[k]) * (value - float(mean[k])) / math.sqrt(float(variance[k]) + 0.001)
        + float(beta[k])
        for k, value in enumerate(x)
    ]


def reference_probabilities(tensors, architecture, encoding, indices) -> list[list[float]]:
    """One question through the whole network: encoder, repeat, decoder, dense, softmax."""
    alphabet = len(encoding.characters)
    xs = [[float(k == index) for k in range(alphabet)] for index in indices]
    for i in range(architecture.encoder_depth):
        forward, backward = reference_layer(tensors, f"encoder.{i}", xs)
        if i < architecture.encoder_depth - 1:
            xs = [f + b for f, b in zip(forward, backward[::-1], strict=True)]
        else:
            xs = [forward[-1] + backward[-1]]
        xs = [reference_norm(tensors, f"encoder.{i}", x) for x in xs]
    xs = xs * encoding.answer_length
    for i in range(architecture.decoder_depth):
        forward, backward = reference_layer(tensors, f"decoder.{i}", xs)
        xs = [f + b for f, b in zip(forward, backward[::-1], strict=True)]
        xs = [reference_norm(tensors, f"decoder.{i}", x) for x in xs]
    rows = []
    for x in xs:
        logits = [
            float(tensors["output.bias"][k])
            + sum(value * float(tensors["output.kernel"][j][k]) for j, value in enumerate(x))
            for k in range(alphabet)
        ]
        powers = [math.exp(logit) for logit in logits]
        rows.append([power / sum(powers) for power in powers])
    return rows


def reference_seq2seq_states(tensors, architecture, encoding, indices) -> dict[str, list]:
    """Hidden and cell states of every LSTM of the seed network for one question."""
    xs = [[float(k == index) for k in range(len(encoding.characters))] for index in indices]
    states: dict[str, list] = {}
    layers = [("encoder", architecture.encoder_depth), ("decoder", architecture.decoder_depth)]
    for name in [f"{side}.{i}" for side, depth in layers for i in range(depth)]:
        states |= reference_both_ways(tensors, name, xs)
        forward, backward = (
            [hidden for hidden, _ in states[f"{name}.{side}"]] for side in ("forward", "backward")
        )
        if name == f"encoder.{architecture.encoder_depth - 1}":
            xs = [forward[-1] + backward[0]] * encoding.answer_length
        else:
            xs = [f + b for f, b in zip(forward, backward, strict=True)]
        xs = [reference_norm(tensors, name, x) for x in xs]
    return states


def furthest(found, row: int, expected: dict[str, list]) -> float:
    """The greatest difference between a row of `Kind.states` and the reference's."""
    assert set(found) == set(expected)
    return max(
        np.abs(found[name][which][row, : len(steps)] - np.array([s[which] for s in steps])).max()
        for name, steps in expected.items()
        for which in (0, 1)
    )


def test_one_lstm_step_with_one_unit_worked_out_on_paper():
    kernel = np.array([[0.0, 1.0, 2.0, -1.0]], np.float32)  # i f g o
    bias = np.array([1.0, 0.0, 0.0, 0.5], np.float32)
    cell = kernel, np.zeros((1, 4), np.float32), bias
    states = lstm(np.array([[[1.0]]], np.float32), Gates.of(cell))
    cell = 1 / (1 + math.exp(-1)) * math.tanh(2)
    assert states.shape == (1, 1, 1)
    assert states[0, 0, 0] == pytest.approx(1 / (1 + math.exp(0.5)) * math.tanh(cell), abs=1e-6)


def test_lstm_agrees_with_loops_over_single_numbers():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 6, 3)).astype(np.float32)
    kernel = rng.normal(size=(3, 8)).astype(np.float32)
    recurrent = rng.normal(size=(2, 8)).astype(np.float32)
    bias = rng.normal(size=8).astype(np.float32)
    expected = [reference_lstm(row.tolist(), kernel, recurrent, bias) for row in x]
    assert np.abs(lstm(x, Gates.of((kernel, recurrent, bias))) - np.array(expected)).max() < 1e-5


@pytest.mark.parametrize("architecture", VARIANTS, ids=Architecture.describe)
def test_the_whole_network_agrees_with_loops_over_single_numbers(architecture):
    tensors = random_tensors(architecture, ENCODING, seed=5)
    indices = encode_questions(ENCODING, ["9 + 9", "0 + 4", "7"])
    found = kind_of("seq2seq").probabilities(tensors, architecture, ENCODING, indices)
    expected = [
        reference_probabilities(tensors, architecture, ENCODING, row) for row in indices.tolist()
    ]
    assert np.abs(found - np.array(expected)).max() < 1e-5


@pytest.mark.parametrize("architecture", VARIANTS, ids=Architecture.describe)
def test_probabilities_have_a_row_for_each_place_that_sums_to_1(architecture):
    tensors = random_tensors(architecture, ENCODING)
    for questions in (["1 + 1"], ["1 + 1"] * 7, ["1 + 1 + 1 + 1"]):
        indices = encode_questions(ENCODING, questions)
        found = kind_of("seq2seq").probabilities(tensors, architecture, ENCODING, indices)
        assert found.shape == (
            len(questions),
            ENCODING.answer_length,
            len(ENCODING.characters),
        )
        assert found.dtype == np.float32
        assert (found >= 0).all()
        assert np.abs(found.sum(-1) - 1).max() < 1e-5


def test_a_question_gets_the_same_answer_alone_and_in_a_batch():
    architecture = Architecture(hidden=5)
    tensors = random_tensors(architecture, ENCODING)
    indices = encode_questions(ENCODING, [f"{a} + {b}" for a in range(4) for b in range(10)])
    batch = kind_of("seq2seq").probabilities(tensors, architecture, ENCODING, indices)
    alone = kind_of("seq2seq").probabilities(tensors, architecture, ENCODING, indices[17:18])
    assert np.abs(batch[17] - alone[0]).max() < 1e-6
    assert np.abs(batch[17] - batch[18]).max() > 1e-6


def test_saturated_networks_stay_finite_and_raise_no_warning():
    architecture = Architecture(hidden=3)
    tensors = {
        name: tensor * np.float32(1e4)
        for name, tensor in random_tensors(architecture, ENCODING).items()
    }
    indices = encode_questions(ENCODING, ["9 + 9"])
    found = kind_of("seq2seq").probabilities(tensors, architecture, ENCODING, indices)
    assert np.isfinite(found).all()
    assert np.abs(found.sum(-1) - 1).max() < 1e-5


@pytest.mark.parametrize("encoding", [ENCODING, REVERSED], ids=["reading order", "reversed"])
@pytest.mark.parametrize("architecture", ATTENTION, ids=Architecture.describe)
def test_attention_agrees_with_one_question_and_one_character_at_a_time(architecture, encoding):
    tensors = random_tensors(architecture, encoding, seed=3)
    indices = encode_questions(encoding, UNEVEN)
    found, looks = Decoder(tensors, architecture, encoding, indices).greedily()
    for row, question in enumerate(indices.tolist()):
        expected, looked = reference_attention(
            tensors, architecture, encoding, question, found.shape[1]
        )
        assert np.abs(found[row] - np.array(expected)).max() < 1e-5
        length = len(UNEVEN[row])
        assert np.abs(looks[row, :, :, :length] - np.array(looked)).max() < 1e-5
        assert (looks[row, :, :, length:] == 0).all()


def asked(kind: str, architecture: Architecture, questions: list[str], padding: int) -> np.ndarray:
    """Probabilities of a random network, for questions with so much more padding."""
    tensors = random_tensors(architecture, REVERSED, seed=3)
    indices = np.pad(encode_questions(REVERSED, questions), ((0, 0), (0, padding)))
    return kind_of(kind).probabilities(tensors, architecture, REVERSED, indices)


@each_kind_that_masks
def test_no_answer_depends_on_the_padding_or_on_the_neighbours(kind, architecture):
    together = asked(kind, architecture, UNEVEN, 0)
    assert np.abs(together[0] - together[2]).max() > 1e-3  # the questions matter
    for row, question in enumerate(UNEVEN):
        for padding in (0, 1, 30):
            alone = asked(kind, architecture, [question], padding)[0]
            # What follows an end mark means nothing, and fewer steps may be run.
            end = int(np.argmin([*alone.argmax(-1), 0])) + 1
            assert np.abs(alone[:end] - together[row, :end]).max() < 1e-6


@each_kind_that_masks
def test_probabilities_sum_to_1_and_are_float32(kind, architecture):
    found = asked(kind, architecture, UNEVEN, 2)
    assert found.dtype == np.float32
    assert np.abs(found.sum(-1) - 1).max() < 1e-5
    assert found.shape == (len(UNEVEN), found.shape[1], len(REVERSED.characters))


@each_kind_that_masks
def test_masked_networks_stay_finite_for_an_empty_question(kind, architecture):
    assert np.isfinite(asked(kind, architecture, ["", "1 + 1"], 0)).all()


# States


def states_of(kind: str, architecture: Architecture, questions: list[str], padding: int = 0):
    tensors = random_tensors(architecture, REVERSED, seed=3)
    indices = np.pad(encode_questions(REVERSED, questions), ((0, 0), (0, padding)))
    return kind_of(kind).states(tensors, architecture, REVERSED, indices)


@pytest.mark.parametrize("architecture", VARIANTS, ids=Architecture.describe)
def test_states_of_the_seed_network_are_those_of_loops_over_single_numbers(architecture):
    tensors = random_tensors(architecture, ENCODING, seed=5)
    indices = encode_questions(ENCODING, ["9 + 9", "0 + 4", "7"])
    found = kind_of("seq2seq").states(tensors, architecture, ENCODING, indices)
    for row, question in enumerate(indices.tolist()):
        expected = reference_seq2seq_states(tensors, architecture, ENCODING, question)
        assert furthest(found, row, expected) < 1e-5
    for name, (hidden, memory) in found.items():
        steps = indices.shape[1] if name.startswith("encoder") else ENCODING.answer_length
        assert hidden.shape == memory.shape == (3, steps, architecture.hidden)


@pytest.mark.parametrize("encoding", [ENCODING, REVERSED], ids=["reading order", "reversed"])
@pytest.mark.parametrize("architecture", ATTENTION, ids=Architecture.describe)
def test_states_of_attention_are_those_of_one_character_at_a_time(architecture, encoding):
    tensors = random_tensors(architecture, encoding, seed=3)
    indices = encode_questions(encoding, UNEVEN)
    found = kind_of("attention").states(tensors, architecture, encoding, indices)
    steps = kind_of("attention").probabilities(tensors, architecture, encoding, indices).shape[1]
    for row, question in enumerate(indices.tolist()):
        expected: dict[str, list] = {}
        reference_attention(tensors, architecture, encoding, question, steps, expected)
        assert furthest(found, row, expected) < 1e-5
    assert found["decoder.0"][0].shape == (len(UNEVEN), steps, architecture.hidden // 2)
    assert found["decoder.1"][1].shape == (len(UNEVEN), steps, architecture.hidden)


@pytest.mark.parametrize(
    ("kind", "architecture"),
    [
        *(("seq2seq", a) for a in VARIANTS),
        *(("attention", a) for a in ATTENTION),
    ],
)
def test_every_lstm_has_states_and_nothing_else_has(kind, architecture):
    cells = {
        name.removesuffix(".recurrent_kernel"): shape[0]
        for name, shape in kind_of(kind).shapes(architecture, REVERSED).items()
        if name.endswith(".recurrent_kernel")
    }
    found = states_of(kind, architecture, UNEVEN)
    assert {name: hidden.shape[-1] for name, (hidden, _) in found.items()} == cells
    assert {values.dtype for both in found.values() for values in both} == {np.dtype(np.float32)}


@each_kind_that_masks
def test_no_state_depends_on_the_padding_or_on_the_neighbours(kind, architecture):
    together = states_of(kind, architecture, UNEVEN)
    written = asked(kind, architecture, UNEVEN, 0).argmax(-1)
    for row, question in enumerate(UNEVEN):
        end = int(np.argmin([*written[row], 0])) + 1
        for padding in (0, 1, 30):
            alone = states_of(kind, architecture, [question], padding)
            for name, both in alone.items():
                seen = min(end, both[0].shape[1]) if "decoder" in name else len(question)
                for values, others in zip(both, together[name], strict=True):
                    assert np.abs(values[0, :seen] - others[row, :seen]).max() < 1e-6, name


# Decoding step by step


def endless(architecture: Architecture, encoding: Encoding = REVERSED) -> dict[str, np.ndarray]:
    """Random weights that never write the end mark by themselves."""
    tensors = random_tensors(architecture, encoding, seed=3)
    bias = tensors["output.bias"].copy()
    bias[0] = -60
    return {**tensors, "output.bias": bias}


each_attention = pytest.mark.parametrize("architecture", ATTENTION, ids=Architecture.describe)


@each_attention
def test_steps_one_by_one_are_greedy_decoding(architecture):
    tensors = endless(architecture)
    indices = encode_questions(REVERSED, UNEVEN)
    found, looks = Decoder(tensors, architecture, REVERSED, indices).greedily()
    states = kind_of("attention").states(tensors, architecture, REVERSED, indices)
    decoder = Decoder(tensors, architecture, REVERSED, indices)
    state, written = decoder.start, np.zeros(len(UNEVEN), np.int32)
    for position in range(REVERSED.answer_length):
        state, output, weights = decoder.step(state, written)
        written = output.argmax(-1).astype(np.int32)
        assert np.abs(output - found[:, position]).max() < 1e-6
        assert np.abs(weights - looks[:, position]).max() < 1e-6
        for name, pair in (("decoder.0", state.first), ("decoder.1", state.second)):
            for values, kept in zip(pair, states[name], strict=True):
                assert np.abs(values - kept[:, position]).max() < 1e-6


@each_attention
@pytest.mark.parametrize("position", range(REVERSED.answer_length))
def test_a_forced_character_changes_what_follows_and_nothing_before(architecture, position):
    tensors = endless(architecture)
    indices = encode_questions(REVERSED, UNEVEN)
    free, _ = Decoder(tensors, architecture, REVERSED, indices).greedily()
    written = free[:, position].argmax(-1)
    digit = next(c for c in range(3, len(REVERSED.characters)) if c not in written)
    forced, _ = Decoder(tensors, architecture, REVERSED, indices).greedily({position: digit})
    assert forced.shape == free.shape
    assert np.abs(forced[:, : position + 1] - free[:, : position + 1]).max() < 1e-6
    for row in range(len(UNEVEN)):
        for later in range(position + 1, free.shape[1]):
            assert np.abs(forced[row, later] - free[row, later]).max() > 1e-5


@each_attention
def test_forced_characters_are_what_the_decoder_sees(architecture):
    tensors = endless(architecture)
    indices = encode_questions(REVERSED, UNEVEN)
    forced = {0: 5, 2: 4}
    found, _ = Decoder(tensors, architecture, REVERSED, indices).greedily(forced)
    decoder = Decoder(tensors, architecture, REVERSED, indices)
    state, written = decoder.start, np.zeros(len(UNEVEN), np.int32)
    for position in range(REVERSED.answer_length):
        state, output, _ = decoder.step(state, written)
        assert np.abs(output - found[:, position]).max() < 1e-6
        best = output.argmax(-1).astype(np.int32)
        written = np.full_like(best, forced[position]) if position in forced else best


def test_forcing_what_it_writes_anyway_changes_nothing():
    tensors = endless(ATTENTION[0])
    indices = encode_questions(REVERSED, ["905 + 97"])
    free, looks = Decoder(tensors, ATTENTION[0], REVERSED, indices).greedily()
    forced = {position: int(code) for position, code in enumerate(free[0].argmax(-1))}
    again, looked = Decoder(tensors, ATTENTION[0], REVERSED, indices).greedily(forced)
    assert np.array_equal(again, free)
    assert np.array_equal(looked, looks)


@pytest.mark.parametrize("position", range(REVERSED.answer_length))
def test_a_forced_end_mark_ends_every_answer(position):
    tensors = endless(ATTENTION[0])
    indices = encode_questions(REVERSED, UNEVEN)
    found, looks = Decoder(tensors, ATTENTION[0], REVERSED, indices).greedily({position: 0})
    assert found.shape[1] == looks.shape[1] == position + 1


@each_attention
def test_rows_of_a_decoder_go_on_alone_in_another_order_and_several_times(architecture):
    tensors = endless(architecture)
    indices = encode_questions(REVERSED, UNEVEN)
    decoder = Decoder(tensors, architecture, REVERSED, indices)
    state, _, _ = decoder.step(decoder.start, np.zeros(len(UNEVEN), np.int32))
    written = np.array([5, 6, 7, 8, 9, 4], np.int32)
    whole, expected, looks = decoder.step(state, written)
    _, after, _ = decoder.step(whole, written[::-1])
    chosen = np.array([4, 1, 1, 0])
    decoder.rows(chosen)
    picked, found, looked = decoder.step(state.rows(chosen), written[chosen])
    assert np.abs(found - expected[chosen]).max() < 1e-6
    assert np.abs(looked - looks[chosen]).max() < 1e-6
    assert picked.position.tolist() == whole.position[chosen].tolist()
    decoder.rows(np.array([2, 0]))  # rows of rows
    _, found, _ = decoder.step(picked.rows(np.array([2, 0])), written[::-1][chosen[[2, 0]]])
    assert np.abs(found - after[chosen[[2, 0]]]).max() < 1e-6


def test_one_row_taken_twice_goes_on_with_different_characters():
    tensors = endless(ATTENTION[0])
    decoder = Decoder(tensors, ATTENTION[0], REVERSED, encode_questions(REVERSED, ["905 + 97"]))
    state, _, _ = decoder.step(decoder.start, np.zeros(1, np.int32))
    apart = [decoder.step(state, np.array([code], np.int32))[1][0] for code in (5, 9)]
    decoder.rows(np.array([0, 0]))
    _, together, _ = decoder.step(state.rows(np.array([0, 0])), np.array([5, 9], np.int32))
    assert np.abs(together - np.array(apart)).max() < 1e-6
    assert np.abs(together[0] - together[1]).max() > 1e-3


def test_the_greedy_decoder_stops_where_every_answer_has_ended():
    architecture = ATTENTION[0]
    tensors = dict(random_tensors(architecture, ENCODING))
    tensors["output.bias"] = np.full_like(tensors["output.bias"], -30)
    tensors["output.bias"][0] = 30
    indices = encode_questions(ENCODING, ["1 + 1", "2 + 2"])
    assert (
        kind_of("attention").probabilities(tensors, architecture, ENCODING, indices).shape[1] == 1
    )
    tensors["output.bias"][0] = -60
    found = kind_of("attention").probabilities(tensors, architecture, ENCODING, indices)
    assert found.shape[1] == ENCODING.answer_length


def test_softmax_is_shift_invariant_and_without_overflow():
    logits = np.log(np.array([[1, 2, 5]], np.float32))
    for shift in (0, 80, -80):
        assert np.abs(softmax(logits + np.float32(shift)) - [[1 / 8, 2 / 8, 5 / 8]]).max() < 1e-5
    assert softmax(np.array([[1e30, 0]], np.float32)).tolist() == [[1, 0]]


def test_the_seeds_network_has_15_733_parameters():
    alphabet, hidden = len("\0 +0123456789"), 20
    encoder = 2 * (4 * hidden * (alphabet + hidden + 1))
    decoder = 2 * (4 * hidden * (2 * hidden + hidden + 1))
    dense = (2 * hidden + 1) * alphabet
    assert encoder + decoder + dense == 15_733
    assert parameter_count(Architecture(), Encoding.for_task(Task())) == 15_733


def test_parameter_count_leaves_out_moving_statistics():
    plain = Architecture(hidden=6, encoder_depth=2)
    normed = Architecture(hidden=6, encoder_depth=2, batch_norm=True)
    extra = parameter_count(normed, ENCODING) - parameter_count(plain, ENCODING)
    assert extra == 3 * 2 * (2 * 6)  # layers, gamma and beta, both directions


def test_shapes_follow_depth_width_and_alphabet():
    shapes = kind_of("seq2seq").shapes(Architecture(hidden=3, encoder_depth=2), ENCODING)
    alphabet = len(ENCODING.characters)
    assert shapes["encoder.0.forward.kernel"] == (alphabet, 12)
    assert shapes["encoder.1.backward.kernel"] == (6, 12)
    assert shapes["decoder.0.forward.kernel"] == (6, 12)
    assert shapes["decoder.0.backward.recurrent_kernel"] == (3, 12)
    assert shapes["encoder.0.forward.bias"] == (12,)
    assert shapes["output.kernel"] == (6, alphabet)
    assert shapes["output.bias"] == (alphabet,)
    assert len(shapes) == 3 * 2 * 3 + 2


# Weights of several parts


def test_a_lone_network_is_the_part_without_a_name():
    assert parts_of(Architecture()) == {"": "seq2seq"}
    assert parts_of(ATTENTION[0]) == {"": "attention"}
    assert parts_of(WORK) == {"reader": "columns-reader", "doer": "columns"}
    with pytest.raises(WeightsError, match=r"no installed package adds .* 'of tomorrow'"):
        parts_of(Architecture("of tomorrow"))


@pytest.mark.parametrize("architecture", [Architecture(), ATTENTION[0], WORK])
def test_the_parts_hold_every_tensor_once_under_its_own_name(architecture):
    tensors = random_tensors(architecture, ENCODING)
    again = {}
    for part, kind in parts_of(architecture).items():
        own = part_tensors(tensors, part)
        assert {name: tensor.shape for name, tensor in own.items()} == kind_of(kind).shapes(
            architecture, ENCODING
        )
        again |= {prefixed(part, name): tensor for name, tensor in own.items()}
    assert set(again) == set(tensors) == set(shapes_of(architecture, ENCODING))
    assert all(again[name] is tensor for name, tensor in tensors.items())


def test_places_cost_their_table_and_nothing_else():
    with_places = Architecture("attention", hidden=8, embedding=5, places=7)
    without = Architecture("attention", hidden=8, embedding=5, places=0)
    extra = parameter_count(with_places, ENCODING) - parameter_count(without, ENCODING)
    assert extra == 7 * 5


def test_the_last_place_stands_for_all_beyond():
    architecture = Architecture("attention", hidden=8, embedding=5, places=3)
    tensors = random_tensors(architecture, REVERSED)
    table = tensors["embedding.places.embeddings"].copy()
    table[2] += 1
    moved = {**tensors, "embedding.places.embeddings": table}
    # Places 0, 1 and 2: a number of one digit has none that is the last.
    indices = encode_questions(REVERSED, ["1 + 2", "12 + 1", "1234 + 1"])
    before, after = (
        kind_of("attention").probabilities(which, architecture, REVERSED, indices)[:, 0]
        for which in (tensors, moved)
    )
    assert (np.abs(after - before).max(-1) > 1e-6).tolist() == [False, True, True]


@pytest.mark.parametrize("ahead", [1, 40, 100])
def test_how_many_inputs_are_worked_out_ahead_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch, ahead: int
):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, 7, 3)).astype(np.float32)
    shapes = cell_shapes("layer", 3, 2)
    tensors = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    gates = gates_of(tensors, "layer")
    memories, others = np.zeros((2, 7, 2), np.float32), np.ones((2, 7, 2), np.float32)
    states = lstm(x, gates, memories)
    monkeypatch.setattr(lstm_module, "AHEAD", ahead)
    assert (lstm(x, gates, others) == states).all()
    assert (others == memories).all()


def test_kept_tensors_have_their_gates_laid_out_once():
    rng = np.random.default_rng(5)
    shapes = cell_shapes("a", 3, 2) | cell_shapes("b", 3, 2)
    tensors = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    kept = CachedTensors(tensors)
    for name in ("a", "b"):
        assert gates_of(kept, name) is gates_of(kept, name)
        assert gates_of(tensors, name) is not gates_of(tensors, name)
        own = gates_of(tensors, name)
        for part in ("kernel", "recurrent", "bias"):
            assert (getattr(gates_of(kept, name), part) == getattr(own, part)).all()
