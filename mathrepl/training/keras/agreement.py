"""A comparison of both halves of a kind of network, for the tests of a package that adds one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.networks import kind_of, shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.support.errors import MathreplError
from mathrepl.training.keras.models import build, load_into, predict

SPREAD = 0.5


def largest_difference(
    architecture: Architecture, encoding: Encoding, questions: Sequence[str], *, seed: int = 0
) -> float:
    """The greatest difference between the probabilities of numpy and of Keras, a few 1e-7.

    The weights are random: normal with a standard deviation of 0.5, variances above 0. Raises
    `MathreplError` if with them all questions get the same answer, and any error of `build`.
    """
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes_of(architecture, encoding).items():
        values = rng.normal(0.0, SPREAD, shape)
        if name.endswith(".moving_variance"):
            values = np.abs(values) + 0.1
        tensors[name] = values.astype(np.float32)
    indices = encode_questions(encoding, questions)
    found = kind_of(architecture.kind).probabilities(tensors, architecture, encoding, indices)
    model = build(architecture, encoding)
    load_into(model, tensors)
    if len(questions) > 1 and np.ptp(found, axis=0).max() < 1e-3:
        raise MathreplError("with these weights all questions get the same answer")
    return float(np.abs(found - predict(model, encoding, indices)).max())
