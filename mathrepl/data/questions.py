"""Questions of a task: drawn at random, or the whole space in order.

Held-out splits and recorded recipes depend on the random stream: with draws in another order the
bundled weights cannot be reproduced.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product, zip_longest

from mathrepl.arithmetic.task import Task

ENUMERABLE = 4_000_000
CANDIDATES = 6
IN_RUNS = 0.2


def draw_questions(task: Task, rng: random.Random) -> Iterator[str]:
    """Questions without end, repeats included."""
    return iter(_drawer(task, rng), "")  # no question is empty


def every_question(task: Task) -> Iterator[str]:
    """The whole space in order: fewer operations first, then by operands, then by operations."""
    numbers = range(task.low, task.high + 1)
    for count in range(task.fewest, task.most + 1):
        for operands in product(numbers, repeat=count + 1):
            for operations in product(task.operations, repeat=count):
                yield _question(task, operands, operations[::-1])


def _drawer(task: Task, rng: random.Random) -> Callable[[], str]:
    if task.sampling == "carries":
        return _carry_drawer(task, rng)
    if task.brackets:
        return lambda: _bracketed(task, rng)
    classes = _digit_classes(task) if task.sampling == "stratified" else [(task.low, task.high)]

    def number() -> int:
        low, high = classes[rng.randrange(len(classes))] if len(classes) > 1 else classes[0]
        return rng.randint(low, high)

    def draw() -> str:
        count = rng.randint(task.fewest, task.most) if task.most > task.fewest else task.most
        operands = [number() for _ in range(count + 1)]
        return _question(task, operands, rng.choices(task.operations, k=count))

    return draw


def with_carries(rng: random.Random, *digits: int) -> tuple[int, int]:
    """Two numbers of the given digit counts whose sum carries in each column with equal chance.

    A carry passes through a column only where the digits sum to nine, so uniform numbers rarely
    have a long chain of carries. Here a coin decides for each column, and all patterns of carries
    are equally likely. A column whose digits cannot follow the coin is drawn uniformly.
    """
    coin = rng.random() if max(digits) > 3 else 0.5
    a = b = carry = 0
    for column in range(max(digits)):
        # A longer number does not start with 0; before its start there are zeros alone.
        first, second = (range(column == d - 1 > 0, 10 if column < d else 1) for d in digits)
        pairs = _pairs(first, second, carry, rng.random() < coin)
        x, y = rng.choice(pairs) if pairs else (rng.choice(first), rng.choice(second))
        carry = int(x + y + carry >= 10)
        a += x * 10**column
        b += y * 10**column
    return a, b


@cache
def _pairs(first: range, second: range, carry: int, wanted: bool) -> list[tuple[int, int]]:
    """The pairs of digits in two ranges that carry as `wanted`, after a `carry` of 0 or 1."""
    return [(x, y) for x, y in product(first, second) if (x + y + carry >= 10) == wanted]


def _carry_drawer(task: Task, rng: random.Random) -> Callable[[], str]:
    """Draws sums by digit counts and carries.

    In a small space, each sum is the one of `CANDIDATES` whose pairs of neighbouring columns were
    drawn least so far: a network learns carries from two columns, and so meets every pair. A number
    of one digit more has about three times the share. In a large space all digit counts are equally
    likely, and a share of `IN_RUNS` consists of round numbers and nines, which chance rarely draws.
    """
    counts = range(len(str(task.low)), len(str(task.high)) + 1)
    small = task.space_size <= ENUMERABLE
    shares = [10 ** (0.5 * count) if small else 1.0 for count in counts]
    seen: Counter[tuple[int, str, str]] = Counter()

    def numbers(digits: Sequence[int]) -> tuple[int, int]:
        in_runs = not small and rng.random() < IN_RUNS
        for _ in range(20):
            drawn = _with_runs(rng, *digits) if in_runs else with_carries(rng, *digits)
            if all(task.low <= number <= task.high for number in drawn):
                return drawn
        # The task leaves few numbers of these digit counts: take any of those.
        bounds = map(digit_bounds, digits)
        a, b = (rng.randint(max(low, task.low), min(high, task.high)) for low, high in bounds)
        return a, b

    def draw() -> str:
        digits = rng.choices(counts, shares, k=2)
        if not small:
            if rng.random() < 0.5:  # prefer short sums, of which a large space holds few
                most = rng.choice(counts)
                digits = [rng.randint(counts[0], most), rng.randint(counts[0], most)]
            return _question(task, numbers(digits), "+")
        drawn = [numbers(digits) for _ in range(CANDIDATES)]
        columns = [_neighbours(*pair) for pair in drawn]
        scores = [sum((1 + seen[column]) ** -2 for column in pair) for pair in columns]
        best = scores.index(max(scores))
        seen.update(columns[best])
        return _question(task, drawn[best], "+")

    return draw


def _with_runs(rng: random.Random, *digits: int) -> tuple[int, int]:
    """Two numbers of the given digit counts, made of runs of zeros, of nines and of one digit."""
    texts = []
    for count in digits:
        text = rng.choice("0123456789" if count == 1 else "123456789999")
        while len(text) < count:
            digit = rng.choice((text[-1], "0", "9", rng.choice("0123456789")))
            text += digit * rng.randint(1, count - len(text))
        texts.append(text)
    return int(texts[0]), int(texts[1])


def _neighbours(a: int, b: int) -> list[tuple[int, str, str]]:
    """Each column of a sum, by number, with its two digits and those of the column to its left."""
    x, y = str(a)[::-1], str(b)[::-1]
    columns = [i + j for i, j in zip_longest(x, y, fillvalue="_")]
    return [(k, *pair) for k, pair in enumerate(zip(columns, [*columns[1:], "__"], strict=True))]


def _bracketed(task: Task, rng: random.Random) -> str:
    """A chain or a tree of operations; it divides at most once, as the last step of a term."""
    count = rng.randint(task.fewest, task.most)
    plain = task.operations.replace("/", "") or "+"
    space = " " if task.spaced else ""
    classes = _digit_classes(task)

    def number(*, leads: bool) -> str:
        low, high = (task.low, task.high) if rng.random() < 0.6 else rng.choice(classes)
        value = rng.randint(low, high)
        if value and rng.random() < 0.06:
            return f"-{value}" if leads else f"(-{value})"
        return str(value)

    def tree(operations: int, *, leads: bool, grouping: float) -> str:
        if not operations:
            return number(leads=leads)
        before = rng.randrange(operations)
        left, right = before, operations - 1 - before
        groups = [bool(side) and rng.random() < grouping for side in (left, right)]
        first = tree(left, leads=leads or groups[0], grouping=grouping)
        second = tree(right, leads=groups[1], grouping=grouping)
        first, second = (
            f"({text})" if group else text
            for text, group in zip((first, second), groups, strict=True)
        )
        return f"{first}{space}{rng.choice(plain)}{space}{second}"

    grouping = 0.7 if rng.random() < 0.4 else 0.0
    if "/" not in task.operations or rng.random() >= 1 / len(task.operations):
        return tree(count, leads=True, grouping=grouping)
    term = f"{rng.randint(max(task.low, 0), task.high)}{space}/{space}{rng.randint(1, task.high)}"
    if count == 1 or (task.fewest == 1 and rng.random() < 0.6):
        return term
    other = tree(count - 2, leads=True, grouping=grouping)
    signs = plain.replace("*", "") or "+"
    if rng.random() < 0.5:
        if not other.isdigit():
            other = f"({other})"
        return f"{term}{space}{rng.choice(signs)}{space}{other}"
    return f"{other}{space}{rng.choice(signs)}{space}{term}"


def digit_bounds(digits: int) -> tuple[int, int]:
    """The least and the greatest number of a digit count; zero has one digit."""
    return (10 ** (digits - 1) if digits > 1 else 0), 10**digits - 1


def _digit_classes(task: Task) -> list[tuple[int, int]]:
    """The ranges of numbers of equal sign and digit count; zero has one digit."""
    classes = []
    for digits in range(1, len(str(max(abs(task.low), abs(task.high)))) + 1):
        first, last = digit_bounds(digits)
        for low, high in ((first, last), (-last, -max(first, 1))):
            low, high = max(low, task.low), min(high, task.high)
            if low <= high:
                classes.append((low, high))
    return classes


def _question(task: Task, operands: Sequence[int], operations: Sequence[str]) -> str:
    space = " " if task.spaced else ""
    parts = [str(operands[0])]
    for operation, operand in zip(operations, operands[1:], strict=True):
        parts += (operation, str(operand))
    return space.join(parts)
