"""The variables of a Keras model under the names that tensors have in a file of weights."""

from __future__ import annotations

from typing import Any

import keras

from mathrepl.training.keras import seq2seq_model
from mathrepl.training.keras.indexed_model import IndexedModel

layers = keras.layers


def variables(model: Any) -> dict[str, Any]:
    """Keras variables by the names of their tensors, such as `encoder.0.forward.kernel`.

    A name is LAYER.VARIABLE; a `Bidirectional` layer is two, LAYER.forward and LAYER.backward.
    Where a layer has several variables of a name, their path within it stands between.
    """
    found: dict[str, Any] = {}
    for name, layer in _named_layers(model).items():
        weights = layer.weights
        names = [variable.name for variable in weights]
        for variable in weights:
            own = variable.name
            if names.count(own) > 1:
                own = ".".join(_within(layer.name, variable.path.split("/")))
            found[f"{name}.{own}"] = variable
    return found


def _within(layer: str, path: list[str]) -> list[str]:
    """The variable's path below its layer; a model's name may stand before it."""
    return path[path.index(layer) + 1 :] if layer in path else path


def _named_layers(model: Any) -> dict[str, Any]:
    if isinstance(model, IndexedModel):
        return model.named_layers()
    found: dict[str, Any] = {}
    for layer in model.layers:
        name = layer.name
        if model.name == seq2seq_model.NAME:  # Keras files show these names
            name = seq2seq_model.tensor_name(name)
        if isinstance(layer, layers.Bidirectional):
            found[f"{name}.forward"] = layer.forward_layer
            found[f"{name}.backward"] = layer.backward_layer
        elif isinstance(layer, layers.TimeDistributed):
            found[name] = layer.layer
        else:
            found[name] = layer
    return found
