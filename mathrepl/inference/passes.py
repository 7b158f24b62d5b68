"""Passes answered: looked up in the list of all steps of a network, or asked of it.

In numpy a pass is looked up: the network is asked once for every step that it can take, when a
skill is first needed (`networks.columns.automaton`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Protocol

import numpy as np

from mathrepl.arithmetic.skills import ALL, END, Column, columns_of
from mathrepl.arithmetic.written import Pass
from mathrepl.data.codec import Floats, Indices, encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.inference.decoding import guesses_of, written_of
from mathrepl.inference.solution import Answered, Guess
from mathrepl.networks.columns import Automaton
from mathrepl.networks.lstm import softmax

Row = tuple[str, int, float, str, float]
Table = list[dict[Column, Row]]


class Answerer(Protocol):
    """Answers passes of one network."""

    def answer(self, passes: Sequence[Pass]) -> list[Answered]:
        """The passes in order with their results."""

    def guesses(self, asked: Pass) -> tuple[list[Guess], Guess | None]:
        """The characters of one result in reading order, and the end mark."""


class Lookup:
    """Passes looked up in the list of all steps of a network."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._tables: dict[str, Table] = {}

    def answer(self, passes: Sequence[Pass]) -> list[Answered]:
        return [self._answer(one) for one in passes]

    def guesses(self, asked: Pass) -> tuple[list[Guess], Guess | None]:
        found = [Guess(row[0], row[2], row[3], row[4]) for row in self._walk(asked)]
        end = found.pop() if found[-1].character == END else None
        return found if ALL[asked.skill].mirrored else found[::-1], end

    def _answer(self, asked: Pass) -> Answered:
        # Its own loop: a list of the steps first would make it a sixth slower.
        table = self._tables.get(asked.skill) or self._table(asked.skill)
        written, sure = [], 1.0
        step = table[0]
        for column in columns_of(*asked.rows):
            character, following, probability, _, _ = step[column]
            sure *= probability
            if character == END:
                break
            written.append(character)
            step = table[following]
        text = "".join(written)
        return Answered(asked, text if ALL[asked.skill].mirrored else text[::-1], sure)

    def _walk(self, asked: Pass) -> list[Row]:
        """The steps of a pass, up to the end mark."""
        table = self._tables.get(asked.skill) or self._table(asked.skill)
        step, found = table[0], []
        for column in columns_of(*asked.rows):
            row = step[column]
            found.append(row)
            if row[0] == END:
                break
            step = table[row[1]]
        return found

    def _table(self, skill: str) -> Table:
        """For each symbol: column to character, next symbol, probability, and the runner-up."""
        automaton, alphabets = self._automaton, self._automaton.alphabets
        place = alphabets.names.index(skill)
        shares = softmax(automaton.logits.values[place])
        order = np.argsort(-shares, axis=-1, kind="stable")[..., :2]
        likely = np.take_along_axis(shares, order, -1)
        rows = zip(
            order.reshape(-1, 2).tolist(),
            automaton.following[place].ravel().tolist(),
            likely.reshape(-1, 2).tolist(),
            strict=True,
        )
        columns = list(product(alphabets.first, alphabets.second))
        found: Table = []
        for _ in range(len(shares)):
            found.append(
                {
                    column: (
                        alphabets.written[best],
                        following,
                        sure,
                        alphabets.written[other],
                        less_sure,
                    )
                    for column, ((best, other), following, (sure, less_sure)) in zip(
                        columns, rows, strict=False
                    )
                }
            )
        self._tables[skill] = found
        return found


class Asking:
    """Passes asked of a network as it runs elsewhere, in Keras."""

    def __init__(self, encoding: Encoding, run: Callable[[Indices], Floats]) -> None:
        self._encoding, self._run = encoding, run

    def answer(self, passes: Sequence[Pass]) -> list[Answered]:
        probabilities, ends = self._probabilities(passes)
        beyond = np.arange(probabilities.shape[1]) >= ends[:, None]
        probabilities[beyond] = np.eye(1, probabilities.shape[2])  # as if they were end marks
        texts, sure = written_of(self._encoding, probabilities)
        turned = (
            text[::-1] if ALL[one.skill].mirrored else text
            for text, one in zip(texts, passes, strict=True)
        )
        return list(map(Answered, passes, turned, sure))

    def guesses(self, asked: Pass) -> tuple[list[Guess], Guess | None]:
        characters = self._encoding.characters
        probabilities, (columns,) = self._probabilities([asked])
        ((found, end),) = guesses_of(characters, probabilities[:, :columns], reverse=True)
        return list(found[::-1] if ALL[asked.skill].mirrored else found), end

    def _probabilities(self, passes: Sequence[Pass]) -> tuple[Floats, Indices]:
        """(n, S, V), and the columns (n,) of each pass, with the blank one that ends it."""
        found = self._run(encode_questions(self._encoding, [one.text for one in passes]))
        return found, np.array([max(map(len, one.rows)) + 1 for one in passes], np.int32)
