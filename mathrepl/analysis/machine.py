"""The machine that a network with a memory of symbols has found, minimised.

Symbols that no pass can tell apart are one state: the partition of the symbols by what is written
is refined until no column leads from one class to two (Moore 1956). A state is named by the states
of the rule that the proof finds beside its symbols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mathrepl.analysis.conditions import Conditions, Marks
from mathrepl.analysis.figure import Edge, Figure, Machine
from mathrepl.arithmetic.skills import ALL, END, Skill
from mathrepl.networks.columns import Automaton
from mathrepl.networks.proof import SkillProof, prove
from mathrepl.support.errors import UsageError

MOST_CHARACTERS = 6  # of one way between two states that have a row each


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of a network in one skill: a character and a next symbol by symbol and column."""

    written: list[list[str]]
    following: list[list[int]]

    def reached(self) -> list[int]:
        """The symbols that a pass can reach, none at the start being 0, in the order found."""
        found = [0]
        for symbol in found:
            for character, after in zip(*self.of(symbol), strict=True):
                if character != END and after not in found:
                    found.append(after)
        return found

    def of(self, symbol: int) -> tuple[list[str], list[int]]:
        return self.written[symbol], self.following[symbol]


def machine(name: str, automata: Mapping[str, Automaton], skill_name: str | None) -> Figure:
    """The machine of a skill of some weights, by default of their first sum or of their first.

    Raises `UsageError` for a skill that they do not have.
    """
    by_skill = {skill: one for one in automata.values() for skill in one.alphabets.names}
    chosen = skill_name or ("+" if "+" in by_skill else next(iter(by_skill)))
    if chosen not in by_skill:
        raise UsageError(f"{name} has no skill {chosen!r}", hint=f"it has {' '.join(by_skill)}")
    skill, automaton = ALL[chosen], by_skill[chosen]
    proof = next(one for one in prove(automaton).skills if one.skill == chosen)
    steps = _Steps(*automaton.steps_of(skill))
    classes = _minimised(steps)
    states, notes = _names(skill, proof, classes)
    edges = tuple(_edges(skill, steps, classes))
    title = f"{name}, skill {chosen}: {skill.summary}"
    return Figure(
        title,
        (Machine(f"{len(states)} state{'' if len(states) == 1 else 's'}", states, edges),),
        tuple(_facts(skill, proof, states, classes, by_skill)),
        tuple(notes),
        {
            "weights": name,
            "skill": chosen,
            "proved": proof.holds,
            "states": [
                {"state": state, "symbols": symbols}
                for state, symbols in zip(states, classes, strict=True)
            ],
            "edges": [
                {
                    "from": states[edge.source],
                    "when": edge.when,
                    "writes": edge.writes,
                    "to": None if edge.target is None else states[edge.target],
                }
                for edge in edges
            ],
        },
    )


def _minimised(steps: _Steps) -> list[list[int]]:
    """Classes of symbols that no pass can tell apart; the first is that of the start."""
    symbols = steps.reached()
    classes = _classes({symbol: tuple(steps.written[symbol]) for symbol in symbols})
    while True:
        finer = _classes(
            {
                symbol: (
                    classes[symbol],
                    *(
                        None if character == END else classes[after]
                        for character, after in zip(*steps.of(symbol), strict=True)
                    ),
                )
                for symbol in symbols
            }
        )
        if finer == classes:
            break
        classes = finer
    return [[s for s in symbols if classes[s] == one] for one in range(max(classes.values()) + 1)]


def _classes(signatures: Mapping[int, object]) -> dict[int, int]:
    """A class for each symbol, numbered in the order of the symbols; equal signatures share one."""
    numbers: dict[object, int] = {}
    return {
        symbol: numbers.setdefault(signature, len(numbers))
        for symbol, signature in signatures.items()
    }


def _names(
    skill: Skill, proof: SkillProof, classes: list[list[int]]
) -> tuple[tuple[str, ...], list[str]]:
    """A name for each class, and notes on those that stand for no state of the rule or several."""
    names: list[str] = []
    notes: list[str] = []
    for symbols in classes:
        states = sorted({state for symbol, state in proof.pairs if symbol in symbols})
        name = " or ".join(skill.states[state] for state in states) or "no state of the rule"
        same = sum(one.split(" (")[0] == name for one in names)
        names.append(f"{name} ({same + 1})" if same else name)
        if len(states) > 1:
            notes.append(f"a state stands for {len(states)} states of the rule: {name}")
        elif not states:
            notes.append("a state stands for no state of the rule: a right pass never gets there")
    return tuple(names), notes


def _edges(skill: Skill, steps: _Steps, classes: list[list[int]]) -> Iterator[Edge]:
    """The edges of each state, with conditions on the columns that do not end a pass there."""
    columns = skill.columns()
    conditions = Conditions(columns)
    of = {symbol: place for place, symbols in enumerate(classes) for symbol in symbols}
    for source, symbols in enumerate(classes):
        written, following = steps.of(symbols[0])
        ends = np.array([character == END for character in written])
        targets = np.array([-1 if end else of[s] for s, end in zip(following, ends, strict=True)])
        for target in sorted({*targets.tolist()} - {-1}):
            for here in _parted(conditions, written, targets == target):
                result = conditions.result(written, here) or "several characters"
                yield Edge(source, target, conditions.of(here, ~ends), result)
        if ends.any():
            every = np.ones(len(columns), bool)
            yield Edge(source, None, conditions.of(ends, every), "nothing")


def _parted(conditions: Conditions, written: list[str], marks: Marks) -> list[Marks]:
    """The columns of a way between two states, in parts for which there is a result in words.

    All of them if there is one; else those whose own character is written and the others, or those
    in which each character is written, unless these are many.
    """
    columns = zip(written, conditions.columns, strict=True)
    copied = marks & np.array([character == a for character, (a, _) in columns])
    characters = sorted({written[i] for i in np.flatnonzero(marks).tolist()})
    each = [marks & np.array([one == character for one in written]) for character in characters]
    for parts in ([marks], [copied, marks & ~copied], each[:MOST_CHARACTERS]):
        whole = np.logical_or.reduce(parts)
        if np.array_equal(whole, marks) and all(
            part.any() and conditions.result(written, part) is not None for part in parts
        ):
            return parts
    return [marks]


def _facts(
    skill: Skill,
    proof: SkillProof,
    states: tuple[str, ...],
    classes: list[list[int]],
    skills: Mapping[str, Automaton],
) -> Iterator[str]:
    yield "a is the character in the first row of a column, b in the second; a blank counts as 0"
    for state, symbols in zip(states, classes, strict=True):
        named = ["none yet" if symbol == 0 else str(symbol) for symbol in symbols]
        yield f"{state}: symbol {', '.join(named)}"
    wrong = f"{proof.wrong:,} of {proof.transitions:,} transitions are wrong"
    yield "proved right at every length" if proof.holds else f"not proved: {wrong}"
    if skill.mirrored:
        yield "code turns the rows of this skill round: it reads from the left"
    others = " ".join(one for one in skills if one != skill.name)
    if others:
        yield f"other skills of these weights: {others}"
