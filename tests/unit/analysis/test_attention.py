from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mathrepl.analysis.attention import attend
from mathrepl.analysis.figure import Heatmap
from mathrepl.analysis.network import Network
from mathrepl.data.codec import encode_questions
from mathrepl.networks.attention import Decoder
from mathrepl.networks.config import Architecture
from mathrepl.support.errors import UsageError
from tests.kit.trained import ATTENTION, LOOKUP, SEQ2SEQ, WORK, network

QUESTION = "12 + 3"
THREE_HEADS = Architecture("attention", hidden=12, embedding=3, heads=3)
each_with_attention = pytest.mark.parametrize(
    ("architecture", "reverse"),
    [(ATTENTION, False), (ATTENTION, True), (LOOKUP, True), (THREE_HEADS, True)],
)


def attended(one: Network, text: str) -> tuple[np.ndarray, list[int]]:
    """The weights (U, H, T) in the order of reading, and what was written, its end included."""
    indices = encode_questions(one.encoding, [text])
    decoder = Decoder(one.tensors, one.card.architecture, one.encoding, indices)
    probabilities, looks = decoder.greedily()
    codes = probabilities[0].argmax(-1).tolist()
    length = codes.index(0) + 1 if 0 in codes else len(codes)
    return looks[0, :length], codes[:length]


@each_with_attention
def test_a_map_a_head_has_what_each_written_character_looked_at(
    architecture: Architecture, reverse: bool
):
    for seed in range(4):
        one = network(architecture, reverse=reverse, seed=seed)
        figure = attend(one, QUESTION)
        looks, codes = attended(one, QUESTION)
        assert len(figure.panels) == architecture.heads
        for head, heat in enumerate(figure.panels):
            assert isinstance(heat, Heatmap)
            assert heat.title == f"head {head + 1}"
            assert heat.rows == tuple(one.character(code) for code in codes)
            assert "".join(heat.columns) == QUESTION.replace(" ", "␣")
            assert heat.cells.shape == (len(codes), len(QUESTION))
            assert np.abs(heat.cells.sum(1) - 1).max() < 1e-5
            # Column k stands for the character that was read as number `place`.
            for k in range(len(QUESTION)):
                place = len(QUESTION) - 1 - k if reverse else k
                assert np.abs(heat.cells[:, k] - looks[:, head, place]).max() < 1e-6
        assert np.ptp(figure.panels[0].cells) > 0.01  # or any order would do


@pytest.mark.parametrize("reverse", [False, True])
def test_a_network_made_to_look_at_a_plus_looks_there(reverse: bool):
    """Keys that only the plus has: all attention must stand in its column."""
    one = network(LOOKUP, reverse=reverse)
    tensors = {name: tensor.copy() for name, tensor in one.tensors.items()}
    tensors["embedding.characters.embeddings"][:] = 0
    tensors["embedding.characters.embeddings"][one.encoding.characters.index("+"), 0] = 50
    tensors["embedding.places.embeddings"][:] = 0
    tensors["attention.key.kernel"][:] = 0
    tensors["attention.key.kernel"][0, :: LOOKUP.embedding] = 1
    tensors["attention.key.bias"][:] = 0
    tensors["attention.query.kernel"][:] = 0
    tensors["attention.query.bias"][:] = 1
    figure = attend(replace(one, tensors=tensors), QUESTION)
    for heat in figure.panels:
        assert set(heat.cells.argmax(1).tolist()) == {QUESTION.index("+")}
        assert heat.cells[:, QUESTION.index("+")].min() > 0.99


def test_rows_end_with_the_end_mark():
    one = network(ATTENTION)
    bias = one.tensors["output.bias"].copy()
    bias[0] = 60
    figure = attend(replace(one, tensors={**one.tensors, "output.bias": bias}), QUESTION)
    assert {heat.rows for heat in figure.panels} == {("■",)}
    assert {heat.cells.shape for heat in figure.panels} == {(1, len(QUESTION))}
    assert figure.data["network"] == ""


@each_with_attention
def test_the_record_of_attention_is_that_of_the_maps(architecture: Architecture, reverse: bool):
    one = network(architecture, reverse=reverse)
    figure = attend(one, QUESTION)
    record = json.loads(json.dumps(figure.record()))
    assert record["network"] == one.read(attended(one, QUESTION)[1])
    assert figure.title == f"attention weights of tiny, {QUESTION} = {record['network']}"
    assert record["written"] == list(figure.panels[0].rows)
    assert record["read"] == list(figure.panels[0].columns)
    for weights, heat in zip(record["heads"], figure.panels, strict=True):
        assert np.abs(np.array(weights) - heat.cells).max() < 1e-6


def test_it_says_in_which_order_rows_were_written():
    assert (
        "from the last character on" in attend(network(ATTENTION, reverse=True), "1 + 2").facts[0]
    )
    assert "from the first character on" in attend(network(ATTENTION), "1 + 2").facts[0]


@pytest.mark.parametrize(("architecture", "part"), [(SEQ2SEQ, ""), (WORK, "reader")])
def test_a_network_without_attention_looks_nowhere(architecture: Architecture, part: str):
    with pytest.raises(UsageError, match="has no attention"):
        attend(network(architecture, part=part), "3+4p" if part else "3+4")
