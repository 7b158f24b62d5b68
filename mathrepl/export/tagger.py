"""A tagger as an ONNX graph; `mathrepl.networks.tagger` is the same in numpy."""

from __future__ import annotations

from mathrepl.data.encoding import Encoding
from mathrepl.export.graph import Graph
from mathrepl.export.lstm import read_both_ways
from mathrepl.networks import Tensors
from mathrepl.networks.config import Architecture


def write(
    graph: Graph, tensors: Tensors, architecture: Architecture, encoding: Encoding, lines: str
) -> str:
    """Probabilities (n, T, 2) of both tags from line indices (n, T).

    The outputs for padding mean nothing.
    """
    lengths = graph.lengths(lines)
    embeddings = graph.tensor(tensors, "embedding.characters.embeddings")
    x = graph.node("Gather", embeddings, graph.node("Transpose", lines, perm=[1, 0]))
    for layer in range(architecture.reader_depth):
        x, _ = read_both_ways(graph, tensors, f"layer.{layer}", x, lengths)
    x = graph.node("Transpose", graph.dense(tensors, "output", x), perm=[1, 0, 2])
    return graph.node("Softmax", x, axis=-1)
