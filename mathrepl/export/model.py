"""A network as the bytes of an ONNX file that says how texts are encoded for it."""

from __future__ import annotations

import onnx
from onnx import helper

from mathrepl.export.graph import Graph, OnnxKind
from mathrepl.export.interface import INPUT, OUTPUT, encoding_of, metadata
from mathrepl.networks import Tensors, kind_of, part_tensors, parts_of
from mathrepl.networks.plugin_kinds import imported, row_of
from mathrepl.store.card import Card

# Old enough for wide support (onnxruntime 1.12, 2022); nothing used here is newer.
OPSET, IR_VERSION = 17, 8


def onnx_file(card: Card, part: str, tensors: Tensors) -> bytes:
    """The network of these weights, or `part` of them, from all their tensors.

    `question`, int64 (n, T), gives `probabilities`, float32 (n, U, V) or for a tagger (n, T, 2);
    n and T are free. Equal tensors and cards give equal bytes. Raises `KeyError` for an unknown
    part.
    """
    kind, encoding = parts_of(card.architecture)[part], encoding_of(card, part)
    half: OnnxKind = imported(kind, row_of(kind).onnx)
    graph = Graph()
    found = half.write(graph, part_tensors(tensors, part), card.architecture, encoding, INPUT)
    graph.rename(found, OUTPUT)
    tags = kind_of(kind).tags
    written = (encoding.answer_length, len(encoding.characters))
    proto = graph.proto(
        kind,
        [helper.make_tensor_value_info(INPUT, onnx.TensorProto.INT64, ("n", "T"))],
        [
            helper.make_tensor_value_info(
                OUTPUT, onnx.TensorProto.FLOAT, ("n", *(("T", tags) if tags else written))
            )
        ],
    )
    model = helper.make_model(
        proto,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="mathrepl",
        doc_string=description(half, reverse=encoding.reverse),
    )
    helper.set_model_props(model, metadata(card, part))
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def description(half: OnnxKind, *, reverse: bool) -> str:
    """The encoding of questions and answers, in words."""
    order = "from its last character to its first" if reverse else "in reading order"
    return (
        f"Texts are written {order}, as indices into the alphabet. A question is {half.reads}. "
        f"{half.writes}"
    )
