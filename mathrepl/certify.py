"""Asking a whole space of equations and counting what is wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from mathrepl.card import Card, Certificate
from mathrepl.comparison import Solution, align
from mathrepl.expression import parse
from mathrepl.sampling import Example, draw_held_out, every
from mathrepl.task import Task

if TYPE_CHECKING:
    from mathrepl.solver import Solver

WHOLE_SPACE = 2_000_000
SAMPLE = 20_000
BATCH = 4096


@dataclass(frozen=True, slots=True)
class Certifying:
    """So many asked, of so many, so many of them wrong."""

    name: str
    done: int
    total: int
    wrong: int

    def record(self) -> dict[str, Any]:
        return {"certifying": self.name, "done": self.done, "of": self.total, "wrong": self.wrong}


@dataclass(frozen=True, slots=True)
class Certified:
    """The outcome; `written` says whether it now stands in the card."""

    name: str
    certificate: Certificate
    written: bool

    def record(self) -> dict[str, Any]:
        certificate = self.certificate
        return {
            "weights": self.name,
            "space": certificate.space,
            "sampled": certificate.sampled,
            "total": certificate.total,
            "wrong": certificate.wrong,
            "wrong_operand_below_100": certificate.wrong_operand_below_100,
            "wrong_one_digit": certificate.wrong_one_digit,
            "exact": certificate.exact,
            "written": self.written,
        }


def certify(
    card: Card, solver: Solver, command: str, *, sample: int | None
) -> Iterator[Certifying | Certificate]:
    """Ask every equation of the card's task, or `sample` held-out ones; a certificate at the end.

    Without `sample`, spaces above `WHOLE_SPACE` equations are sampled with `SAMPLE`.
    """
    task = card.task
    if sample is None and task.space_size > WHOLE_SPACE:
        sample = SAMPLE
    total = task.space_size if sample is None else sample
    examples = every(task) if sample is None else _sample(task, sample)
    done = wrong = below_100 = one_digit = 0
    while batch := list(islice(examples, BATCH)):
        written = solver.write([example.question for example in batch])
        for example, text in zip(batch, written, strict=True):
            if text == example.answer:
                continue
            wrong += 1
            operands = parse(example.question).operands()
            below_100 += any(abs(value) < 100 for value in operands)
            columns = align(Solution(example.question, text, (), None), example.answer)
            one_digit += sum(not column.right for column in columns) == 1
        done += len(batch)
        yield Certifying(card.name, done, total, wrong)
    yield Certificate(
        space=task.describe() + ("" if sample is None else f", {done:,} held-out equations"),
        command=command,
        sampled=sample is not None,
        total=done,
        wrong=wrong,
        wrong_operand_below_100=below_100,
        wrong_one_digit=one_digit,
        weights_sha256=card.sha256,
        date=datetime.now(UTC).date().isoformat(),
    )


def _sample(task: Task, count: int) -> Iterator[Example]:
    return islice(draw_held_out(task, random.Random(task.seed + 1), split_seed=task.seed), count)
