"""An ONNX graph in the making: nodes in order, and the constants they use.

Shapes: n texts, and T, the length of the longest with its padding.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from mathrepl.networks import Tensors


class Graph:
    """Collects nodes; every value is a name. `Graph(outer)` is the body of a loop in `outer`.

    A body sees the values of the graph around it, so its constants are kept there, where they are
    read once and not in every round. Names are unique across both.
    """

    def __init__(self, outer: Graph | None = None) -> None:
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

    def dense(self, tensors: Tensors, name: str, x: str) -> str:
        """x W + b over the last axis."""
        product = self.node("MatMul", x, self.tensor(tensors, f"{name}.kernel"))
        return self.node("Add", product, self.tensor(tensors, f"{name}.bias"))

    def tensor(self, tensors: Tensors, name: str) -> str:
        """One of the network's tensors as it is, under its own name."""
        return self.constant(name, np.asarray(tensors[name], np.float32))

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
