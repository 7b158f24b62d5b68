"""The session: current weights, questions asked, trainings running. Hosts talk to this alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import gettempdir

from mathrepl.arithmetic.expression import Expression, parse, split_line
from mathrepl.arithmetic.task import Task
from mathrepl.inference.answer import Answer, Answers, CheckedStep, Refused, StepChecker, compare
from mathrepl.inference.solution import Solution
from mathrepl.networks.config import Architecture
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.coverage import check_plain, check_reach, grows, misfits, notes_on, too_many
from mathrepl.store.card import Card
from mathrepl.store.store import AUTO, Store, check_name
from mathrepl.support.advice import Advice, Run
from mathrepl.support.errors import MathreplError, UsageError, WeightsError
from mathrepl.support.settings import Settings
from mathrepl.training import checks
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan, TrainSettings

MAX_HISTORY = 10_000
AUTOMATIC = ("add", "long", "work")  # what `auto` chooses from, the simplest first
FALLBACK = "blog"
STOP_FIRST = Advice("stop it first with ", Run("stop"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question answered in this session."""

    answer: Answer
    seconds: float


@dataclass(frozen=True, slots=True)
class Askable:
    """A parsed question, its truth, and the session whose network answers it.

    With `auto` that one was chosen for the question.
    """

    expression: Expression
    truth: str
    chosen: Session
    auto: bool

    @property
    def question(self) -> str:
        """The text that the network reads."""
        return self.expression.format(spaced=self.chosen.card.task.spaced)


