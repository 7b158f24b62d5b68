"""A network as functions of its tensors: the numpy half of a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture

if TYPE_CHECKING:
    from mathrepl.data.codec import Floats, Indices
    from mathrepl.networks.attention import Decoder

State = tuple["Floats", "Floats"]
States = dict[str, State]
Tensors = Mapping[str, "Floats"]


@dataclass(frozen=True, slots=True)
class Kind:
    """The numpy half of a kind of network.

    `shapes` gives every tensor's name and shape; `probabilities` maps question indices
    (n, question length) to the softmax at every position, (n, answer length, alphabet), and
    `states` to the hidden and cell states of every LSTM, each (n, steps, units), by its name;
    None for a kind that shows none.

    `encoder` names the layer whose last states sum the question up, empty where there is none;
    None for a kind that does not say. `decoder` writes a character at a time, by attention; None
    where all positions are written at once. `tags` counts the tags of a network that marks the
    characters it reads, (n, question length, tags), instead of writing. With `reads_padding` the
    padding is read like any other character. Only built-in kinds have these four.
    """

    shapes: Callable[[Architecture, Encoding], dict[str, tuple[int, ...]]]
    probabilities: Callable[[Tensors, Architecture, Encoding, Indices], Floats]
    states: Callable[[Tensors, Architecture, Encoding, Indices], States] | None = None
    encoder: Callable[[Architecture], str] | None = None
    decoder: type[Decoder] | None = None
    tags: int = 0
    reads_padding: bool = False

    def encoding(self, encoding: Encoding) -> Encoding:
        """The encoding of this network; a tagger reads from the left, whatever `reverse` says."""
        return replace(encoding, reverse=False) if self.tags else encoding


def states_of(
    run: Callable[[Tensors, Architecture, Encoding, Indices, States], object],
) -> Callable[[Tensors, Architecture, Encoding, Indices], States]:
    """`Kind.states` by a function that fills its last argument with them, in reading order."""

    def states(
        tensors: Tensors, architecture: Architecture, encoding: Encoding, questions: Indices
    ) -> States:
        kept: States = {}
        run(tensors, architecture, encoding, questions, kept)
        return kept

    return states
