"""Networks that read columns, with weights set by hand: exactly right, and without training."""

from __future__ import annotations

from itertools import product

import numpy as np

from mathrepl.arithmetic.skills import ALL, alphabets_of
from mathrepl.arithmetic.task import Task
from mathrepl.data.passes import encoding_of
from mathrepl.networks import Tensors, parameter_count, shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.store.card import Card
from mathrepl.store.store import Store


def by_hand(skills: str = "+s", name: str = "exact") -> tuple[Card, Tensors]:
    """A card and tensors of kind `columns` that are right, with a symbol for each state.

    One hidden unit is for each skill, symbol or none, and column; it is 1 there and 0 elsewhere.
    """
    encoding, alphabets = encoding_of(skills), alphabets_of(skills)
    symbols = max(len(ALL[skill].states) for skill in skills)
    steps = [
        (skill, symbol, a, b)
        for skill in skills
        for symbol in range(len(ALL[skill].states) + 1)
        for a, b in product(ALL[skill].first, ALL[skill].second)
    ]
    architecture = Architecture("columns", hidden=len(steps), symbols=symbols)
    shapes = shapes_of(architecture, encoding)
    tensors = {key: np.zeros(shape, np.float32) for key, shape in shapes.items()}
    tensors["symbol.embeddings"] -= 10
    for unit, (skill, symbol, a, b) in enumerate(steps):
        tensors["skill.embeddings"][skills.index(skill), unit] = 1
        tensors["first.embeddings"][alphabets.first.index(a), unit] = 1
        tensors["second.embeddings"][alphabets.second.index(b), unit] = 1
        if symbol:
            tensors["symbol.embeddings"][symbol - 1, unit] = 1
        tensors["hidden.bias"][unit] = -3 if symbol else -2
        written, state = ALL[skill].rule(max(0, symbol - 1), a, b)
        tensors["memory.kernel"][unit, state] = 1
        tensors["output.kernel"][unit, alphabets.written.index(written)] = 1
    parameters = parameter_count(architecture, encoding)
    return Card(name, architecture, encoding, Task(), parameters), tensors


def save_by_hand(store: Store, name: str = "exact", skills: str = "+s") -> Card:
    """Save such weights in the user's directory of `store`."""
    card, tensors = by_hand(skills, name)
    return store.save(card, tensors)
