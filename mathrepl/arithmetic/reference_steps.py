"""The reference policy of the scratchpad: the right next step of a line.

The tagger and the rewriter learn from it. Zeros before a number go first. Then the first
innermost group of a line is worked on: signs first, then products and quotients from the left,
then sums from the left. Every line has the value of the one before, until a quotient's rest is
dropped or its last digit rounded.

Answers are written from the least significant digit, so a step must not depend on what is known
only at the far end. A difference has the full width of the longer number, borrows included, and a
borrow that is left at the end is written as the ten's complement: `5-900` becomes `-1000+105`.
That becomes `-(1000-105)`, then `-(0895)`, and zeros before a number go. Only training and its
measurement use this arithmetic.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from mathrepl.arithmetic.scratchpad import Span, is_done, splice

MAX_LINES = 200
_ATOM = r"(?:[0-9]+|\(-[0-9]+\))"
_ZEROS = re.compile(r"(?<![0-9])0[0-9]+")
_GROUP = re.compile(r"\((?!-?[0-9]+\))((?:[^()]|\(-[0-9]+\))*)\)")
_PRODUCT = re.compile(rf"({_ATOM})([*/])({_ATOM})")
_SUM = re.compile(rf"(-?[0-9]+)([+-])({_ATOM})")
_TWICE_NEGATIVE = re.compile(r"-\(-([0-9]+)\)")
_NO_ZERO = re.compile(r"-0+")
_TEN = re.compile(r"10+")
_ROUNDED = re.compile(r"\(-([0-9]+)\)/([0-9]+)/10(?![0-9])")


@dataclass(frozen=True, slots=True)
class ReferenceStep:
    """The `span` of `line` to work on, and the `result` that belongs in its place.

    `kind` is one of zeros, sign, sum, difference, product, layout, quotient, floor, rounding.
    """

    line: str
    span: Span
    kind: str
    result: str

    @property
    def redex(self) -> str:
        return self.span.of(self.line)

    @property
    def tags(self) -> str:
        """A `1` for every character of the line in the span, a `0` for the others."""
        marked = self.span.end - self.span.start
        return "0" * self.span.start + "1" * marked + "0" * (len(self.line) - self.span.end)


def next_step(line: str) -> ReferenceStep:
    """The right step of a line that is not done. Raises `ValueError` for any other text."""
    zeros = _ZEROS.search(line)
    if zeros:
        text = zeros[0].lstrip("0") or "0"
        return ReferenceStep(line, Span(zeros.start(), zeros.end()), "zeros", text)
    group = _GROUP.search(line)
    base, inner = (group.start(1), group.group(1)) if group else (0, line)
    found = _PRODUCT.search(inner)
    if found and (rounded := _ROUNDED.match(inner, found.start())):
        # The sign goes before a digit is guessed: a negative quotient would round the other way.
        found, kind, result = rounded, "sign", f"-({rounded[1]}/{rounded[2]}/10)"
    elif found:
        kind, result = _product(found[1], found[2], found[3])
    elif found := _SUM.match(inner):
        kind, result = _sum(found[1], found[2], found[3])
    elif found := _TWICE_NEGATIVE.match(inner):
        kind, result = "sign", found[1]
    elif found := _NO_ZERO.fullmatch(inner):
        kind, result = "sign", "0"
    else:
        raise ValueError(f"no step for {line!r}")
    return ReferenceStep(line, Span(base + found.start(), base + found.end()), kind, result)


def trace(
    line: str, mistakes: random.Random | None = None, share: float = 0.08
) -> list[ReferenceStep]:
    """The steps from a first line to the number. Raises `ValueError` for text that is not a line.

    With `mistakes`, a `share` of the guessed quotients is written one off in its first digit. The
    steps themselves stay right, so training also shows how to go on after a wrong guess.
    """
    steps = []
    while not is_done(line):
        step = next_step(line)
        steps.append(step)
        written = step.result
        if mistakes and step.kind == "quotient" and mistakes.random() < share:
            rest, divisor = step.redex.split("/")
            if rest.isdigit():
                written = _partial(int(rest), int(divisor), mistakes.choice((-1, 1)))
        line = splice(line, step.span, written)
        if len(steps) > MAX_LINES:
            raise ValueError(f"no end to {steps[0].line!r}")
    return steps


def quotient(rest: int, divisor: int) -> tuple[str, str]:
    """Kind and result of `rest/divisor`, both without a sign.

    A division by 10 removes the last digit at once, half rounded up. Other divisions guess a part
    of the quotient, until the rest is smaller than the divisor and is dropped.
    """
    if divisor == 10:
        return "rounding", str((rest + 5) // 10)
    if rest < divisor:
        return "floor", "0"
    return "quotient", _partial(rest, divisor, 0)


def product(a: str, b: str) -> tuple[str, str]:
    """Kind and result of `a*b`: its value for one digit and zeros, else products by each digit."""
    if len(a.rstrip("0")) <= 1 or len(b.rstrip("0")) <= 1:
        return "product", str(int(a) * int(b))
    zeros = range(len(b) - 1, -1, -1)
    parts = [f"{a}*{d}{'0' * z}" for d, z in zip(b, zeros, strict=True) if d != "0"]
    return "layout", "+".join(parts)


def _partial(rest: int, divisor: int, off: int) -> str:
    whole = str(rest // divisor)
    guess = max(1, int(whole[0]) + off) * 10 ** (len(whole) - 1)
    return f"{guess}+({rest}-{divisor}*{guess})/{divisor}"


def _given_back(owed: int, divisor: int) -> tuple[str, str]:
    """Kind and result of `(-owed)/divisor`: subtract enough to leave a rest from 0 up.

    What is subtracted is one digit and zeros. So a quotient whose guess was too large is rounded
    as if the guess had been right.
    """
    if not divisor:
        raise ValueError(f"no step for (-{owed})/0")
    whole = str(-(-owed // divisor))
    digit = int(whole[0]) + bool(whole[1:].strip("0"))
    back = digit * 10 ** (len(whole) - 1)
    return "quotient", f"-{back}+({divisor}*{back}-{owed})/{divisor}"


def _product(a: str, operation: str, b: str) -> tuple[str, str]:
    owed = "(" in a and "(" not in b and operation == "/" and b != "10"
    if owed and int(a.strip("(-)")):
        return _given_back(int(a.strip("(-)")), int(b))
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
    if b[0] == "(":
        return "sign", f"{a}{'+' if operation == '-' else '-'}{b.strip('(-)')}"
    if a[0] == "-":
        a = a[1:]
        if operation == "-":
            return "sign", f"-({a}+{b})"
        complement = _TEN.fullmatch(a) and len(b) < len(a)
        return "sign", f"-({a}-{b})" if complement else f"{b}-{a}"
    if operation == "+":
        return "sum", str(int(a) + int(b))
    width = max(len(a), len(b))
    digits = str((int(a) - int(b)) % 10**width).zfill(width)
    return "difference", digits if int(a) >= int(b) else f"-1{'0' * width}+{digits}"
