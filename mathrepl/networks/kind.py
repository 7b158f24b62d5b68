"""What the rest of the program needs to know of a kind of network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import States, Tensors


@dataclass(frozen=True, slots=True)
class Kind:
    """A network as functions of its tensors.

    `shapes` gives every tensor's name and shape; `probabilities` maps question indices
    (n, question length) to the softmax at every place, (n, answer length, alphabet), and
    `states` to the hidden and cell states of every LSTM, each (n, steps, units), by its name;
    None for a kind that shows none.
    """

    shapes: Callable[[Architecture, Encoding], dict[str, tuple[int, ...]]]
    probabilities: Callable[[Tensors, Architecture, Encoding, Indices], Floats]
    states: Callable[[Tensors, Architecture, Encoding, Indices], States] | None = None
