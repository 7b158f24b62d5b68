"""Whatever answers questions: weights by name, behind one protocol.

A kind of weights that needs more than one network becomes another class here that returns
the same `Solution`, with its working filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mathrepl.data.codec import Floats, Indices, decode, encode_questions
from mathrepl.inference.decoding import guesses_of
from mathrepl.inference.scratchpad_solver import ScratchpadSolver
from mathrepl.inference.solution import ScratchpadStep, Solution
from mathrepl.networks import CachedTensors, kind_of, part_tensors, parts_of
from mathrepl.store.card import Card

if TYPE_CHECKING:
    from mathrepl.networks import Tensors

BATCH = 4096
KEPT = 1 << 24  # bytes


class Solver(Protocol):
    """Answers questions given as canonical text; raises `ValueError` for unknown characters."""

    def solve(self, questions: Sequence[str]) -> list[Solution]:
        """Solutions in order, with how sure the network was of each character."""

    def solve_stepwise(self, question: str) -> Iterator[tuple[ScratchpadStep, ...] | Solution]:
        """The lines so far whenever there is one more of a working, and the solution at the end."""

    def write(self, questions: Sequence[str]) -> list[str]:
        """The answers alone, for large numbers of questions."""

    def write_surely(self, questions: Sequence[str]) -> tuple[list[str], list[float]]:
        """The answers alone, and how sure the network is of the whole of each, 0 to 1."""

    def confidences(self, questions: Sequence[str]) -> list[float]:
        """How sure the network is of the whole of each answer, 0 to 1."""

    def write_part(self, part: str, texts: Sequence[str]) -> list[str]:
        """What one network of several writes alone. Raises `KeyError` for an unknown part."""

    def part_confidences(self, part: str, texts: Sequence[str]) -> list[float]:
        """How sure one network of several is of what it writes alone, 0 to 1."""


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

    def solve_stepwise(self, question: str) -> Iterator[tuple[ScratchpadStep, ...] | Solution]:
        """The solution, which has no lines: all of the answer is known at once."""
        yield self.solve([question])[0]

    def write(self, questions: Sequence[str]) -> list[str]:
        """The answers alone, for large numbers of questions."""
        written: list[str] = []
        for _, probabilities in self._batches(questions):
            written += decode(self.card.encoding, probabilities.argmax(-1))
        return written

    def write_surely(self, questions: Sequence[str]) -> tuple[list[str], list[float]]:
        """The answers alone, and how sure the network is of the whole of each, 0 to 1."""
        written: list[str] = []
        sure: list[float] = []
        for _, probabilities in self._batches(questions):
            written += decode(self.card.encoding, probabilities.argmax(-1))
            sure += _sure_of(probabilities, reverse=self.card.encoding.reverse)
        return written, sure

    def confidences(self, questions: Sequence[str]) -> list[float]:
        """How sure the network is of the whole of each answer, 0 to 1."""
        return self.write_surely(questions)[1]

    def write_part(self, part: str, texts: Sequence[str]) -> list[str]:
        """There is one network alone, which has no name."""
        return {"": self.write}[part](texts)

    def part_confidences(self, part: str, texts: Sequence[str]) -> list[float]:
        """There is one network alone, which has no name."""
        return {"": self.confidences}[part](texts)

    def _batches(self, questions: Sequence[str]) -> Any:
        # Questions longer than those of the training are asked with others of their length alone:
        # in a batch they would lengthen the padding of their neighbours, and those answers could
        # change with it. Longer ones take more memory each, so fewer go together.
        usual = self.card.encoding.question_length
        batch: list[str] = []
        width, most = usual, BATCH
        for question in questions:
            needed = max(len(question) + 1, usual)
            if batch and (needed != width or len(batch) == most):
                yield batch, self._run(batch)
                batch = []
            if needed != width:
                width, most = needed, max(1, BATCH * usual // needed)
            batch.append(question)
        if batch:
            yield batch, self._run(batch)

    def _run(self, questions: Sequence[str]) -> Floats:
        return self._probabilities(encode_questions(self.card.encoding, questions))


Run = Callable[[str, Indices], Floats]


def numpy_solver(card: Card, tensors: Tensors) -> Solver:
    """The network in numpy: ready at once (`benchmarks/run.py answer`)."""
    # glibc hands memory back to the system at once, but for twice the largest block freed so far.
    # One that is never touched costs nothing, and lets a batch use again what the last one used.
    np.empty(KEPT, np.uint8)
    kinds = parts_of(card.architecture)
    parts = {part: CachedTensors(part_tensors(tensors, part)) for part in kinds}

    def run(part: str, questions: Indices) -> Floats:
        kind = kind_of(kinds[part])
        # BLAS multiplies a lone row by other code, which rounds otherwise: asked twice, a question
        # has the probabilities that it has among others.
        rows = np.repeat(questions, 2, axis=0) if len(questions) == 1 else questions
        found = kind.probabilities(parts[part], card.architecture, card.encoding, rows)
        return found[: len(questions)]

    return _solver(card, run)


def keras_models(card: Card, tensors: Tensors) -> dict[str, Any]:
    """The Keras models of such weights by part (imports TensorFlow, in silence)."""
    from mathrepl.training.keras.quiet import prepare_tensorflow, quiet_stderr

    prepare_tensorflow()
    from mathrepl.training.keras.models import build, load_into

    models = {}
    with quiet_stderr():
        for part in parts_of(card.architecture):
            models[part] = build(card.architecture, card.encoding, part=part)
            load_into(models[part], part_tensors(tensors, part))
    return models


def keras_solver(card: Card, models: Mapping[str, Any]) -> Solver:
    """The same networks through Keras itself; `models` are those of `keras_models`."""
    from mathrepl.training.keras.models import predict

    return _solver(card, lambda part, questions: predict(models[part], card.encoding, questions))


def _solver(card: Card, run: Run) -> Solver:
    if card.architecture.kind == "work":
        return ScratchpadSolver(card, run)
    return NetworkSolver(card, lambda questions: run("", questions))


def _sure_of(probabilities: Floats, *, reverse: bool) -> list[float]:
    """The product over the likeliest characters up to and with the first end mark, a row each.

    `probabilities` is (n, U, V). The factors stand in the order of `Solution.confidence`, in
    reading order and the end mark last, so that the two are equal to the last bit.
    """
    likeliest = probabilities.max(-1).astype(np.float64)
    ends = probabilities.argmax(-1) == 0  # the end mark is the first of every alphabet
    before_end = ~np.logical_or.accumulate(ends, axis=1)
    sure = np.ones(len(probabilities))
    places = range(probabilities.shape[1])
    for place in reversed(places) if reverse else places:
        sure *= np.where(before_end[:, place], likeliest[:, place], 1.0)
    end = likeliest[np.arange(len(ends)), ends.argmax(1)]
    found: list[float] = np.where(ends.any(1), sure * end, sure).tolist()
    return found


def _solutions(card: Card, questions: Sequence[str], probabilities: Floats) -> list[Solution]:
    solutions = []
    encoding = card.encoding
    written = guesses_of(encoding.characters, probabilities, reverse=encoding.reverse)
    for question, (guesses, end) in zip(questions, written, strict=True):
        solutions.append(Solution(question, guesses.characters, guesses, end))
    return solutions
