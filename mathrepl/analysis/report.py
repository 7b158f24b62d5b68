"""The sections of a report: card, learning curve, map, mistakes, samples and weights."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import islice

from mathrepl.analysis.attention import attend
from mathrepl.analysis.card_text import card_rows
from mathrepl.analysis.curves import curve
from mathrepl.analysis.decoding import step
from mathrepl.analysis.figure import Figure, Progress, Section
from mathrepl.analysis.matrices import overview
from mathrepl.analysis.mistakes import errors
from mathrepl.analysis.network import network_of, tensors_of
from mathrepl.analysis.plane import plane
from mathrepl.analysis.states import peek
from mathrepl.data.sampling import draw_held_out
from mathrepl.evaluation.suites import SEED
from mathrepl.session.active_weights import ActiveWeights

SAMPLES = 3
WIDEST = 300  # numbers a side of the map


def sections(weights: ActiveWeights) -> Iterator[Progress | Section]:
    """The sections of a report in order, with progress between them."""
    card, task, network = weights.card, weights.card.task, network_of(weights)
    yield Section("Card", rows=(*card_rows(card), ("sha256", card.sha256)))
    yield Section("How it learnt", curve([card]))
    if card.architecture.row.shows_steps:
        yield Section("Map", text="A working takes long, so there is no map of a whole plane.")
    elif task.fewest > 1:
        yield Section("Map", text="A map is of one operation; these weights do several at once.")
    else:
        side = (task.low, min(task.high, task.low + WIDEST - 1))
        shown = plane(weights, operation=None, a=side, b=side, show="wrong")
        yield from _titled("Map", shown)
    yield from _titled("Mistakes", errors(weights, None, whole=False))
    drawn = draw_held_out(task, random.Random(SEED), split_seed=task.seed)
    for example in islice(drawn, SAMPLES):
        question = example.question
        if network.half.decoder is not None:
            figure = attend(network, question)
        elif network.half.states is not None:
            figure = peek(network, question)
        else:
            figure = step(network, question, example.answer, {})
        yield Section(f"Inside: {question}", figure)
    yield Section("Weights", overview(card.name, tensors_of(weights)))


def _titled(title: str, values: Iterable[Progress | Figure]) -> Iterator[Progress | Section]:
    for value in values:
        yield value if isinstance(value, Progress) else Section(title, value)
