"""A network as the bytes of an ONNX file that says how texts are encoded for it."""

from __future__ import annotations

import json

import onnx
from onnx import helper

from mathrepl.export.graph import Graph
from mathrepl.networks import Kind, Tensors, kind_of, part_tensors, parts_of
from mathrepl.networks.plugin_kinds import imported, row_of
from mathrepl.store.card import Card

# Old enough for wide support (onnxruntime 1.12, 2022); nothing used here is newer.
OPSET, IR_VERSION = 17, 8
INPUT, OUTPUT = "question", "probabilities"


def onnx_file(card: Card, part: str, tensors: Tensors) -> bytes:
    """The network of these weights, or `part` of them, from all their tensors.

    `question`, int64 (n, T), gives `probabilities`, float32 (n, U, V) or (n, S, V) in columns;
    n and T are free. Equal tensors and cards give equal bytes. Raises `KeyError` for an unknown
    part.
    """
    kind = parts_of(card.architecture)[part]
    network = kind_of(kind)
    encoding = network.encoding(card.encoding)
    shape: tuple[str | int, ...] = (encoding.answer_length, len(encoding.characters))
    if encoding.skills:
        shape = ("S", len(encoding.characters))
    graph = Graph(part_tensors(tensors, part))
    write = imported(kind, row_of(kind).onnx)
    graph.rename(write(graph, card.architecture, encoding, INPUT), OUTPUT)
    proto = graph.proto(
        kind,
        [helper.make_tensor_value_info(INPUT, onnx.TensorProto.INT64, ("n", "T"))],
        [helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, ("n", *shape))],
    )
    model = helper.make_model(
        proto,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="mathrepl",
        doc_string=_description(network, reverse=encoding.reverse),
    )
    helper.set_model_props(model, metadata(card, part))
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def metadata(card: Card, part: str) -> dict[str, str]:
    """The facts that another runtime needs to encode questions and decode answers.

    The alphabet is a JSON string: its first character, the end mark, is NUL, which would end a
    text for runtimes written in C.
    """
    kind = parts_of(card.architecture)[part]
    encoding = kind_of(kind).encoding(card.encoding)
    return {
        "weights": card.name,
        "part": part,
        "kind": kind,
        "task": card.task.describe(),
        "alphabet": json.dumps(encoding.characters),
        "question_length": str(encoding.question_length),
        "answer_length": str(encoding.answer_length),
        "reverse": json.dumps(encoding.reverse),
        "sha256": card.sha256,
    }


def _description(network: Kind, *, reverse: bool) -> str:
    """The encoding of questions and outputs, in words."""
    order = "from its last character to its first" if reverse else "in reading order"
    padding = "at the end to any common length, which changes no answer"
    writes = "The likeliest characters up to the first index 0 are the answer"
    if network.reads_padding:
        padding = "to question_length, for padding is read like any other character"
    elif network.automaton:
        order = "as a skill and then the two characters of each column, from the right"
        padding = "at the end to any common odd length, which changes nothing"
    else:
        writes += "; what follows means nothing"
    return (
        f"Texts are written {order}, as indices into the alphabet. A question is padded with 0 "
        f"{padding}. {writes}."
    )
