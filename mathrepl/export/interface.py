"""The names of an exported network's input and output, and its metadata."""

from __future__ import annotations

import json

from mathrepl.data.encoding import Encoding
from mathrepl.networks import kind_of, parts_of
from mathrepl.store.card import Card

INPUT, OUTPUT = "question", "probabilities"


def encoding_of(card: Card, part: str) -> Encoding:
    """The encoding of one network of these weights."""
    return kind_of(parts_of(card.architecture)[part]).encoding(card.encoding)


def metadata(card: Card, part: str) -> dict[str, str]:
    """The facts another runtime needs to encode questions and decode answers, and the source.

    The alphabet is a JSON string: its first character, the end mark, is NUL, which would end a
    text for runtimes written in C.
    """
    encoding = encoding_of(card, part)
    return {
        "weights": card.name,
        "part": part,
        "kind": parts_of(card.architecture)[part],
        "task": card.task.describe(),
        "alphabet": json.dumps(encoding.characters),
        "question_length": str(encoding.question_length),
        "answer_length": str(encoding.answer_length),
        "reverse": json.dumps(encoding.reverse),
        "sha256": card.sha256,
    }
