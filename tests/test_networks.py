from __future__ import annotations

import math

import numpy as np
import pytest

from mathrepl.architecture import Architecture
from mathrepl.codec import encode_questions
from mathrepl.encoding import Encoding
from mathrepl.networks import KINDS, parameter_count
from mathrepl.networks.lstm import lstm, sigmoid, softmax
from mathrepl.task import Task
from tests.helpers import random_tensors

TASK = Task(high=9)
ENCODING = Encoding.for_task(TASK)
VARIANTS = [
    Architecture(hidden=3),
    Architecture(hidden=2, encoder_depth=2, decoder_depth=3),
    Architecture(hidden=3, batch_norm=True),
    Architecture(hidden=2, encoder_depth=3, decoder_depth=2, batch_norm=True, dropout=0.5),
]


def reference_lstm(xs, kernel, recurrent_kernel, bias) -> list[list[float]]:
    """Hidden states of one sequence, one number at a time, gates i, f, g, o."""
    units = len(recurrent_kernel)
    hidden, cell, states = [0.0] * units, [0.0] * units, []
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
        states.append(hidden)
    return states


def reference_layer(tensors, layer: str, xs) -> tuple[list[list[float]], list[list[float]]]:
    """Forward states, and backward states in the order in which they were reached."""

    def direction(name: str, sequence) -> list[list[float]]:
        parts = ("kernel", "recurrent_kernel", "bias")
        return reference_lstm(sequence, *(tensors[f"{layer}.{name}.{part}"] for part in parts))

    return direction("forward", xs), direction("backward", xs[::-1])


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


def test_one_lstm_step_with_one_unit_worked_out_on_paper():
    kernel = np.array([[0.0, 1.0, 2.0, -1.0]], np.float32)  # i f g o
    bias = np.array([1.0, 0.0, 0.0, 0.5], np.float32)
    states = lstm(np.array([[[1.0]]], np.float32), kernel, np.zeros((1, 4), np.float32), bias)
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
    assert np.abs(lstm(x, kernel, recurrent, bias) - np.array(expected)).max() < 1e-5


@pytest.mark.parametrize("architecture", VARIANTS, ids=Architecture.describe)
def test_the_whole_network_agrees_with_loops_over_single_numbers(architecture):
    tensors = random_tensors(architecture, ENCODING, seed=5)
    indices = encode_questions(ENCODING, ["9 + 9", "0 + 4", "7"])
    found = KINDS["seq2seq"].probabilities(tensors, architecture, ENCODING, indices)
    expected = [
        reference_probabilities(tensors, architecture, ENCODING, row) for row in indices.tolist()
    ]
    assert np.abs(found - np.array(expected)).max() < 1e-5


@pytest.mark.parametrize("architecture", VARIANTS, ids=Architecture.describe)
def test_probabilities_have_a_row_for_each_place_that_sums_to_1(architecture):
    tensors = random_tensors(architecture, ENCODING)
    for questions in (["1 + 1"], ["1 + 1"] * 7, ["1 + 1 + 1 + 1"]):
        indices = encode_questions(ENCODING, questions)
        found = KINDS["seq2seq"].probabilities(tensors, architecture, ENCODING, indices)
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
    batch = KINDS["seq2seq"].probabilities(tensors, architecture, ENCODING, indices)
    alone = KINDS["seq2seq"].probabilities(tensors, architecture, ENCODING, indices[17:18])
    assert np.abs(batch[17] - alone[0]).max() < 1e-6
    assert np.abs(batch[17] - batch[18]).max() > 1e-6


def test_saturated_networks_stay_finite_and_raise_no_warning():
    architecture = Architecture(hidden=3)
    tensors = {
        name: tensor * np.float32(1e4)
        for name, tensor in random_tensors(architecture, ENCODING).items()
    }
    indices = encode_questions(ENCODING, ["9 + 9"])
    found = KINDS["seq2seq"].probabilities(tensors, architecture, ENCODING, indices)
    assert np.isfinite(found).all()
    assert np.abs(found.sum(-1) - 1).max() < 1e-5


def test_sigmoid_is_the_logistic_function_without_overflow():
    x = np.array([-1000, -3, 0, 0.5, 1000], np.float32)
    expected = [0, 1 / (1 + math.exp(3)), 0.5, 1 / (1 + math.exp(-0.5)), 1]
    assert np.abs(sigmoid(x) - np.array(expected)).max() < 1e-6


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
    shapes = KINDS["seq2seq"].shapes(Architecture(hidden=3, encoder_depth=2), ENCODING)
    alphabet = len(ENCODING.characters)
    assert shapes["encoder.0.forward.kernel"] == (alphabet, 12)
    assert shapes["encoder.1.backward.kernel"] == (6, 12)
    assert shapes["decoder.0.forward.kernel"] == (6, 12)
    assert shapes["decoder.0.backward.recurrent_kernel"] == (3, 12)
    assert shapes["encoder.0.forward.bias"] == (12,)
    assert shapes["output.kernel"] == (6, alphabet)
    assert shapes["output.bias"] == (alphabet,)
    assert len(shapes) == 3 * 2 * 3 + 2
