"""Sessions whose network is a script or a tiny untrained one, and running an analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mathrepl.analysis.figure import Figure, Progress
from mathrepl.arithmetic.task import Task
from mathrepl.networks.config import Architecture
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from tests.kit.lab import ScriptedSolver
from tests.kit.weights import tiny_weights


class SureSolver(ScriptedSolver):
    """A script that is as sure of an answer as `sure_of` says."""

    def __init__(
        self, write_one: Callable[[str], str], sure_of: Callable[[str], float] = lambda _: 0.95
    ) -> None:
        super().__init__(write_one)
        self.sure_of = sure_of

    def confidence_of(self, question: str) -> float:
        return self.sure_of(question)


def tiny_session(
    folder: Path,
    task: Task,
    *,
    seed: int = 0,
    solver: SureSolver | None = None,
    architecture: Architecture = Architecture(hidden=4),  # noqa: B008 - it is frozen
) -> Session:
    """A session on untrained weights `tiny` for `task`; a `solver` answers in their place."""
    store = Store(folder / "weights", folder / "bundled")
    tiny_weights(store, "tiny", task, architecture, seed)
    session = Session(Settings(weights="tiny"), store)
    if solver is not None:
        assert session.weights.found
        session.weights._solver = solver
    return session


def run(steps: Iterator[Progress | Figure]) -> tuple[list[Progress], Figure]:
    """The progress reported, and the figure at the end."""
    *told, figure = steps
    assert isinstance(figure, Figure)
    assert all(isinstance(value, Progress) for value in told)
    return [value for value in told if isinstance(value, Progress)], figure
