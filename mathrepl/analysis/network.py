"""One network of some weights in numpy: it encodes questions, computes, and decodes answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mathrepl.arithmetic.skills import ALL, split_pass
from mathrepl.data.codec import Floats, Indices, encode_questions
from mathrepl.data.encoding import END, Encoding
from mathrepl.networks import Kind, States, Tensors, kind_of, part_tensors, parts_of, shapes_of
from mathrepl.networks.attention import Decoder
from mathrepl.networks.lstm import CachedTensors
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.store.card import Card
from mathrepl.support.errors import Advice, Run, UsageError

ELSE = Advice("look at it with ", Run("step"), ", ", Run("beam"), " or ", Run("weights"))
END_SHOWN = "■"
SPACE_SHOWN = "␣"


@dataclass(frozen=True, slots=True)
class Network:
    """A network of `kind`; `part` is its name in weights of several, else empty."""

    card: Card
    part: str
    kind: str
    tensors: Tensors

    @property
    def name(self) -> str:
        return f"{self.card.name} {self.part}".rstrip()

    @property
    def half(self) -> Kind:
        """The numpy half of its kind."""
        return kind_of(self.kind)

    @property
    def encoding(self) -> Encoding:
        """The encoding of this network."""
        return self.half.encoding(self.card.encoding)

    @property
    def reverse(self) -> bool:
        """Reading and writing run from the last character to the first."""
        return self.encoding.reverse

    @property
    def encoder(self) -> str:
        """The layer that summarises the question for the decoder; empty without one."""
        encoder = self.half.encoder
        return encoder(self.card.architecture) if encoder is not None else ""

    def decoder(self, texts: Sequence[str]) -> Decoder | None:
        """The decoder of these texts; None where all positions are written at once."""
        decoder = self.half.decoder
        if decoder is None:
            return None
        return decoder(self.tensors, self.card.architecture, self.encoding, self.indices(texts))

    @property
    def skills(self) -> str:
        """The skills of a network that answers passes, empty for one that writes answers."""
        return self.encoding.skills

    def indices(self, texts: Sequence[str]) -> Indices:
        """(n, T) of texts as a person writes them."""
        return encode_questions(self.encoding, texts)

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """(n, U, V), as `Kind.probabilities`."""
        return self.half.probabilities(
            self.tensors, self.card.architecture, self.encoding, self.indices(texts)
        )

    def states(self, texts: Sequence[str]) -> States:
        """Hidden and cell states (n, steps, units) of every LSTM, as `Kind.states`.

        Raises `UsageError` for an installed kind that shows none.
        """
        states = self.half.states
        if states is None:
            raise UsageError(
                f"{self.name} is of kind {self.kind}, which shows no states", hint=ELSE
            )
        return states(self.tensors, self.card.architecture, self.encoding, self.indices(texts))

    def character(self, index: int) -> str:
        """A character of the alphabet as it is shown."""
        return shown(self.encoding.characters[index])

    def until_end(self, codes: list[int]) -> list[int]:
        """The written indices up to and including the end mark."""
        return codes[: codes.index(0) + 1] if 0 in codes else codes

    def read(self, indices: Sequence[int]) -> str:
        """The text of indices in the order of writing, up to the end mark."""
        text = "".join(self.encoding.characters[index] for index in indices).split(END, 1)[0]
        return text[::-1] if self.reverse else text

    def target(self, question: str, answer: str) -> str:
        """The right output for `question`: that of the pass, or the `answer`."""
        if not self.skills:
            return answer
        skill, first, second = split_pass(question, self.skills)
        return ALL[skill].run(first, second)

    def facts(self, question: str) -> tuple[str, ...]:
        """The skill of one pass in words, for a network that answers passes; empty for others."""
        if not self.skills:
            return ()
        skill = ALL[split_pass(question, self.skills)[0]]
        turned = ", its rows turned round" if skill.mirrored else ""
        return (f"one pass of the skill {skill.name}: {skill.summary}{turned}",)


def shown(character: str) -> str:
    """The character, or a visible sign for the blank and the end mark."""
    return {END: END_SHOWN, " ": SPACE_SHOWN}.get(character, character)


def network_of(weights: ActiveWeights, part: str | None = None) -> Network:
    """The network `part` of such weights, by default the one that writes.

    Raises `UsageError` for a part that the weights do not have.
    """
    found = weights.found
    kinds = parts_of(found.card.architecture)
    name = next(reversed(kinds)) if part is None else part
    if name not in kinds:
        hint = f"its parts are {', '.join(kinds)}" if "" not in kinds else "leave out --part"
        raise UsageError(f"{found.card.name} has no part {name!r}", hint=hint)
    tensors = CachedTensors(part_tensors(weights.store.tensors(found), name))
    return Network(found.card, name, kinds[name], tensors)


def tensors_of(weights: ActiveWeights) -> dict[str, Floats]:
    """Every tensor of such weights, in the order of the layers, unlike in the file."""
    found = weights.found
    tensors = weights.store.tensors(found)
    return {name: tensors[name] for name in shapes_of(found.card.architecture, found.card.encoding)}


def check_known(network: Network) -> None:
    """Raise `UsageError` for an installed kind, whose tensors have no known meaning."""
    if network.half.encoder is None:
        raise UsageError(
            f"{network.name} is of kind {network.kind}, whose layers mathrepl cannot interpret",
            hint=ELSE,
        )


def rounded(values: Floats) -> list[Any]:
    """Nested lists of numbers with six decimals, for `--json`."""
    result: list[Any] = np.round(values.astype(np.float64), 6).tolist()
    return result
