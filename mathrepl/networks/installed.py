"""The numpy networks of other packages; what they return is checked.

An invalid one raises a one-line error that names its package.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from math import prod
from typing import TypeVar

import numpy as np

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture, settings_of
from mathrepl.networks.kind import Kind, States, Tensors
from mathrepl.networks.plugin_kinds import KINDS, imported, installed_kind, missing
from mathrepl.support.errors import WeightsError
from mathrepl.support.plugins import guarded

_R = TypeVar("_R")
Run = Callable[[Tensors, Architecture, Encoding, Indices], _R]
MAX_NUMBERS = 500_000_000  # the most that a file of weights may hold
_TENSOR = re.compile(r"\w+(\.\w+)*", re.ASCII)


@cache
def installed_network(name: str) -> Kind:
    """The network of a kind that a package adds.

    Raises `WeightsError` where no package does, or it cannot be used.
    """
    added = installed_kind(name)
    if added is None or settings_of(name) is None:  # raises for settings that do not exist
        raise missing(name)
    source = KINDS.source(name)
    kind: object = imported(name, added.network)
    if not isinstance(kind, Kind):
        raise WeightsError(
            f"{source} cannot be used: its network is no Kind, but of type {type(kind).__name__}"
        )
    shapes = guarded(f"the shapes of {source} failed", kind.shapes)
    run = guarded(f"the network of {source} failed", kind.probabilities)

    def checked_shapes(
        architecture: Architecture, encoding: Encoding
    ) -> dict[str, tuple[int, ...]]:
        found = shapes(architecture, encoding)
        flaw = _flaw_of_shapes(found)
        if flaw is not None:
            raise WeightsError(f"{source} cannot be used: {flaw}")
        return found

    def checked(
        tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
    ) -> Floats:
        found: object = run(tensors, architecture, encoding, questions)
        wanted = (len(questions), encoding.answer_length, len(encoding.characters))
        if not isinstance(found, np.ndarray) or found.shape != wanted:
            given = getattr(found, "shape", type(found).__name__)
            raise WeightsError(f"{source} gives probabilities of {given}, not {wanted}")
        if found.min(initial=0.0) < 0 or not (np.abs(found.sum(-1) - 1) < 1e-3).all():
            raise WeightsError(f"{source} gives no probabilities: at a position they add up to 1")
        return found.astype(np.float32, copy=False)

    return Kind(checked_shapes, checked, kind.states and _checked_states(kind.states, source))


def _checked_states(states: Run[States], source: str) -> Run[States]:
    run = guarded(f"the states of {source} failed", states)

    def checked(
        tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
    ) -> States:
        found: object = run(tensors, architecture, encoding, questions)
        if not isinstance(found, dict) or not all(
            isinstance(name, str) and _is_state(pair, len(questions))
            for name, pair in found.items()
        ):
            raise WeightsError(f"{source} gives states that are not two arrays (n, steps, units)")
        return found

    return checked


def _is_state(pair: object, n: int) -> bool:
    if not isinstance(pair, tuple) or len(pair) != 2:
        return False
    hidden, memory = pair
    both = isinstance(hidden, np.ndarray) and isinstance(memory, np.ndarray)
    return both and hidden.ndim == 3 and len(hidden) == n and hidden.shape == memory.shape


def _flaw_of_shapes(shapes: object) -> str | None:
    """The reason why something cannot be the names and shapes of tensors, or None."""
    if not isinstance(shapes, dict) or not shapes:
        return "its shapes name no tensors"
    for name, shape in shapes.items():
        if not isinstance(name, str) or not _TENSOR.fullmatch(name):
            return f"{name!r} is no name of a tensor"
        if not isinstance(shape, tuple) or not all(
            type(side) is int and side > 0 for side in shape
        ):
            return f"the shape of {name} is no tuple of whole numbers above 0"
    if sum(prod(shape) for shape in shapes.values()) > MAX_NUMBERS:
        return f"its tensors would have more than {MAX_NUMBERS:,} numbers"
    return None
