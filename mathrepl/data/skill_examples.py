"""Training examples of skills: passes of a few columns with their right results.

Columns are drawn by what a rule does with them, so that rare events, such as a sign in a line or a
carry through nines, are as frequent as common ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from functools import cache

from mathrepl.arithmetic.skills import ALL, BLANK, END, Column, Skill, pass_text
from mathrepl.data.passes import COLUMNS
from mathrepl.data.sampling import Example, Split

HELD_OUT = 10  # one example in ten


def skill_examples(names: str, count: int, seed: int) -> Split:
    """`count` passes of these skills, a tenth of them held out; passes can come again."""
    rng = random.Random(seed)
    drawn = _drawn([ALL[name] for name in names], rng)
    held_out: dict[str, Example] = {}
    while len(held_out) < max(1, count // HELD_OUT):
        example = next(drawn)
        held_out[example.question] = example
    training: list[Example] = []
    while len(training) < max(1, count - len(held_out)):
        example = next(drawn)
        if len(example.question) < 6 or example.question not in held_out:
            training.append(example)
    return Split(tuple(training), tuple(held_out.values()))


def example_of(skill: Skill, columns: Iterable[Column]) -> Example:
    """A pass of these columns, from the right, with its right result."""
    text = pass_text(skill, columns)
    first, _, second = text.partition(skill.name)
    return Example(text, skill.run(first, second))


def extended(skill: Skill, columns: Iterable[Column], rng: random.Random) -> Example:
    """A pass that begins with these columns and goes on with random ones."""
    begun, state = list(columns), 0
    for column in begun:
        character, state = skill.rule(state, *column)
        if character == END:
            return example_of(skill, begun)
    return example_of(skill, _continued(skill, begun, state, COLUMNS - 1, rng))


def _drawn(skills: list[Skill], rng: random.Random) -> Iterator[Example]:
    while True:
        skill = rng.choice(skills)
        columns = _continued(skill, [], 0, rng.randint(1, COLUMNS - 1), rng)
        if any(column != (BLANK, BLANK) for column in columns):
            yield example_of(skill, columns)


def _continued(
    skill: Skill, columns: list[Column], state: int, length: int, rng: random.Random
) -> list[Column]:
    """The columns with random ones after them, up to a length or to where the pass ends."""
    evenly = rng.random()
    every, outcomes = skill.columns(), _by_outcome(skill.name)
    while len(columns) < length:
        even = rng.random() < evenly
        column = rng.choice(rng.choice(outcomes[state]) if even else every)
        character, state = skill.rule(state, *column)
        columns.append(column)
        if character == END:
            break
    return columns


@cache
def _by_outcome(name: str) -> list[list[list[Column]]]:
    """The columns of a skill by state, then by the character written and the state after it."""
    skill = ALL[name]
    found = []
    for state in range(len(skill.states)):
        outcomes: dict[tuple[str, int], list[Column]] = {}
        for column in skill.columns():
            outcomes.setdefault(skill.rule(state, *column), []).append(column)
        found.append(list(outcomes.values()))
    return found
