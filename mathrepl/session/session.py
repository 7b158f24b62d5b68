"""The session: questions asked, trainings running, weights in use. Hosts talk to this alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import gettempdir

from mathrepl.arithmetic.expression import Expression
from mathrepl.arithmetic.parser import parse, split_line
from mathrepl.arithmetic.task import Task
from mathrepl.inference.answer import (
    Answer,
    Answers,
    CheckedStep,
    Refused,
    StepChecker,
    compare,
    tells_more,
)
from mathrepl.inference.solution import Solution
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.router import Question, Router, automatic_name, question_for
from mathrepl.store.card import Card
from mathrepl.store.store import AUTO, Store
from mathrepl.support.errors import Advice, MathreplError, Run, UsageError, WeightsError
from mathrepl.support.settings import Settings
from mathrepl.training.events import Finished
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan

MAX_HISTORY = 10_000
STOP_FIRST = Advice("stop it first with ", Run("stop"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question answered in this session."""

    answer: Answer
    seconds: float


class Session:
    """Answers questions through the weights in use, and trains networks.

    In `auto` the router picks other weights for a question that those in use do not suit. Raises
    `MathreplError`s only; after any of them the session goes on with the weights it had.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.jobs: list[Job] = []
        self.history: list[Asked] = []
        self.auto = settings.weights == AUTO
        name = automatic_name(store) if self.auto else settings.weights
        self.weights = ActiveWeights(store, name, settings.engine, self.jobs)
        self._router = Router(self.weights)
        self.chosen_task: Task | None = None  # set with `:set`

    @property
    def name(self) -> str:
        """The name of the weights in use."""
        return self.weights.name

    @property
    def card(self) -> Card:
        """The card of the weights in use. Raises `WeightsError`."""
        return self.weights.card

    @property
    def task(self) -> Task:
        """The task of the next training: the chosen one, else that of the weights in use.

        Without readable weights it is that of the seed network, `a + b` for 0..999.
        """
        if self.chosen_task is not None:
            return self.chosen_task
        try:
            return self.card.task
        except WeightsError:
            return Task()

    @property
    def fresh_task(self) -> Task:
        """The task of the next training from random weights: in `auto` the seed network's."""
        return Task() if self.chosen_task is None and self.auto else self.task

    def use(self, name: str) -> Card:
        """Switch to other weights, checked in full, or to `auto`. Raises `WeightsError`."""
        self._router.forget()
        card = self.weights.use(automatic_name(self.store) if name == AUTO else name)
        self.auto = name == AUTO
        return card

    def refresh(self) -> None:
        """Read all weights again when they are next needed."""
        self._router.forget()
        self.weights.refresh()

    def question(self, expression: Expression, names: Sequence[str] = ()) -> Question:
        """The equation with the weights that answer it; `names` as in `route`."""
        if self.auto:
            return self._router.route(expression, self.settings.most_decimals, names)
        return question_for(self.weights, expression, self.settings.most_decimals)

    def ask(self, text: str) -> Answer:
        """Answer one equation. Raises `EquationError`."""
        return self.answer([self.question(parse(text))])[0]

    def ask_beside(self, weights: ActiveWeights, text: str) -> Answer | Refused:
        """The answer of other weights, which is not remembered; `Refused` if they have none."""
        try:
            question = question_for(weights, parse(text), self.settings.most_decimals)
        except MathreplError as error:
            return Refused(text, error, weights.name)
        (solution,) = weights.solver.solve([question.text], self.settings.most_decimals)
        return self._compared(question, solution)

    def ask_line(self, line: str) -> Answer | Answers:
        """Answer a line; several equations stand between `;`.

        Raises `EquationError` for a single one that cannot be asked; among several it becomes
        a `Refused` and the others are answered.
        """
        parts = split_line(line)
        if len(parts) <= 1:
            return self.ask(parts[0] if parts else line)
        return self.ask_each(parts)

    def ask_each(self, texts: Sequence[str]) -> Answers:
        """Answer many equations in one batch; one that cannot be asked is `Refused`."""
        return _together(texts, self._ask_many(texts))

    def ask_lines(self, lines: Sequence[str]) -> list[Answer | Answers | MathreplError]:
        """The results or errors of `ask_line` for each line, all asked in one batch."""
        texts = [(split_line(line) or [line]) if ";" in line else [line] for line in lines]
        answers = iter(self._ask_many([text for some in texts for text in some]))
        return [
            next(answers) if len(some) == 1 else _together(some, islice(answers, len(some)))
            for some in texts
        ]

    def ask_stepwise(self, text: str) -> Iterator[CheckedStep | Answer]:
        """The steps of a scratchpad as they come, then the answer. Raises `EquationError`."""
        question = self.question(parse(text))
        checker = StepChecker(passes=self.settings.steps == "all")
        started = time.perf_counter()
        decimals = self.settings.most_decimals
        kept: list[CheckedStep] = []
        shown = 0
        for found in question.weights.solver.solve_stepwise(question.text, decimals):
            if isinstance(found, Solution):
                if found.stuck:
                    yield from kept[shown:]
                answer = self._compared(question, found)
                self._remember([Asked(answer, time.perf_counter() - started)])
                yield answer
            elif self.settings.steps:
                kept.append(checker.check(found[-2] if len(found) > 1 else None, found[-1]))
                if len(kept) > 1 and tells_more(kept):
                    yield from kept[shown:]
                    shown = len(kept)

    def _ask_many(self, texts: Sequence[str]) -> list[Answer | MathreplError]:
        asked: list[Question | MathreplError] = []
        names = self.store.names() if self.auto else ()
        for text in texts:
            try:
                asked.append(self.question(parse(text), names))
            except MathreplError as error:
                asked.append(error)
        answers = iter(self.answer([one for one in asked if isinstance(one, Question)]))
        return [next(answers) if isinstance(one, Question) else one for one in asked]

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer questions, those for the same weights in one batch, and remember them."""
        asked: dict[int, Asked] = {}
        for weights in {id(one.weights): one.weights for one in questions}.values():
            places = [i for i, one in enumerate(questions) if one.weights is weights]
            solver = weights.solver
            started = time.perf_counter()
            texts = [questions[i].text for i in places]
            solutions = solver.solve(texts, self.settings.most_decimals)
            seconds = (time.perf_counter() - started) / len(places)
            for place, solution in zip(places, solutions, strict=True):
                asked[place] = Asked(self._compared(questions[place], solution), seconds)
        self._remember(asked[place] for place in range(len(questions)))
        return [asked[place].answer for place in range(len(questions))]

    def _remember(self, asked: Iterable[Asked]) -> None:
        self.history += asked
        del self.history[:-MAX_HISTORY]

    def _compared(self, question: Question, solution: Solution) -> Answer:
        return compare(
            question.expression.format(spaced=True),
            solution,
            question.target,
            weights=question.weights.name,
            engine=question.weights.engine,
            notes=question.notes,
            auto=question.auto,
            steps=self.settings.steps,
        )

    def save(self, name: str) -> Card:
        """Copy the current weights to `name` among the user's, and go on with those.

        Raises `WeightsError` for a name that is taken, by the user's or by bundled weights.
        """
        self.store.copy(self.weights.found, name)
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
        self._router.forget()
        if name == self.name:
            self.weights.refresh()

    def undo(self, *, skip_damaged: bool = False) -> tuple[Card | None, str | None]:
        """Undo the last training; returns the card now in force, and the name of what was undone.

        The card is None where there was none before the training. `skip_damaged` goes past undo
        steps that cannot be read, which raise `WeightsError` otherwise.
        """
        if self.running_job is not None and self.running_job.plan.name == self.name:
            raise UsageError("these weights are being trained", hint=STOP_FIRST)
        undone = self.store.undo(self.name, skip_damaged=skip_damaged)
        self.refresh()
        try:
            return self.card, undone
        except WeightsError:
            usual = self.settings.weights
            if usual == AUTO or usual in self.store.names():
                self.use(usual)
            return None, undone

    def ended_trainings(self) -> Iterator[Finished]:
        """The outcomes of trainings in the background, each yielded once."""
        for job in self.jobs:
            if job.finished is not None and not job.reported:
                job.reported = True
                yield job.finished

    @property
    def running_job(self) -> Job | None:
        return next((job for job in self.jobs if job.running), None)

    def train(self, plan: Plan, *, follow: bool) -> Job:
        """Start the worker; with `follow` its events can be read from `Job.events`."""
        if self.running_job is not None:
            raise UsageError(
                f"job {self.running_job.number} is training {self.running_job.plan.name}",
                hint=Advice("wait for it, or end it with ", Run("stop")),
            )
        self.check_room()
        job = Job(len(self.jobs) + 1, plan, follow=follow)
        self.jobs.append(job)
        return job

    def check_room(self) -> None:
        """Raise `MathreplError` where the weights of a training could not be saved."""
        from mathrepl.support.output_files import check_writable

        self.store.check_user_directory()
        check_writable(self.store.user)
        # TensorFlow writes there what it compiles, and fails strangely where it cannot.
        check_writable(Path(gettempdir()), hint="set TMPDIR to another folder")

    def close(self) -> None:
        """Stop what is still running and keep its best."""
        for job in self.jobs:
            if job.running:
                job.stop()
        for job in self.jobs:
            job.wait()


def _together(texts: Sequence[str], found: Iterable[Answer | MathreplError]) -> Answers:
    """Several of one line; what could not be asked is `Refused` in its place."""
    return Answers(
        tuple(
            Refused(text.strip(), one) if isinstance(one, MathreplError) else one
            for text, one in zip(texts, found, strict=True)
        )
    )
