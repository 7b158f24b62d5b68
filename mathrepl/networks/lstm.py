"""The LSTM, softmax and dense layers that every network here is made of, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mathrepl.data.codec import Floats
from mathrepl.networks import Shapes, State, States, Tensors

CELL = ("kernel", "recurrent_kernel", "bias")
Cell = tuple[Floats, Floats, Floats]
Lengths = NDArray[np.int64]
AHEAD = 1 << 17  # numbers computed from the inputs ahead of the steps, 512 KB


def cell_of(tensors: Tensors, name: str) -> Cell:
    """Kernel (width, 4h), recurrent kernel (h, 4h), bias (4h,); gates in the order i, f, g, o."""
    kernel, recurrent, bias = (tensors[f"{name}.{part}"] for part in CELL)
    return kernel, recurrent, bias


def cell_shapes(name: str, width: int, units: int) -> Shapes:
    """Names and shapes of an LSTM cell's tensors."""
    shapes = (width, 4 * units), (units, 4 * units), (4 * units,)
    return {f"{name}.{part}": shape for part, shape in zip(CELL, shapes, strict=True)}


def lstm(x: Floats, gates: Gates, memories: Floats | None = None) -> Floats:
    """Hidden states (n, T, h) of an LSTM over x (n, T, width), from zero states.

    `memories` (n, T, h), where given, is filled with the cell states. The inputs' share of the
    gates is computed for many steps at once, which saves calls of numpy.
    """
    n, steps, _ = x.shape
    units = gates.recurrent.shape[-1]
    state = np.zeros((n, units), np.float32), np.zeros((n, units), np.float32)
    states = np.empty((steps, n, units), np.float32)
    by_time = np.ascontiguousarray(x.transpose(1, 0, 2))
    ahead = max(1, AHEAD // max(1, 4 * n * units))
    for first in range(0, steps, ahead):
        inputs = by_time[first : first + ahead, None] @ gates.kernel
        inputs += gates.bias
        for t, of_step in enumerate(inputs, first):
            state = _advance(of_step, state, gates)
            states[t] = state[0]
            if memories is not None:
                memories[:, t] = state[1]
    return states.transpose(1, 0, 2)


def read_both_ways(
    tensors: Tensors, name: str, x: Floats, lengths: Lengths, states: States | None = None
) -> tuple[Floats, Floats]:
    """Hidden states (n, T, h) of both directions over texts of `lengths` (n,), in reading order.

    Each text is reversed within its own length, so padding comes last in both directions and
    changes nothing before it. `states`, where given, is filled with the hidden and the cell states
    of `NAME.forward` and `NAME.backward`.
    """
    steps = x.shape[1]
    turned = lengths[:, None] - 1 - np.arange(steps)
    turned = np.where(turned >= 0, turned, np.arange(steps))[..., None]
    found: list[Floats] = []
    for side in ("forward", "backward"):
        back = side == "backward"
        gates = gates_of(tensors, f"{name}.{side}")
        memories = None
        if states is not None:
            memories = np.empty((*x.shape[:2], gates.recurrent.shape[-1]), np.float32)
        hidden = lstm(np.take_along_axis(x, turned, 1) if back else x, gates, memories)
        found.append(np.take_along_axis(hidden, turned, 1) if back else hidden)
        if states is not None and memories is not None:
            in_order = np.take_along_axis(memories, turned, 1) if back else memories
            states[f"{name}.{side}"] = found[-1], in_order
    return found[0], found[1]


@dataclass(frozen=True, slots=True)
class Gates:
    """A cell's gates in the order i, f, o, g: kernel (4, width, h), recurrent (4, h, h), bias
    (4, 1, h).

    Those of i, f and o are halved, so that one tanh serves all gates:
    sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, and halving is exact. Each gate's numbers are contiguous,
    which numpy computes faster than slices of rows.
    """

    kernel: Floats
    recurrent: Floats
    bias: Floats

    @classmethod
    def of(cls, cell: Cell) -> Gates:
        order, halves = [0, 1, 3, 2], np.array([0.5, 0.5, 0.5, 1.0], np.float32)[:, None, None]
        kernel, recurrent, bias = (
            np.ascontiguousarray(
                part.reshape(-1, 4, part.shape[-1] // 4).swapaxes(0, 1)[order] * halves
            )
            for part in cell
        )
        return cls(kernel, recurrent, bias)


class CachedTensors(dict[str, Floats]):
    """Constant tensors of a network that is asked often: gates are arranged once."""

    def __init__(self, tensors: Tensors) -> None:
        super().__init__(tensors)
        self.gates: dict[str, Gates] = {}


def gates_of(tensors: Tensors, name: str) -> Gates:
    """The gates of the cell `name`."""
    if not isinstance(tensors, CachedTensors):
        return Gates.of(cell_of(tensors, name))
    if name not in tensors.gates:
        tensors.gates[name] = Gates.of(cell_of(tensors, name))
    return tensors.gates[name]


def lstm_step(x: Floats, state: State, gates: Gates) -> State:
    """Next (h, c), each (n, h), from the input x (n, width) and the last (h, c).

    Hochreiter and Schmidhuber 1997 with forget gates (Gers et al. 2000), as in Keras:
    i, f, o = sigmoid, g = tanh of x W + h U + b; c = f c + i g; h = o tanh(c).
    """
    inputs = x @ gates.kernel
    inputs += gates.bias
    return _advance(inputs, state, gates)


def _advance(activations: Floats, state: State, gates: Gates) -> State:
    """`lstm_step` from x W + b, (4, n, h), which is overwritten."""
    hidden, memory = state
    activations += hidden @ gates.recurrent
    np.tanh(activations, out=activations)
    i, f, o, g = activations
    sigmoids = activations[:3]
    sigmoids += 1
    sigmoids *= np.float32(0.5)
    i *= g
    memory = f * memory
    memory += i
    hidden = np.tanh(memory)
    hidden *= o
    return hidden, memory


def dense(tensors: Tensors, name: str, x: Floats) -> Floats:
    """x W + b over the last axis."""
    return x @ tensors[f"{name}.kernel"] + tensors[f"{name}.bias"]


def softmax(logits: Floats) -> Floats:
    """exp(x) / sum exp(x) over the last axis, shifted by its maximum."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result
