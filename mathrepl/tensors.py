"""Weights as safetensors bytes; names, shapes and dtypes are checked before use."""

from __future__ import annotations

import json
import struct

import numpy as np

from mathrepl.architecture import SETTINGS
from mathrepl.card import Card
from mathrepl.errors import WeightsError
from mathrepl.networks import Tensors, shapes_of

MAX_HEADER_BYTES = 1_000_000


def dump_tensors(tensors: Tensors) -> bytes:
    """Serialise float32 tensors; equal tensors give equal bytes."""
    from safetensors.numpy import save

    ordered = {k: np.ascontiguousarray(tensors[k], dtype=np.float32) for k in sorted(tensors)}
    return save(ordered, metadata={"format": "mathrepl"})


def read_tensors(data: bytes, card: Card, where: str) -> Tensors:
    """Tensors that fit the architecture of `card`, else `WeightsError` with the misfit.

    The header is compared before any tensor is built, so what a file declares costs nothing.
    """
    if card.architecture.kind not in SETTINGS:
        raise WeightsError(
            f"{where} is a network of kind {card.architecture.kind!r}, unknown here",
            hint="update mathrepl",
        )
    wanted = shapes_of(card.architecture, card.encoding)
    declared = _header(data, where)
    for name in sorted(set(wanted) ^ set(declared)):
        verb = "lacks" if name in wanted else "has an unknown"
        raise WeightsError(f"{where} {verb} tensor {name!r}")
    for name, shape in wanted.items():
        entry = declared[name]
        if entry.get("dtype") != "F32":
            raise WeightsError(f"{where}: {name} has dtype {entry.get('dtype')!r}, not F32")
        if entry.get("shape") != list(shape):
            raise WeightsError(
                f"{where}: {name} has shape {entry.get('shape')}, "
                f"the architecture needs {list(shape)}"
            )
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{where} is not a safetensors file: {error}") from None
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise WeightsError(f"{where}: {name} holds values that are not finite")
    return tensors


def _header(data: bytes, where: str) -> dict[str, dict[str, object]]:
    """The header of the safetensors format: 8 bytes little-endian length, then JSON."""
    bad = WeightsError(f"{where} is not a safetensors file")
    if len(data) < 8:
        raise bad
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(MAX_HEADER_BYTES, len(data) - 8):
        raise bad
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        raise bad from None
    if not isinstance(header, dict) or not all(isinstance(v, dict) for v in header.values()):
        raise bad
    header.pop("__metadata__", None)
    return header