class Session(ActiveWeights):
    """Holds the network of the current weights and answers through it.

    Raises `MathreplError`s only; after any of them the session goes on with the weights it had.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.auto = settings.weights == AUTO
        name = _automatic_name(store) if self.auto else settings.weights
        super().__init__(store, name, settings.engine)
        self.settings = settings
        self.history: list[Asked] = []
        self._task: Task | None = None
        self._others: dict[str, Session] = {}

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
    def fresh_task(self) -> Task:
        """The same for weights from nothing: in `auto` the seed's, not that of one network."""
        if self._task is None and self.auto:
            return Task()
        return self.task

    @property
    def task_was_set(self) -> bool:
        return self._task is not None

    def use(self, name: str) -> Card:
        """Switch to other weights, fully checked first. Raises `WeightsError`.

        `auto` takes the weights that fit, for each question anew.
        """
        card = super().use(_automatic_name(self.store) if name == AUTO else name)
        self.auto = name == AUTO
        return card

    def refresh(self) -> None:
        """Read the card and the weights again when they are next needed, also those of `auto`."""
        self._others.clear()
        super().refresh()

    def beside(self, name: str) -> Session:
        """Another session on the same store and engine that uses `name`."""
        other = Session(replace(self.settings, weights=name), self.store)
        other.engine = self.engine
        other.jobs = self.jobs
        other.use(name)
        return other

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

    def ask_stepwise(self, text: str) -> Iterator[CheckedStep | Answer]:
        """The lines of a working as they are written, and the answer at the end.

        Raises `EquationError`.
        """
        one = self.askable(parse(text))
        card = one.chosen.card
        checker = StepChecker()
        started = time.perf_counter()
        for found in one.chosen.solver.solve_stepwise(one.question):
            if not isinstance(found, Solution):
                if self.settings.steps:
                    yield checker.check(found[-2] if len(found) > 1 else None, found[-1])
                continue
            answer = one.chosen._compared(card, one, found)
            if not self.settings.steps:
                answer = replace(answer, scratchpad=())
            self._remember([Asked(answer, time.perf_counter() - started)])
            yield answer

    def ask_each(self, texts: Sequence[str]) -> Answers:
        """Answer many equations in one batch; what cannot be asked is `Refused` in its place."""
        return _together(texts, self._ask_many(texts))

    def ask_lines(self, lines: Sequence[str]) -> list[Answer | Answers | MathreplError]:
        """What `ask_line` gives or raises for each line; all of them are asked in one batch."""
        texts = [(split_line(line) or [line]) if ";" in line else [line] for line in lines]
        answers = iter(self._ask_many([text for some in texts for text in some]))
        found: list[Answer | Answers | MathreplError] = []
        for some in texts:
            if len(some) == 1:
                found.append(next(answers))
            else:
                found.append(_together(some, list(islice(answers, len(some)))))
        return found

    def _ask_many(self, texts: Sequence[str]) -> list[Answer | MathreplError]:
        askable: list[Askable] = []
        items: list[MathreplError | None] = []
        names = self.store.names() if self.auto else ()
        for text in texts:
            try:
                askable.append(self.askable(parse(text), names))
                items.append(None)
            except MathreplError as error:
                items.append(error)
        answers = iter(self._answer(askable))
        return [next(answers) if item is None else item for item in items]

    def ask_expressions(self, expressions: Sequence[Expression]) -> list[Answer]:
        """Answer parsed equations in one batch, and remember them. Raises `EquationError`."""
        return self._answer([self.askable(expression) for expression in expressions])

    def askable(self, expression: Expression, names: Sequence[str] = ()) -> Askable:
        """The equation with its truth and whose network answers it. Raises `EquationError`.

        `names` are those of the store, for who knows them already.
        """
        value = None
        if self.auto or not self.card.task.rule:  # by a rule other questions have an answer
            value = expression.value()  # what has no answer is told before who cannot be asked
        chosen = self._chosen(expression, names)
        card = chosen.card
        check_reach(card, self.store, expression)
        return Askable(expression, card.task.target(expression, value), chosen, self.auto)

    def _chosen(self, expression: Expression, names: Sequence[str]) -> Session:
        """This session, or in `auto` the one beside whose weights fit the question best."""
        if not self.auto:
            return self
        best: tuple[tuple[bool, int, int], Session] | None = None
        problem: MathreplError | None = None
        names = names or self.store.names()
        for name in AUTOMATIC:
            if name not in names:
                continue
            try:
                other = self if name == self.name else self._other(name)
                check_plain(other.card)
                check_reach(other.card, self.store, expression)
            except MathreplError as error:
                problem = error
                continue
            card = other.card
            ways = 0 if grows(card, expression) else len(misfits(card, expression))
            # Of those that it misfits alike, the one that knows the largest numbers.
            misfit = too_many(card, expression), ways, -card.task.high
            if best is None or misfit < best[0]:
                best = misfit, other
            if not any(misfit[:2]):
                break
        if best is None and problem is not None:
            raise problem  # of the last, which can do the most
        return best[1] if best is not None else self

    def _other(self, name: str) -> Session:
        if name not in self._others:
            self._others[name] = self.beside(name)
        other = self._others[name]
        if other.engine != self.engine:
            other.set_engine(self.engine)
        return other

    def _answer(self, askable: Sequence[Askable]) -> list[Answer]:
        found: list[Asked | None] = [None] * len(askable)
        for chosen in {id(one.chosen): one.chosen for one in askable}.values():
            places = [i for i, one in enumerate(askable) if one.chosen is chosen]
            asked = chosen._ask_network([askable[i] for i in places])
            if not self.settings.steps:
                asked = [replace(one, answer=replace(one.answer, scratchpad=())) for one in asked]
            for place, one in zip(places, asked, strict=True):
                found[place] = one
        in_order = [one for one in found if one is not None]
        self._remember(in_order)
        return [one.answer for one in in_order]

    def _remember(self, asked: Sequence[Asked]) -> None:
        self.history += asked
        del self.history[:-MAX_HISTORY]

    def _ask_network(self, askable: Sequence[Askable]) -> list[Asked]:
        card = self.card
        questions = [one.expression.format(spaced=card.task.spaced) for one in askable]
        solver = self.solver
        started = time.perf_counter()
        solutions = solver.solve(questions)
        seconds = (time.perf_counter() - started) / len(questions)
        return [
            Asked(self._compared(card, one, solution), seconds)
            for one, solution in zip(askable, solutions, strict=True)
        ]

    def _compared(self, card: Card, one: Askable, solution: Solution) -> Answer:
        return compare(
            one.expression.format(spaced=True),
            solution,
            one.truth,
            weights=card.name,
            engine=self.engine,
            notes=tuple(notes_on(card, one.expression, one.truth)),
            auto=one.auto,
        )

    def save(self, name: str) -> Card:
        """Copy the current weights to `name` among the user's, and go on with those.

        Raises `WeightsError` for a name that is taken, by the user's or by bundled weights.
        """
        self.store.copy(self.found, name)
        return self.use(name)

    def delete(self, name: str) -> None:
        """Delete weights of the user's; `undo` of that name brings them back.

        Raises `UsageError` for weights in use, `WeightsError` where the user has none of that name.
        """
        job = self.running_job
        if job is not None and name in (job.plan.name, job.plan.source):
            raise UsageError(f"{name} is in training", hint=STOP_FIRST)
        bundled_too = self.store.is_bundled(name)
        if name == self.name and not bundled_too:
            raise UsageError(
                f"{name} is in use", hint=Advice("switch to others first, with ", Run("use"))
            )
        self.store.delete(name)
        self._others.pop(name, None)
        if name == self.name:
            self.refresh()

    def undo(self) -> tuple[Card | None, str | None]:
        """Go back to before the last training of the current weights.

        Returns the card now in force (None where there was none before), and the name under
        which the undone weights are kept.
        """
        if self.running_job is not None and self.running_job.plan.name == self.name:
            raise UsageError("these weights are being trained", hint=STOP_FIRST)
        undone = self.store.undo(self.name)
        self.refresh()
        try:
            return self.card, undone
        except WeightsError:
            usual = self.settings.weights
            if usual == AUTO or usual in self.store.names():
                self.use(usual)
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
        part: str | None = None,
    ) -> Plan:
        """Check a training before it starts; None stands for "as it is".

        Raises `TaskError` where going on cannot honour the settings.
        """
        return checks.plan(
            self.store,
            settings,
            source=None if fresh else self.card,
            name=check_name(self.name if name is None else name),
            task=task or (self.fresh_task if fresh else self.task),
            architecture=architecture,
            reverse=reverse,
            command=command,
            part=part,
        )

    def recipe_plans(
        self, name: str, *, seed: int | None, epochs: int | None, saved_as: str | None
    ) -> list[Plan]:
        """The trainings of a recipe, each going on from the one before."""
        return checks.recipe_plans(self.store, name, seed=seed, epochs=epochs, saved_as=saved_as)

    def card_of(self, name: str) -> Card:
        """The card of some weights, with the epochs of a training of them that runs.

        Raises `WeightsError`.
        """
        return checks.card_of(self.store, self.running_job, name)

    def layers(self) -> list[str]:
        """Names of the layers of the current weights."""
        from mathrepl.networks import shapes_of

        card = self.card
        names = shapes_of(card.architecture, card.encoding)
        return list(dict.fromkeys(name.rsplit(".", 1)[0] for name in names))

    def train(self, plan: Plan, *, follow: bool) -> Job:
        """Start the worker; with `follow` its events can be read from `Job.events`."""
        from mathrepl.support.atomic import check_writable

        if self.running_job is not None:
            raise UsageError(
                f"job {self.running_job.number} is training {self.running_job.plan.name}",
                hint=Advice("wait for it, or end it with ", Run("stop")),
            )
        self.store.check_user_directory()
        check_writable(self.store.user)
        # TensorFlow writes there what it compiles, and fails strangely where it cannot.
        check_writable(Path(gettempdir()), hint="set TMPDIR to another folder")
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


def _automatic_name(store: Store) -> str:
    names = store.names()
    return next((name for name in AUTOMATIC if name in names), FALLBACK)


def _together(texts: Sequence[str], found: Sequence[Answer | MathreplError]) -> Answers:
    """Several of one line; what could not be asked is `Refused` in its place."""
    return Answers(
        tuple(
            Refused(text.strip(), one) if isinstance(one, MathreplError) else one
            for text, one in zip(texts, found, strict=True)
        )
    )
