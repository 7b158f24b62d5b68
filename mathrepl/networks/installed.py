"""The numpy networks of other packages, with checks of what they return."""

from __future__ import annotations

import re
from functools import cache
from math import prod
from typing import Any

import numpy as np

from mathrepl.data.codec import Floats
from mathrepl.networks import Kind, Shapes, States
from mathrepl.networks.plugin_kinds import KINDS, imported, missing
from mathrepl.support.errors import WeightsError
from mathrepl.support.plugins import guarded

MAX_NUMBERS = 500_000_000  # the most that a file of weights may hold
_TENSOR = re.compile(r"\w+(\.\w+)*", re.ASCII)


@cache
def installed_network(name: str) -> Kind:
    """The network of a kind that a package adds.

    Raises `WeightsError` where no package does, or it cannot be used.
    """
    row = KINDS.get(name)
    if row is None:
        raise missing(name)
    source = KINDS.source(name)
    kind: object = imported(name, row.network)
    if not isinstance(kind, Kind):
        raise WeightsError(
            f"{source} cannot be used: its network is not a Kind but of type {type(kind).__name__}"
        )
    run_shapes = guarded(f"the shapes of {source} failed", kind.shapes)
    run = guarded(f"the network of {source} failed", kind.probabilities)
    run_states = kind.states and guarded(f"the states of {source} failed", kind.states)

    def shapes(*asked: Any) -> Shapes:
        found = run_shapes(*asked)
        flaw = _flaw_of_shapes(found)
        if flaw is not None:
            raise WeightsError(f"{source} cannot be used: {flaw}")
        return found

    def probabilities(*asked: Any) -> Floats:
        _, _, encoding, questions = asked
        with np.errstate(all="ignore"):  # what comes out counts, not what it was made of
            found: object = run(*asked)
        wanted = (len(questions), encoding.answer_length, len(encoding.characters))
        if not isinstance(found, np.ndarray) or found.shape != wanted:
            given = getattr(found, "shape", type(found).__name__)
            raise WeightsError(f"{source} gives probabilities of {given}, not {wanted}")
        # NaN and infinity fail both comparisons.
        if not (found >= 0).all() or not (np.abs(found.sum(-1) - 1) < 1e-3).all():
            raise WeightsError(f"{source} gives no probabilities: at a position they add up to 1")
        return found.astype(np.float32, copy=False)

    def states(*asked: Any) -> States:
        with np.errstate(all="ignore"):
            found: object = run_states(*asked) if run_states else None
        if not isinstance(found, dict) or not all(
            isinstance(name, str) and _is_state(pair, len(asked[-1]))
            for name, pair in found.items()
        ):
            raise WeightsError(
                f"{source} gives states that are not two arrays (n, steps, units) of finite numbers"
            )
        return found

    return Kind(shapes, probabilities, run_states and states)


def _is_state(pair: object, n: int) -> bool:
    if not isinstance(pair, tuple) or len(pair) != 2:
        return False
    hidden, memory = pair
    both = isinstance(hidden, np.ndarray) and isinstance(memory, np.ndarray)
    if not (both and hidden.ndim == 3 and len(hidden) == n and hidden.shape == memory.shape):
        return False
    return bool(np.isfinite(hidden).all() and np.isfinite(memory).all())


def _flaw_of_shapes(shapes: object) -> str | None:
    """The reason why something cannot be the names and shapes of tensors, or None."""
    if not isinstance(shapes, dict) or not shapes:
        return "its shapes name no tensors"
    for name, shape in shapes.items():
        if not isinstance(name, str) or not _TENSOR.fullmatch(name):
            return f"{name!r} cannot name a tensor"
        if not isinstance(shape, tuple) or not all(
            type(side) is int and side > 0 for side in shape
        ):
            return f"the shape of {name} is not a tuple of whole numbers above 0"
    if sum(prod(shape) for shape in shapes.values()) > MAX_NUMBERS:
        return f"its tensors would have more than {MAX_NUMBERS:,} numbers"
    return None
