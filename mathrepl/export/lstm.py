"""LSTM cells in ONNX's layout: gates in another order, matrices transposed, two biases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mathrepl.data.codec import Floats
from mathrepl.export.graph import Graph
from mathrepl.networks import Tensors
from mathrepl.networks.lstm import cell_of

Layer = tuple[str, str, str]


def layer_of(graph: Graph, tensors: Tensors, names: Sequence[str]) -> Layer:
    """The constants W (D, 4h, width), R (D, 4h, h), B (D, 8h) of one layer of D directions.

    `names` are the cells, forward first. ONNX adds a second bias, which is zero.
    """
    cells = [cell_of(tensors, name) for name in names]
    kernels, recurrent = (np.stack([_gates(cell[i]).T for cell in cells]) for i in (0, 1))
    biases = np.stack([np.concatenate([_gates(c[2]), np.zeros_like(c[2])]) for c in cells])
    return (
        graph.constant(f"{names[0]}.W", kernels),
        graph.constant(f"{names[0]}.R", recurrent),
        graph.constant(f"{names[0]}.B", biases),
    )


def read_both_ways(
    graph: Graph, tensors: Tensors, name: str, x: str, lengths: str = ""
) -> tuple[str, str]:
    """All states (T, n, 2h) of both directions in reading order, and the last of each, (n, 2h).

    `x` is (T, n, width), time first, as ONNX has it. With `lengths` (n,) each text is read
    within its own length, whatever its padding; the states there are zero.
    """
    cells = [f"{name}.forward", f"{name}.backward"]
    units = tensors[f"{cells[0]}.recurrent_kernel"].shape[0]
    states, last = graph.nodes(
        "LSTM",
        2,
        x,
        *layer_of(graph, tensors, cells),
        lengths,
        hidden_size=units,
        direction="bidirectional",
    )
    states = graph.node("Transpose", states, perm=[0, 2, 1, 3])
    last = graph.node("Transpose", last, perm=[1, 0, 2])
    return (
        graph.node("Reshape", states, graph.integers(0, 0, 2 * units)),
        graph.node("Reshape", last, graph.integers(0, 2 * units)),
    )


def step(
    graph: Graph, layer: Layer, units: int, x: str, hidden: str, memory: str
) -> tuple[str, str]:
    """The next hidden and cell state, each (1, n, units), after one input (1, n, width)."""
    _, hidden, memory = graph.nodes("LSTM", 3, x, *layer, "", hidden, memory, hidden_size=units)
    return hidden, memory


def _gates(tensor: Floats) -> Floats:
    """Gates i, f, g, o along the last axis as i, o, f, g."""
    i, f, g, o = np.split(np.asarray(tensor, np.float32), 4, axis=-1)
    return np.concatenate([i, o, f, g], axis=-1)
