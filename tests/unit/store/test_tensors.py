from __future__ import annotations

import json
import struct
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.networks import kind_of
from mathrepl.networks.config import Architecture
from mathrepl.store.tensors import MAX_HEADER_BYTES, dump_tensors, read_tensors
from mathrepl.support.errors import WeightsError
from tests.kit.weights import random_tensors, tiny_card

CARD = tiny_card(architecture=Architecture(hidden=2, batch_norm=True))
SHAPES = kind_of("seq2seq").shapes(CARD.architecture, CARD.encoding)
TENSORS = random_tensors(CARD.architecture, CARD.encoding)
DATA = dump_tensors(TENSORS)


def refused(data: bytes, card=CARD) -> str:
    with pytest.raises(WeightsError) as caught:
        read_tensors(data, card, "/some/file")
    assert "/some/file" in caught.value.message
    return str(caught.value)


def assemble(header: object, body: bytes = b"") -> bytes:
    """A safetensors file, laid by hand: length, JSON header, tensors."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def taken_apart() -> tuple[dict, bytes]:
    (length,) = struct.unpack("<Q", DATA[:8])
    return json.loads(DATA[8 : 8 + length]), DATA[8 + length :]


def assert_equal(found, expected) -> None:
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == np.float32
        assert found[name].shape == tensor.shape
        assert (found[name] == tensor).all()


def test_round_trip():
    assert_equal(read_tensors(DATA, CARD, "here"), TENSORS)


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture("attention", hidden=8, places=0),
        Architecture("work", hidden=8, embedding=5, reader_hidden=3),
    ],
    ids=lambda architecture: architecture.kind,
)
def test_weights_of_other_kinds_round_trip(architecture):
    card = tiny_card(architecture=architecture)
    tensors = random_tensors(architecture, card.encoding)
    assert_equal(read_tensors(dump_tensors(tensors), card, "here"), tensors)
    for name in tensors:
        others = {other: tensor for other, tensor in tensors.items() if other != name}
        assert name in refused(dump_tensors(others), card)


def test_hand_assembled_bytes_are_read():
    assert_equal(read_tensors(assemble(*taken_apart()), CARD, "here"), TENSORS)


def test_equal_tensors_give_equal_bytes():
    backwards = {name: TENSORS[name] for name in sorted(TENSORS, reverse=True)}
    assert dump_tensors(backwards) == DATA
    transposed = {name: np.asfortranarray(tensor) for name, tensor in TENSORS.items()}
    assert dump_tensors(transposed) == DATA
    double = {name: tensor.astype(np.float64) for name, tensor in TENSORS.items()}
    assert dump_tensors(double) == DATA


def test_other_tensors_give_other_bytes():
    assert dump_tensors(random_tensors(CARD.architecture, CARD.encoding, seed=1)) != DATA


@pytest.mark.parametrize("name", SHAPES)
def test_each_missing_tensor_is_named(name):
    rest = {k: tensor for k, tensor in TENSORS.items() if k != name}
    message = refused(dump_tensors(rest))
    assert "lacks" in message
    assert name in message


def test_an_unknown_tensor_is_named():
    message = refused(dump_tensors({**TENSORS, "extra": np.zeros(1)}))
    assert "unknown" in message
    assert "extra" in message


@pytest.mark.parametrize("name", SHAPES)
def test_each_wrong_shape_is_named(name):
    for shape in ((SHAPES[name][0] + 1, *SHAPES[name][1:]), (*SHAPES[name], 1), SHAPES[name][1:]):
        assert name in refused(dump_tensors({**TENSORS, name: np.zeros(shape)}))


def test_a_transposed_matrix_is_refused():
    name = "output.kernel"
    assert name in refused(dump_tensors({**TENSORS, name: TENSORS[name].T}))


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, np.uint32])
def test_another_dtype_is_refused(dtype):
    from safetensors.numpy import save

    message = refused(save({**TENSORS, "output.bias": TENSORS["output.bias"].astype(dtype)}))
    assert "output.bias" in message
    assert "F32" in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value):
    for name in TENSORS:
        spoilt = TENSORS[name].copy()
        spoilt.flat[-1] = value
        message = refused(dump_tensors({**TENSORS, name: spoilt}))
        assert name in message
        assert "finite" in message


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, len(DATA) // 2, len(DATA) - 1])
def test_truncated_files_are_refused(length):
    refused(DATA[:length])


def test_trailing_bytes_are_refused():
    refused(DATA + b"\0")


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, MAX_HEADER_BYTES + 1, len(DATA)])
def test_a_header_that_claims_too_much_is_refused(length):
    refused(struct.pack("<Q", length) + DATA[8:])


def test_a_header_over_the_limit_is_refused_although_it_is_all_there():
    header, body = taken_apart()
    assert_equal(read_tensors(assemble(json.dumps(header).encode(), body), CARD, "x"), TENSORS)
    refused(assemble(json.dumps(header).encode().ljust(MAX_HEADER_BYTES + 1), body))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"\xff\xff",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"a": 1}',
        b'{"__metadata__": 1}',
        b'{"output.bias": []}',
        b'{"output.bias": {}}',
    ],
    ids=lambda header: ascii(header[:16]),
)
def test_headers_that_are_none_are_refused(header):
    refused(assemble(header, taken_apart()[1]))


def test_a_file_that_declares_gigantic_tensors_costs_nothing():
    header, body = taken_apart()
    header["output.kernel"]["shape"] = [10**9, 10**9]
    header["output.kernel"]["data_offsets"] = [0, 4 * 10**18]
    started = time.perf_counter()
    assert "output.kernel" in refused(assemble(header, body))
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "offsets", [[0, 0], [0, 10**12], [-4, 48], [8, 4], "x", None, [0], [0, 52.5], [2**64, 2**65]]
)
def test_wrong_offsets_are_refused(offsets):
    header, body = taken_apart()
    header["output.bias"]["data_offsets"] = offsets
    refused(assemble(header, body))


def test_tensors_that_overlap_are_refused():
    header, body = taken_apart()
    names = [name for name in header if name.endswith("forward.bias")]
    header[names[0]]["data_offsets"] = header[names[1]]["data_offsets"]
    refused(assemble(header, body))


@pytest.mark.parametrize(
    ("key", "value"), [("dtype", None), ("dtype", 5), ("shape", "12"), ("shape", None)]
)
def test_entries_without_a_proper_dtype_or_shape_are_refused(key, value):
    header, body = taken_apart()
    header["output.bias"][key] = value
    assert "output.bias" in refused(assemble(header, body))
    del header["output.bias"][key]
    assert "output.bias" in refused(assemble(header, body))


def test_an_unknown_kind_of_network_is_refused():
    card = replace(CARD, architecture=Architecture("transformer"))
    assert "transformer" in refused(DATA, card)


def test_weights_of_another_architecture_are_refused():
    refused(DATA, tiny_card(architecture=Architecture(hidden=3, batch_norm=True)))
    refused(DATA, tiny_card(architecture=Architecture(hidden=2)))
    refused(DATA, tiny_card(architecture=Architecture(hidden=2, decoder_depth=2, batch_norm=True)))


@given(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=12), st.booleans())
@settings(max_examples=250, deadline=None)
def test_damaged_bytes_give_finite_tensors_of_the_right_shapes_or_are_refused(start, noise, cut):
    data = DATA[:start] + noise + (b"" if cut else DATA[start + len(noise) :])
    try:
        found = read_tensors(data, CARD, "here")
    except WeightsError:
        return
    assert {name: tensor.shape for name, tensor in found.items()} == SHAPES
    assert all(np.isfinite(tensor).all() for tensor in found.values())
