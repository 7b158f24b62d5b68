"""States of the numpy networks at each step, compared with Keras's layers of the same weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import Floats, Indices, digit_positions, encode_questions, one_hot
from mathrepl.data.encoding import Encoding
from mathrepl.networks import States, kind_of, part_tensors, parts_of
from mathrepl.networks.config import Architecture
from tests.kit.training import ATTENTION, ENCODING, random_tensors

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

TOLERANCE = 1e-5
LOOKUP = Architecture("attention", hidden=8, embedding=5, places=9, lookup=True)
LONGER = Encoding.for_task(Task(high=999))
UNEVEN = ["1 + 2", "905 + 97", "999 + 999", "12 + 345"]
each_direction = pytest.mark.parametrize("reverse", [False, True], ids=["as written", "reversed"])


def both(
    architecture: Architecture, encoding: Encoding, questions: Indices, part: str = ""
) -> tuple[States, Any]:
    """States by numpy, and the Keras model of the same random weights."""
    from mathrepl.training.keras.models import build, load_into

    tensors = part_tensors(random_tensors(architecture, encoding), part)
    model = build(architecture, encoding, part=part)
    load_into(model, tensors)
    kind = kind_of(parts_of(architecture)[part])
    return kind.states(tensors, architecture, encoding, questions), model


def run_cell(layer: Any, x: Any, *, backward: bool = False) -> tuple[Floats, Floats]:
    """Hidden and cell states (n, T, units) of Keras's LSTM cell over x, in reading order."""
    import tensorflow as tf

    state = [tf.zeros([len(x), layer.units])] * 2
    kept = []
    for t in reversed(range(x.shape[1])) if backward else range(x.shape[1]):
        _, state = layer.cell(x[:, t], state)
        kept.append([values.numpy() for values in state])
    order = -1 if backward else 1
    hidden, memory = (np.stack([step[k] for step in kept], 1)[:, ::order] for k in (0, 1))
    return hidden, memory


def difference(
    ours: tuple[Floats, Floats], theirs: tuple[Floats, Floats], row: slice = slice(None)
) -> float:
    """The greatest one between the hidden and the cell states of some rows."""
    found = 0.0
    for values, others in zip(ours, theirs, strict=True):
        found = max(found, float(np.abs(values[row, : others.shape[1]] - others).max()))
    return found


@each_direction
@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(hidden=8),
        Architecture(hidden=6, encoder_depth=2, decoder_depth=2, batch_norm=True),
    ],
    ids=Architecture.describe,
)
def test_the_seed_network_holds_what_its_keras_layers_hold(
    architecture: Architecture, reverse: bool
) -> None:
    import keras

    encoding = replace(LONGER, reverse=reverse)
    questions = encode_questions(encoding, UNEVEN)
    ours, model = both(architecture, encoding, questions)
    wrappers = [one for one in model.layers if isinstance(one, keras.layers.Bidirectional)]
    seen = keras.Model(model.input, [one.input for one in wrappers])
    inputs = seen.predict_on_batch(one_hot(encoding, questions))
    checked = set()
    for wrapper, x in zip(wrappers, inputs if len(wrappers) > 1 else [inputs], strict=True):
        name = wrapper.name.replace("_", ".")
        for side in ("forward", "backward"):
            layer = getattr(wrapper, f"{side}_layer")
            theirs = run_cell(layer, x, backward=side == "backward")
            assert difference(ours[f"{name}.{side}"], theirs) < TOLERANCE
            # The cell by hand is what the layer runs: its last hidden states are the layer's.
            last = theirs[0][:, -1 if side == "forward" else 0]
            output = np.asarray(layer(x))
            output = output[:, -1] if output.ndim == 3 else output
            assert np.abs(output - last).max() < TOLERANCE
            checked.add(f"{name}.{side}")
    assert checked == set(ours)
    assert max(np.ptp(hidden, axis=0).max() for hidden, _ in ours.values()) > 100 * TOLERANCE


@each_direction
@pytest.mark.parametrize(
    ("architecture", "encoding"),
    [(ATTENTION, LONGER), (LOOKUP, LONGER), (LOOKUP, ENCODING)],
    ids=["encoder", "lookup", "lookup of more than it was trained on"],
)
def test_attention_holds_what_its_keras_layers_hold(
    architecture: Architecture, encoding: Encoding, reverse: bool
) -> None:
    encoding = replace(encoding, reverse=reverse)
    questions = encode_questions(encoding, UNEVEN)
    ours, model = both(architecture, encoding, questions)
    tensors = random_tensors(architecture, encoding)
    written = kind_of("attention").probabilities(tensors, architecture, encoding, questions)
    given = np.pad(written.argmax(-1).astype(np.int32), ((0, 0), (1, 0)))[:, :-1]
    place = digit_positions(encoding, given) + architecture.lookup
    memory, first, second = model.encode(questions, digit_positions(encoding, questions))
    x = model.embed(given, place)
    for t in range(given.shape[1]):
        _, first, second = model.decode(x[:, t : t + 1], memory, first, second)
        for name, pair in (("decoder.0", first), ("decoder.1", second)):
            for values, others in zip(ours[name], pair, strict=True):
                assert np.abs(values[:, t] - others.numpy()).max() < TOLERANCE
    assert ours["decoder.1"][0].shape[1] == given.shape[1]
    if architecture.lookup:
        assert set(ours) == {"decoder.0", "decoder.1"}
        return
    x = model.embed(questions, digit_positions(encoding, questions))
    for row, text in enumerate(UNEVEN):
        alone = x[row : row + 1, : len(text)]
        for side in ("forward", "backward"):
            layer = model.named_layers[f"encoder.{side}"]
            theirs = run_cell(layer, alone, backward=side == "backward")
            mine = ours[f"encoder.{side}"]
            assert difference(mine, theirs, slice(row, row + 1)) < TOLERANCE
