"""Weights as safetensors bytes; names, shapes and dtypes are checked before use."""

from __future__ import annotations

import struct
from math import prod
from typing import Any, BinaryIO

import numpy as np
from msgspec import Struct

from mathrepl.networks import Tensors, shapes_of
from mathrepl.networks.config import settings_of
from mathrepl.networks.finite import check_numbers
from mathrepl.networks.plugin_kinds import missing
from mathrepl.store.card import Card
from mathrepl.support.errors import TaskError, WeightsError
from mathrepl.support.records import convert, parse
from mathrepl.support.text import one_line

MAX_HEADER_BYTES = 1_000_000
# The first bytes of other formats of networks; such files are named and never opened.
_OTHERS = (
    (b"\x80", "a pickle"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PK\x03\x04", "a zip archive, such as Keras and PyTorch write"),
    (b"\x93NUMPY", "a numpy array"),
)


def dump_tensors(tensors: Tensors) -> bytes:
    """Serialise float32 tensors; equal tensors give equal bytes."""
    from safetensors.numpy import save

    ordered = {k: np.ascontiguousarray(tensors[k], dtype=np.float32) for k in sorted(tensors)}
    return save(ordered, metadata={"format": "mathrepl"})


def read_tensors(data: bytes, card: Card, where: str) -> Tensors:
    """The tensors of weights. Raises `WeightsError` if they do not fit the card's architecture.

    The header is checked before any tensor is built, so a false declaration takes no memory.
    """
    _check_header(data, card, where)
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{where} is not a safetensors file: {one_line(str(error))}") from None
    check_numbers(tensors, card.architecture, card.encoding, where)
    return tensors


def check_start(file: BinaryIO, card: Card, where: str) -> None:
    """Check only the header at the start of a file. Raises `WeightsError` as `read_tensors`."""
    _check_header(file.read(8 + MAX_HEADER_BYTES), card, where)


def most_bytes(card: Card, where: str) -> int:
    """The largest size that a file of such weights can have. Raises `WeightsError`."""
    return 8 + MAX_HEADER_BYTES + 4 * sum(prod(shape) for shape in _wanted(card, where).values())


def _wanted(card: Card, where: str) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor of the card's architecture. Raises `WeightsError`."""
    if settings_of(card.architecture.kind) is None:
        unknown = missing(card.architecture.kind)
        why = one_line(unknown.message, 120)
        raise WeightsError(f"{where} cannot be read: {why}", hint=unknown.hint)
    try:
        return shapes_of(card.architecture, card.encoding)
    except TaskError as error:  # settings that an installed kind cannot have
        raise WeightsError(f"{where} cannot be read: {error.message}", hint=error.hint) from None


def _check_header(data: bytes, card: Card, where: str) -> None:
    """Raise `WeightsError` if the header declares other tensors than the card needs."""
    wanted = _wanted(card, where)
    declared = _header(data, where)
    for name in sorted(set(wanted) ^ set(declared)):
        verb = "lacks" if name in wanted else "has an unknown"
        raise WeightsError(f"{where} {verb} tensor {one_line(repr(name), 80)}")
    for name, shape in wanted.items():
        entry = convert(_Entry, declared[name], f"{where}: {name}")
        if entry.dtype != "F32":
            raise WeightsError(f"{where}: {name} has dtype {one_line(entry.dtype, 40)}, not F32")
        if entry.shape != list(shape):
            raise WeightsError(
                f"{where}: {name} has shape {one_line(str(entry.shape), 40)}, "
                f"the architecture needs {list(shape)}"
            )


class _Entry(Struct):
    """A tensor's entry in a header; safetensors itself checks its offsets."""

    dtype: str
    shape: list[int]


def _header(data: bytes, where: str) -> dict[str, Any]:
    """The header of the safetensors format: 8 bytes little-endian length, then JSON."""
    for start, what in _OTHERS:
        if data.startswith(start) and not data[8:9] == b"{":
            raise WeightsError(f"{where} is not a safetensors file but {what}")
    bad = f"{where} is not a safetensors file"
    if len(data) < 8:
        raise WeightsError(f"{bad}: it has {len(data)} bytes")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(MAX_HEADER_BYTES, len(data) - 8):
        raise WeightsError(
            f"{bad}: it begins with a header of {length:,} bytes, which is not there"
        )
    header = parse(data[8 : 8 + length], bad)
    if not isinstance(header, dict):
        raise WeightsError(f"{bad}: its header does not describe tensors")
    header.pop("__metadata__", None)
    return header
