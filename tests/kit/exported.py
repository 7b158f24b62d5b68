"""Tiny untrained networks of every kind, and texts of several lengths for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import Floats, Indices, encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.networks import Tensors, kind_of, parameter_count, part_tensors, parts_of
from mathrepl.networks.config import Architecture
from mathrepl.store.card import Card
from tests.kit.weights import random_tensors, tiny_card

TASK = Task(high=999)
COLUMNS = Architecture("columns", hidden=8, symbols=3)
WORK = Architecture("work", hidden=8, symbols=3, reader_hidden=6, reader_symbols=4)
ATTENTION = Architecture("attention", hidden=8, embedding=5, places=3)
LOOKUP = Architecture("attention", hidden=8, embedding=4, places=7, lookup=True)
# As (architecture, part); each is written in both directions.
SEQ2SEQ = {
    "seq2seq": (Architecture(hidden=4), ""),
    "uneven depth": (Architecture(hidden=3, encoder_depth=3, decoder_depth=2), ""),
    "batch norm": (
        Architecture(hidden=8, encoder_depth=2, decoder_depth=2, batch_norm=True, dropout=0.3),
        "",
    ),
}
MASKED = {
    "attention": (ATTENTION, ""),
    "one head, no places": (
        Architecture("attention", hidden=6, embedding=4, heads=1, places=0),
        "",
    ),
    "three heads": (Architecture("attention", hidden=12, embedding=3, heads=3), ""),
    "lookup": (LOOKUP, ""),
    "lookup, no places": (replace(LOOKUP, places=0), ""),
}
# Those that read passes, and passes for them, one longer than any of the training.
_LONG = "9" * 30
IN_COLUMNS = {
    "columns": (COLUMNS, "", ["7+5", "94+909", "5+", "0+0", f"{_LONG}+1", f"1+{_LONG}"]),
    "doer": (WORK, "doer", ["7+5", "94+909", "744o333", "744t333", "5.30x", "-s+", f"{_LONG}+1"]),
    "reader": (
        WORK,
        "reader",
        ["3*)2+1(p", "(1+2)*3g0210000", "2-1n", "0201w", "(7*8)-4" * 5 + "n"],
    ),
}
# Longer than any of the training, and with several numbers of several digits.
UNEVEN = ["1 + 2", "7", "905 + 97", "999 + 999", "12 + 34567 + 890123", "0"]


@dataclass(frozen=True, slots=True)
class Tiny:
    """Random weights, of which `part` is asked."""

    card: Card
    part: str
    tensors: Tensors

    @property
    def kind(self) -> str:
        return parts_of(self.card.architecture)[self.part]

    @property
    def encoding(self) -> Encoding:
        return kind_of(self.kind).encoding(self.card.encoding)

    @property
    def texts(self) -> list[str]:
        """What it reads: equations or passes."""
        if not self.encoding.skills:
            return UNEVEN
        return next(t for a, part, t in IN_COLUMNS.values() if part == self.part)

    def indices(self, texts: list[str]) -> Indices:
        return encode_questions(self.encoding, texts)

    def probabilities(self, questions: Indices) -> Floats:
        """By numpy."""
        tensors = part_tensors(self.tensors, self.part)
        kind = kind_of(self.kind)
        return kind.probabilities(tensors, self.card.architecture, self.encoding, questions)

    def means(self, questions: Indices, probabilities: Floats) -> np.ndarray:
        """The places (n, U) of a masked network's output that mean something."""
        ends = probabilities.argmax(-1) == 0
        return np.cumsum(ends, 1) - ends == 0


def tiny(
    architecture: Architecture, part: str = "", *, reverse: bool = False, seed: int = 0
) -> Tiny:
    card = tiny_card("tiny", TASK, architecture, reverse=reverse)
    assert card.parameters == parameter_count(architecture, card.encoding)
    # With weights as small as training starts with, stacked LSTMs forget the question.
    tensors = random_tensors(architecture, card.encoding, seed)
    return Tiny(card, part, {name: 2 * tensor for name, tensor in tensors.items()})
