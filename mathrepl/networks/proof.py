"""Proofs that a network with a memory of symbols is right at every length.

Network and rule together are a finite automaton, whose states are pairs: the symbol that the
network remembers, and the state that the rule remembers. Breadth-first search lists every pair that
a pass can reach, and in each pair every column is asked. If the network writes the right character
in all of them, it does so in every pass, however long (docs/proof.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from mathrepl.arithmetic.skills import ALL, END, Column, Skill
from mathrepl.data.codec import Indices
from mathrepl.networks.columns import Automaton, Doubles

MAX_WAYS = 400  # wrong columns of a skill that are kept with the way there

Pair = tuple[int, int]  # a symbol of the network, a state of the rule


@dataclass(frozen=True, slots=True)
class Wrong:
    """The columns of a shortest pass whose last is answered wrong."""

    columns: tuple[Column, ...]
    written: str
    right: str


@dataclass(frozen=True, slots=True)
class SkillProof:
    """Every column in every pair that a pass of one skill can reach.

    `pairs` are the pairs of symbol and state in the order found, `transitions` counts the columns
    asked. `margin` is the lead of the best symbol or character over the next that comes nearest to
    being lost, `moved` the most that float32 rounding can take from it, and `narrow` counts the
    transitions where it could take all of a lead. `wrongs` are some of the `wrong` ones, the
    nearest first.
    """

    skill: str
    pairs: tuple[Pair, ...]
    transitions: int
    wrong: int
    narrow: int
    margin: float
    moved: float
    wrongs: tuple[Wrong, ...]

    @property
    def symbols(self) -> int:
        return len({symbol for symbol, _ in self.pairs})

    @property
    def holds(self) -> bool:
        """True if the skill is proved."""
        return not self.wrong and not self.narrow


@dataclass(frozen=True, slots=True)
class Proof:
    """The proofs of all skills of a network."""

    skills: tuple[SkillProof, ...]

    @property
    def holds(self) -> bool:
        return all(skill.holds for skill in self.skills)

    @property
    def transitions(self) -> int:
        return sum(skill.transitions for skill in self.skills)

    @property
    def wrong(self) -> int:
        return sum(skill.wrong + skill.narrow for skill in self.skills)

    @property
    def margin(self) -> float:
        return min(skill.margin for skill in self.skills)


@dataclass(frozen=True, slots=True)
class _Targets:
    """A rule as arrays: its columns as places (C,) in each row, right characters and next states
    (states, C), characters as places among those written."""

    first: Indices
    second: Indices
    written: Indices
    following: Indices


def prove(automaton: Automaton) -> Proof:
    """Ask every transition that a pass can reach, of every skill."""
    symbols, characters = automaton.following, automaton.logits.best
    leads = [logits.margins for logits in (automaton.memory, automaton.logits)]
    names = automaton.alphabets.names
    return Proof(
        tuple(
            _prove_skill(
                automaton,
                ALL[name],
                symbols[place],
                characters[place],
                [(lead[place], moved[place]) for lead, moved in leads],
            )
            for place, name in enumerate(names)
        )
    )


def _prove_skill(
    automaton: Automaton,
    skill: Skill,
    symbols: Indices,
    characters: Indices,
    leads: Sequence[tuple[Doubles, Doubles]],
) -> SkillProof:
    alphabets = automaton.alphabets
    rule = _targets(skill.name, alphabets.first, alphabets.second, alphabets.written)
    columns = skill.columns()
    came: dict[Pair, tuple[Pair, int] | None] = {(0, 0): None}
    found: list[Pair] = [(0, 0)]
    wrongs: list[Wrong] = []
    wrong = narrow = 0
    margin, moved = np.inf, 0.0
    for pair in found:  # grows while it is walked through
        symbol, state = pair
        at = symbol, rule.first, rule.second
        written, right = characters[at], rule.written[state]
        goes_on = right != alphabets.written.index(END)
        for what, (lead, off) in zip((goes_on, slice(None)), leads, strict=True):
            ahead, most = lead[at][what], off[at][what]  # after an end no symbol matters
            closest = (ahead - most).argmin()
            if ahead[closest] - most[closest] < margin - moved:
                margin, moved = float(ahead[closest]), float(most[closest])
            narrow += int((ahead <= most).sum())
        for i in np.flatnonzero(written != right).tolist():
            wrong += 1
            if len(wrongs) < MAX_WAYS:
                way = (*_way(came, pair, columns), columns[i])
                wrongs.append(
                    Wrong(way, alphabets.written[written[i]], alphabets.written[right[i]])
                )
        after = zip(symbols[at].tolist(), rule.following[state].tolist(), strict=True)
        for i, following in enumerate(after):
            if goes_on[i] and following not in came:
                came[following] = pair, i
                found.append(following)
    return SkillProof(
        skill.name,
        tuple(found),
        len(found) * len(columns),
        wrong,
        narrow,
        margin,
        moved,
        tuple(wrongs),
    )


def _way(
    came: dict[Pair, tuple[Pair, int] | None], pair: Pair, columns: Sequence[Column]
) -> Iterable[Column]:
    """The columns of a shortest pass that ends in a pair."""
    found: list[Column] = []
    step = came[pair]
    while step is not None:
        before, i = step
        found.append(columns[i])
        step = came[before]
    return reversed(found)


@cache
def _targets(name: str, first: str, second: str, written: str) -> _Targets:
    skill = ALL[name]
    columns = skill.columns()
    results = [[skill.rule(s, a, b) for a, b in columns] for s in range(len(skill.states))]
    return _Targets(
        np.array([first.index(a) for a, _ in columns], np.int32),
        np.array([second.index(b) for _, b in columns], np.int32),
        np.array([[written.index(c) for c, _ in row] for row in results], np.int32),
        np.array([[state for _, state in row] for row in results], np.int32),
    )
