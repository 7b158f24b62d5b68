"""What another runtime gives to an exported network, what it gets, and how it encodes texts."""

from __future__ import annotations

import json
from dataclasses import replace

from mathrepl.data.encoding import Encoding
from mathrepl.networks import parts_of
from mathrepl.store.card import Card

INPUT, OUTPUT = "question", "probabilities"

_READS = {
    "seq2seq": "padded with 0 to question_length, for padding is read like any other character",
    "attention": "padded with 0 at the end to any common length, which changes no answer",
    "tagger": "padded with 0 at the end to any common length, which changes nothing",
}
_WRITES = {
    "seq2seq": "The likeliest characters up to the first index 0 are the answer.",
    "attention": "The likeliest characters up to the first index 0 are the answer; what follows "
    "means nothing.",
    "tagger": "Of the tags, 1 marks a character; what stands in place of padding means nothing.",
}


def description(card: Card, part: str) -> str:
    """How texts go in and come out, in words."""
    kind = parts_of(card.architecture)[part]
    reverse = encoding_of(card, part).reverse
    order = "from its last character to its first" if reverse else "in reading order"
    return (
        f"Texts are written {order}, as indices into the alphabet. A question is {_READS[kind]}. "
        f"{_WRITES[kind]}"
    )


def encoding_of(card: Card, part: str) -> Encoding:
    """A tagger reads lines from the left, whatever direction answers are written in."""
    if parts_of(card.architecture)[part] == "tagger":
        return replace(card.encoding, reverse=False)
    return card.encoding


def metadata(card: Card, part: str) -> dict[str, str]:
    """What another runtime needs to encode questions and to decode answers, and whose this is.

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
