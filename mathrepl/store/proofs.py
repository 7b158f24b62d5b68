"""The record of a proof in a card: every transition of the machine that a network is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
END_WRITTEN = "■"  # stands for the end mark, which cannot be printed


@dataclass(frozen=True, slots=True)
class PairRow:
    """The transitions of a network that remembers `symbol`, where the rule is in `state`.

    A character for each column of the table: `written` is what it writes, `following` the symbol
    that it remembers next, as `symbol_digit`.
    """

    symbol: Count
    state: Count
    written: str
    following: str


@dataclass(frozen=True, slots=True)
class SkillTable:
    """The transitions of one skill: a row for each pair of symbol and state that a pass can reach.

    `columns` has two characters for each column, that of the first row and that of the second.
    `margin` and `moved` are those of `networks.proof.SkillProof`.
    """

    part: str
    skill: str
    columns: str
    margin: float
    moved: float
    pairs: tuple[PairRow, ...]


@dataclass(frozen=True, slots=True)
class ProofTable:
    """The tables of all skills of weights that are proved; `date` is the day of the proof."""

    weights_sha256: str
    date: str
    skills: tuple[SkillTable, ...]


def symbol_digit(symbol: int) -> str:
    """A symbol as one character: 0 to 9, then the characters of ASCII after 9."""
    return chr(ord("0") + symbol)
