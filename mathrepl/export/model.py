"""A network as the bytes of an ONNX file that says how texts are encoded for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import onnx
from onnx import helper

from mathrepl.data.encoding import Encoding
from mathrepl.export import attention, seq2seq, tagger
from mathrepl.export.graph import Graph
from mathrepl.export.interface import INPUT, OUTPUT, description, encoding_of, metadata
from mathrepl.networks import Tensors, part_tensors, parts_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.tagger import TAGS
from mathrepl.store.card import Card

# Old enough for wide support (onnxruntime 1.12, 2022); nothing used here is newer.
OPSET, IR_VERSION = 17, 8

Writer = Callable[[Graph, Tensors, Architecture, Encoding, str], str]
_WRITERS: Mapping[str, Writer] = MappingProxyType(
    {"seq2seq": seq2seq.write, "attention": attention.write, "tagger": tagger.write}
)


def onnx_file(card: Card, part: str, tensors: Tensors) -> bytes:
    """The network of these weights, or `part` of them, from all their tensors.

    `question`, int64 (n, T), gives `probabilities`, float32 (n, U, V) or for a tagger (n, T, 2);
    n and T are free. Equal tensors and cards give equal bytes. Raises `KeyError` for an unknown
    part.
    """
    kind, encoding = parts_of(card.architecture)[part], encoding_of(card, part)
    graph = Graph()
    found = _WRITERS[kind](graph, part_tensors(tensors, part), card.architecture, encoding, INPUT)
    graph.rename(found, OUTPUT)
    shape: tuple[str | int, ...] = ("n", encoding.answer_length, len(encoding.characters))
    proto = graph.proto(
        kind,
        [helper.make_tensor_value_info(INPUT, onnx.TensorProto.INT64, ("n", "T"))],
        [
            helper.make_tensor_value_info(
                OUTPUT, onnx.TensorProto.FLOAT, ("n", "T", TAGS) if kind == "tagger" else shape
            )
        ],
    )
    model = helper.make_model(
        proto,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="mathrepl",
        doc_string=description(card, part),
    )
    helper.set_model_props(model, metadata(card, part))
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data
