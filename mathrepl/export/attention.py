"""The attention seq2seq as an ONNX graph; `mathrepl.networks.attention` is the same in numpy.

Digit positions are counted and answers are decoded inside the graph: a `Loop` writes the likeliest
character in each round, and the next round reads it. The loop always runs U rounds, so that the
output has one shape; what follows an end mark means nothing.

Shapes: n questions, T question length, U answer length, V alphabet, e embedding, h hidden units,
H heads.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from mathrepl.data.codec import digits_in
from mathrepl.data.encoding import Encoding
from mathrepl.export.graph import Graph
from mathrepl.networks.attention import MASKED
from mathrepl.networks.config import Architecture

FLOAT, INT64, BOOL = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.BOOL


def write(graph: Graph, architecture: Architecture, encoding: Encoding, questions: str) -> str:
    """Probabilities (n, U, V) of greedy decoding from question indices (n, T).

    The output of the loop over the answer's characters is (U, n, V), turned to (n, U, V).
    """
    memory, carried = _encode(graph, architecture, encoding, questions)
    rounds = graph.constant("rounds", np.array(encoding.answer_length, np.int64))
    go_on = graph.constant("go_on", np.array(True))
    body = _round(graph, architecture, encoding, memory)
    found = graph.nodes("Loop", len(carried) + 1, rounds, go_on, *carried, body=body)
    return graph.node("Transpose", found[-1], perm=[1, 0, 2])


def _embed(graph: Graph, characters: str, positions: str) -> str:
    """Embeddings of characters and of their positions, added; the last row is for all beyond."""
    x = graph.node("Gather", graph.tensor("embedding.characters.embeddings"), characters)
    name = "embedding.places.embeddings"
    if name not in graph.tensors:
        return x
    last = graph.constant("last_place", np.array(len(graph.tensors[name]) - 1, np.int64))
    positions = graph.node("Min", positions, last)
    return graph.node("Add", x, graph.node("Gather", graph.tensor(name), positions))


def _is_digit(graph: Graph, encoding: Encoding, characters: str) -> str:
    """1 for digits and 0 for other characters, int64."""
    table = graph.constant("is_digit", digits_in(encoding).astype(np.int64))
    return graph.node("Gather", table, characters)


def _digit_positions(graph: Graph, encoding: Encoding, questions: str) -> str:
    """`mathrepl.data.codec.digit_positions` in a graph, (n, T).

    Each character that is not a digit begins a stretch of text. A digit's position is the number of
    digits so far, less those in stretches before its own.
    """
    digits = _is_digit(graph, encoding, questions)
    axis = graph.constant("axis_1", np.array(1, np.int64))
    others = graph.node("Sub", graph.integers(1), digits)
    stretch = graph.node("CumSum", others, axis)
    here = graph.node("Unsqueeze", stretch, graph.integers(2))
    there = graph.node("Unsqueeze", stretch, graph.integers(1))
    before = graph.node("Cast", graph.node("Less", there, here), to=FLOAT)
    as_floats = graph.node("Cast", digits, to=FLOAT)  # exact up to 2 ** 24 digits
    column = graph.node("Unsqueeze", as_floats, graph.integers(2))
    passed = graph.node("Squeeze", graph.node("MatMul", before, column), graph.integers(2))
    so_far = graph.node("CumSum", as_floats, axis)
    return graph.node("Cast", graph.node("Sub", so_far, passed), to=INT64)


def _encode(
    graph: Graph, a: Architecture, encoding: Encoding, questions: str
) -> tuple[tuple[str, str, str], tuple[str, ...]]:
    """The memory that every round reads, and the values that the first round starts from.

    Memory: keys (n, H, e, T), values (n, H, T, h / H), mask (n, 1, 1, T). Start, as in `_CARRIED`:
    the states of both decoder layers, (1, n, h / 2) and (1, n, h), and a position and a character
    for each question, (n,) int64. Before the first character, the end mark, which is 0, counts as
    written.
    """
    x = _embed(graph, questions, _digit_positions(graph, encoding, questions))
    lengths = graph.lengths(questions)
    zeros = graph.node("Mul", graph.node("Cast", lengths, to=INT64), graph.integers(0))
    seen = x
    if a.lookup:
        as_floats = graph.node("Unsqueeze", graph.node("Cast", zeros, to=FLOAT), graph.integers(1))
        bridge = graph.node("Expand", as_floats, graph.integers(1, 2 * a.hidden))
    else:
        by_time = graph.node("Transpose", x, perm=[1, 0, 2])
        states, final = graph.read_both_ways("encoder", by_time, lengths)
        bridge = graph.node("Tanh", graph.dense("bridge", final))
        seen = graph.node("Concat", graph.node("Transpose", states, perm=[1, 0, 2]), x, axis=-1)
    keys, values = (
        graph.node(
            "Reshape",
            graph.dense(f"attention.{name}", seen),
            graph.integers(0, 0, a.heads, width),
        )
        for name, width in (("key", a.embedding), ("value", a.hidden // a.heads))
    )
    keys = graph.node("Transpose", keys, perm=[0, 2, 3, 1])
    if a.lookup:
        keys = graph.node("Mul", keys, _sharper(graph, encoding, lengths))
    written = graph.node("Greater", questions, graph.integers(0))
    mask = graph.node("Where", written, graph.number(0.0), graph.number(float(MASKED)))
    sizes = graph.integers(a.hidden // 2, a.hidden // 2, a.hidden)
    bridge = graph.node("Unsqueeze", bridge, graph.integers(0))
    hidden, memory, upper = graph.nodes("Split", 3, bridge, sizes, axis=-1)
    values = graph.node("Transpose", values, perm=[0, 2, 1, 3])
    mask = graph.node("Unsqueeze", mask, graph.integers(1, 2))
    upper_memory = graph.node("Sub", upper, upper)  # zeros of its shape
    return (keys, values, mask), (hidden, memory, upper, upper_memory, zeros, zeros)


def _sharper(graph: Graph, encoding: Encoding, lengths: str) -> str:
    """`mathrepl.networks.attention.sharpness` in a graph, (n, 1, 1, 1)."""
    usual = max(2, encoding.question_length - 1)
    longer = graph.node("Max", graph.node("Cast", lengths, to=FLOAT), graph.number(float(usual)))
    ratio = graph.node("Div", graph.node("Log", longer), graph.number(float(np.log(usual))))
    return graph.node("Unsqueeze", ratio, graph.integers(1, 2, 3))


_CARRIED = ("hidden", "memory", "upper_hidden", "upper_memory", "place", "written")


def _round(
    outer: Graph, a: Architecture, encoding: Encoding, read: tuple[str, str, str]
) -> onnx.GraphProto:
    """The graph of one round: the next states and character, and its probabilities (n, V)."""
    keys, values, mask = read
    body = Graph(outer.tensors, outer)
    hidden, memory, upper_hidden, upper_memory, position, written = _CARRIED
    counted = body.node("Add", position, body.integers(1))
    position = body.node("Mul", counted, _is_digit(body, encoding, written))
    # A network that looks characters up reads the position that it writes next.
    ahead = body.node("Add", position, body.integers(1)) if a.lookup else position
    x = body.node("Unsqueeze", _embed(body, written, ahead), body.integers(0))
    hidden, memory = body.step("decoder.0", x, hidden, memory)
    query = body.dense("attention.query", body.node("Concat", hidden, x, axis=-1))
    query = body.node("Reshape", query, body.integers(-1, a.heads, 1, a.embedding))
    scores = body.node("MatMul", query, keys)
    scores = body.node("Div", scores, body.number(float(np.float32(a.embedding**0.5))))
    weights = body.node("Softmax", body.node("Add", scores, mask), axis=-1)
    context = body.node("MatMul", weights, values)
    context = body.node("Reshape", context, body.integers(1, -1, a.hidden))
    seen = body.node("Concat", x, context, axis=-1)
    upper_hidden, upper_memory = body.step("decoder.1", seen, upper_hidden, upper_memory)
    logits = body.dense("output", body.node("Concat", upper_hidden, context, axis=-1))
    output = body.node("Squeeze", body.node("Softmax", logits, axis=-1), body.integers(0))
    written = body.node("ArgMax", output, axis=-1, keepdims=0)
    again = body.node("Identity", "went_on")
    lower_shape, upper_shape = (1, "n", a.hidden // 2), (1, "n", a.hidden)
    after = (hidden, memory, upper_hidden, upper_memory, position, written)
    kinds = (FLOAT, FLOAT, FLOAT, FLOAT, INT64, INT64)
    shapes = (lower_shape, lower_shape, upper_shape, upper_shape, ("n",), ("n",))
    inputs = [
        ("round", INT64, ()),
        ("went_on", BOOL, ()),
        *zip(_CARRIED, kinds, shapes, strict=True),
    ]
    outputs = [
        (again, BOOL, ()),
        *zip(after, kinds, shapes, strict=True),
        (output, FLOAT, ("n", len(encoding.characters))),
    ]
    return body.proto(
        "one_character",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
    )
