"""Training examples for the two networks of the scratchpad.

The tagger learns lines with their tags, the rewriter parts of lines with their results. Some parts
are synthetic, drawn by digit counts with many hard cases: long carries, numbers that share their
first digits, quotients close to a change of digit. The other parts come from whole solutions, in
which some quotients are guessed wrong on purpose.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.reference_steps import next_step, trace
from mathrepl.arithmetic.scratchpad import first_line
from mathrepl.arithmetic.task import MAX_OPERATIONS, Task
from mathrepl.data.questions import digit_bounds, draw_questions, with_carries
from mathrepl.data.sampling import Example, Split, fill, held_out_part

PARTS = ("reader", "doer")
MAX_PART = 32
MAX_RESULT = 80
MAX_DIGITS = 12
MAX_LINE = 90
_REAL = 0.4
_LONGER = 0.4


def step_examples(task: Task, part: str, count: int) -> Split:
    """`count` examples for the tagger (`reader`) or the rewriter (`doer`), a tenth held out.

    No held-out part and no held-out question (`is_held_out`) stands in a training example, except
    the shortest parts. Raises `KeyError` for an unknown part, `TaskError` for too small a task.
    """
    draw = {"reader": _tagger_examples, "doer": _rewriter_examples}[part]
    patience = 100 * count + 100_000
    examples = _once(islice(draw(task, random.Random(task.seed)), patience))
    return fill(task, examples, count, max(1, min(count // 10, 20_000)))


def _once(examples: Iterable[tuple[Example, bool]]) -> Iterator[tuple[Example, bool]]:
    """The examples without the repeats of held-out ones; training ones may come again."""
    seen: set[str] = set()
    for example, held_out in examples:
        if held_out:
            if example.question in seen:
                continue
            seen.add(example.question)
        yield example, held_out


def _tagger_examples(task: Task, rng: random.Random) -> Iterator[tuple[Example, bool]]:
    """Lines with their tags; an example is held out when its question is.

    A share of `_LONGER` of the questions may have twice as many operations: a line can be long
    although its parts are as usual.
    """
    usual = _first_lines(task, rng)
    longer = _first_lines(replace(task, most=min(2 * task.most, MAX_OPERATIONS)), rng)
    while True:
        question, line = next(longer if rng.random() < _LONGER else usual)
        held_out = held_out_part(question, task.seed)
        for step in trace(line, rng):
            unseen = not held_out and held_out_part(step.line, task.seed)
            if len(step.line) <= MAX_LINE and not unseen:
                yield Example(step.line, step.tags), held_out


def _first_lines(task: Task, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Questions with their first lines, one in five without decimals."""
    for question in draw_questions(task, rng):
        line = first_line(parse(question), task.decimals if rng.random() < 0.8 else 0)
        if line is not None:
            yield question, line


def _rewriter_examples(task: Task, rng: random.Random) -> Iterator[tuple[Example, bool]]:
    real = _real_parts(task, rng)
    kinds, weights = list(_SYNTHETIC), list(_SYNTHETIC.values())
    while True:
        if rng.random() < _REAL:
            example = next(real)
        else:
            step = next_step(rng.choices(kinds, weights)[0](rng))
            example = Example(step.redex, step.result)
        if len(example.question) <= MAX_PART and len(example.answer) <= MAX_RESULT:
            yield example, held_out_part(example.question, task.seed)


def _real_parts(task: Task, rng: random.Random) -> Iterator[Example]:
    """Parts from the solutions of questions that are not held out, in mixed order."""
    pool: list[Example] = []
    for question, line in _first_lines(task, rng):
        if held_out_part(question, task.seed):
            continue
        pool += (Example(step.redex, step.result) for step in trace(line, rng))
        if len(pool) > 2000:
            rng.shuffle(pool)
            while len(pool) > 1000:
                yield pool.pop()


def _number(rng: random.Random, digits: int) -> int:
    return rng.randint(*digit_bounds(digits))


def _pair(rng: random.Random) -> tuple[int, int]:
    """Two numbers, mostly of similar digit counts."""
    digits = rng.randint(1, MAX_DIGITS)
    near = digits + rng.choice((0, 0, -1, 1, -2, 2))
    other = rng.randint(1, MAX_DIGITS) if rng.random() < 0.3 else near
    return _number(rng, digits), _number(rng, min(max(other, 1), MAX_DIGITS))


def _sum(rng: random.Random) -> str:
    a, b = _pair(rng)
    if rng.random() < 0.4:
        a, b = with_carries(rng, len(str(a)), len(str(b)))
    return f"{a}+{b}"


