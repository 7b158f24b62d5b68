"""Distinct equations of a task, and the split into training and held-out ones.

Whether an equation is held out depends on its text and the task's seed alone, by a hash. So
the split needs no stored list, holds for spaces of any size, and stays the same however many
examples a later training draws: what was held out once is never trained on.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest

from mathrepl.arithmetic.expression import parse
from mathrepl.arithmetic.task import Task
from mathrepl.support.errors import DivisionByZeroError, TaskError

HELD_OUT_SHARE = 10  # one equation in ten
ENUMERABLE = 4_000_000
CANDIDATES = 6
IN_RUNS = 0.2
LEARNT_BY_HEART = 5  # shorter parts of a working are tables, so such questions are not unseen


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
    """Whether `question` (canonical text) belongs to the tenth that is never trained on."""
    key = seed.to_bytes((seed.bit_length() + 8) // 8, "little")[:64]
    digest = hashlib.blake2b(question.encode(), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "little") % HELD_OUT_SHARE == 0


def split(task: Task, count: int) -> Split:
    """`count` distinct examples, a tenth of them held out (3,000 of 30,000).

    A small space may hold fewer; then all of it is used. Raises `TaskError` where a side of
    the split would stay empty.
    """
    wanted_held_out = max(1, count // HELD_OUT_SHARE)
    wanted_training = max(1, count - wanted_held_out)
    training: list[Example] = []
    held_out: list[Example] = []
    for example in distinct(task, random.Random(task.seed)):
        if task.rule:
            _check_answer(task, example)
        side, wanted = (
            (held_out, wanted_held_out)
            if is_held_out(example.question, task.seed)
            else (training, wanted_training)
        )
        if len(side) < wanted:
            side.append(example)
        if len(training) == wanted_training and len(held_out) == wanted_held_out:
            break
    if not training or not held_out:
        raise TaskError(
            f"{task.describe()} has too few equations to hold some out",
            hint="widen the range or allow more operations",
        )
    return Split(tuple(training), tuple(held_out))


def _check_answer(task: Task, example: Example) -> None:
    """Raise `TaskError` for an answer of a rule that is other than the rule says of it."""
    strange = set(example.answer) - set(task.characters)
    if strange or len(example.answer) > task.answer_length:
        raise TaskError(
            f"the rule {task.rule} answers {example.question} with {example.answer}",
            hint=f"its answers have at most {task.answer_length} of {task.characters!r}",
        )


def draw_held_out(task: Task, rng: random.Random, *, split_seed: int) -> Iterator[Example]:
    """Distinct held-out equations without end, or until a small space is used up."""
    if task.space_size <= ENUMERABLE:
        drawn = _distinct_questions(task, rng)
        return _answered(task, (q for q in drawn if is_unseen(task, q, split_seed)))
    return _answered(task, _distinct_unseen(task, rng, split_seed))


def _distinct_unseen(task: Task, rng: random.Random, split_seed: int) -> Iterator[str]:
    """Only what is held out is remembered: of a large space, a million are drawn from ten."""
    seen: set[str] = set()
    for question in draw_questions(task, rng):
        if question not in seen and is_unseen(task, question, split_seed):
            seen.add(question)
            yield question


def is_unseen(task: Task, question: str, split_seed: int) -> bool:
    """Whether a question was never trained on: neither itself nor as part of a working."""
    return (held_out_part if task.brackets else is_held_out)(question, split_seed)


def held_out_part(text: str, seed: int) -> bool:
    """Whether a part or a question is never trained on; the shortest ones always are."""
    return len(text) > LEARNT_BY_HEART and is_held_out(text, seed)


def distinct(task: Task, rng: random.Random) -> Iterator[Example]:
    """Distinct equations that have an answer, without building the space in memory.

    Draws and rejects repeats; a space of at most `ENUMERABLE` equations is walked in random
    order once repeats get frequent, so that it can be used up exactly.
    """
    return _answered(task, _distinct_questions(task, rng))


def _distinct_questions(task: Task, rng: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    draw = _drawer(task, rng)
    misses = 0
    enumerable = task.space_size <= ENUMERABLE
    while not (enumerable and (misses > 200 or 2 * len(seen) >= task.space_size)):
        question = draw()
        if question in seen:
            misses += 1
            continue
        misses = 0
        seen.add(question)
        yield question
    for index in _shuffled(task.space_size, rng):
        question = question_at(task, index)
        if question not in seen:
            yield question


def _answered(task: Task, questions: Iterable[str]) -> Iterator[Example]:
    """Those that have an answer, with it."""
    for question in questions:
        example = _example(task, question)
        if example is not None:
            yield example


def every(task: Task) -> Iterator[Example]:
    """The whole space in order, those without an answer left out."""
    if task.most == 1 and "/" not in task.operations and not task.rule:
        yield from _every_whole(task)
        return
    for index in range(task.space_size):
        example = _example(task, question_at(task, index))
        if example is not None:
            yield example


def _every_whole(task: Task) -> Iterator[Example]:
    """The same for one operation on whole numbers, without a parser: a million a second."""
    space = " " if task.spaced else ""
    for a in range(task.low, task.high + 1):
        for b in range(task.low, task.high + 1):
            for operation in task.operations:
                value = a + b if operation == "+" else a - b if operation == "-" else a * b
                yield Example(f"{a}{space}{operation}{space}{b}", str(value))


def question_at(task: Task, index: int) -> str:
    """Equation number `index` of the space, 0-based: fewer operations first, then by operands."""
    numbers, kinds = task.high - task.low + 1, len(task.operations)
    for count in range(task.fewest, task.most + 1):
        block = numbers ** (count + 1) * kinds**count
        if index < block:
            break
        index -= block
    else:
        raise IndexError(index)
    index, operation_code = divmod(index, kinds**count)
    operands = []
    for _ in range(count + 1):
        index, offset = divmod(index, numbers)
        operands.append(task.low + offset)
    operations = []
    for _ in range(count):
        operation_code, kind = divmod(operation_code, kinds)
        operations.append(task.operations[kind])
    return _question(task, operands[::-1], operations)


def narrowed(task: Task, *, bounds: tuple[int, int] | None, operations: str | None) -> Task:
    """`task` within other bounds or operations, everything else alike. Raises `TaskError`."""
    low, high = bounds if bounds is not None else (task.low, task.high)
    return replace(
        task, low=low, high=high, operations=task.operations if operations is None else operations
    )


def draw_questions(task: Task, rng: random.Random) -> Iterator[str]:
    """Questions without end, repeats included."""
    draw = _drawer(task, rng)
    while True:
        yield draw()


def with_carries(rng: random.Random, *digits: int) -> tuple[int, int]:
    """Two numbers of so many digits whose sum carries, in each column, as a coin decides.

    A carry runs on through a column only where the digits sum to nine, so uniform numbers hardly
    ever have a long one; here every pattern of carries is alike. A column whose digits cannot do
    as the coin says does otherwise.
    """
    coin = rng.random() if max(digits) > 3 else 0.5
    carry = 0
    numbers = [0, 0]
    for column in range(max(digits)):
        lows = [int(column == d - 1 and d > 1) for d in digits]
        highs = [9 if column < d else 0 for d in digits]
        wanted = int(rng.random() < coin)
        pairs = _pairs(lows[0], highs[0], lows[1], highs[1], carry, wanted)
        if pairs:
            x, y = rng.choice(pairs)
        else:
            x, y = (rng.randint(low, high) for low, high in zip(lows, highs, strict=True))
        carry = int(x + y + carry >= 10)
        numbers[0] += x * 10**column
        numbers[1] += y * 10**column
    return numbers[0], numbers[1]


@cache
def _pairs(
    low: int, high: int, other_low: int, other_high: int, carry: int, wanted: int
) -> tuple[tuple[int, int], ...]:
    """Two digits within bounds that carry, or do not, after a carry or none."""
    return tuple(
        (x, y)
        for x in range(low, high + 1)
        for y in range(other_low, other_high + 1)
        if (x + y + carry >= 10) == wanted
    )


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


def _carry_drawer(task: Task, rng: random.Random) -> Callable[[], str]:
    """Sums by digit counts and carries.

    Where a space is small, each is the one of `CANDIDATES` whose neighbouring columns have been
    drawn least: a network learns a carry from what stands in two columns, and so sees every two.
    A number of one digit more has about three times the share; in a large space all digit counts
    are alike, and `IN_RUNS` of the sums are of round numbers and nines, which chance hardly draws.
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
        # Bounds that leave few numbers of so many digits: any of those.
        bounds = [(10 ** (d - 1) if d > 1 else 0, 10**d - 1) for d in digits]
        a, b = (rng.randint(max(low, task.low), min(high, task.high)) for low, high in bounds)
        return a, b

    def draw() -> str:
        digits = rng.choices(counts, shares, k=2)
        if not small:
            if rng.random() < 0.5:  # as many short sums as long ones, though there are fewer
                most = rng.choice(counts)
                digits = [rng.randint(counts[0], most), rng.randint(counts[0], most)]
            return _question(task, list(numbers(digits)), ["+"])
        drawn = [numbers(digits) for _ in range(CANDIDATES)]
        columns = [_neighbours(*pair) for pair in drawn]
        scores = [sum((1 + seen[column]) ** -2 for column in pair) for pair in columns]
        best = scores.index(max(scores))
        seen.update(columns[best])
        return _question(task, list(drawn[best]), ["+"])

    return draw


