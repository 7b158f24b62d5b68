"""Tiny untrained networks of every kind, as the analysis modules take them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mathrepl.analysis.network import Network
from mathrepl.arithmetic.task import Task
from mathrepl.networks import part_tensors, parts_of
from mathrepl.networks.config import Architecture
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from mathrepl.training.recipes import RECIPES
from tests.kit.weights import TINY_TASK, encoding_of, random_tensors, tiny_weights

SEQ2SEQ = Architecture(hidden=4)
DEEP = Architecture(hidden=3, encoder_depth=2, decoder_depth=2, batch_norm=True)
ATTENTION = Architecture("attention", hidden=8, embedding=5, places=3)
LOOKUP = Architecture("attention", hidden=8, embedding=4, places=7, lookup=True)
COLUMNS = Architecture("columns", hidden=8, symbols=3)
WORK = Architecture("work", hidden=8, symbols=3, reader_hidden=6, reader_symbols=4)
WRITING = {
    "seq2seq": (SEQ2SEQ, False),
    "seq2seq reversed": (SEQ2SEQ, True),
    "attention": (ATTENTION, False),
    "attention reversed": (ATTENTION, True),
    "lookup reversed": (LOOKUP, True),
}


def network(
    architecture: Architecture = SEQ2SEQ,
    *,
    reverse: bool = False,
    task: Task = TINY_TASK,
    part: str = "",
    seed: int = 0,
    answer_length: int | None = None,
) -> Network:
    """A network of random weights, without a store."""
    encoding = encoding_of(architecture, task, reverse=reverse)
    if answer_length is not None:
        encoding = replace(encoding, answer_length=answer_length)
    if architecture.kind == "work":
        task = RECIPES["work"].task
    tensors = part_tensors(random_tensors(architecture, encoding, seed), part)
    card = Card("tiny", architecture, encoding, task, 0)
    return Network(card, part, parts_of(architecture)[part], tensors)


def weights(
    folder: Path,
    architecture: Architecture = SEQ2SEQ,
    *,
    reverse: bool = False,
    task: Task = TINY_TASK,
    seed: int = 0,
) -> ActiveWeights:
    """The untrained weights `tiny`, in a store in `folder`."""
    store = Store(folder / "user", folder / "bundled")
    tiny_weights(store, "tiny", task, architecture, seed, reverse=reverse)
    return ActiveWeights(store, "tiny", "numpy", [])
