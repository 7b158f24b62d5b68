"""Distinct equations of a task, and the split into training and held-out ones.

A hash of its text and of the task's seed decides whether an equation is held out. So the split
needs no stored list, holds for spaces of any size, and stays the same however many examples a later
training draws: what was held out once is never trained on.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.questions import ENUMERABLE, draw_questions, every_question
from mathrepl.support.errors import DivisionByZeroError, TaskError

HELD_OUT_SHARE = 10  # one equation in ten
LEARNT_BY_HEART = 5  # characters up to which parts of a line are always trained on, as tables


@dataclass(frozen=True, slots=True)
class Example:
    """A question in the task's canonical text, and its exact answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Split:
    """Training and held-out examples; no question stands in both, none stands twice."""

    training: tuple[Example, ...]
    held_out: tuple[Example, ...]


def is_held_out(question: str, seed: int) -> bool:
    """True where `question` (canonical text) is in the tenth that is never trained on."""
    key = seed.to_bytes((seed.bit_length() + 8) // 8, "little")[:64]
    digest = hashlib.blake2b(question.encode(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "little") % HELD_OUT_SHARE == 0


def split(task: Task, count: int) -> Split:
    """`count` distinct examples, a tenth of them held out (3,000 of 30,000).

    A small space may hold fewer; then all of it is used. Raises `TaskError` where a side of
    the split would stay empty.
    """
    examples = distinct(task, random.Random(task.seed))
    sides = ((example, is_held_out(example.question, task.seed)) for example in examples)
    return fill(task, sides, count, max(1, count // HELD_OUT_SHARE))


def fill(task: Task, examples: Iterable[tuple[Example, bool]], count: int, held_out: int) -> Split:
    """A split of the first `count` examples, `held_out` of them held out, as their flags say.

    Raises `TaskError` where a side of the split would stay empty, and for an answer that breaks
    what its rule promises.
    """
    wanted = {False: max(1, count - held_out), True: held_out}
    sides: dict[bool, list[Example]] = {False: [], True: []}
    for example, unseen in examples:
        if task.rule:
            _check_answer(task, example)
        if len(sides[unseen]) < wanted[unseen]:
            sides[unseen].append(example)
            if all(len(sides[side]) == wanted[side] for side in wanted):
                break
    if not all(sides.values()):
        raise TaskError(
            f"{task.describe()} has too few equations to hold some out",
            hint="widen the range or allow more operations",
        )
    return Split(tuple(sides[False]), tuple(sides[True]))


def _check_answer(task: Task, example: Example) -> None:
    """Raise `TaskError` for an answer of other characters or longer than its rule promises."""
    strange = set(example.answer) - set(task.characters)
    if strange or len(example.answer) > task.answer_length:
        raise TaskError(
            f"the rule {task.rule} answers {example.question} with {example.answer}",
            hint=f"its answers have at most {task.answer_length} of {task.characters!r}",
        )


def draw_held_out(task: Task, rng: random.Random, *, split_seed: int) -> Iterator[Example]:
    """Distinct held-out equations: without end, or until a small space is used up."""
    return distinct(task, rng, lambda question: is_unseen(task, question, split_seed))


def is_unseen(task: Task, question: str, split_seed: int) -> bool:
    """True where a question was never trained on, neither itself nor as part of a line."""
    return (held_out_part if task.brackets else is_held_out)(question, split_seed)


def held_out_part(text: str, seed: int) -> bool:
    """True where a part of a line is never trained on; the shortest parts always are."""
    return len(text) > LEARNT_BY_HEART and is_held_out(text, seed)


def distinct(
    task: Task, rng: random.Random, wanted: Callable[[str], bool] = lambda question: True
) -> Iterator[Example]:
    """Distinct equations that are `wanted` and have an answer, without end in a large space.

    Only these are remembered: of a large space, a million held-out ones are drawn from ten.
    """
    seen: set[str] = set()
    for question in _at_random(task, rng):
        if question not in seen and wanted(question):
            seen.add(question)
            yield from _answered(task, [question])


def _at_random(task: Task, rng: random.Random) -> Iterator[str]:
    """Questions in random order, repeats included.

    A space of at most `ENUMERABLE` equations is walked once repeats get frequent, so that it can
    be used up exactly; a larger one has no end.
    """
    drawn = draw_questions(task, rng)
    if task.space_size > ENUMERABLE:
        yield from drawn
    seen: set[str] = set()
    misses = 0
    while misses <= 200 and 2 * len(seen) < task.space_size:
        question = next(drawn)
        misses = misses + 1 if question in seen else 0
        seen.add(question)
        yield question
    rest = list(every_question(task))
    rng.shuffle(rest)
    yield from rest


def every(task: Task) -> Iterator[Example]:
    """The whole space in order, without equations that have no answer."""
    if task.most == 1 and "/" not in task.operations and not task.rule:
        return _every_whole(task)
    return _answered(task, every_question(task))


def _every_whole(task: Task) -> Iterator[Example]:
    """As `every` for one operation on whole numbers, without the parser: six times as fast."""
    space = " " if task.spaced else ""
    for a in range(task.low, task.high + 1):
        for b in range(task.low, task.high + 1):
            for operation in task.operations:
                value = a + b if operation == "+" else a - b if operation == "-" else a * b
                yield Example(f"{a}{space}{operation}{space}{b}", str(value))


def _answered(task: Task, questions: Iterable[str]) -> Iterator[Example]:
    for question in questions:
        try:
            answer = task.target(parse(question))
        except DivisionByZeroError:
            continue
        yield Example(question, answer)