def _with_runs(rng: random.Random, *digits: int) -> tuple[int, int]:
    """Two numbers of so many digits, made of runs of zeros, of nines and of one digit."""
    texts = []
    for count in digits:
        text = rng.choice("0123456789" if count == 1 else "123456789999")
        while len(text) < count:
            digit = rng.choice((text[-1], "0", "9", rng.choice("0123456789")))
            text += digit * rng.randint(1, count - len(text))
        texts.append(text)
    return int(texts[0]), int(texts[1])


def _neighbours(a: int, b: int) -> list[tuple[int, str, str]]:
    """Each column of a sum with the next to its left: the number of the column, and both pairs."""
    x, y = str(a)[::-1], str(b)[::-1]
    columns = [i + j for i, j in zip_longest(x, y, fillvalue="_")]
    return [(k, *pair) for k, pair in enumerate(zip(columns, [*columns[1:], "__"], strict=True))]


def _bracketed(task: Task, rng: random.Random) -> str:
    """A chain or a tree of operations; one that divides does so once, ending a term."""
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


def _digit_classes(task: Task) -> list[tuple[int, int]]:
    """Sub-ranges of equal sign and digit count, zero counted as one digit."""
    classes = []
    for digits in range(1, len(str(max(abs(task.low), abs(task.high)))) + 1):
        first, last = (0 if digits == 1 else 10 ** (digits - 1)), 10**digits - 1
        for low, high in ((first, last), (-last, -max(first, 1))):
            low, high = max(low, task.low), min(high, task.high)
            if low <= high:
                classes.append((low, high))
    return classes


def _question(task: Task, operands: list[int], operations: list[str]) -> str:
    space = " " if task.spaced else ""
    parts = [str(operands[0])]
    for operation, operand in zip(operations, operands[1:], strict=True):
        parts += (operation, str(operand))
    return space.join(parts)


def _example(task: Task, question: str) -> Example | None:
    try:
        return Example(question, task.target(parse(question)))
    except DivisionByZeroError:
        return None


def _shuffled(size: int, rng: random.Random) -> Iterator[int]:
    order = list(range(size))
    rng.shuffle(order)
    yield from order
