"""Held-out equations asked one by one, and the score. Pure values and one generator."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any

from mathrepl.arithmetic.expression import read_value
from mathrepl.data.sampling import draw_held_out
from mathrepl.inference.answer import Answer
from mathrepl.session.coverage import check_characters
from mathrepl.session.session import Session
from mathrepl.support.errors import TaskError


@dataclass(frozen=True, slots=True)
class Round:
    """One equation of a quiz: the network's answer, and the person's in a game against it.

    `seconds` and `person_seconds` are the times that the two took.
    """

    number: int
    total: int
    answer: Answer
    seconds: float
    person: str | None = None
    person_seconds: float | None = None

    @property
    def person_right(self) -> bool:
        """True if the person's answer has the value of the truth, however it is written."""
        return self.person is not None and read_value(self.person.strip()) == read_value(
            self.answer.truth
        )

    def record(self) -> dict[str, Any]:
        record = {"number": self.number, "of": self.total, **self.answer.record()}
        if self.person is not None:
            record |= {
                "person": self.person,
                "person_right": self.person_right,
                "person_seconds": round(self.person_seconds or 0.0, 3),
            }
        return {**record, "seconds": round(self.seconds, 6)}


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome of a quiz; `early` is true if it ended before all were asked."""

    rounds: tuple[Round, ...]
    early: bool
    against_person: bool

    @property
    def right(self) -> int:
        return sum(r.answer.right for r in self.rounds)

    @property
    def exact(self) -> float:
        """Exact match: the share of answers right in full."""
        return self.right / len(self.rounds) if self.rounds else 0.0

    @property
    def digits(self) -> float:
        """The share of places right, over all aligned places."""
        columns = [column for r in self.rounds for column in r.answer.columns]
        return sum(column.right for column in columns) / len(columns) if columns else 0.0

    @property
    def misses(self) -> tuple[Round, ...]:
        return tuple(r for r in self.rounds if not r.answer.right)

    @property
    def streak(self) -> int:
        """The longest run of right answers of the network."""
        return _longest_run([r.answer.right for r in self.rounds])

    @property
    def person_right(self) -> int:
        return sum(r.person_right for r in self.rounds)

    @property
    def person_streak(self) -> int:
        return _longest_run([r.person_right for r in self.rounds])

    @property
    def seconds(self) -> float:
        return sum(r.seconds for r in self.rounds)

    @property
    def person_seconds(self) -> float:
        return sum(r.person_seconds or 0.0 for r in self.rounds)

    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            "asked": len(self.rounds),
            "right": self.right,
            "exact": round(self.exact, 6),
            "digits": round(self.digits, 6),
            "streak": self.streak,
            "seconds": round(self.seconds, 6),
            "early": self.early,
            "misses": [r.answer.equation for r in self.misses],
        }
        if self.against_person:
            record |= {
                "person_right": self.person_right,
                "person_streak": self.person_streak,
                "person_seconds": round(self.person_seconds, 3),
            }
        return record


def _longest_run(outcomes: Iterable[bool]) -> int:
    return max((len(list(run)) for right, run in groupby(outcomes) if right), default=0)


def questions(
    session: Session,
    count: int,
    *,
    bounds: tuple[int, int] | None,
    operations: str | None,
    seed: int | None,
) -> list[str]:
    """Up to `count` distinct held-out questions, fewer where a small space has no more.

    Raises `TaskError` if there is none, `OutOfReachError` for operations that the network has no
    character for.
    """
    task = session.card.task
    low, high = bounds or (task.low, task.high)
    asked = replace(task, low=low, high=high, operations=operations or task.operations)
    check_characters(session.card, asked)
    drawn = draw_held_out(asked, random.Random(seed), split_seed=task.seed)
    found = [example.question for example in islice(drawn, count)]
    if not found:
        raise TaskError(f"{asked.describe()} has no held-out equation", hint="widen the range")
    return found


def play(
    session: Session,
    asked: list[str],
    person: Callable[[str], str | None] | None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Round | Score]:
    """Ask each question; yields a `Round` each and the `Score` at the end.

    `person`, where given, gets a question and returns the person's answer, or None to end the
    quiz; `should_stop` ends it between two questions.
    """
    rounds: list[Round] = []
    early = False
    for number, question in enumerate(asked, 1):
        reply, person_seconds = None, None
        early = should_stop()
        if person is not None and not early:
            started = time.perf_counter()
            reply = person(f"{number}/{len(asked)}  {question} = ")
            person_seconds = time.perf_counter() - started
            early = reply is None
        if early:
            break
        answer = session.ask(question)
        seconds = session.history[-1].seconds
        rounds.append(Round(number, len(asked), answer, seconds, reply, person_seconds))
        yield rounds[-1]
    yield Score(tuple(rounds), early, person is not None)
