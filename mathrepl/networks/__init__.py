"""Networks as readable numpy: one module a kind, and one table of the kinds.

A new kind is a module with three functions, entered in `KINDS`, and its Keras twin in
`mathrepl.training.keras.models`. Kinds of installed packages are in `plugin_kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mathrepl.data.encoding import Encoding
from mathrepl.networks import attention, seq2seq, tagger
from mathrepl.networks.config import Architecture
from mathrepl.networks.installed import installed_network
from mathrepl.networks.kind import Kind
from mathrepl.networks.lstm import CachedTensors, States, Tensors

__all__ = [
    "KINDS",
    "CachedTensors",
    "Kind",
    "States",
    "Tensors",
    "kind_of",
    "parameter_count",
    "part_tensors",
    "parts_of",
    "prefixed",
    "shapes_of",
]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "seq2seq": Kind(seq2seq.shapes, seq2seq.probabilities, seq2seq.states),
        "attention": Kind(attention.shapes, attention.probabilities, attention.states),
        "tagger": Kind(tagger.shapes, tagger.probabilities, tagger.states),
    }
)
# Weights of these kinds are several networks in one file, each tensor named after its part.
_PARTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"work": MappingProxyType({"reader": "tagger", "doer": "attention"})}
)


def kind_of(name: str) -> Kind:
    """The kind of that name, ours or an installed package's.

    Raises `WeightsError` for one that nothing adds, or whose package is no good.
    """
    return KINDS[name] if name in KINDS else installed_network(name)


def parts_of(architecture: Architecture) -> dict[str, str]:
    """The kind of each network in such weights, by the part's name; a lone one has none.

    Raises `WeightsError` as `kind_of`.
    """
    if architecture.kind in _PARTS:
        return dict(_PARTS[architecture.kind])
    kind_of(architecture.kind)  # a clear error rather than an empty answer
    return {"": architecture.kind}


def shapes_of(architecture: Architecture, encoding: Encoding) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of such weights, `doer.output.bias` for a part's.

    Raises `WeightsError` as `kind_of`, and what an installed kind does for settings that it
    cannot have.
    """
    return {
        prefixed(part, name): shape
        for part, kind in parts_of(architecture).items()
        for name, shape in kind_of(kind).shapes(architecture, encoding).items()
    }


def prefixed(part: str, name: str) -> str:
    """The tensor's name in weights of several parts."""
    return f"{part}.{name}" if part else name


def part_tensors(tensors: Tensors, part: str) -> Tensors:
    """The tensors of one part under their own names."""
    start = prefixed(part, "")
    return {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}


def parameter_count(architecture: Architecture, encoding: Encoding) -> int:
    """Parameters that training changes, as Keras's `count_params` counts trainable ones."""
    total = 0
    for name, shape in shapes_of(architecture, encoding).items():
        if name.endswith((".moving_mean", ".moving_variance")):
            continue
        size = 1
        for side in shape:
            size *= side
        total += size
    return total
