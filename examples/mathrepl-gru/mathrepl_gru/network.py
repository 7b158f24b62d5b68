"""The network in numpy: GRU -> RepeatVector -> GRU -> Dense -> softmax.

Shapes: n questions, T question length, U answer length, V alphabet, h hidden units.
"""

from __future__ import annotations

import numpy as np

from mathrepl.data.codec import Floats, Indices, one_hot
from mathrepl.data.encoding import Encoding
from mathrepl.networks import Kind, Tensors
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import dense, softmax


def shapes(architecture: Architecture, encoding: Encoding) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor; a GRU's kernels hold its gates as z, r, candidate."""
    h, v = architecture.hidden, len(encoding.characters)
    return {
        "encoder.kernel": (v, 3 * h),
        "encoder.recurrent_kernel": (h, 3 * h),
        "encoder.bias": (2, 3 * h),
        "decoder.kernel": (h, 3 * h),
        "decoder.recurrent_kernel": (h, 3 * h),
        "decoder.bias": (2, 3 * h),
        "output.kernel": (h, v),
        "output.bias": (v,),
    }


def probabilities(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
) -> Floats:
    """Softmax over the alphabet at every answer position, (n, U, V), from indices (n, T)."""
    read = gru(tensors, "encoder", one_hot(encoding, questions))[:, -1]
    repeated = np.repeat(read[:, None, :], encoding.answer_length, axis=1)
    return softmax(dense(tensors, "output", gru(tensors, "decoder", repeated)))


def gru(tensors: Tensors, name: str, x: Floats) -> Floats:
    """Hidden states (n, T, h) of a GRU over x (n, T, width), from zero states.

    Cho et al. 2014 with the reset gate after the product, as in Keras: z, r = sigmoid and
    c = tanh of what x and h give, where r scales what h gives to c; h = z h + (1 - z) c.
    """
    kernel, recurrent = tensors[f"{name}.kernel"], tensors[f"{name}.recurrent_kernel"]
    of_x, of_h = tensors[f"{name}.bias"]
    units = len(recurrent)
    hidden = np.zeros((len(x), units), np.float32)
    states = []
    for t in range(x.shape[1]):
        given = np.split(x[:, t] @ kernel + of_x, 3, axis=-1)
        kept = np.split(hidden @ recurrent + of_h, 3, axis=-1)
        z, r = (sigmoid(given[gate] + kept[gate]) for gate in (0, 1))
        candidate = np.tanh(given[2] + r * kept[2])
        hidden = z * hidden + (1 - z) * candidate
        states.append(hidden)
    return np.stack(states, axis=1)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), by tanh, which does not overflow."""
    result: Floats = (np.tanh(x / 2) + 1) / 2
    return result


NETWORK = Kind(shapes, probabilities)
