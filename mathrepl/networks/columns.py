"""A recurrent network with a memory of a few symbols that reads two rows column by column.

It has one hidden layer. In each column it sees the skill, both characters and the symbol that it
remembered, none in the first. It writes a character, and remembers one of K symbols, the likeliest.
So it is a finite automaton, which `automaton` lists: every skill, symbol and column.

Shapes: n passes, S columns, T = 1 + 2 S (`data.columns`), U = S, V alphabet, h hidden units, K
symbols, O characters written, A and B characters of the first and the second row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrepl.arithmetic.skills import DOING, READING, Alphabets, Skill, alphabets_of
from mathrepl.data.codec import Floats, Indices
from mathrepl.data.columns import row_codes, written_codes
from mathrepl.data.encoding import Encoding
from mathrepl.data.passes import encoding_of
from mathrepl.networks import Kind, Shapes, States, Tensors, states_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import dense, softmax

Doubles = NDArray[np.float64]
MOST = float(np.finfo(np.float32).max) / 2  # beyond it a sum in float32 may be infinite
TINY = float(np.finfo(np.float32).tiny)  # the most that a product loses where it underflows
ROWS = ("skill", "first", "second")


@dataclass(frozen=True, slots=True)
class Logits:
    """Logits (..., O) in float64, and the most that float32 can be off, whatever the batch.

    A sum of n products in any order is off by at most g times the sum of their sizes, with
    g = n u / (1 - n u) and u = 2^-24 (Higham 2002, section 3.1), and by the least normal number for
    each product that underflows. Where a sum may overflow it is off by infinity.
    """

    values: Doubles
    errors: Doubles

    @property
    def best(self) -> Indices:
        """The greatest along the last axis."""
        found: Indices = self.values.argmax(-1).astype(np.int32)
        return found

    @property
    def margins(self) -> tuple[Doubles, Doubles]:
        """The lead of the greatest over the next, and the most that float32 can move it."""
        best = self.best[..., None]
        lead = np.take_along_axis(self.values, best, -1) - self.values
        moved = np.take_along_axis(self.errors, best, -1) + self.errors
        np.put_along_axis(lead, best, np.inf, -1)
        np.put_along_axis(moved, best, 0, -1)
        next_best = (lead - moved).argmin(-1)[..., None]
        return (
            np.take_along_axis(lead, next_best, -1)[..., 0],
            np.take_along_axis(moved, next_best, -1)[..., 0],
        )


@dataclass(frozen=True, slots=True)
class Automaton:
    """Every step of such a network, asked of it once.

    `memory` (skills, K + 1, A, B, K) decides which symbol is remembered, `logits`
    (skills, K + 1, A, B, O) which character is written: the greatest number. The symbols are
    numbered from 1; a pass starts with none, 0.
    """

    alphabets: Alphabets
    memory: Logits
    logits: Logits

    @property
    def following(self) -> Indices:
        """The symbol remembered after each step, (skills, K + 1, A, B), from 1."""
        return self.memory.best + 1

    def steps_of(self, skill: Skill) -> tuple[list[list[str]], list[list[int]]]:
        """The characters written and the next symbols, each by symbol and column of a skill."""
        place, columns = self.alphabets.names.index(skill.name), skill.columns()
        first = [self.alphabets.first.index(a) for a, _ in columns]
        second = [self.alphabets.second.index(b) for _, b in columns]
        characters = self.logits.best[place][:, first, second].tolist()
        following = self.following[place][:, first, second].tolist()
        return [[self.alphabets.written[one] for one in row] for row in characters], following


@dataclass(frozen=True, slots=True)
class Size:
    """The hidden units and the symbols of a network, which an architecture has for each part."""

    hidden: Callable[[Architecture], int]
    symbols: Callable[[Architecture], int]


DOER = Size(lambda a: a.hidden, lambda a: a.symbols)
READER = Size(lambda a: a.reader_hidden, lambda a: a.reader_symbols)


def shapes_by(size: Size, architecture: Architecture, encoding: Encoding) -> Shapes:
    """Name and shape of every tensor."""
    alphabets = alphabets_of(encoding.skills)
    h, k, o = size.hidden(architecture), size.symbols(architecture), len(alphabets.written)
    return {
        "skill.embeddings": (len(alphabets.names), h),
        "first.embeddings": (len(alphabets.first), h),
        "second.embeddings": (len(alphabets.second), h),
        "symbol.embeddings": (k, h),
        "hidden.bias": (h,),
        "memory.kernel": (h, k),
        "memory.bias": (k,),
        "output.kernel": (h, o),
        "output.bias": (o,),
    }


def step(tensors: Tensors, seen: Floats) -> tuple[Floats, Floats]:
    """Logits of the symbol to remember (n, K) and of the character (n, O), from sums (n, h)."""
    hidden = np.maximum(seen + tensors["hidden.bias"], 0)
    return dense(tensors, "memory", hidden), dense(tensors, "output", hidden)


def probabilities(
    tensors: Tensors, encoding: Encoding, passes: Indices, states: States | None = None
) -> Floats:
    """Softmax over the alphabet at every column, (n, S, V), from indices (n, T).

    `states`, where given, is filled with the symbols remembered (n, S, K), one-hot, and with their
    logits.
    """
    skills, first, second = row_codes(encoding)
    n, columns = len(passes), (passes.shape[1] - 1) // 2
    skill = tensors["skill.embeddings"][skills[passes[:, 0]]]
    found = np.zeros((n, columns, len(encoding.characters)), np.float32)
    symbols = with_none(tensors["symbol.embeddings"])
    symbol = np.zeros(n, np.int64)
    kept, decided = [], []
    for t in range(columns):
        a, b = first[passes[:, 1 + 2 * t]], second[passes[:, 2 + 2 * t]]
        seen = skill + tensors["first.embeddings"][a] + tensors["second.embeddings"][b]
        memory, logits = step(tensors, seen + symbols[symbol])
        symbol = memory.argmax(-1) + 1
        found[:, t, written_codes(encoding)] = softmax(logits)
        kept.append(np.eye(memory.shape[-1], dtype=np.float32)[symbol - 1])
        decided.append(memory)
    if states is not None:
        states["memory"] = np.stack(kept, 1), np.stack(decided, 1)
    return found


def automaton(tensors: Tensors, encoding: Encoding) -> Automaton:
    """Every step of the network, asked of it once, in float64."""
    alphabets = alphabets_of(encoding.skills)
    wide = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    skill, first, second = (wide[f"{row}.embeddings"] for row in ROWS)
    symbol = with_none(wide["symbol.embeddings"])

    def outer(one: Doubles, two: Doubles, three: Doubles, four: Doubles) -> Doubles:
        rows = one[:, None, None, None] + two[:, None, None], three[:, None], four
        found: Doubles = rows[0] + rows[1] + rows[2]
        return found

    seen = outer(skill, symbol, first, second) + wide["hidden.bias"]
    sizes = outer(*map(np.abs, (skill, symbol, first, second))) + np.abs(wide["hidden.bias"])
    off = np.where(sizes < MOST, _rounding(5) * sizes + 5 * TINY, np.inf)
    hidden = np.maximum(seen, 0)
    return Automaton(
        alphabets, *(_logits(wide, layer, hidden, off) for layer in ("memory", "output"))
    )


def with_none(symbols: NDArray[Any]) -> NDArray[Any]:
    """The embeddings of symbols after that of none, which is zero."""
    return np.concatenate([np.zeros_like(symbols[:1]), symbols])


def _logits(wide: dict[str, Doubles], layer: str, hidden: Doubles, off: Doubles) -> Logits:
    """A dense layer over hidden units that are `off` by so much at most."""
    kernel, bias = wide[f"{layer}.kernel"], wide[f"{layer}.bias"]
    known = np.isfinite(off)
    off, count = np.where(known, off, 0), len(kernel) + 1
    sizes = (hidden + off) @ np.abs(kernel) + np.abs(bias)
    errors = _rounding(count) * sizes + count * TINY + off @ np.abs(kernel)
    fits = known.all(-1, keepdims=True) & (sizes < MOST)
    return Logits(hidden @ kernel + bias, np.where(fits, errors, np.inf))


def _rounding(count: int) -> float:
    u = 2.0**-24
    return count * u / (1 - count * u)


def _kind(size: Size, own_encoding: Callable[[Encoding], Encoding]) -> Kind:
    def shapes(architecture: Architecture, encoding: Encoding) -> Shapes:
        return shapes_by(size, architecture, own_encoding(encoding))

    def run(
        tensors: Tensors,
        architecture: Architecture,
        encoding: Encoding,
        passes: Indices,
        states: States | None = None,
    ) -> Floats:
        return probabilities(tensors, own_encoding(encoding), passes, states)

    return Kind(
        shapes,
        run,
        states_of(run),
        encoder=lambda architecture: "",
        own_encoding=own_encoding,
        automaton=lambda tensors, encoding: automaton(tensors, own_encoding(encoding)),
    )


NETWORK = _kind(DOER, lambda encoding: encoding if encoding.skills else encoding_of(DOING))
READER_NETWORK = _kind(READER, lambda encoding: encoding_of(READING))
