"""Working out a line: find the next operation, work it out, copy the result into its place.

The grammar of lines is that of `arithmetic.layout`. The reader's skills find the first innermost
group and, in it, the operation to do next with the numbers on both sides. A working yields passes,
as `arithmetic.written`, and each step when it is done.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from mathrepl.arithmetic.skills import ALL
from mathrepl.arithmetic.written import (
    Pass,
    StuckError,
    Working,
    difference_of,
    floor_of,
    power_of,
    product_of,
    quotient_of,
    sum_of,
    with_point,
)

NUMBER = re.compile(r"-?[0-9]+")
_LONE = re.compile(r"\((-?[0-9]+)\)")
_OPERATION = re.compile(r"(-?[0-9]+)([-+*/%:^])(-?[0-9]+)")
_MARKED = re.compile("1+")
NO_OPERATION = "the reader marked no operation with numbers on both sides"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start..end` (end excluded) of a line that are to be worked on next."""

    start: int
    end: int

    def of(self, line: str) -> str:
        """The text of the span."""
        return line[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on the numbers `a` and `b`, one of `+ - * % : ^ /`, or `.` to move a point.

    `zeros` holds a zero for each decimal that a quotient is rounded to, or by which the point of
    `a` moves to the left. With `ends` a quotient stops where nothing is left.
    """

    a: str
    sign: str
    b: str = ""
    zeros: str = ""
    ends: bool = False

    def working(self) -> Working[str]:
        """The passes that work it out. Raises `StuckError` for another sign."""
        match self.sign:
            case "+":
                return sum_of(self.a, self.b)
            case "-":
                return difference_of(self.a, self.b)
            case "*":
                return product_of(self.a, self.b)
            case "^":
                return power_of(self.a, self.b)
            case ":" | "%":
                return floor_of(self.a, self.b, rest=self.sign == "%")
            case "/":
                return quotient_of(self.a, self.b, self.zeros, ends=self.ends)
            case ".":
                return with_point(self.a, self.zeros)
        raise StuckError(NO_OPERATION)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a line: its span, and the text written in its place."""

    line: str
    span: Span
    operation: Operation
    written: str


LineWorking = Generator[list[Pass] | Step, list[str], str]


def is_operation(line: str, *, signs: bool = True) -> bool:
    """True for one operation on two numbers; without `signs` on two that have none."""
    found = _OPERATION.fullmatch(line)
    return found is not None and (signs or "-" not in found[1][:1] + found[3][:1])


def work_out(
    line: str, places: str, decimals: str, *, ends: bool, reads: bool = True
) -> LineWorking:
    """The answer to a line whose point moves by `places`; a quotient is rounded to `decimals`.

    Without a network that `reads`, the line is one operation.

    Yields passes, and each step when it is done. Raises `StuckError` where networks mark or write
    what no line has.
    """
    while True:  # each step leaves an operation out
        if NUMBER.fullmatch(line):
            if not places:
                return line
            span, operation = Span(0, len(line)), Operation(line, ".", zeros=places)
        elif reads:
            span, operation = yield from next_operation(line, decimals, ends)
        else:
            found = _OPERATION.fullmatch(line)
            if found is None:
                raise StuckError("these weights have no reader")
            span = Span(0, len(line))
            operation = _operation(found[1], found[2], found[3], decimals, ends)
        written = yield from operation.working()
        yield Step(line, span, operation, written)
        if operation.sign in "./":
            return written
        if not NUMBER.fullmatch(written):
            raise StuckError("the doer wrote no number")
        line = replaced(line, span, written)


def spelled(line: str) -> str:
    """A line as people write it: `//` for its floor division."""
    return line.replace(":", "//")


def read(line: str) -> str:
    """Inverse of `spelled`."""
    return line.replace("//", ":")


def replaced(line: str, span: Span, text: str) -> str:
    """The line with a text in the place of a span, and no parentheses around a lone number."""
    return _LONE.sub(r"\1", line[: span.start] + text + line[span.end :])


def by_rules(working: Generator[list[Pass] | Step, list[str], _T] | Working[_T]) -> _T:
    """The outcome of a working whose passes are answered by the rules of the skills."""
    results: list[str] | None = None
    try:
        while True:
            wanted = working.send(results)  # type: ignore[arg-type]
            results = None if isinstance(wanted, Step) else [right_result(one) for one in wanted]
    except StopIteration as end:
        found: _T = end.value
        return found


def right_result(asked: Pass) -> str:
    """The right result of a pass, by the rule of its skill."""
    skill = ALL[asked.skill]
    found = skill.run(*asked.rows)
    return found[::-1] if skill.mirrored else found


def next_operation(line: str, decimals: str, ends: bool) -> Working[tuple[Span, Operation]]:
    """The operation to do next, and its span with the numbers on both sides."""
    (closing,) = yield [Pass("p", line)]
    (inside,) = yield [Pass("g", line, closing)]
    group = _span("group", inside)
    text = line[group.start : group.end]
    (ranks,) = yield [Pass("n", text)]
    (highest,) = yield [Pass("w", ranks)]
    (marks,) = yield [Pass("k", ranks, highest)]
    (found,) = yield [Pass("l", ranks, marks)]
    span = _span("part", found)
    at = marks.find("1", span.start, span.end)
    a, sign, b = text[span.start : at], text[at : at + 1], text[at + 1 : span.end]
    if at < 0 or not (NUMBER.fullmatch(a) and NUMBER.fullmatch(b)):
        raise StuckError(NO_OPERATION)
    start = group.start
    operation = _operation(a, sign, b, decimals, ends)
    return Span(start + span.start, start + span.end), operation


def _operation(a: str, sign: str, b: str, decimals: str, ends: bool) -> Operation:
    """An operation of a line; only a quotient has decimals."""
    return Operation(a, sign, b, decimals if sign == "/" else "", ends)


def _span(what: str, marks: str) -> Span:
    """The marked characters. Raises `StuckError` where they are none, or not one run."""
    first = _MARKED.search(marks)
    if first is None or "1" in marks[first.end() :]:
        raise StuckError(f"the reader marked no one {what}")
    return Span(first.start(), first.end())
