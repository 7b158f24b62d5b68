"""The comparison of a file with numpy, without a runtime: functions stand for one."""

from __future__ import annotations

import numpy as np
import pytest

from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import Floats, Indices
from mathrepl.export.checking import TEXTS, TOLERANCE, Comparison, Exported, compare, texts_for
from mathrepl.training.recipes import RECIPES
from tests.kit.exported import ATTENTION, SEQ2SEQ, UNEVEN, WORK, Tiny, tiny
from tests.kit.weights import tiny_card

NETWORKS = [tiny(SEQ2SEQ["seq2seq"][0]), tiny(ATTENTION, reverse=True), tiny(WORK, "doer")]
each_network = pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.kind)


def compared(network: Tiny, change=lambda questions, output: output) -> Comparison:
    """Numpy against itself, its output changed."""

    def run(questions: Indices) -> Floats:
        return change(questions, network.probabilities(questions))

    return compare(network.card, network.part, network.tensors, run, network.texts)


@each_network
def test_a_network_is_like_itself(network: Tiny):
    count = len(network.texts)
    assert compared(network) == Comparison(count, 0.0, count)
    assert compared(network).good


@each_network
def test_the_largest_difference_of_all_is_told(network: Tiny):
    def change(questions: Indices, output: Floats) -> Floats:
        output = output.copy()
        output[2, 0, 0] += np.float32(1e-4)
        output[4, 0, 1] -= np.float32(3e-4)
        return output

    found = compared(network, change)
    assert found.largest_difference == pytest.approx(3e-4, rel=1e-2)
    assert not found.good


@each_network
def test_another_answer_is_counted(network: Tiny):
    def change(questions: Indices, output: Floats) -> Floats:
        output = output.copy()
        output[3, 0] = np.roll(output[3, 0], 1)
        return output

    assert compared(network, change).same_answers == len(network.texts) - 1


def test_what_follows_an_end_mark_is_not_compared():
    network = tiny(ATTENTION)
    ended: list[int] = []

    def change(questions: Indices, output: Floats) -> Floats:
        output = output.copy()
        for row, ends in enumerate(output.argmax(-1) == 0):
            if ends[:-1].any():
                output[row, ends.argmax() + 1 :] = 1
                ended.append(row)
        return np.pad(output, ((0, 0), (0, 3), (0, 0)))  # a graph does not stop early

    network.tensors["output.bias"][0] += 8  # so that some do end
    assert compared(network, change) == Comparison(len(UNEVEN), 0.0, len(UNEVEN))
    assert ended


def test_the_seed_network_is_compared_beyond_an_end_mark():
    network = tiny(SEQ2SEQ["seq2seq"][0])
    network.tensors["output.bias"][0] += 20

    def change(questions: Indices, output: Floats) -> Floats:
        output = output.copy()
        output[:, -1] += np.float32(1e-3)
        return output

    assert (network.probabilities(network.indices(UNEVEN)).argmax(-1) == 0).all()
    assert compared(network, change).largest_difference == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize(
    ("same", "largest", "good"),
    [(3, TOLERANCE, True), (3, 2 * TOLERANCE, False), (2, 0.0, False)],
)
def test_a_good_file_gives_every_answer_and_is_near(same: int, largest: float, good: bool):
    assert Comparison(3, largest, same).good is good


def test_the_texts_are_distinct_equations_of_the_task_and_the_same_each_time():
    card = tiny_card(task=Task(low=-99, high=99, operations="+-"))
    texts = texts_for(card, "")
    assert texts == texts_for(card, "")
    assert len(set(texts)) == TEXTS
    assert all(not card.task.outside(parse(text)) for text in texts)


def test_a_small_task_has_fewer_texts():
    card = tiny_card(task=Task(high=1))
    assert sorted(texts_for(card, "")) == ["0 + 0", "0 + 1", "1 + 0", "1 + 1"]


@pytest.mark.parametrize("part", ["reader", "doer"])
def test_each_part_of_a_working_has_texts_of_its_own(part: str):
    card = tiny_card(task=RECIPES["work"].task, architecture=WORK)
    texts = texts_for(card, part)
    assert len(set(texts)) == TEXTS
    assert texts != texts_for(card, {"reader": "doer", "doer": "reader"}[part])


def test_the_record_of_a_file():
    plain = {"file": "a.onnx", "weights": "a", "part": "", "format": "onnx", "size": 3}
    assert Exported("a.onnx", "a", "", "onnx", 3).record() == {**plain, "comparison": None}
    asked = Exported("a.onnx", "a", "", "onnx", 3, Comparison(4, 0.5, 2)).record()
    assert asked["comparison"] == {"asked": 4, "largest_difference": 0.5, "same_answers": 2}
