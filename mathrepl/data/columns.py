"""Passes as index arrays: a skill, then the two characters of each column, from the right.

Shapes: n passes, S columns; the arrays have T = 1 + 2 S numbers a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from mathrepl.arithmetic.skills import (
    ALL,
    BLANK,
    alphabets_of,
    columns_of,
    split_pass,
)
from mathrepl.data.codec import Indices
from mathrepl.data.encoding import END, Encoding


def encode_passes(encoding: Encoding, texts: Sequence[str]) -> Indices:
    """Indices (n, T) of passes, padded with blanks to the longest or to the question length.

    Raises `ValueError` for a text that is no pass, or a character outside the alphabet.
    """
    rows = [_interleaved(text, encoding.skills) for text in texts]
    length = max([encoding.question_length, *map(len, rows)])
    codes = {character: code for code, character in enumerate(encoding.characters)}
    codes[" "] = 0  # the end mark stands for a blank
    found = np.zeros((len(rows), length), np.int32)
    for row, text in zip(found, rows, strict=True):
        try:
            row[: len(text)] = [codes[character] for character in text]
        except KeyError as error:
            raise ValueError(f"no character {error.args[0]!r} in the alphabet") from None
    return found


def _interleaved(text: str, skills: str) -> str:
    if END in text:
        raise ValueError("a pass has no end mark")
    skill, first, second = split_pass(text, skills)
    return skill + "".join(a + b for a, b in columns_of(first, second))


@cache
def row_codes(encoding: Encoding) -> Indices:
    """The place of every character of the alphabet in each row's alphabet, (3, V); 0 if absent."""
    alphabets = alphabets_of(encoding.skills)
    rows = (alphabets.names, alphabets.first, alphabets.second)
    found = [[max(0, row.find(c)) for c in encoding.characters.replace(END, BLANK)] for row in rows]
    return np.array(found, np.int32)


@cache
def written_codes(encoding: Encoding) -> Indices:
    """The index in the alphabet of every character that is written, (O,)."""
    written = alphabets_of(encoding.skills).written
    return np.array([encoding.characters.index(character) for character in written], np.int32)


def states_after(encoding: Encoding, passes: Indices) -> Indices:
    """The state of the rule after each column, (n, S), from indices (n, T)."""
    following = _following(encoding.skills)
    skills, first, second = row_codes(encoding)
    skill, state = skills[passes[:, 0]], np.zeros(len(passes), np.int32)
    found = np.zeros((len(passes), (passes.shape[1] - 1) // 2), np.int32)
    for t in range(found.shape[1]):
        a, b = first[passes[:, 1 + 2 * t]], second[passes[:, 2 + 2 * t]]
        found[:, t] = state = following[skill, state, a, b]
    return found


@cache
def _following(names: str) -> Indices:
    """The state after each state and column, (skills, states, A, B); 0 where none can stand."""
    alphabets, skills = alphabets_of(names), [ALL[name] for name in names]
    states = max(len(skill.states) for skill in skills)
    rows = alphabets.first, alphabets.second
    found = np.zeros((len(skills), states, *map(len, rows)), np.int32)
    for place, skill in enumerate(skills):
        for state in range(len(skill.states)):
            for a, b in skill.columns():
                after = skill.rule(state, a, b)[1]
                found[place, state, rows[0].index(a), rows[1].index(b)] = after
    return found
