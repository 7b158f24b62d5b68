"""The weights in use: their card, the solver that answers through them, and their replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathrepl.networks import shapes_of
from mathrepl.store.card import Card
from mathrepl.store.store import Found, Store
from mathrepl.support.errors import WeightsError
from mathrepl.support.interrupts import counted
from mathrepl.training.job import Job

if TYPE_CHECKING:
    from mathrepl.inference.solver import Solver


class ActiveWeights:
    """Weights by name; card, numpy network and Keras models are read when first needed.

    `jobs` are the trainings whose saves are taken over. Raises `MathreplError`s only; after any of
    them the weights are those that were in use before.
    """

    def __init__(self, store: Store, name: str, engine: str, jobs: list[Job]) -> None:
        self.store = store
        self.name = name
        self.engine = engine
        self._jobs = jobs
        self._found: Found | None = None
        self._solver: Solver | None = None
        self._models: dict[str, Any] | None = None
        self._saves_seen = name, 0

    @property
    def found(self) -> Found:
        """The current card and its origin, read again after a training has saved better weights."""
        self._take_saves()
        if self._found is None:
            self._found = self.store.find(self.name)
        return self._found

    @property
    def card(self) -> Card:
        return self.found.card

    @property
    def models(self) -> dict[str, Any]:
        """The Keras models of the current weights by part, built on demand (imports TensorFlow).

        A lone network, such as the seq2seq model, is the part without a name.
        """
        found = self.found
        if self._models is None:
            self._found, tensors = self.store.load(self.name, found)
            with counted() as presses:  # an interrupted import of TensorFlow cannot be repeated
                from mathrepl.inference.solver import keras_models

                self._models = keras_models(self._found.card, tensors)
            if presses.count:
                raise KeyboardInterrupt
        return self._models

    @property
    def solver(self) -> Solver:
        """The solver through numpy, or through Keras itself when the engine is `keras`."""
        found = self.found
        if self._solver is None:
            from mathrepl.inference.solver import keras_solver, numpy_solver

            if self.engine == "keras":
                models = self.models
                self._solver = keras_solver(self.card, models)
            else:
                self._found, tensors = self.store.load(self.name, found)
                self._solver = numpy_solver(self._found.card, tensors)
        return self._solver

    def refresh(self) -> None:
        """Read the card and the weights again when they are next needed."""
        self._found = self._solver = self._models = None

    def use(self, name: str) -> Card:
        """Switch to other weights after checking them in full. Raises `WeightsError`."""
        from mathrepl.inference.solver import numpy_solver

        found, tensors = self.store.load(name)
        solver = numpy_solver(found.card, tensors)
        self.refresh()
        self.name, self._found = name, found
        if self.engine == "numpy":
            self._solver = solver
        return found.card

    def beside(self, name: str) -> ActiveWeights:
        """Other weights of the same store, on the same engine. Raises `WeightsError`."""
        other = ActiveWeights(self.store, name, self.engine, self._jobs)
        other.use(name)
        return other

    def named(self, name: str | None) -> ActiveWeights:
        """These weights, or others where `name` is another name. Raises `WeightsError`."""
        return self if name in (None, self.name) else self.beside(str(name))

    def set_engine(self, engine: str) -> None:
        if engine != self.engine:
            self.engine = engine
            self._solver = None

    def layers(self) -> list[str]:
        """Names of the layers."""
        names = shapes_of(self.card.architecture, self.card.encoding)
        return list(dict.fromkeys(name.rsplit(".", 1)[0] for name in names))

    def changed_elsewhere(self) -> bool:
        """True if another session has saved others of this name; the next use reads them."""
        self._take_saves()
        if self._found is None:
            return False
        try:
            now = self.store.find(self.name)
        except WeightsError:  # the next read reports it
            return False
        if (now.origin, now.card.sha256) == (self._found.origin, self._found.card.sha256):
            return False
        self.refresh()
        return True

    def _take_saves(self) -> None:
        """Take the newest best weights that a training of this name has saved."""
        if not self._jobs:
            return
        name = self.name  # the count of other weights that were in use says nothing of these
        saves = name, sum(job.saves for job in self._jobs if job.plan.name == name)
        if saves != self._saves_seen:
            self._saves_seen = saves
            self.refresh()