def _difference(rng: random.Random) -> str:
    a, b = _pair(rng)
    if rng.random() < 0.4:
        # A sum's carries are its difference's borrows.
        other, b = with_carries(rng, len(str(a)), len(str(b)))
        a = other + b
    elif rng.random() < 0.3:
        b = _near(rng, a)
    if rng.random() < 0.1:
        a = 10 ** rng.randint(1, MAX_DIGITS - 1)
    large, small = max(a, b), min(a, b)
    return f"{large}-{small}" if rng.random() < 0.6 else f"{small}-{large}"


def _near(rng: random.Random, a: int) -> int:
    """A number of the same digit count that shares its first digits with `a`."""
    text = str(a)
    kept = rng.randint(1, len(text))
    return int(text[:kept] + "".join(rng.choice("0123456789") for _ in text[kept:]))


def _zeros(rng: random.Random) -> str:
    digits = rng.randint(1, MAX_DIGITS - 1)
    text = str(_number(rng, digits)) if rng.random() < 0.75 else "0"
    return text.zfill(rng.randint(len(text) + 1, MAX_DIGITS))


def _sign(rng: random.Random) -> str:
    a, b = _pair(rng)
    if rng.random() < 0.5:
        a, b = _number(rng, rng.randint(1, 6)), _number(rng, rng.randint(1, 6))
    form = rng.choice(
        (
            "-{a}-{b}",
            "-{a}+{b}",
            "-{ten}+{rest}",
            "{a}-(-{b})",
            "{a}+(-{b})",
            "-{a}-(-{b})",
            "-{a}+(-{b})",
            "(-{a})*{b}",
            "{a}*(-{b})",
            "(-{a})*(-{b})",
            "(-{a})/{b}",
            "{a}/(-{b})",
            "-(-{a})",
            "(-{a})/10",
            "(-{a})/{b}/10",
        )
    )
    digits = rng.randint(1, MAX_DIGITS - 1)
    ten, rest = 10**digits, _number(rng, rng.randint(1, digits))
    if "/{b}" in form and form[0] == "(":
        a, b = _number(rng, rng.randint(1, 6)), _number(rng, rng.randint(1, 3))
    return form.format(a=a if rng.random() < 0.9 else 0, b=max(b, 1), ten=ten, rest=rest)


def _product(rng: random.Random) -> str:
    a = _number(rng, rng.randint(1, MAX_DIGITS - 1))
    b = rng.randint(0, 9) * 10 ** rng.choice((0, 0, 0, 1, 1, 2, 3, 4, 5))
    if rng.random() < 0.15:
        a, b = b, a
    return f"{a}*{b}"


def _layout(rng: random.Random) -> str:
    a = str(_number(rng, rng.randint(2, 9)))
    b = str(_number(rng, rng.choice((2, 2, 3, 3, 3, 4, 5, 6, 6, 7))))
    if rng.random() < 0.3:  # digits without a term of their own
        b = b[0] + "".join(digit if rng.random() < 0.5 else "0" for digit in b[1:])
    return f"{a}*{b}"


def _quotient(rng: random.Random) -> str:
    digits = rng.choices(range(1, 7), (10, 25, 50, 5, 5, 5))[0]
    divisor = max(1, _number(rng, digits))
    rest = rng.randrange(0, 10 ** rng.randint(1, digits + 4))
    draw = rng.random()
    if draw < 0.25:  # close to a change of digit, where a guess is easily one off
        rest = max(0, divisor * rng.randint(1, 9) * 10 ** rng.randint(0, 4) + rng.randint(-3, 3))
    elif draw < 0.45:  # as many digits as the divisor: the quotient may be 0
        rest = _number(rng, digits)
    elif draw < 0.65:
        rest = _near(rng, divisor)
    return f"{rest}/{divisor}"


def _rounding(rng: random.Random) -> str:
    rest = _number(rng, rng.randint(1, 9))
    if rng.random() < 0.3:  # a carry through nines
        nines = rng.randint(0, 6)
        rest = (rest * 10**nines + 10**nines - 1) * 10 + rng.randint(0, 9)
        rest %= 10**MAX_DIGITS
    return f"{rest}/10"


_SYNTHETIC: dict[Callable[[random.Random], str], float] = {
    _sum: 14,
    _difference: 26,
    _zeros: 8,
    _sign: 10,
    _product: 13,
    _layout: 9,
    _quotient: 34,
    _rounding: 4,
}
