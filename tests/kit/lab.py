"""A session over a folder of its own, and stand-ins, for tests of commands and their hosts."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from mathrepl.commands.dispatch import run_line
from mathrepl.commands.parse import bind
from mathrepl.commands.spec import CommandLine, Context, Host, Value, Word
from mathrepl.commands.table import command_table
from mathrepl.data.encoding import END
from mathrepl.inference.solution import Guess, Solution, Written
from mathrepl.session.session import Session
from mathrepl.store.card import Card, Epoch, Metrics
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from mathrepl.support.settings import Settings
from mathrepl.training.events import EpochDone, Event, Finished, Outcome, Started
from mathrepl.training.plan import Plan
from tests.kit.weights import tiny_weights


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep mathrepl away from the real home, and from the settings of whoever runs the tests."""
    for variable in [name for name in os.environ if name.startswith("MATHREPL_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("MATHREPL_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("MATHREPL_CONFIG_DIR", str(folder / "config"))


def files(directory: Path) -> dict[str, bytes]:
    """Every file under `directory` by its relative path."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


class ScriptedPerson:
    """Gives prepared replies, then ends the input; `prompts` are the questions it was asked."""

    def __init__(self, replies: Sequence[str | None] = ()) -> None:
        self.replies = list(replies)
        self.prompts: list[str] = []

    def ask(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return self.replies.pop(0) if self.replies else None

    def confirm(self, question: str) -> bool:
        return False


class Lab:
    """A session with the untrained weights `tiny` (numbers 0..9, +), its folders and its host."""

    def __init__(self, folder: Path, host: Host = "session") -> None:
        self.folder = folder
        self.store = Store(folder / "data" / "weights", folder / "bundled")
        self.store.bundled.mkdir(parents=True, exist_ok=True)
        tiny_weights(self.store, "tiny")
        self.session = Session(Settings(weights="tiny"), self.store)
        self.person = ScriptedPerson()
        self.context = Context(self.session, self.person, command_table(), host)

    def bundle(self, name: str, **more: Any) -> Card:
        """Put untrained weights among the bundled ones."""
        return tiny_weights(Store(self.store.bundled, self.folder / "elsewhere"), name, **more)

    def iterate(self, line: str) -> Iterator[Value]:
        return run_line(self.context, line)

    def values(self, line: str) -> list[Any]:
        return list(self.iterate(line))

    def value(self, line: str) -> Any:
        """The one value of `line`."""
        (value,) = self.values(line)
        return value


class Recorder:
    """A renderer that keeps what it is given; `fail` is raised in place of showing."""

    def __init__(self, fail: BaseException | None = None) -> None:
        self.shown: list[Any] = []
        self.errors: list[tuple[MathreplError, str | None]] = []
        self.closed = 0
        self.fail = fail

    def show(self, value: Value) -> None:
        if self.fail is not None:
            raise self.fail
        self.shown.append(value)

    def error(self, error: MathreplError, equation: str | None = None) -> None:
        self.errors.append((error, equation))

    def close(self) -> None:
        self.closed += 1


class ScriptedSolver:
    """Writes what `write_one` says instead of running a network; each character half sure."""

    def __init__(self, write_one: Callable[[str], str]) -> None:
        self.write_one = write_one
        self.asked: list[str] = []

    def solve(self, questions: Sequence[str], decimals: int | None = None) -> list[Solution]:
        solutions = []
        for question, text in zip(questions, self.write(questions).texts, strict=True):
            guesses = tuple(Guess(character, 0.5, "0", 0.25) for character in text)
            solutions.append(Solution(question, text, guesses, Guess(END, 0.5, "0", 0.25)))
        return solutions

    def write(self, questions: Sequence[str]) -> Written:
        self.asked += questions
        texts = [self.write_one(question) for question in questions]
        return Written(texts, [self.confidence_of(question) for question in questions])

    def part(self, name: str, decimals: int | None = None) -> Callable[[Sequence[str]], Written]:
        return {"": self.write}[name]

    def confidence_of(self, question: str) -> float:
        return 0.5


METRICS = Metrics(loss=0.5, accuracy=0.75, exact=0.25)


def epoch_done(index: int = 1, *, best: bool = True) -> EpochDone:
    return EpochDone(index, Epoch(index, 0.1, METRICS, METRICS), best, ())


class FakeJob:
    """A training that runs no process: it emits `script`, and a test ends it with `end`."""

    script: Sequence[Event | Callable[[], None]] = ()

    def __init__(self, number: int, plan: Plan, *, follow: bool) -> None:
        self.number = number
        self.plan = plan
        self.follow = follow
        self.started: Started | None = None
        self.best: EpochDone | None = None
        self.epochs: list[EpochDone] = []
        self.finished: Finished | None = None
        self.saves = 0
        self.reported = follow
        self.calls: list[str] = []
        self.ends_when_stopped = True

    @property
    def running(self) -> bool:
        return self.finished is None

    def events(self) -> Iterator[Event | None]:
        for step in self.script:
            if callable(step):
                step()
                yield None
            elif isinstance(step, Finished):
                self.finished = structs.replace(step, name=self.plan.name)
                yield self.finished
            else:
                yield step

    def stop(self) -> None:
        self.calls.append("stop")
        if self.ends_when_stopped:
            self.end("stopped")

    def drop(self) -> None:
        self.calls.append("drop")
        if self.ends_when_stopped:
            self.end("dropped")

    def wait(self, seconds: float = 0.0) -> None:
        self.calls.append("wait")

    def end(self, outcome: Outcome, *, saved: bool = False) -> None:
        self.finished = finished(outcome, name=self.plan.name, saved=saved)


def finished(outcome: Outcome, *, name: str = "tiny", saved: bool = False) -> Finished:
    return Finished(outcome, name, 1, saved, 1, METRICS, None)


class Planned(Exception):  # noqa: N818
    """Carries a plan out of the command that would have started it."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


class Planner(Session):
    """A session that plans and trains nothing."""

    def train(self, plan: Plan, *, follow: bool) -> Any:
        raise Planned(plan)


def shell_plan(lab: Lab, words: Sequence[str]) -> Plan:
    """The plan of `mathrepl train WORDS` in a new shell; Typer takes `--weights NAME` first."""
    words = list(words)
    settings = lab.session.settings
    if "--weights" in words:
        at = words.index("--weights")
        settings = replace(settings, weights=words[at + 1])
        del words[at : at + 2]
    session = Planner(settings, lab.store)
    context = replace(lab.context, session=session, host="shell")
    command = command_table()["train"]
    line = CommandLine("", tuple(Word(word, 0) for word in words))
    with pytest.raises(Planned) as caught:
        list(command.run(context, bind(command, line, "shell")))
    return caught.value.plan


def plan_again(lab: Lab, plan: Plan) -> Plan:
    """The plan that the command in a card leads to."""
    program, command, *words = shlex.split(plan.command)
    assert (program, command) == ("mathrepl", "train")
    return shell_plan(lab, words)
