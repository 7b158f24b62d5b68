"""An ONNX graph in the making: nodes in order, and the constants they use.

Shapes: n texts, and T, the length of the longest with its padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from mathrepl.data.codec import Floats
from mathrepl.networks import Tensors
from mathrepl.networks.lstm import cell_of


class Graph:
    """Collects the nodes of a network of `tensors`; every value is a name.

    `Graph(tensors, outer)` is the body of a loop in `outer`. A body sees the values of the graph
    around it, so its constants are kept there, where they are read once and not in every round.
    Names are unique across both.
    """

    def __init__(self, tensors: Tensors, outer: Graph | None = None) -> None:
        self.tensors = tensors
        self._nodes: list[onnx.NodeProto] = []
        self._numbers: count[int] = outer._numbers if outer else count()
        self._constants: dict[str, onnx.TensorProto] = outer._constants if outer else {}
        self._is_body = outer is not None

    def node(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """The output of a new node; an empty input is one that is left out."""
        return self.nodes(operation, 1, *inputs, **attributes)[0]

    def nodes(self, operation: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """The first `outputs` outputs of a new node."""
        names = [f"{operation}_{next(self._numbers)}" for _ in range(outputs)]
        self._nodes.append(
            helper.make_node(operation, list(inputs), names, name=names[0], **attributes)
        )
        return names

    def rename(self, value: str, name: str) -> None:
        """Call the outcome of the graph, which no node reads, `name`."""
        (node,) = (node for node in self._nodes if value in node.output)
        node.output[:] = [name if output == value else output for output in node.output]

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """A tensor that is part of the file; the first of a name stays."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def integers(self, *values: int) -> str:
        """A constant (len(values),) of int64: axes, and shapes."""
        name = "_".join(map(str, values)).replace("-", "minus_")
        return self.constant(f"integers_{name}", np.array(values, np.int64))

    def number(self, value: float) -> str:
        """A constant float32 without axes."""
        name = repr(value).replace("-", "minus_")
        return self.constant(f"number_{name}", np.array(value, np.float32))

    def tensor(self, name: str) -> str:
        """One of the network's tensors as it is, under its own name."""
        return self.constant(name, np.asarray(self.tensors[name], np.float32))

    def dense(self, name: str, x: str) -> str:
        """x W + b over the last axis."""
        product = self.node("MatMul", x, self.tensor(f"{name}.kernel"))
        return self.node("Add", product, self.tensor(f"{name}.bias"))

    def read_both_ways(self, name: str, x: str, lengths: str = "") -> tuple[str, str]:
        """All states (T, n, 2h) of both directions in reading order, and the last of each, (n, 2h).

        `x` is (T, n, width), time first, as ONNX has it. With `lengths` (n,) each text is read
        within its own length, whatever its padding; the states there are zero.
        """
        cells = [f"{name}.forward", f"{name}.backward"]
        units = len(self.tensors[f"{cells[0]}.recurrent_kernel"])
        layer = (*self._layer(cells), lengths)
        states, last = self.nodes(
            "LSTM", 2, x, *layer, hidden_size=units, direction="bidirectional"
        )
        states = self.node("Transpose", states, perm=[0, 2, 1, 3])
        last = self.node("Transpose", last, perm=[1, 0, 2])
        return (
            self.node("Reshape", states, self.integers(0, 0, 2 * units)),
            self.node("Reshape", last, self.integers(0, 2 * units)),
        )

    def step(self, name: str, x: str, hidden: str, memory: str) -> tuple[str, str]:
        """The next hidden and cell state, each (1, n, h), after one input (1, n, width)."""
        units = len(self.tensors[f"{name}.recurrent_kernel"])
        inputs = (x, *self._layer([name]), "", hidden, memory)
        _, hidden, memory = self.nodes("LSTM", 3, *inputs, hidden_size=units)
        return hidden, memory

    def _layer(self, names: Sequence[str]) -> tuple[str, str, str]:
        """The constants W (D, 4h, width), R (D, 4h, h), B (D, 8h) of one layer of D directions.

        `names` are the cells, forward first. ONNX adds a second bias, which is zero.
        """
        cells = [cell_of(self.tensors, name) for name in names]
        kernels, recurrent = (np.stack([_gates(cell[i]).T for cell in cells]) for i in (0, 1))
        biases = np.stack([np.concatenate([_gates(c[2]), np.zeros_like(c[2])]) for c in cells])
        return (
            self.constant(f"{names[0]}.W", kernels),
            self.constant(f"{names[0]}.R", recurrent),
            self.constant(f"{names[0]}.B", biases),
        )

    def lengths(self, indices: str) -> str:
        """The number of characters in each row of indices (n, T), (n,) int32, at least 1.

        An LSTM of no steps has no state; numpy, too, reads one end mark of an empty text.
        """
        written = self.node("Greater", indices, self.integers(0))
        one = self.constant("one", np.array(1, np.int32))
        as_numbers = self.node("Cast", written, to=onnx.TensorProto.INT32)
        counted = self.node("ReduceSum", as_numbers, self.integers(1), keepdims=0)
        return self.node("Max", counted, one)

    def proto(
        self, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.GraphProto:
        """The finished graph; the outermost one holds the constants."""
        constants = [] if self._is_body else list(self._constants.values())
        return helper.make_graph(self._nodes, name, inputs, outputs, initializer=constants)


def _gates(tensor: Floats) -> Floats:
    """Gates i, f, g, o along the last axis in ONNX's order: i, o, f, g."""
    i, f, g, o = np.split(np.asarray(tensor, np.float32), 4, axis=-1)
    return np.concatenate([i, o, f, g], axis=-1)
