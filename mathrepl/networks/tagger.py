"""A tagger as a numpy forward pass: stacked BiLSTMs that mark characters of a line.

Many-to-many like the seed network, but each output stands for the input character at the same
position. Shapes: n lines, T line length, V alphabet, e embedding, h hidden units.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.networks import Kind, Shapes, States, Tensors, states_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import cell_shapes, dense, read_both_ways, softmax

TAGS = 2  # 0: leave alone, 1: marked


def shapes(architecture: Architecture, encoding: Encoding) -> Shapes:
    """Name and shape of every tensor; an LSTM kernel holds its gates as i, f, g, o."""
    width, h = architecture.embedding, architecture.reader_hidden
    found: Shapes = {"embedding.characters.embeddings": (len(encoding.characters), width)}
    for layer in range(architecture.reader_depth):
        found |= cell_shapes(f"layer.{layer}.forward", width, h)
        found |= cell_shapes(f"layer.{layer}.backward", width, h)
        width = 2 * h
    return found | {"output.kernel": (width, TAGS), "output.bias": (TAGS,)}


def probabilities(
    tensors: Tensors,
    architecture: Architecture,
    encoding: Encoding,
    lines: Indices,
    states: States | None = None,
) -> Floats:
    """Softmax over the two tags of every character, (n, T, 2), from indices (n, T).

    `states`, where given, is filled with those of every LSTM.
    """
    lengths = (lines > 0).sum(1)
    x = tensors["embedding.characters.embeddings"][lines]
    for layer in range(architecture.reader_depth):
        x = np.concatenate(read_both_ways(tensors, f"layer.{layer}", x, lengths, states), -1)
    return softmax(dense(tensors, "output", x))


NETWORK = Kind(
    shapes,
    probabilities,
    states_of(probabilities),
    encoder=lambda architecture: "",
    tags=TAGS,
    own_encoding=lambda encoding: replace(encoding, reverse=False),  # a tagger reads from the left
)
