"""Networks as readable numpy, one module a kind; `kinds` is the table of them.

This module loads no numpy: a kind's network is imported when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.networks.kinds import BUILT_IN
from mathrepl.networks.plugin_kinds import imported

if TYPE_CHECKING:
    from mathrepl.data.codec import Floats, Indices
    from mathrepl.networks.attention import Decoder
    from mathrepl.networks.columns import Automaton

State = tuple["Floats", "Floats"]
States = dict[str, State]
Tensors = Mapping[str, "Floats"]
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Kind:
    """The numpy half of a kind of network.

    `shapes` gives every tensor's name and shape; `probabilities` maps question indices
    (n, question length) to the softmax at every position, (n, answer length, alphabet), and
    `states` to the hidden and cell states of every LSTM, each (n, steps, units), by its name;
    None for a kind that shows none.

    `encoder` names the layer whose last states sum the question up, empty where there is none;
    None for a kind that does not say. `decoder` writes a character at a time, by attention; None
    where all positions are written at once. With `reads_padding` the padding is read like any other
    character. `own_encoding` gives the encoding that this network reads and writes from that of the
    card. `automaton` lists every step of a network that remembers symbols. Only built-in kinds have
    these five.
    """

    shapes: Callable[[Architecture, Encoding], Shapes]
    probabilities: Callable[[Tensors, Architecture, Encoding, Indices], Floats]
    states: Callable[[Tensors, Architecture, Encoding, Indices], States] | None = None
    encoder: Callable[[Architecture], str] | None = None
    decoder: type[Decoder] | None = None
    reads_padding: bool = False
    own_encoding: Callable[[Encoding], Encoding] | None = None
    automaton: Callable[[Tensors, Encoding], Automaton] | None = None

    def encoding(self, encoding: Encoding) -> Encoding:
        """The encoding of this network, in weights with that encoding."""
        return encoding if self.own_encoding is None else self.own_encoding(encoding)


def states_of(
    run: Callable[..., object],
) -> Callable[[Tensors, Architecture, Encoding, Indices], States]:
    """`Kind.states` by a function that fills its last argument with them, in reading order."""

    def states(*asked: Any) -> States:
        kept: States = {}
        run(*asked, kept)
        return kept

    return states


def kind_of(name: str) -> Kind:
    """The network of the built-in or installed kind of that name.

    Raises `WeightsError` for a kind that nothing adds, or whose package cannot be used.
    """
    row = BUILT_IN.get(name)
    if row is not None and row.network:
        kind: Kind = imported(name, row.network)
        return kind
    from mathrepl.networks.installed import installed_network

    return installed_network(name)


def parts_of(architecture: Architecture) -> dict[str, str]:
    """The kind of each network in such weights, by the part's name; the last one writes answers.

    A lone network has an empty name. Raises `WeightsError` as `kind_of`.
    """
    row = BUILT_IN.get(architecture.kind)
    if row is not None and row.parts:
        return dict(row.parts)
    kind_of(architecture.kind)  # a clear error rather than an empty answer
    return {"": architecture.kind}


def shapes_of(architecture: Architecture, encoding: Encoding) -> Shapes:
    """Name and shape of every tensor of such weights, `doer.output.bias` for a part's.

    Raises `WeightsError` as `kind_of`, and whatever an installed kind raises for settings that it
    cannot have.
    """
    return {
        prefixed(part, name): shape
        for part, kind in parts_of(architecture).items()
        for name, shape in kind_of(kind).shapes(architecture, encoding).items()
    }


def prefixed(part: str, name: str) -> str:
    """The tensor's name in weights of several parts."""
    return f"{part}.{name}" if part else name


def part_tensors(tensors: Tensors, part: str) -> Tensors:
    """The tensors of one part under their own names."""
    start = prefixed(part, "")
    return {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}


def parameter_count(architecture: Architecture, encoding: Encoding) -> int:
    """The number of parameters that training changes, as Keras's `count_params` counts them."""
    return sum(
        prod(shape)
        for name, shape in shapes_of(architecture, encoding).items()
        if not name.endswith((".moving_mean", ".moving_variance"))
    )
