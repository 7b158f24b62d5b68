"""The seed network as an ONNX graph; `mathrepl.networks.seq2seq` is the same in numpy.

It reads padding like any other character: a question is padded to the question length.
"""

from __future__ import annotations

import numpy as np

from mathrepl.data.encoding import Encoding
from mathrepl.export.graph import Graph
from mathrepl.export.lstm import read_both_ways
from mathrepl.networks import Tensors
from mathrepl.networks.config import Architecture
from mathrepl.networks.seq2seq import NORM_EPSILON


def write(
    graph: Graph, tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: str
) -> str:
    """Probabilities (n, U, V) from question indices (n, T)."""
    one_hot = graph.constant("one_hot", np.eye(len(encoding.characters), dtype=np.float32))
    x = graph.node("Gather", one_hot, graph.node("Transpose", questions, perm=[1, 0]))
    last = x
    for i in range(architecture.encoder_depth):
        x, last = read_both_ways(graph, tensors, f"encoder.{i}", x)
        x, last = (_normalise(graph, tensors, f"encoder.{i}", one) for one in (x, last))
    x = graph.node("Unsqueeze", last, graph.integers(0))
    x = graph.node("Expand", x, graph.integers(encoding.answer_length, 1, 1))  # RepeatVector
    for i in range(architecture.decoder_depth):
        x, _ = read_both_ways(graph, tensors, f"decoder.{i}", x)
        x = _normalise(graph, tensors, f"decoder.{i}", x)
    x = graph.node("Transpose", graph.dense(tensors, "output", x), perm=[1, 0, 2])
    return graph.node("Softmax", x, axis=-1)


def _normalise(graph: Graph, tensors: Tensors, layer: str, x: str) -> str:
    """Batch normalisation with the moving statistics, as one factor and one term."""
    if f"{layer}.norm.gamma" not in tensors:
        return x
    gamma, beta, mean, variance = (
        tensors[f"{layer}.norm.{part}"].astype(np.float64)
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    factor = gamma / np.sqrt(variance + NORM_EPSILON)
    term = beta - mean * factor
    scaled = graph.node("Mul", x, graph.constant(f"{layer}.factor", factor.astype(np.float32)))
    return graph.node("Add", scaled, graph.constant(f"{layer}.term", term.astype(np.float32)))
