"""Recipes: the trainings that make each bundled network, `mathrepl train --recipe NAME`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.data.passes import LINES, encoding_for
from mathrepl.networks.config import Architecture
from mathrepl.store.card import TrainSettings


@dataclass(frozen=True, slots=True)
class Recipe:
    """Task, network and trainings: the settings of each by the part that it trains, in order.

    The first starts from random weights.
    """

    task: Task
    architecture: Architecture
    encoding: Encoding
    stages: Mapping[str, TrainSettings]


_ATTENTION = TrainSettings(
    learning_rate=4e-3,
    weight_decay=0.01,
    clip=1.0,
    schedule="cosine",
    warmup=200,
    averaging=0.999,
)
_ADD = Task(sampling="carries", spaced=False)
_LONG = Task(high=10**20 - 1, sampling="carries", spaced=False)
_WORK = Task(operations="+-*/", fewest=1, most=3, decimals=3, spaced=False, brackets=True)

_COLUMNS = TrainSettings(
    epochs=120,
    examples=100_000,
    batch=512,
    learning_rate=1e-2,
    weight_decay=1e-3,
    clip=1.0,
    schedule="cosine",
    warmup=100,
)
_TAUGHT = replace(_COLUMNS, epochs=100, taught=True, learning_rate=1e-2, weight_decay=0.0)
_SUMS = Task(spaced=False)

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "add": Recipe(
            _ADD,
            Architecture("attention", hidden=96, places=8),
            Encoding.for_task(_ADD, reverse=True),
            {"": replace(_ATTENTION, epochs=100, weight_decay=0.1, averaging=0.9995)},
        ),
        "long": Recipe(
            _LONG,
            Architecture("attention", hidden=96, embedding=64, places=128, lookup=True),
            replace(Encoding.for_task(_LONG, reverse=True), answer_length=103),
            {"": replace(_ATTENTION, epochs=14, examples=500_000, offset=100)},
        ),
        "work": Recipe(
            _WORK,
            Architecture("work", hidden=96, symbols=4, reader_hidden=64, reader_symbols=4),
            LINES,
            {"doer": _TAUGHT, "reader": _TAUGHT},
        ),
        "columns": Recipe(
            _SUMS,
            Architecture("columns", hidden=32, symbols=2),
            encoding_for(_SUMS),
            {"": replace(_COLUMNS, examples=50_000)},
        ),
        "blog": Recipe(
            Task(),
            Architecture(),
            Encoding.for_task(Task()),
            {"": TrainSettings(200)},
        ),
    }
)
