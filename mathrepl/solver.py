"""Whatever answers questions: weights by name, behind one protocol.

A kind of weights that needs more than one network becomes another class here that returns
the same `Solution`, with its working filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mathrepl.card import Card
from mathrepl.codec import Floats, Indices, decode, encode_questions
from mathrepl.comparison import Guess, Solution
from mathrepl.encoding import END
from mathrepl.networks import KINDS

if TYPE_CHECKING:
    from mathrepl.networks import Tensors

BATCH = 4096


class Solver(Protocol):
    """Answers questions given as canonical text; raises `ValueError` for unknown characters."""

    def solve(self, questions: Sequence[str]) -> list[Solution]: ...


class NetworkSolver:
    """One network that writes the answer straight away, by greedy decoding."""

    def __init__(self, card: Card, probabilities: Callable[[Indices], Floats]) -> None:
        self.card = card
        self._probabilities = probabilities

    def solve(self, questions: Sequence[str]) -> list[Solution]:
        """Solutions in order, asked in batches of at most `BATCH`."""
        solutions: list[Solution] = []
        for texts, probabilities in self._batches(questions):
            solutions += _solutions(self.card, texts, probabilities)
        return solutions

    def write(self, questions: Sequence[str]) -> list[str]:
        """The answers alone, for large numbers of questions."""
        written: list[str] = []
        for _, probabilities in self._batches(questions):
            written += decode(self.card.encoding, probabilities.argmax(-1))
        return written

    def _batches(self, questions: Sequence[str]) -> Any:
        # A question longer than those of the training is asked alone: in a batch it would lengthen
        # the padding of its neighbours, and their answers could change with it.
        usual = self.card.encoding.question_length
        batch: list[str] = []
        for question in questions:
            long = len(question) >= usual
            if batch and (long or len(batch) == BATCH):
                yield batch, self._run(batch)
                batch = []
            batch.append(question)
            if long:
                yield batch, self._run(batch)
                batch = []
        if batch:
            yield batch, self._run(batch)

    def _run(self, questions: Sequence[str]) -> Floats:
        return self._probabilities(encode_questions(self.card.encoding, questions))


def numpy_solver(card: Card, tensors: Tensors) -> NetworkSolver:
    """The network in numpy: ready at once (`benchmarks/run.py answer`)."""
    kind = KINDS[card.architecture.kind]

    def probabilities(questions: Indices) -> Floats:
        return kind.probabilities(tensors, card.architecture, card.encoding, questions)

    return NetworkSolver(card, probabilities)


def keras_solver(card: Card, model: Any) -> NetworkSolver:
    """The same network through Keras itself; `model` comes from `Session.model`."""
    from mathrepl.training.keras_models import predict

    return NetworkSolver(card, lambda questions: predict(model, card.encoding, questions))


def _solutions(card: Card, questions: Sequence[str], probabilities: Floats) -> list[Solution]:
    """Greedy decoding: the likeliest character at each place, up to the first end mark."""
    characters = card.encoding.characters
    best_two = np.argsort(probabilities, axis=-1)[..., :-3:-1]
    solutions = []
    for row, question in enumerate(questions):
        guesses: list[Guess] = []
        end = None
        for place in range(probabilities.shape[1]):
            first, second = (int(k) for k in best_two[row, place])
            guess = Guess(
                characters[first],
                float(probabilities[row, place, first]),
                characters[second],
                float(probabilities[row, place, second]),
            )
            if guess.character == END:
                end = guess
                break
            guesses.append(guess)
        if card.encoding.reverse:
            guesses.reverse()
        text = "".join(guess.character for guess in guesses)
        solutions.append(Solution(question, text, tuple(guesses), end))
    return solutions
