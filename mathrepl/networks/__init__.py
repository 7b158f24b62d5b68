"""Networks as readable numpy, one module a kind; `kinds` is the table of them.

This module loads no numpy: a kind's network is imported when it is first needed.
"""

from __future__ import annotations

from math import prod

from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.networks.kind import Kind, States, Tensors
from mathrepl.networks.kinds import BUILT_IN
from mathrepl.networks.plugin_kinds import imported

__all__ = [
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


def kind_of(name: str) -> Kind:
    """The network of the built-in or installed kind of that name.

    Raises `WeightsError` for a kind that nothing adds, or whose package cannot be used.
    """
    row = BUILT_IN.get(name)
    if row is not None and row.network:
        kind: Kind = imported(name, row.network)
        return kind
    from mathrepl.networks.installed import installed_network

    return installed_network(name)


def parts_of(architecture: Architecture) -> dict[str, str]:
    """The kind of each network in such weights, by the part's name; the last one writes answers.

    A lone network has an empty name. Raises `WeightsError` as `kind_of`.
    """
    row = BUILT_IN.get(architecture.kind)
    if row is not None and row.parts:
        return dict(row.parts)
    kind_of(architecture.kind)  # a clear error rather than an empty answer
    return {"": architecture.kind}


def shapes_of(architecture: Architecture, encoding: Encoding) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of such weights, `doer.output.bias` for a part's.

    Raises `WeightsError` as `kind_of`, and whatever an installed kind raises for settings that it
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
    """The number of parameters that training changes, as Keras's `count_params` counts them."""
    return sum(
        prod(shape)
        for name, shape in shapes_of(architecture, encoding).items()
        if not name.endswith((".moving_mean", ".moving_variance"))
    )
