"""The Keras twin of every kind of network, and its tensors under the same names as numpy's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from mathrepl.data.codec import Floats, Indices, one_hot
from mathrepl.data.encoding import Encoding
from mathrepl.networks import parts_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.kinds import BUILT_IN
from mathrepl.networks.plugin_kinds import imported
from mathrepl.training.keras.fused_lstm import FusedLSTM
from mathrepl.training.keras.indexed_model import IndexedModel
from mathrepl.training.keras.installed_model import build_installed
from mathrepl.training.keras.naming import variables
from mathrepl.training.keras.objectives import Objective, one_hot_objective


def build(
    architecture: Architecture, encoding: Encoding, *, part: str = "", fused: bool = False
) -> Any:
    """One untrained Keras model: the network of these weights, or `part` of them.

    An `IndexedModel` takes indices and gives logits; any other takes one-hot (n, T, V) and gives
    probabilities (n, U, V). T is free. With `fused` the LSTM layers of built-in kinds run in one
    operation each: the same function, faster to train. Raises `WeightsError` for a model of an
    installed kind that does not fit the shapes of its numpy network.
    """
    kind = parts_of(architecture)[part]
    row = BUILT_IN.get(kind)
    if row is None:
        return build_installed(architecture, encoding)
    lstm = FusedLSTM if fused else keras.layers.LSTM
    return imported(kind, row.builder)(architecture, encoding, lstm)


def tensors_of(model: Any) -> dict[str, Floats]:
    """A copy of the model's weights, ready for the store."""
    return {
        name: np.array(variable.numpy(), np.float32) for name, variable in variables(model).items()
    }


def load_into(model: Any, tensors: Mapping[str, Floats]) -> None:
    """Set the model's weights; names and shapes were checked when the tensors were read."""
    for name, variable in variables(model).items():
        variable.assign(tensors[name])


def objective_of(model: Any, encoding: Encoding, *, offset: int = 0) -> Objective:
    """The objective of a model's training; `offset` is that of `TrainSettings`."""
    if isinstance(model, IndexedModel):
        return model.objective(encoding, offset)
    return one_hot_objective(model, encoding)


def predict(model: Any, encoding: Encoding, questions: Indices) -> Floats:
    """Probabilities (n, U, V) of question indices (n, T), by Keras itself, greedily decoded."""
    if isinstance(model, IndexedModel):
        return model.probabilities(encoding, questions)
    return np.asarray(model.predict_on_batch(one_hot(encoding, questions)), np.float32)
