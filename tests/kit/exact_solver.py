"""A solver of exact weights, whose passes a test can watch or answer wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mathrepl.arithmetic.lines import right_result
from mathrepl.arithmetic.task import Task
from mathrepl.arithmetic.written import Pass
from mathrepl.inference.solution import Answered, Guess
from mathrepl.inference.solver import Solver, numpy_solver
from mathrepl.inference.written_solver import WrittenSolver
from tests.kit.exact import exact_card, tensors_of

SURE = 0.9


@cache
def exact_solver(task: Task | None = None) -> Solver:
    """The solver of exact weights: kind `work`, or for a task `columns`."""
    card = exact_card(task=task)
    return numpy_solver(card, tensors_of(card))


class Scripted:
    """Answers passes by the rules, but those for which `change` gives another text."""

    def __init__(self, change: Callable[[Pass], str | None]) -> None:
        self.change = change
        self.asked: list[Pass] = []

    def answer(self, passes: list[Pass]) -> list[Answered]:
        self.asked += passes
        changed = [self.change(one) for one in passes]
        return [
            Answered(one, right_result(one) if text is None else text, SURE)
            for one, text in zip(passes, changed, strict=True)
        ]

    def guesses(self, asked: Pass) -> tuple[list[Guess], Guess | None]:
        return [], None


def scripted_solver(change: Callable[[Pass], str | None] = lambda one: None) -> WrittenSolver:
    """A solver of kind `work` that answers as `Scripted`, each pass `SURE`."""
    solver = WrittenSolver(exact_card(), lambda part, indices: indices)
    solver._answerers = dict.fromkeys(solver._answerers, Scripted(change))
    return solver
