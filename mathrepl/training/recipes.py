"""Recipes: the trainings that make each bundled network, `mathrepl train --recipe NAME`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from mathrepl.arithmetic.scratchpad import CHARACTERS
from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import END, Encoding
from mathrepl.networks.config import Architecture
from mathrepl.store.card import TrainSettings


@dataclass(frozen=True, slots=True)
class Stage:
    """One training of a recipe; `part` names the network it trains, in weights of several."""

    settings: TrainSettings
    part: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Task, network and trainings; the first stage starts from random weights."""

    summary: str
    task: Task
    architecture: Architecture
    encoding: Encoding
    stages: tuple[Stage, ...]


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

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "add": Recipe(
            "every sum of 0..999, an attention network",
            _ADD,
            Architecture("attention", hidden=96, places=8),
            Encoding.for_task(_ADD, reverse=True),
            (Stage(replace(_ATTENTION, epochs=100, weight_decay=0.1, averaging=0.9995)),),
        ),
        "long": Recipe(
            "sums of long numbers, an attention network with random places",
            _LONG,
            Architecture("attention", hidden=96, embedding=64, places=128, lookup=True),
            replace(Encoding.for_task(_LONG, reverse=True), answer_length=103),
            (Stage(replace(_ATTENTION, epochs=14, examples=500_000, offset=100)),),
        ),
        "work": Recipe(
            "+ - * / with the working shown, two networks",
            _WORK,
            Architecture("work", hidden=96),
            Encoding(END + CHARACTERS, question_length=91, answer_length=84, reverse=True),
            (
                Stage(replace(_ATTENTION, epochs=12, examples=1_000_000), "doer"),
                Stage(replace(_ATTENTION, epochs=6, examples=500_000), "reader"),
            ),
        ),
        "blog": Recipe(
            "the seed network, mistakes and all",
            Task(),
            Architecture(),
            Encoding.for_task(Task()),
            (Stage(TrainSettings(200)),),
        ),
    }
)
