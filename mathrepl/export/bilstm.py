"""The seed network as an ONNX graph; numpy's is in `mathrepl.networks`.

Values are (T, n, width), time first, as ONNX's LSTM has them.
"""

from __future__ import annotations

import numpy as np

from mathrepl.data.encoding import Encoding
from mathrepl.export.graph import Graph
from mathrepl.networks.config import Architecture
from mathrepl.networks.seq2seq import NORM, NORM_EPSILON


def seq2seq(graph: Graph, architecture: Architecture, encoding: Encoding, questions: str) -> str:
    """Probabilities (n, U, V) from question indices (n, T), padded to the question length."""
    one_hot = graph.constant("one_hot", np.eye(len(encoding.characters), dtype=np.float32))
    x = graph.node("Gather", one_hot, graph.node("Transpose", questions, perm=[1, 0]))
    last = x
    for i in range(architecture.encoder_depth):
        x, last = graph.read_both_ways(f"encoder.{i}", x)
        x, last = (_normalise(graph, f"encoder.{i}", one) for one in (x, last))
    x = graph.node("Unsqueeze", last, graph.integers(0))
    x = graph.node("Expand", x, graph.integers(encoding.answer_length, 1, 1))  # RepeatVector
    for i in range(architecture.decoder_depth):
        x, _ = graph.read_both_ways(f"decoder.{i}", x)
        x = _normalise(graph, f"decoder.{i}", x)
    return _output(graph, x)


def _output(graph: Graph, x: str) -> str:
    x = graph.node("Transpose", graph.dense("output", x), perm=[1, 0, 2])
    return graph.node("Softmax", x, axis=-1)


def _normalise(graph: Graph, layer: str, x: str) -> str:
    """Batch normalisation with the moving statistics, as one factor and one term."""
    if f"{layer}.norm.gamma" not in graph.tensors:
        return x
    gamma, beta, mean, variance = (
        graph.tensors[f"{layer}.norm.{part}"].astype(np.float64) for part in NORM
    )
    factor = gamma / np.sqrt(variance + NORM_EPSILON)
    term = beta - mean * factor
    scaled = graph.node("Mul", x, graph.constant(f"{layer}.factor", factor.astype(np.float32)))
    return graph.node("Add", scaled, graph.constant(f"{layer}.term", term.astype(np.float32)))
