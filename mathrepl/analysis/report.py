"""What a report tells of some weights: card, learning, map, mistakes, and a look inside."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import islice

from mathrepl.analysis.attention import attend, attend_to_work
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
from mathrepl.data.step_examples import PARTS
from mathrepl.evaluation.suites import SEED
from mathrepl.inference.scratchpad_solver import ScratchpadSolver
from mathrepl.session.session import Session

SAMPLES = 3
WIDEST = 300  # numbers a side of the map
ASKED = 20_000


def sections(session: Session) -> Iterator[Progress | Section]:
    """The sections of a report in order, with progress between them."""
    card = session.card
    rows = (*card_rows(card), ("sha256", card.sha256))
    yield Section("Card", rows=rows)
    yield Section("How it learnt", curve([card]))
    works = card.architecture.kind == "work"
    if works:
        yield Section("Map", text="A working takes long, so there is no map of a whole plane.")
    else:
        yield from _map(session)
    for value in errors(session, None if works else ASKED, whole=False):
        yield value if isinstance(value, Progress) else Section("Mistakes", value)
    task = card.task
    drawn = draw_held_out(task, random.Random(SEED), split_seed=task.seed)
    for example in islice(drawn, SAMPLES):
        yield from _inside(session, example)
    yield Section("Weights", overview(card.name, tensors_of(session)))


def _map(session: Session) -> Iterator[Progress | Section]:
    task = session.card.task
    if task.most > 1 and task.fewest > 1:
        yield Section("Map", text="A map is of one operation; these weights do several at once.")
        return
    side = (task.low, min(task.high, task.low + WIDEST - 1))
    found: Iterable[Progress | Figure] = plane(
        session, operation=None, a=side, b=side, show="wrong"
    )
    for value in found:
        yield value if isinstance(value, Progress) else Section("Map", value)


def _inside(session: Session, example: Example) -> Iterator[Section]:
    """Where it looked, or what it held or might have written, at one held-out equation."""
    question = example.question
    solver = session.solver
    if isinstance(solver, ScratchpadSolver):
        reader, doer = (network_of(session, part) for part in PARTS)
        figure = attend_to_work(reader, doer, solver, question, None)
    else:
        network = network_of(session)
        if network.kind == "attention":
            figure = attend(network, question)
        elif network.shows_states:
            figure = peek(network, question)
        else:
            figure = step(network, question, example.answer, {})
    yield Section(f"Inside: {question}", figure)
