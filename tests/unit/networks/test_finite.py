"""Every network computes with finite numbers alone, whatever its tensors hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.networks import kind_of, part_tensors, parts_of, shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.finite import LARGEST, check_numbers
from mathrepl.networks.lstm import CachedTensors
from mathrepl.support.errors import WeightsError
from tests.kit.packages import BAG_NETWORK, Packages, lay_bag
from tests.kit.weights import EXTREMES, random_tensors

ENCODING = Encoding.for_task(Task(operations="+-*", high=99))
KINDS = {
    "seq2seq": Architecture(hidden=3),
    "batch norm": Architecture(hidden=3, batch_norm=True, encoder_depth=2),
    "attention": Architecture("attention", hidden=8, embedding=4),
    "lookup": Architecture("attention", hidden=8, embedding=4, lookup=True),
    "work": Architecture("work", hidden=8, reader_hidden=3),
    "bag": Architecture("bag", hidden=3),
}
LARGE = {
    "seq2seq": Architecture(hidden=256, batch_norm=True, encoder_depth=2, decoder_depth=2),
    "attention": Architecture("attention", hidden=1024, embedding=512, heads=16),
    "lookup": Architecture("attention", hidden=1024, embedding=512, heads=1, lookup=True),
    "work": Architecture("work", hidden=1024, symbols=64, reader_hidden=1024),
}
pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("values", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("architecture", KINDS.values(), ids=KINDS)
def test_huge_numbers_are_refused(packages: Packages, architecture: Architecture, values) -> None:
    lay_bag(packages)
    rng = np.random.default_rng(0)
    shapes = shapes_of(architecture, ENCODING)
    tensors = {name: values(rng, shape).astype(np.float32) for name, shape in shapes.items()}
    with pytest.raises(WeightsError, match="at most 1,000,000"):
        check_numbers(tensors, architecture, ENCODING, "here")
    usual = random_tensors(architecture, ENCODING)
    check_numbers(usual, architecture, ENCODING, "here")
    for name, tensor in tensors.items():
        with pytest.raises(WeightsError, match=name):
            check_numbers({**usual, name: tensor}, architecture, ENCODING, "here")


@pytest.mark.parametrize("variance", [-1.0, -0.001, np.float32(-1e-3)])
def test_a_variance_that_is_none_is_refused(variance: float) -> None:
    tensors = random_tensors(KINDS["batch norm"], ENCODING)
    tensors["encoder.0.norm.moving_variance"][1] = variance
    with pytest.raises(WeightsError, match="its network cannot compute with its numbers"):
        check_numbers(tensors, KINDS["batch norm"], ENCODING, "here")


@pytest.mark.parametrize("sign", ["all alike", "either"])
@pytest.mark.parametrize("architecture", LARGE.values(), ids=LARGE)
def test_the_largest_numbers_stay_finite_in_the_largest_networks(
    architecture: Architecture, sign: str
) -> None:
    rng = np.random.default_rng(0)
    encoding = replace(ENCODING, answer_length=3)
    tensors = {}
    for name, shape in shapes_of(architecture, encoding).items():
        signs = np.ones(shape) if sign == "all alike" else rng.choice([-1, 1], shape)
        tensors[name] = (LARGEST * signs).astype(np.float32)
        if name.endswith("moving_variance"):
            tensors[name] = np.full(shape, -1e-3 + 1e-9, np.float32)  # the largest quotient
    check_numbers(tensors, architecture, encoding, "here")
    texts = {"": ["9 * 9", "1" * 300 + " + 1"], "doer": ["9+9"], "reader": ["1" * 30 + "p"]}
    with np.errstate(all="raise", under="ignore"):
        for part, name in parts_of(architecture).items():
            cached = CachedTensors(part_tensors(tensors, part))
            kind = kind_of(name)
            own = kind.encoding(encoding)
            questions = encode_questions(own, texts[part])
            found = kind.probabilities(cached, architecture, own, questions)
            assert np.isfinite(found).all()


@pytest.mark.parametrize("expression", ["np.exp(1e3 * (1 + x * x))", "np.log(-1 - x * x)", "x / 0"])
def test_a_network_of_a_package_is_asked_before_it_is_used(
    packages: Packages, expression: str
) -> None:
    lay_bag(
        packages,
        network=BAG_NETWORK.replace("    return soft", f"    x = {expression}\n    return soft"),
    )
    tensors = random_tensors(KINDS["bag"], ENCODING)
    with pytest.raises(WeightsError, match="gives no probabilities"):
        check_numbers(tensors, KINDS["bag"], ENCODING, "here")


def test_a_network_of_a_package_may_overflow_on_its_way(packages: Packages) -> None:
    usual = "    x = 1 / (1 + np.exp(1e3 * (1 + x * x)))\n    return soft"
    lay_bag(packages, network=BAG_NETWORK.replace("    return soft", usual))
    check_numbers(random_tensors(KINDS["bag"], ENCODING), KINDS["bag"], ENCODING, "here")
