"""The Keras model of a kind of network that another package adds, checked before it is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mathrepl.data.encoding import Encoding
from mathrepl.networks import shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.plugin_kinds import KINDS, imported, installed_kind, missing
from mathrepl.support.errors import WeightsError
from mathrepl.support.plugins import guarded
from mathrepl.training.keras.naming import variables


def build_installed(architecture: Architecture, encoding: Encoding) -> Any:
    """The untrained model that the kind's builder makes.

    Raises `WeightsError` for one that fails, that gives no probabilities, or whose variables are
    not the tensors of the numpy network by name and shape.
    """
    name = architecture.kind
    kind = installed_kind(name)
    if kind is None:
        raise missing(name)
    source = f"the Keras model of {KINDS.source(name)}"
    builder = imported(name, kind.builder)

    def made() -> tuple[Any, Any, dict[str, Any], Sequence[Any]]:
        model = builder(architecture, encoding)
        characters = len(encoding.characters)
        # A model that is built as it is called has its variables only after this.
        output = np.asarray(model(np.zeros((1, encoding.question_length, characters), np.float32)))
        return model, output, variables(model), model.weights

    model, output, named, weights = guarded(f"{source} failed", made)()
    flaw = _flaw_of_output(output, encoding) or _flaw_of_variables(
        {tensor: tuple(variable.shape) for tensor, variable in named.items()},
        shapes_of(architecture, encoding),
    )
    if flaw is None and len(weights) > len(named):
        flaw = "has variables that share a name"
    if flaw is not None:
        raise WeightsError(f"{source} {flaw}")
    return model


def _flaw_of_output(output: Any, encoding: Encoding) -> str | None:
    wanted = (1, encoding.answer_length, len(encoding.characters))
    if output.shape != wanted:
        return f"gives {output.shape} for one question, not {wanted}"
    if (output < 0).any() or np.abs(output.sum(-1) - 1).max() > 1e-3:
        return "gives no probabilities, which a softmax as its last step would"
    return None


def _flaw_of_variables(
    found: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]]
) -> str | None:
    for name in sorted(set(found) ^ set(wanted)):
        verb = "lacks" if name in wanted else "has besides its network's"
        return f"{verb} the variable {name!r}"
    for name, shape in wanted.items():
        if found[name] != shape:
            return f"has {name} of shape {found[name]}, its network {shape}"
    return None
