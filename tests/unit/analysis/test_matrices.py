from __future__ import annotations

import json

import numpy as np
import pytest

from mathrepl.analysis.figure import Bars, Heatmap
from mathrepl.analysis.matrices import matrices, overview
from mathrepl.arithmetic.skills import READING, alphabets_of
from mathrepl.data.encoding import Encoding
from mathrepl.networks import shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.support.errors import UsageError
from mathrepl.training.recipes import RECIPES
from tests.kit.trained import ATTENTION, DEEP, LOOKUP, SEQ2SEQ, WORK
from tests.kit.weights import TINY_TASK, random_tensors

ENCODING = Encoding.for_task(TINY_TASK)
KNOWN = {
    "a.kernel": np.array([[3.0, -4.0], [0.0, 0.0]], np.float32),
    "a.bias": np.array([2.0, -2.0, 2.0], np.float32),
    "ab.kernel": np.zeros((2, 2), np.float32),
}


def tensors_of(architecture: Architecture) -> dict[str, np.ndarray]:
    encoding = RECIPES["work"].encoding if architecture.kind == "work" else ENCODING
    return random_tensors(architecture, encoding)


@pytest.mark.parametrize("architecture", [SEQ2SEQ, DEEP, ATTENTION, LOOKUP, WORK])
def test_every_tensor_has_a_bar_with_its_shape(architecture: Architecture):
    tensors = tensors_of(architecture)
    figure = overview("tiny", tensors)
    (bars,) = figure.panels
    assert isinstance(bars, Bars)
    encoding = RECIPES["work"].encoding if architecture.kind == "work" else ENCODING
    shapes = shapes_of(architecture, encoding)
    assert [bar.label for bar in bars.bars] == list(tensors) == list(shapes)
    for bar, shape in zip(bars.bars, shapes.values(), strict=True):
        assert bar.text.startswith(" x ".join(map(str, shape)) + "  rms")
    total = sum(int(np.prod(shape)) for shape in shapes.values())
    assert figure.facts[0].startswith(f"{total:,} numbers")


def test_sizes_are_root_mean_squares_and_norms_worked_out_on_paper():
    (bars,) = overview("tiny", KNOWN).panels
    assert [(bar.label, bar.value) for bar in bars.bars] == [
        ("a.kernel", 2.5),
        ("a.bias", 2.0),
        ("ab.kernel", 0.0),
    ]
    assert bars.bars[0].text == "2 x 2  rms 2.500  norm 5.00"
    records = json.loads(json.dumps(overview("tiny", KNOWN).record()))["tensors"]
    assert records[0] == {"name": "a.kernel", "shape": [2, 2], "norm": 5, "rms": 2.5, "largest": 4}
    assert (records[1]["shape"], records[1]["largest"]) == ([3], 2)
    assert (records[2]["norm"], records[2]["rms"], records[2]["largest"]) == (0, 0, 0)


def test_a_layer_has_its_tensors_as_maps_between_minus_and_plus_its_largest():
    figure = matrices("tiny", KNOWN, "a")
    kernel, bias = figure.panels
    assert isinstance(kernel, Heatmap)
    assert kernel.title == "a.kernel 2 x 2, rms 2.500, norm 5.00"
    assert np.array_equal(kernel.cells, KNOWN["a.kernel"])
    assert (kernel.low, kernel.high, kernel.palette) == (-4, 4, "signed")
    assert (kernel.row_range, kernel.column_range) == ((0, 1), (0, 1))
    assert bias.cells.tolist() == [[2, -2, 2]]
    assert (bias.row_range, bias.column_range) == (None, (0, 2))
    assert (kernel.row_axis, bias.row_axis) == ("in", "")
    assert [one["name"] for one in figure.data["tensors"]] == ["a.kernel", "a.bias"]


def test_a_tensor_can_be_named_alone():
    (only,) = matrices("tiny", KNOWN, "a.bias").panels
    assert only.title.startswith("a.bias 3, ")


def test_a_layer_without_its_part_is_that_of_every_part():
    figure = matrices("tiny", tensors_of(WORK), "output")
    assert [one["name"] for one in figure.data["tensors"]] == [
        "reader.output.kernel",
        "reader.output.bias",
        "doer.output.kernel",
        "doer.output.bias",
    ]
    (only,) = matrices("tiny", tensors_of(WORK), "reader.output.bias").panels
    written = len(alphabets_of(READING).written)
    assert only.title.startswith(f"reader.output.bias {written}, ")


def test_the_layers_that_there_are_fit_on_a_line():
    with pytest.raises(UsageError) as caught:
        matrices("tiny", tensors_of(WORK), "nosuch")
    assert caught.value.hint == (
        "its layers are skill, first, second, symbol, hidden, memory, output"
    )


def test_a_map_of_zeros_has_a_scale():
    (only,) = matrices("tiny", KNOWN, "ab").panels
    assert only.low < only.high


@pytest.mark.parametrize("architecture", [SEQ2SEQ, DEEP, ATTENTION, LOOKUP, WORK])
def test_the_gates_are_named_beside_every_lstm_and_nothing_else(architecture: Architecture):
    tensors = tensors_of(architecture)
    for layer in dict.fromkeys(name.rsplit(".", 1)[0] for name in tensors):
        told = any("gates" in fact for fact in matrices("tiny", tensors, layer).facts)
        assert told is (f"{layer}.recurrent_kernel" in tensors), layer
    for name in tensors:
        if name.endswith(".recurrent_kernel"):
            assert any("gates" in fact for fact in matrices("tiny", tensors, name).facts)


@pytest.mark.parametrize("layer", ["b", "a.k", "a.", ".", " a", "A", "kernel", "a.kernel.x"])
def test_an_unknown_layer_is_refused_with_those_that_there_are(layer: str):
    with pytest.raises(UsageError, match="tiny has no layer") as caught:
        matrices("tiny", KNOWN, layer)
    assert caught.value.hint == "its layers are a, ab"


def test_a_beginning_takes_all_layers_below_it():
    tensors = tensors_of(DEEP)
    figure = matrices("tiny", tensors, "encoder.1")
    wanted = [name for name in tensors if name.startswith("encoder.1.")]
    assert [one["name"] for one in figure.data["tensors"]] == wanted
    assert len(wanted) == 10
