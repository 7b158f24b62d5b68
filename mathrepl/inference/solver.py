"""Solvers: weights of any kind behind one protocol, in numpy or through Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from mathrepl.data.codec import Floats, Indices, encode_questions
from mathrepl.inference.decoding import guesses_of, written_of
from mathrepl.inference.solution import ScratchpadStep, Solution, Written
from mathrepl.networks import Tensors, kind_of, part_tensors, parts_of
from mathrepl.networks.columns import Automaton
from mathrepl.networks.lstm import CachedTensors
from mathrepl.networks.plugin_kinds import imported
from mathrepl.store.card import Card

BATCH = 4096
KEPT = 1 << 24  # bytes
Run = Callable[[str, Indices], Floats]


class Solver(Protocol):
    """Answers questions given as canonical text.

    One that shows steps rounds quotients to `decimals`, None for those of its task. Raises
    `ValueError` for unknown characters, and for a question that cannot be laid out.
    """

    def solve(self, questions: Sequence[str], decimals: int | None = None) -> list[Solution]:
        """Solutions in order, with a guess for each character."""

    def solve_stepwise(
        self, question: str, decimals: int | None = None
    ) -> Iterator[tuple[ScratchpadStep, ...] | Solution]:
        """The steps so far whenever a scratchpad has one more, and the solution at the end."""

    def write(self, questions: Sequence[str]) -> Written:
        """The answers alone and their confidences, for large numbers of questions."""

    def part(self, name: str, decimals: int | None = None) -> Callable[[Sequence[str]], Written]:
        """`write` for one network of several, "" for all of them. Raises `KeyError` for others."""


class NetworkSolver:
    """One network that writes the answer straight away, by greedy decoding."""

    def __init__(self, card: Card, run: Run) -> None:
        self.card = card
        self._run_part = run

    def solve(self, questions: Sequence[str], decimals: int | None = None) -> list[Solution]:
        encoding = self.card.encoding
        solutions: list[Solution] = []
        for batch, probabilities in self._batches(questions):
            written = guesses_of(encoding.characters, probabilities, reverse=encoding.reverse)
            for question, (guesses, end) in zip(batch, written, strict=True):
                text = "".join([guess[0] for guess in guesses])
                solutions.append(Solution(question, text, guesses, end))
        return solutions

    def solve_stepwise(
        self, question: str, decimals: int | None = None
    ) -> Iterator[tuple[ScratchpadStep, ...] | Solution]:
        yield self.solve([question])[0]

    def write(self, questions: Sequence[str]) -> Written:
        found = Written([], [])
        for _, probabilities in self._batches(questions):
            texts, confidences = written_of(self.card.encoding, probabilities)
            found.texts.extend(texts)
            found.confidences.extend(confidences)
        return found

    def part(self, name: str, decimals: int | None = None) -> Callable[[Sequence[str]], Written]:
        return {"": self.write}[name]

    def _batches(self, questions: Sequence[str]) -> Iterator[tuple[list[str], Floats]]:
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
        return self._run_part("", encode_questions(self.card.encoding, questions))


def numpy_solver(card: Card, tensors: Tensors) -> Solver:
    """The network in numpy: ready at once (`benchmarks/run.py answer`)."""
    # glibc hands memory back to the system at once, except twice the largest block freed so far.
    # One that is never touched costs nothing, and lets a batch reuse the memory of the last one.
    np.empty(KEPT, np.uint8)
    kinds = parts_of(card.architecture)
    parts = {part: CachedTensors(part_tensors(tensors, part)) for part in kinds}
    automata = {
        part: listed(parts[part], card.encoding)
        for part, name in kinds.items()
        if (listed := kind_of(name).automaton) is not None
    }

    def run(part: str, questions: Indices) -> Floats:
        kind = kind_of(kinds[part])
        # BLAS multiplies a lone row by other code, which rounds otherwise: asked twice, a question
        # has the probabilities that it has among others.
        rows = np.repeat(questions, 2, axis=0) if len(questions) == 1 else questions
        found = kind.probabilities(parts[part], card.architecture, card.encoding, rows)
        return found[: len(questions)]

    return _solver(card, run, automata)


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

    kinds = parts_of(card.architecture)

    def run(part: str, questions: Indices) -> Floats:
        return predict(models[part], kind_of(kinds[part]).encoding(card.encoding), questions)

    return _solver(card, run, {})


def _solver(card: Card, run: Run, automata: Mapping[str, Automaton]) -> Solver:
    architecture = card.architecture
    made = imported(architecture.kind, architecture.row.solver)
    solver: Solver = made(card, run, automata) if automata else made(card, run)
    return solver
