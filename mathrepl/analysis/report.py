"""The sections of a report: card, learning curve, map, mistakes, samples and weights."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import islice

from mathrepl.analysis.attention import attend_to
from mathrepl.analysis.card_text import card_rows
from mathrepl.analysis.curves import curve
from mathrepl.analysis.decoding import step
from mathrepl.analysis.figure import Figure, Progress, Section
from mathrepl.analysis.matrices import overview
from mathrepl.analysis.mistakes import errors
from mathrepl.analysis.network import network_of, tensors_of
from mathrepl.analysis.plane import plane
from mathrepl.analysis.states import peek
from mathrepl.data.sampling import Example, draw_held_out
from mathrepl.evaluation.suites import SEED
from mathrepl.session.active_weights import ActiveWeights

SAMPLES = 3
WIDEST = 300  # numbers a side of the map


def sections(weights: ActiveWeights) -> Iterator[Progress | Section]:
    """The sections of a report in order, with progress between them."""
    card = weights.card
    rows = (*card_rows(card), ("sha256", card.sha256))
    yield Section("Card", rows=rows)
    yield Section("How it learnt", curve([card]))
    if card.architecture.row.shows_steps:
        yield Section("Map", text="A working takes long, so there is no map of a whole plane.")
    else:
        yield from _map(weights)
    for value in errors(weights, None, whole=False):
        yield value if isinstance(value, Progress) else Section("Mistakes", value)
    task = card.task
    drawn = draw_held_out(task, random.Random(SEED), split_seed=task.seed)
    for example in islice(drawn, SAMPLES):
        yield from _inside(weights, example)
    yield Section("Weights", overview(card.name, tensors_of(weights)))


def _map(weights: ActiveWeights) -> Iterator[Progress | Section]:
    task = weights.card.task
    if task.most > 1 and task.fewest > 1:
        yield Section("Map", text="A map is of one operation; these weights do several at once.")
        return
    side = (task.low, min(task.high, task.low + WIDEST - 1))
    found: Iterable[Progress | Figure] = plane(
        weights, operation=None, a=side, b=side, show="wrong"
    )
    for value in found:
        yield value if isinstance(value, Progress) else Section("Map", value)


def _inside(weights: ActiveWeights, example: Example) -> Iterator[Section]:
    """Attention weights at one held-out equation, else states, else likely characters."""
    question = example.question
    network = network_of(weights)
    if network.half.decoder is not None:
        figure = attend_to(weights, question)
    elif network.half.states is not None:
        figure = peek(network, question)
    else:
        figure = step(network, question, example.answer, {})
    yield Section(f"Inside: {question}", figure)
