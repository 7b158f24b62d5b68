"""The LSTM, softmax and dense layers that every network here is made of, in numpy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mathrepl.codec import Floats

Cell = tuple[Floats, Floats, Floats]
State = tuple[Floats, Floats]
Tensors = Mapping[str, Floats]
Lengths = NDArray[np.int64]


def cell_of(tensors: Tensors, name: str) -> Cell:
    """Kernel (width, 4h), recurrent kernel (h, 4h), bias (4h,); gates in the order i, f, g, o."""
    return (
        tensors[f"{name}.kernel"],
        tensors[f"{name}.recurrent_kernel"],
        tensors[f"{name}.bias"],
    )


def cell_shapes(name: str, width: int, units: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of an LSTM cell's tensors."""
    return {
        f"{name}.kernel": (width, 4 * units),
        f"{name}.recurrent_kernel": (units, 4 * units),
        f"{name}.bias": (4 * units,),
    }


def lstm(x: Floats, cell: Cell) -> Floats:
    """Hidden states (n, T, h) of an LSTM over x (n, T, width), from zero states."""
    kernel, recurrent_kernel, bias = cell
    n, steps, _ = x.shape
    units = recurrent_kernel.shape[0]
    projected = x @ kernel + bias
    state = np.zeros((n, units), np.float32), np.zeros((n, units), np.float32)
    states = np.empty((n, steps, units), np.float32)
    for t in range(steps):
        state = lstm_step(projected[:, t], state, recurrent_kernel)
        states[:, t] = state[0]
    return states


def bidirectional(
    x: Floats, lengths: Lengths, forward: Cell, backward: Cell
) -> tuple[Floats, Floats]:
    """Hidden states (n, T, h) of both directions over texts of `lengths` (n,), in reading order.

    Each text is turned round within its own length, so padding comes last in both directions
    and changes nothing before it.
    """
    steps = x.shape[1]
    turned = lengths[:, None] - 1 - np.arange(steps)
    turned = np.where(turned >= 0, turned, np.arange(steps))[..., None]
    back = lstm(np.take_along_axis(x, turned, 1), backward)
    return lstm(x, forward), np.take_along_axis(back, turned, 1)


def lstm_step(projected: Floats, state: State, recurrent_kernel: Floats) -> State:
    """Next (h, c), each (n, h), from the projected input x W + b (n, 4h) and the last (h, c).

    Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000), as in Keras:
    i, f, o = sigmoid, g = tanh of x W + h U + b; c = f c + i g; h = o tanh(c).
    """
    hidden, cell = state
    units = recurrent_kernel.shape[0]
    gates = projected + hidden @ recurrent_kernel
    i, f, g, o = (gates[:, k * units : (k + 1) * units] for k in range(4))
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(cell), cell


def dense(tensors: Tensors, name: str, x: Floats) -> Floats:
    """x W + b over the last axis."""
    return x @ tensors[f"{name}.kernel"] + tensors[f"{name}.bias"]


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), written with tanh so that no exponential can overflow."""
    half = np.float32(0.5)
    result: Floats = half * np.tanh(half * x) + half
    return result


def softmax(logits: Floats) -> Floats:
    """exp(x) / sum exp(x) over the last axis, shifted by its maximum."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result
