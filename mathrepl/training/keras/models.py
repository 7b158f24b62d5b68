"""The Keras twin of every kind of network, and its tensors under the same names as numpy's."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from mathrepl.data.codec import Floats, Indices, one_hot
from mathrepl.data.encoding import Encoding
from mathrepl.networks import Shapes, kind_of, parts_of, shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.kinds import BUILT_IN
from mathrepl.networks.plugin_kinds import KINDS, imported, row_of
from mathrepl.store.card import TrainSettings
from mathrepl.support.errors import WeightsError
from mathrepl.support.plugins import guarded
from mathrepl.training.keras import seq2seq_model
from mathrepl.training.keras.layers import FusedLSTM, IndexedModel
from mathrepl.training.keras.objectives import Objective, one_hot_objective


def build(
    architecture: Architecture, encoding: Encoding, *, part: str = "", fused: bool = False
) -> Any:
    """One untrained Keras model: the network of these weights, or `part` of them.

    An `IndexedModel` takes indices and gives logits; any other takes one-hot (n, T, V) and gives
    probabilities (n, U, V). T is free. With `fused` the LSTM layers of built-in kinds run in one
    operation each: the same function, faster to train. Raises `WeightsError` for a kind that is
    not there, and for a model of an installed kind that does not fit its numpy network's shapes.
    """
    kind = parts_of(architecture)[part]
    builder = imported(kind, row_of(kind).builder)
    if kind in BUILT_IN:
        encoding = kind_of(kind).encoding(encoding)
        return builder(architecture, encoding, FusedLSTM if fused else keras.layers.LSTM)
    return _build_installed(builder, architecture, encoding)


def variables(model: Any) -> dict[str, Any]:
    """Keras variables by the names of their tensors, such as `encoder.0.forward.kernel`.

    A name is LAYER.VARIABLE; a `Bidirectional` layer is two, LAYER.forward and LAYER.backward.
    Where a layer has several variables of one name, their path within it comes between.
    """
    found: dict[str, Any] = {}
    for name, layer in _named_layers(model).items():
        names = [variable.name for variable in layer.weights]
        for variable in layer.weights:
            own = variable.name
            if names.count(own) > 1:
                # A model's name may stand before its layer's.
                below = f"/{variable.path}".partition(f"/{layer.name}/")[2]
                own = (below or variable.path).replace("/", ".")
            found[f"{name}.{own}"] = variable
    return found


def tensors_of(model: Any) -> dict[str, Floats]:
    """A copy of the model's weights, ready for the store."""
    return {
        name: np.array(variable.numpy(), np.float32) for name, variable in variables(model).items()
    }


def load_into(model: Any, tensors: Mapping[str, Floats]) -> None:
    """Set the model's weights; names and shapes were checked when the tensors were read."""
    for name, variable in variables(model).items():
        variable.assign(tensors[name])


def objective_of(model: Any, encoding: Encoding, settings: TrainSettings) -> Objective:
    """The objective of a model's training with such settings."""
    if isinstance(model, IndexedModel):
        return model.objective(encoding, settings)
    return one_hot_objective(model, encoding)


def predict(model: Any, encoding: Encoding, questions: Indices) -> Floats:
    """Probabilities (n, U, V) of question indices (n, T), by Keras itself, greedily decoded."""
    if isinstance(model, IndexedModel):
        return model.probabilities(encoding, questions)
    return np.asarray(model.predict_on_batch(one_hot(encoding, questions)), np.float32)


def keras_file(model: Any) -> bytes:
    """The bytes of a `.keras` file; Keras opens one of the seed network without mathrepl."""
    with _path() as path:
        model.save(path)
        return path.read_bytes()


def opened(data: bytes) -> Any:
    """The model in such a file's bytes, as `keras.models.load_model` reads it."""
    with _path() as path:
        path.write_bytes(data)
        return keras.models.load_model(path)


@contextmanager
def _path() -> Iterator[Path]:
    """A temporary path, since Keras reads and writes only named files.

    Keras turns its variables into arrays in a way that numpy 2 warns of.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield Path(folder) / "model.keras"


def _build_installed(builder: Any, architecture: Architecture, encoding: Encoding) -> Any:
    """The untrained model that an installed kind's builder makes.

    Raises `WeightsError` for one that fails, that gives no probabilities, or whose variables are
    not the tensors of the numpy network by name and shape.
    """
    source = f"the Keras model of {KINDS.source(architecture.kind)}"

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


def _flaw_of_variables(found: Shapes, wanted: Shapes) -> str | None:
    for name in sorted(set(found) ^ set(wanted)):
        verb = "lacks" if name in wanted else "has besides its network's"
        return f"{verb} the variable {name!r}"
    for name, shape in wanted.items():
        if found[name] != shape:
            return f"has {name} of shape {found[name]}, its network {shape}"
    return None


def _named_layers(model: Any) -> dict[str, Any]:
    if isinstance(model, IndexedModel):
        return model.named_layers
    found: dict[str, Any] = {}
    for layer in model.layers:
        name = layer.name
        if model.name == seq2seq_model.NAME:  # Keras files show these names
            name = seq2seq_model.tensor_name(name)
        if isinstance(layer, keras.layers.Bidirectional):
            found[f"{name}.forward"] = layer.forward_layer
            found[f"{name}.backward"] = layer.backward_layer
        else:
            found[name] = layer.layer if isinstance(layer, keras.layers.TimeDistributed) else layer
    return found
