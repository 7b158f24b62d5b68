"""The session: current weights, questions asked, trainings running. Hosts talk to this alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mathrepl.architecture import Architecture
from mathrepl.card import Card
from mathrepl.comparison import Answer, Answers, Refused, compare
from mathrepl.encoding import Encoding
from mathrepl.errors import MathreplError, OutOfReachError, TaskError, UsageError, WeightsError
from mathrepl.expression import Expression, parse, readable, split_line
from mathrepl.interrupts import counted
from mathrepl.jobs import Job
from mathrepl.plan import Plan, TrainSettings
from mathrepl.settings import CHOICES, Settings
from mathrepl.store import Found, Store, check_name
from mathrepl.task import Task

if TYPE_CHECKING:
    from mathrepl.solver import NetworkSolver

MAX_HISTORY = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question answered in this session."""

    answer: Answer
    seconds: float


class Session:
    """Holds the network of the current weights and answers through it.

    Raises `MathreplError`s only; after any of them the session goes on with the weights it had.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.name = settings.weights
        self.engine = settings.engine
        self.history: list[Asked] = []
        self.jobs: list[Job] = []
        self._task: Task | None = None
        self._found: Found | None = None
        self._solver: NetworkSolver | None = None
        self._model: Any = None
        self._saves_seen = 0

    @property
    def found(self) -> Found:
        """The current card and its origin, read again after a training has saved better weights."""
        self._refresh()
        if self._found is None:
            self._found = self.store.find(self.name)
        return self._found

    @property
    def card(self) -> Card:
        return self.found.card

    @property
    def task(self) -> Task:
        """What the next fresh training is for: set with `:set`, else that of the weights.

        Without readable weights it is the seed's, `a + b` for 0..999.
        """
        return self._task if self._task is not None else self._task_or_default()

    @task.setter
    def task(self, task: Task | None) -> None:
        self._task = task

    @property
    def task_was_set(self) -> bool:
        return self._task is not None

    @property
    def model(self) -> Any:
        """The Keras model of the current weights, built on demand (imports TensorFlow)."""
        found = self.found
        if self._model is None:
            tensors = self.store.tensors(found)
            with counted() as presses:  # an import of TensorFlow that is cut off breaks it for good
                from mathrepl.training.quiet import prepare_tensorflow, quiet_stderr

                prepare_tensorflow()
                from mathrepl.training.keras_models import build, load_into

                with quiet_stderr():
                    self._model = build(found.card.architecture, found.card.encoding)
                    load_into(self._model, tensors)
            if presses.count:
                raise KeyboardInterrupt
        return self._model

    @property
    def solver(self) -> NetworkSolver:
        """Answers through numpy, or through Keras itself when the engine is `keras`."""
        found = self.found
        if self._solver is None:
            from mathrepl.solver import keras_solver, numpy_solver

            if self.engine == "keras":
                self._solver = keras_solver(found.card, self.model)
            else:
                self._solver = numpy_solver(found.card, self.store.tensors(found))
        return self._solver

    def use(self, name: str) -> Card:
        """Switch to other weights, fully checked first. Raises `WeightsError`."""
        from mathrepl.solver import numpy_solver

        found = self.store.find(name)
        solver = numpy_solver(found.card, self.store.tensors(found))
        self._forget_network()
        self.name, self._found = name, found
        if self.engine == "numpy":
            self._solver = solver
        return found.card

    def beside(self, name: str) -> Session:
        """Another session on the same store and engine that uses `name`."""
        other = Session(self.settings, self.store)
        other.engine = self.engine
        other.use(name)
        return other

    def set_engine(self, engine: str) -> None:
        if engine not in CHOICES["engine"]:
            raise UsageError(f"engine must be numpy or keras, not {engine!r}")
        self.engine = engine
        self._solver = None

    def ask_line(self, line: str) -> Answer | Answers:
        """Answer a line; several equations stand between `;`.

        Raises `EquationError` for a single one that cannot be asked; among several it becomes
        a `Refused` and the others are answered.
        """
        parts = split_line(line)
        if len(parts) <= 1:
            return self.ask(parts[0] if parts else line)
        return self.ask_each(parts)

    def ask(self, text: str) -> Answer:
        """Answer one equation."""
        return self.ask_expressions([parse(text)])[0]

    def ask_each(self, texts: Sequence[str]) -> Answers:
        """Answer many equations in one batch; what cannot be asked is `Refused` in its place."""
        askable: list[tuple[Expression, str]] = []
        items: list[Answer | Refused | None] = []
        for text in texts:
            try:
                expression = parse(text)
                askable.append((expression, self._truth(expression)))
                items.append(None)
            except MathreplError as error:
                items.append(Refused(text.strip(), error))
        answers = iter(self._answer(askable))
        return Answers(tuple(item if item is not None else next(answers) for item in items))

    def ask_expressions(self, expressions: Sequence[Expression]) -> list[Answer]:
        """Answer parsed equations in one batch, and remember them. Raises `EquationError`."""
        return self._answer([(expression, self._truth(expression)) for expression in expressions])

    def _truth(self, expression: Expression) -> str:
        """The truth of an equation that the network can be asked. Raises `EquationError`."""
        truth = self.card.task.truth(expression)
        self._check_reach(expression)
        return truth

    def _answer(self, askable: Sequence[tuple[Expression, str]]) -> list[Answer]:
        if not askable:
            return []
        card = self.card
        questions = [e.format(spaced=card.task.spaced) for e, _ in askable]
        solver = self.solver
        started = time.perf_counter()
        solutions = solver.solve(questions)
        seconds = (time.perf_counter() - started) / len(questions)
        answers = []
        for (expression, truth), solution in zip(askable, solutions, strict=True):
            answer = compare(
                solution.question,
                solution,
                truth,
                weights=card.name,
                engine=self.engine,
                notes=tuple(_notes(card, expression, solution.question, truth)),
            )
            answers.append(answer)
            self.history.append(Asked(answer, seconds))
        del self.history[:-MAX_HISTORY]
        return answers

    def check_characters(self, task: Task) -> None:
        """Raise `OutOfReachError` where the network has no character for questions of `task`."""
        card = self.card
        signs = task.operations + ("-" if task.low < 0 else "")
        strange = [sign for sign in signs if sign not in card.encoding.characters]
        if strange:
            hint = "choose other operations, or weights that know them"
            raise OutOfReachError(_lacks(card, strange[0]), hint=hint)

    def _check_reach(self, expression: Expression) -> None:
        """Raise `OutOfReachError` where the network has no character for the question."""
        card = self.card
        question = expression.format(spaced=card.task.spaced)
        strange = [c for c in question if c not in card.encoding.characters]
        if not strange:
            return
        able = [n for n in self.store.names() if n != card.name and self._knows(n, expression)]
        if not able:
            hint = "no weights here can; train some for such equations"
        elif len(able) == 1:
            hint = f"try :use {able[0]}"
        else:
            hint = f"these weights could: {', '.join(able)}"
        raise OutOfReachError(
            _lacks(card, strange[0]),
            text=expression.text,
            column=readable(expression.text).find(strange[0]),
            hint=hint,
        )

    def save(self, name: str) -> Card:
        """Copy the current weights to `name` among the user's, and go on with those.

        Raises `WeightsError` for a name that is taken, by the user's or by bundled weights.
        """
        if self.store.exists_as_user(check_name(name)):
            raise WeightsError(
                f"you have weights named {name!r} already", hint="choose another name"
            )
        if name in self.store.names():
            raise WeightsError(
                f"{name!r} is the name of bundled weights", hint="choose another name"
            )
        try:
            self.store.copy(self.found, name)
        except OSError as error:
            raise WeightsError(
                f"could not save {name!r}: {error.strerror or error}",
                hint=f"free or unlock {self.store.user}",
            ) from None
        return self.use(name)

    def delete(self, name: str) -> None:
        """Delete weights of the user's; `undo` of that name brings them back.

        Raises `UsageError` for weights in use, `WeightsError` where the user has none of that name.
        """
        job = self.running_job
        if job is not None and name in (job.plan.name, job.plan.source):
            raise UsageError(f"{name} is in training", hint="stop it first with :stop")
        bundled_too = self.store.is_bundled(name)
        if name == self.name and not bundled_too:
            raise UsageError(f"{name} is in use", hint="switch to others first, with :use")
        try:
            self.store.delete(name)
        except OSError as error:
            raise WeightsError(f"could not delete {name!r}: {error.strerror or error}") from None
        if name == self.name:
            self._forget_network()

    def undo(self) -> tuple[Card | None, str | None]:
        """Go back to before the last training of the current weights.

        Returns the card now in force (None where there was none before), and the name under
        which the undone weights are kept.
        """
        if self.running_job is not None and self.running_job.plan.name == self.name:
            raise UsageError("these weights are being trained", hint="stop it first with :stop")
        try:
            undone = self.store.undo(self.name)
        except OSError as error:
            raise WeightsError(f"could not undo: {error.strerror or error}") from None
        self._forget_network()
        try:
            return self.card, undone
        except WeightsError:
            if self.settings.weights in self.store.names():
                self.use(self.settings.weights)
            return None, undone

    @property
    def running_job(self) -> Job | None:
        return next((job for job in self.jobs if job.running), None)

    def plan(
        self,
        settings: TrainSettings,
        *,
        fresh: bool,
        name: str | None,
        task: Task | None,
        architecture: Architecture | None,
        reverse: bool | None,
        command: str,
    ) -> Plan:
        """Check a training before it starts; None stands for "as it is".

        Raises `TaskError` where going on cannot honour the settings.
        """
        target = check_name(self.name if name is None else name)
        if fresh:
            wanted = task or self.task
            encoding = Encoding.for_task(wanted, reverse=bool(reverse))
            shape = architecture or Architecture()
        else:
            card = self.card
            wanted, encoding, shape = task or self.task, card.encoding, card.architecture
            if architecture not in (None, shape) or reverse not in (None, encoding.reverse):
                raise TaskError(
                    f"the network of {card.name} cannot change its shape while it goes on",
                    hint="add --fresh to start over",
                )
            if not encoding.fits(wanted):
                raise TaskError(
                    f"the network of {card.name} has no room for {wanted.describe()}",
                    hint="add --fresh to start over",
                )
            if (wanted.seed, wanted.spaced) != (card.task.seed, card.task.spaced):
                raise TaskError(
                    "another task seed would train on equations that were held out",
                    hint="add --fresh to start over",
                )
            if wanted != card.task and self.store.is_bundled(target):
                raise TaskError(
                    f"{target} is bundled for {card.task.describe()}, this is {wanted.describe()}",
                    hint="name the outcome with --name, or start over with --fresh",
                )
        return Plan(
            name=target,
            source=None if fresh else self.name,
            architecture=shape,
            encoding=encoding,
            task=wanted,
            settings=settings,
            command=command,
            user=self.store.user,
            bundled=self.store.bundled,
        )

    def train(self, plan: Plan, *, follow: bool) -> Job:
        """Start the worker; with `follow` its events can be read from `Job.events`."""
        from mathrepl.atomic import check_writable

        if self.running_job is not None:
            raise UsageError(
                f"job {self.running_job.number} is training {self.running_job.plan.name}",
                hint="wait for it, or end it with :stop",
            )
        self.store.check_user_directory()
        check_writable(self.store.user)
        job = Job(len(self.jobs) + 1, plan, follow=follow)
        self.jobs.append(job)
        return job

    def close(self) -> None:
        """Stop what is still running and keep its best."""
        for job in self.jobs:
            if job.running:
                job.stop()
        for job in self.jobs:
            job.wait()

    def _task_or_default(self) -> Task:
        try:
            return self.card.task
        except WeightsError:
            return Task()

    def _knows(self, name: str, expression: Expression) -> bool:
        try:
            card = self.store.find(name).card
        except WeightsError:
            return False
        return set(expression.format(spaced=card.task.spaced)) <= set(card.encoding.characters)

    def _refresh(self) -> None:
        """Take the newest best weights that a training of this name has saved."""
        saves = sum(job.saves for job in self.jobs if job.plan.name == self.name)
        if saves != self._saves_seen:
            self._saves_seen = saves
            self._found = self._solver = self._model = None

    def _forget_network(self) -> None:
        self._found = self._solver = self._model = None


def _lacks(card: Card, character: str) -> str:
    return f"{card.name} has no character {character!r}, it was trained on {card.task.describe()}"


def _notes(card: Card, expression: Expression, question: str, truth: str) -> list[str]:
    notes = card.task.outside(expression)
    if len(question) >= card.encoding.question_length:
        room = card.encoding.question_length - 1
        notes.append(f"{len(question)} characters, it was trained on at most {room}")
    if len(truth) >= card.encoding.answer_length:
        room = card.encoding.answer_length - 1
        notes.append(f"it can write at most {room} characters, the answer has {len(truth)}")
    return notes
