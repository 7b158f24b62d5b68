"""What a right next line of a working is: the teacher of the reader and the doer.

Zeros before a number go first. Then a line is worked on at its first innermost group: in there
signs, then products and quotients from the left, then sums from the left. Every line has the
value of the one before, until a quotient's rest is dropped or its last digit rounded.

Answers are written from the least significant digit, so a step may not turn on what is known
only at the far end. That is why a difference takes three steps: `5-900` becomes `-(-5+(+900))`,
where a plus marks the number that is not the smaller; that becomes `-0895`-like digits at the
full width of the larger number; and the zeros before them go. Only training and its measurement
use this arithmetic.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from mathrepl.working import Mark, is_done, splice

MAX_LINES = 200
_ATOM = r"(?:[0-9]+|\([-+][0-9]+\))"
_ZEROS = re.compile(r"(?<![0-9])0[0-9]+")
_GROUP = re.compile(r"\((?![-+]?[0-9]+\))((?:[^()]|\([-+][0-9]+\))*)\)")
_PRODUCT = re.compile(rf"({_ATOM})([*/])({_ATOM})")
_SUM = re.compile(rf"(-?[0-9]+)([+-])({_ATOM})")
_TWICE_NEGATIVE = re.compile(r"-\(-([0-9]+)\)")
_NO_ZERO = re.compile(r"-0+")


@dataclass(frozen=True, slots=True)
class Step:
    """The part of `line` to work on, and the `result` that belongs in its place.

    `kind` is one of zeros, sign, order, sum, difference, product, layout, quotient, floor and
    rounding.
    """

    line: str
    mark: Mark
    kind: str
    result: str

    @property
    def redex(self) -> str:
        return self.line[self.mark.start : self.mark.end]

    @property
    def tags(self) -> str:
        """`1` for every marked character of the line, `0` for the others."""
        marked = self.mark.end - self.mark.start
        return "0" * self.mark.start + "1" * marked + "0" * (len(self.line) - self.mark.end)


def next_step(line: str) -> Step:
    """The right step of a line that is not done. Raises `ValueError` for what is no line."""
    zeros = _ZEROS.search(line)
    if zeros:
        text = zeros[0].lstrip("0") or "0"
        return Step(line, Mark(zeros.start(), zeros.end()), "zeros", text)
    group = _GROUP.search(line)
    base, inner = (group.start(1), group.group(1)) if group else (0, line)
    found = _PRODUCT.search(inner)
    if found:
        kind, result = _product(found[1], found[2], found[3])
    elif found := _SUM.match(inner):
        kind, result = _sum(found[1], found[2], found[3])
    elif found := _TWICE_NEGATIVE.match(inner):
        kind, result = "sign", found[1]
    elif found := _NO_ZERO.fullmatch(inner):
        kind, result = "sign", "0"
    else:
        raise ValueError(f"no step for {line!r}")
    return Step(line, Mark(base + found.start(), base + found.end()), kind, result)


def trace(line: str, mistakes: random.Random | None = None, share: float = 0.08) -> list[Step]:
    """The steps from a first line to the number. Raises `ValueError` for what is no line.

    With `mistakes`, a `share` of the guessed quotients is written one off in its first digit;
    the steps themselves stay right, so that what follows a wrong guess is taught as well.
    """
    steps = []
    while not is_done(line):
        step = next_step(line)
        steps.append(step)
        written = step.result
        if mistakes and step.kind == "quotient" and mistakes.random() < share:
            rest, divisor = step.redex.split("/")
            written = _partial(int(rest), int(divisor), mistakes.choice((-1, 1)))
        line = splice(line, step.mark, written)
        if len(steps) > MAX_LINES:
            raise ValueError(f"no end to {steps[0].line!r}")
    return steps


def quotient(rest: int, divisor: int) -> tuple[str, str]:
    """Kind and result of `rest/divisor`, both without a sign.

    By 10, which puts the last digit away, at once and half rounded up; else a part of the
    quotient is guessed, down to a rest that is dropped.
    """
    if divisor == 10:
        return "rounding", str((rest + 5) // 10)
    if rest < divisor:
        return "floor", "0"
    return "quotient", _partial(rest, divisor, 0)


def product(a: str, b: str) -> tuple[str, str]:
    """Kind and result of `a*b`: at once by one digit and zeros, else laid out by digits of `b`."""
    if len(a.rstrip("0")) <= 1 or len(b.rstrip("0")) <= 1:
        return "product", str(int(a) * int(b))
    zeros = range(len(b) - 1, -1, -1)
    parts = [f"{a}*{d}{'0' * z}" for d, z in zip(b, zeros, strict=True) if d != "0"]
    return "layout", "+".join(parts)


def _partial(rest: int, divisor: int, off: int) -> str:
    whole = str(rest // divisor)
    guess = max(1, int(whole[0]) + off) * 10 ** (len(whole) - 1)
    return f"{guess}+({rest}-{divisor}*{guess})/{divisor}"


def _product(a: str, operation: str, b: str) -> tuple[str, str]:
    if "(" in a + b:
        plain = f"{a.strip('(-)')}{operation}{b.strip('(-)')}"
        zero = not a.strip("(-0)") or not b.strip("(-0)")
        return "sign", plain if zero or ("(" in a and "(" in b) else f"-({plain})"
    if operation == "*":
        return product(a, b)
    if not int(b):
        raise ValueError(f"no step for {a}/{b}")
    return quotient(int(a), int(b))


def _sum(a: str, operation: str, b: str) -> tuple[str, str]:
    if b[:2] == "(-":
        return "sign", f"{a}{'+' if operation == '-' else '-'}{b.strip('(-)')}"
    if b[:2] == "(+":
        return _difference(a, operation, b.strip("(+)"))
    if a[0] == "-":
        return "sign", f"-({a[1:]}+{b})" if operation == "-" else f"{b}-{a[1:]}"
    if operation == "+":
        return "sum", str(int(a) + int(b))
    return "order", f"({a}-(+{b}))" if int(a) >= int(b) else f"-(-{a}+(+{b}))"


def _difference(a: str, operation: str, b: str) -> tuple[str, str]:
    """`a-(+b)` or `-a+(+b)`: digits at the full width of the larger; others are put in order."""
    if a[0] != "-" and operation == "-":
        large, small, back = a, b, f"-(-{a}+(+{b}))"
    elif a[0] == "-" and operation == "+":
        large, small, back = b, a[1:], f"-({a[1:]}-(+{b}))"
    else:
        return "sign", f"{a}{operation}{b}"
    if int(large) < int(small):
        return "sign", back
    return "difference", str(int(large) - int(small)).zfill(len(large))
