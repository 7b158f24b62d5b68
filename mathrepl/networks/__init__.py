"""Networks as readable numpy: one module a kind, and one table of the kinds.

A new kind is a module with a `KIND`, entered in `KINDS`, and its Keras twin in
`mathrepl.training.keras_models`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mathrepl.architecture import Architecture
from mathrepl.codec import Floats, Indices
from mathrepl.encoding import Encoding
from mathrepl.networks import seq2seq

Tensors = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Kind:
    """What the rest of the program needs to know of a kind of network.

    `shapes` gives every tensor's name and shape; `probabilities` maps question indices
    (n, question length) to the softmax over the alphabet, (n, answer length, alphabet).
    """

    shapes: Callable[[Architecture, Encoding], dict[str, tuple[int, ...]]]
    probabilities: Callable[[Tensors, Architecture, Encoding, Indices], Floats]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {"seq2seq": Kind(seq2seq.shapes, seq2seq.probabilities)}
)


def parameter_count(architecture: Architecture, encoding: Encoding) -> int:
    """Parameters that training changes, as Keras's `count_params` counts trainable ones."""
    total = 0
    for name, shape in KINDS[architecture.kind].shapes(architecture, encoding).items():
        if name.endswith((".moving_mean", ".moving_variance")):
            continue
        size = 1
        for side in shape:
            size *= side
        total += size
    return total
