"""A tagger as a numpy forward pass: stacked BiLSTMs that mark characters of a line.

Many-to-many like the seed network, but each output stands for the input character at the same
position. Shapes: n lines, T line length, V alphabet, e embedding, h hidden units.
"""

from __future__ import annotations

import numpy as np

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.networks.kind import Kind, States, Tensors
from mathrepl.networks.lstm import cell_shapes, dense, read_both_ways, softmax

TAGS = 2  # 0: leave alone, 1: marked


def shapes(architecture: Architecture, encoding: Encoding) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor; an LSTM kernel holds its gates as i, f, g, o."""
    width, h = architecture.embedding, architecture.reader_hidden
    found: dict[str, tuple[int, ...]] = {
        "embedding.characters.embeddings": (len(encoding.characters), width)
    }
    for layer in range(architecture.reader_depth):
        found |= cell_shapes(f"layer.{layer}.forward", width, h)
        found |= cell_shapes(f"layer.{layer}.backward", width, h)
        width = 2 * h
    return found | {"output.kernel": (width, TAGS), "output.bias": (TAGS,)}


def probabilities(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, lines: Indices
) -> Floats:
    """Softmax over the two tags of every character, (n, T, 2), from indices (n, T)."""
    return softmax(dense(tensors, "output", _read(tensors, architecture, lines, None)))


def states(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, lines: Indices
) -> States:
    """Hidden and cell states (n, T, h) of every LSTM by its name, in reading order."""
    kept: States = {}
    _read(tensors, architecture, lines, kept)
    return kept


def _read(
    tensors: Tensors, architecture: Architecture, lines: Indices, states: States | None
) -> Floats:
    """The last layer's hidden states at every character, (n, T, 2h)."""
    lengths = (lines > 0).sum(1)
    x = tensors["embedding.characters.embeddings"][lines]
    for layer in range(architecture.reader_depth):
        x = np.concatenate(read_both_ways(tensors, f"layer.{layer}", x, lengths, states), -1)
    return x


NETWORK = Kind(shapes, probabilities, states, encoder=lambda architecture: "", tags=TAGS)
