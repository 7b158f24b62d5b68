"""Evaluation suites: whole spaces of equations, or samples of unseen ones.

A sample is drawn with a fixed seed from the equations that the task's hash holds out of every
training, so everyone draws the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.expressions import expressions
from mathrepl.data.passes import can_work_out
from mathrepl.data.questions import digit_bounds, with_carries
from mathrepl.data.sampling import Example, draw_held_out, every
from mathrepl.networks.plugin_kinds import imported
from mathrepl.store.card import Card

WHOLE_SPACE = 2_000_000
SAMPLE = 20_000
BEYOND = 2_000
LONG_SAMPLE = 1_000_000
SEED = 2025
EXPRESSIONS = 100_000
QUOTIENT_DECIMALS = 20
# Operations, the most digits of both numbers, and how many are asked.
_BY_LENGTH = (
    (" of 1 to 1,000 digits", "+-", (1000, 1000), 100_000),
    (" of 1 to 50 digits", "*", (50, 50), 2_000),
    (" of 1 to 50 by 1 to 30 digits, 20 decimals", "/", (50, 30), 2_000),
)


@dataclass(frozen=True, slots=True)
class Suite:
    """Equations to ask: `total` at most, `examples` in a fixed order, `batch` at a time.

    `unseen` marks a sample that no training has seen. `part` names the one network to ask, in
    weights of several. Quotients are rounded to `decimals`, None for those of the card's task.
    """

    name: str
    total: int
    examples: Callable[[], Iterator[Example]]
    unseen: bool
    part: str = ""
    batch: int = 4096
    decimals: int | None = None


def suites_of(card: Card, sample: int | None) -> list[Suite]:
    """The suites that weights are certified on; with `sample` that number of each instead."""
    architecture = card.architecture
    found: list[Suite] = imported(architecture.kind, architecture.row.suites)(card, sample)
    return found


def task_suites(card: Card, sample: int | None) -> list[Suite]:
    """The whole space of the card's task, or samples of a large one."""
    task = card.task
    if sample is None and task.space_size <= WHOLE_SPACE:
        return [Suite(task.describe(), task.space_size, lambda: every(task), False)]
    if task.sampling == "carries" and task.space_size > WHOLE_SPACE and not task.rule:
        return _long_suites(task, sample)
    return [_held_out(task.describe(), task, sample or SAMPLE)]


def _held_out(name: str, task: Task, count: int) -> Suite:
    """Unseen equations of `task`."""

    def examples() -> Iterator[Example]:
        drawn = draw_held_out(task, random.Random(SEED), split_seed=task.seed)
        return islice(drawn, count)

    return Suite(name, count, examples, True)


def written_suites(card: Card, sample: int | None) -> list[Suite]:
    """Operations on numbers of every length, and expressions of everything in the grammar."""
    skills = card.encoding.skills
    suites = []
    for form, operations, longest, most in _BY_LENGTH:
        known = [o for o in operations if not skills or can_work_out(skills, o)]
        if known:
            name = ", ".join(f"a {o} b" for o in known) + form
            suites.append(_operations(name, known, longest, min(sample or most, most)))
    if not skills:
        count = sample or EXPRESSIONS
        suites.append(
            Suite(
                "expressions of 1 to 10 operations of + - * / // % ^, numbers to 12 digits",
                count,
                lambda: expressions(count, SEED, card.task.decimals),
                True,
                batch=256,
            )
        )
    return suites


def _operations(name: str, operations: Sequence[str], longest: Sequence[int], count: int) -> Suite:
    """One operation on two numbers, each of a random length up to its longest."""
    decimals = QUOTIENT_DECIMALS if operations == ["/"] else 0

    def examples() -> Iterator[Example]:
        rng = random.Random(SEED)
        for _ in range(count):
            a, b = (rng.randint(*digit_bounds(rng.randint(1, most))) for most in longest)
            question = f"{a}{rng.choice(operations)}{max(b, 1)}"
            yield Example(question, format_value(parse(question).value(), decimals))

    return Suite(name, count, examples, True, batch=256, decimals=decimals)


def _long_suites(task: Task, sample: int | None) -> list[Suite]:
    """Random pairs by digit counts, the hard cases, and numbers longer than any in training."""
    digits = len(str(task.high))
    suites = []
    counts = {digits: SAMPLE} | {min(10, digits): LONG_SAMPLE}
    for most, count in sorted(counts.items()):
        even = replace(task, high=min(task.high, 10**most - 1), sampling="stratified")
        name = f"a + b of 1 to {most} digits, drawn evenly"
        suites.append(_held_out(name, even, sample or count))
    suites.append(_hard(task, digits))
    few = min(sample or BEYOND, BEYOND)
    return suites + [_of_digits(task, beyond, few) for beyond in (30, 50, 100) if beyond > digits]


def _hard(task: Task, digits: int) -> Suite:
    """Sums with carry chains of every length, with zeros, and with ones beside many nines."""
    rng = random.Random(SEED)
    pairs: dict[tuple[int, int], None] = {}
    for n in range(1, digits + 1):
        nines, one = 10**n - 1, 10 ** (n - 1)
        for m in range(1, digits + 1):
            for a, b in (
                (nines, 10 ** (m - 1)),
                (nines, 10**m - 1),
                (one, 10 ** (m - 1)),
                (one, 0),
                (nines, 0),
                (nines, 1),
                (10**n - 10 ** min(n - 1, m - 1), 10 ** min(n - 1, m - 1)),
            ):
                pairs[a, b] = pairs[b, a] = None
        for _ in range(20):
            pairs[with_carries(rng, n, rng.randint(1, digits))] = None
            start = rng.randrange(n)
            a = int("".join(rng.choice("123456789") for _ in range(n)))
            chain = 10**n - 1 - a + 10**start
            pairs[a, max(chain, 0)] = None
    pairs[0, 0] = None
    inside = [_sum(task, a, b) for a, b in pairs if max(a, b) <= task.high]
    name = "hard cases: carry chains of every length, nines, ones and zeros"
    return Suite(name, len(inside), lambda: iter(inside), False)


def _of_digits(task: Task, digits: int, count: int) -> Suite:
    def examples() -> Iterator[Example]:
        rng = random.Random(SEED)
        for _ in range(count):
            yield _sum(task, *(rng.randint(*digit_bounds(digits)) for _ in range(2)))

    # Long numbers in small batches: attention holds a whole batch in memory.
    return Suite(f"a + b of {digits} digits each, at random", count, examples, True, batch=256)


def _sum(task: Task, a: int, b: int) -> Example:
    space = " " if task.spaced else ""
    return Example(f"{a}{space}+{space}{b}", str(a + b))
