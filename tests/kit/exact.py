"""Networks with a memory of symbols that follow the rules exactly, made without a training.

A hidden unit fires for one rectangle of columns: its skill, some states, some characters in each
row. It votes for the character that the rule writes there, and for the symbol of the state after.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import NamedTuple

import numpy as np

from mathrepl.arithmetic.skills import ALL, DOING, READING, Skill, alphabets_of
from mathrepl.arithmetic.task import Task
from mathrepl.data.passes import encoding_for, encoding_of
from mathrepl.networks import parameter_count, prefixed
from mathrepl.networks.config import Architecture
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from mathrepl.training.recipes import RECIPES

SURE = 12.0  # logit of what a rule writes; all others are 0
Tensors = dict[str, np.ndarray]


class Rectangle(NamedTuple):
    """Columns of one skill that a rule treats alike in some states."""

    skill: str
    states: frozenset[int]
    first: frozenset[str]
    second: frozenset[str]
    written: str
    after: int


@cache
def rectangles(names: str) -> tuple[Rectangle, ...]:
    """Every state and column of some skills, each in one rectangle."""
    return tuple(one for name in names for one in _of_skill(ALL[name]))


def _of_skill(skill: Skill) -> list[Rectangle]:
    rows: dict[tuple[object, ...], set[str]] = defaultdict(set)
    columns = skill.columns()
    for state in range(len(skill.states)):
        for first in {a for a, _ in columns}:
            seconds: dict[tuple[str, int], set[str]] = defaultdict(set)
            for a, b in columns:
                if a == first:
                    seconds[skill.rule(state, a, b)].add(b)
            for outcome, found in seconds.items():
                rows[(state, outcome, frozenset(found))].add(first)
    states: dict[tuple[object, ...], set[int]] = defaultdict(set)
    for (state, outcome, second), first in rows.items():
        states[(outcome, second, frozenset(first))].add(state)
    return [
        Rectangle(skill.name, frozenset(found), first, second, *outcome)
        for (outcome, second, first), found in states.items()
    ]


def exact_tensors(names: str, symbols: int, hidden: int | None = None) -> Tensors:
    """The tensors of a network that follows the rules of these skills; proved.

    A symbol stands for each state. Units beyond those that are needed never fire.
    """
    found, alphabets = rectangles(names), alphabets_of(names)
    h = hidden or len(found)
    assert len(found) <= h
    tensors = {
        "skill.embeddings": np.zeros((len(names), h)),
        "first.embeddings": np.zeros((len(alphabets.first), h)),
        "second.embeddings": np.zeros((len(alphabets.second), h)),
        "symbol.embeddings": np.zeros((symbols, h)),
        "hidden.bias": np.full(h, -1.0),
        "memory.kernel": np.zeros((h, symbols)),
        "memory.bias": np.zeros(symbols),
        "output.kernel": np.zeros((h, len(alphabets.written))),
        "output.bias": np.zeros(len(alphabets.written)),
    }
    for unit, one in enumerate(found):
        starts = 0 in one.states  # with no symbol, whose embedding is 0, the unit fires then
        tensors["hidden.bias"][unit] = float(starts)
        for row, members, every in (
            ("skill", {one.skill}, names),
            ("first", one.first, alphabets.first),
            ("second", one.second, alphabets.second),
        ):
            tensors[f"{row}.embeddings"][:, unit] = [(c in members) - 1 for c in every]
        tensors["symbol.embeddings"][:, unit] = [
            (state in one.states) - starts for state in range(symbols)
        ]
        tensors["memory.kernel"][unit, one.after] = SURE
        tensors["output.kernel"][unit, alphabets.written.index(one.written)] = SURE
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def exact_card(name: str = "columns", task: Task | None = None) -> Card:
    """The card of exact weights: kind `work`, or with a task `columns`."""
    if task is None:
        sizes = {"reader_hidden": len(rectangles(READING)), "reader_symbols": _symbols(READING)}
        sizes |= {"hidden": len(rectangles(DOING)), "symbols": _symbols(DOING)}
        architecture = Architecture("work", **sizes)
        encoding, task = RECIPES["work"].encoding, RECIPES["work"].task
    else:
        encoding = encoding_for(task)
        names = encoding.skills
        architecture = Architecture(
            "columns", hidden=len(rectangles(names)), symbols=_symbols(names)
        )
    return Card(name, architecture, encoding, task, parameter_count(architecture, encoding))


def _symbols(names: str) -> int:
    return max(len(ALL[name].states) for name in names)


def tensors_of(card: Card) -> Tensors:
    """Exact tensors for a card of kind `work` or `columns`, which may have more hidden units."""
    shape = card.architecture
    if shape.kind == "columns":
        return exact_tensors(card.encoding.skills, shape.symbols, shape.hidden)
    parts = {
        "reader": exact_tensors(READING, shape.reader_symbols, shape.reader_hidden),
        "doer": exact_tensors(DOING, shape.symbols, shape.hidden),
    }
    return {
        prefixed(part, name): tensor
        for part, tensors in parts.items()
        for name, tensor in tensors.items()
    }


def exact_weights(store: Store, name: str = "work", task: Task | None = None) -> Card:
    """Save exact weights among the user's of a store; the saved card."""
    card = exact_card(name, task)
    return store.save(card, tensors_of(card))


def without_bias_for(tensors: Tensors, names: str, skill: str, column: tuple[str, str]) -> Tensors:
    """The tensors with every unit silent that fires for a column of a skill."""
    changed = {name: tensor.copy() for name, tensor in tensors.items()}
    for unit, one in enumerate(rectangles(names)):
        if one.skill == skill and column[0] in one.first and column[1] in one.second:
            changed["hidden.bias"][unit] = -9
    return changed


ENCODINGS = {"doer": encoding_of(DOING), "reader": encoding_of(READING)}
