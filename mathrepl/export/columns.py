"""The columns network as an ONNX graph; `mathrepl.networks.columns` is the same in numpy.

A `Scan` reads a column in each round, and carries the symbol that is remembered.

Shapes: n passes, S columns, T = 1 + 2 S, V alphabet, h hidden units, K symbols, O characters
written.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from mathrepl.data.columns import row_codes, written_codes
from mathrepl.data.encoding import Encoding
from mathrepl.export.graph import Graph
from mathrepl.networks.columns import ROWS, with_none
from mathrepl.networks.config import Architecture

FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
STARTS = (0, 1, 2)  # of the skill and of both rows in a pass; the rows take every second index


def write(graph: Graph, architecture: Architecture, encoding: Encoding, passes: str) -> str:
    """Probabilities (n, S, V) from indices (n, T)."""
    codes = row_codes(encoding).astype(np.int64)
    skill, first, second = (
        _embedded(graph, row, codes[place], passes, start)
        for place, (row, start) in enumerate(zip(ROWS, STARTS, strict=True))
    )
    seen = graph.node("Add", graph.node("Add", skill, first), second)
    none = graph.node("Squeeze", _part(graph, passes, 0, 1), graph.integers(1))
    none = graph.node("Mul", none, graph.integers(0))
    _, found = graph.nodes(
        "Scan",
        2,
        none,
        seen,
        body=_column(graph),
        num_scan_inputs=1,
        scan_input_axes=[1],
        scan_output_axes=[1],
    )
    places = np.eye(len(encoding.characters), dtype=np.float32)[written_codes(encoding)]
    return graph.node("MatMul", found, graph.constant("written", places))


def _part(graph: Graph, passes: str, start: int, step: int) -> str:
    """The indices of the skill (n, 1), or with a step of 2 those of a row (n, S)."""
    end = 1 if step == 1 else np.iinfo(np.int64).max
    bounds = (graph.integers(int(one)) for one in (start, end, 1, step))
    return graph.node("Slice", passes, *bounds)


def _embedded(graph: Graph, row: str, codes: np.ndarray, passes: str, start: int) -> str:
    """The embeddings of a row (n, S, h), or of the skill (n, 1, h)."""
    indices = _part(graph, passes, start, 2 if start else 1)
    places = graph.node("Gather", graph.constant(f"{row}.codes", codes), indices)
    return graph.node("Gather", graph.tensor(f"{row}.embeddings"), places)


def _column(outer: Graph) -> onnx.GraphProto:
    """One round: the symbol (n,) before and after a column (n, h), and its probabilities (n, O)."""
    body = Graph(outer.tensors, outer)
    table = body.constant("symbols", with_none(body.tensors["symbol.embeddings"]))
    known = body.node("Gather", table, "symbol")
    seen = body.node("Add", "seen", known)
    hidden = body.node("Relu", body.node("Add", seen, body.tensor("hidden.bias")))
    best = body.node("ArgMax", body.dense("memory", hidden), axis=-1, keepdims=0)
    after = body.node("Add", best, body.integers(1))
    output = body.node("Softmax", body.dense("output", hidden), axis=-1)
    h, o = body.tensors["output.kernel"].shape
    inputs = (("symbol", INT64, ("n",)), ("seen", FLOAT, ("n", h)))
    outputs = ((after, INT64, ("n",)), (output, FLOAT, ("n", o)))
    return body.proto(
        "one_column",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
    )
