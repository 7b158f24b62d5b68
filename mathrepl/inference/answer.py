"""The network's answer beside the truth, place by place. Pure values, no drawing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from mathrepl.arithmetic.expression import MAX_EXPONENT, MAX_LENGTH, format_value, read_value
from mathrepl.arithmetic.lines import Operation, by_rules, next_operation, read, replaced, spelled
from mathrepl.inference.solution import DIGITS_KEPT, Guess, ScratchpadStep, Solution
from mathrepl.support.errors import MathreplError

CLOSE_RUNNER_UP = 0.1
EXACT: Mapping[str, Callable[[int, int], int]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "^": operator.pow,
        ":": operator.floordiv,
        "%": operator.mod,
    }
)


@dataclass(frozen=True, slots=True)
class CheckedStep:
    """A line compared with the question: `equal`, `rounded` rightly from it, or `wrong`.

    `shows_passes` is set where the passes of its step are wanted too.

    The first wrong line has `wanted`, the correct text, and `columns`: the text written for the
    span before it, aligned with the correct one. Later lines are `after`.
    """

    line: ScratchpadStep
    state: Literal["equal", "rounded", "wrong", "after"]
    wanted: str = ""
    columns: tuple[Column, ...] = ()
    shows_passes: bool = False

    def record(self) -> dict[str, Any]:
        """For `--json`; `wanted` stands only in the first wrong line."""
        record: dict[str, Any] = {
            "line": self.line.text,
            "state": self.state,
            "probability": round(self.line.probability, DIGITS_KEPT),
        }
        if self.shows_passes:
            record["passes"] = [
                [*one.asked, one.result, round(one.probability, DIGITS_KEPT)]
                for one in self.line.passes
            ]
        return {**record, "wanted": self.wanted} if self.wanted else record


@dataclass(frozen=True, slots=True)
class Column:
    """One place of the aligned answers; a side that has no character there is empty.

    `power` is the place's power of ten, None for the point and for signs.
    """

    network: str
    truth: str
    guess: Guess | None
    power: int | None

    @property
    def right(self) -> bool:
        return self.network == self.truth


@dataclass(frozen=True)
class Answer:
    """One question answered: `network` beside `truth`.

    `notes` report in which ways the question lies outside the training, `auto` that the weights
    were chosen for it.
    """

    equation: str
    network: str
    truth: str
    solution: Solution
    weights: str
    engine: str
    notes: tuple[str, ...] = field(default=())
    scratchpad: tuple[CheckedStep, ...] = ()
    auto: bool = False

    @property
    def right(self) -> bool:
        return self.network == self.truth

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The two aligned by place: the points stand over each other."""
        return align(self.network, self.truth, self.solution.guesses)

    @property
    def wrong_digits(self) -> int:
        """The number of places where the two differ, missing and surplus characters included."""
        return 0 if self.right else sum(not column.right for column in self.columns)

    @property
    def off_by(self) -> str | None:
        """The size of the error, or None where the network did not write a number."""
        written = self.network
        if self.right and written.isascii() and written.isdigit() and len(written) <= MAX_LENGTH:
            return "0"
        value = read_value(written)
        if value is None:
            return None
        return format_value(abs(value - Fraction(self.truth)), MAX_LENGTH)

    @property
    def confidence(self) -> float:
        """Probability of all that was written, end marks included."""
        return self.solution.confidence

    @property
    def verdict(self) -> str:
        """`right`, or the kind of mistake in words."""
        if self.right:
            return "right"
        if self.solution.stuck:
            return f"wrong: {self.solution.stuck}"
        if not self.network:
            return "wrong: it wrote nothing"
        digits = f"in {self.wrong_digits} digit{'' if self.wrong_digits == 1 else 's'}"
        if self.off_by is None:
            return f"wrong: {self.network!r} is not a number"
        if self.off_by == "0":
            return f"wrong {digits}: the value is right, the writing is not"
        return f"wrong by {self.off_by}, {digits}"

    def record(self) -> dict[str, Any]:
        """For `--json`: one probability for each character, left to right, then the end's."""
        guesses, end = self.solution.guesses, self.solution.end
        return {
            "equation": self.equation,
            "network": self.network,
            "truth": self.truth,
            "right": self.right,
            "weights": self.weights,
            "probabilities": [one and round(one[1], DIGITS_KEPT) for one in guesses],
            "end_probability": end and round(end[1], DIGITS_KEPT),
            "runners_up": [one and [one[2], round(one[3], DIGITS_KEPT)] for one in guesses],
            "confidence": round(self.confidence, DIGITS_KEPT),
            "wrong_digits": self.wrong_digits,
            "off_by": self.off_by,
            "verdict": self.verdict,
            "engine": self.engine,
            "notes": list(self.notes),
            "working": [checked.record() for checked in self.scratchpad],
        }


@dataclass(frozen=True, slots=True)
class Refused:
    """A question of several that could not be asked, and why."""

    equation: str
    error: MathreplError
    weights: str = ""

    def record(self) -> dict[str, Any]:
        record = {"equation": self.equation, "error": str(self.error)}
        return {**record, "weights": self.weights} if self.weights else record


@dataclass(frozen=True, slots=True)
class Answers:
    """Several questions of one line, in order."""

    items: tuple[Answer | Refused, ...]

    def record(self) -> list[dict[str, Any]]:
        return [item.record() for item in self.items]


def compare(
    equation: str,
    solution: Solution,
    truth: str,
    *,
    weights: str,
    engine: str,
    notes: tuple[str, ...] = (),
    auto: bool = False,
    steps: bool | str = True,
) -> Answer:
    """`solution` beside `truth`; with `steps` each step of its scratchpad beside the target.

    With `steps` of "all" the passes of each step are shown too.
    """
    checked: tuple[CheckedStep, ...] = ()
    if steps and solution.scratchpad:
        checked = check_steps(solution.scratchpad, passes=steps == "all")
        if not solution.stuck and not tells_more(checked):
            checked = ()
    return Answer(equation, solution.text, truth, solution, weights, engine, notes, checked, auto)


def record_keys() -> tuple[str, ...]:
    """The keys of an answer's record, in order."""
    return tuple(compare("", Solution("", "", (), None), "", weights="", engine="").record())


def tells_more(lines: Sequence[CheckedStep]) -> bool:
    """True for lines that tell more than question and answer do: one right step does not."""
    return len(lines) != 2 or any(one.shows_passes or one.wanted for one in lines)


def check_steps(
    lines: Sequence[ScratchpadStep], *, passes: bool = False
) -> tuple[CheckedStep, ...]:
    """Each line of a working compared with the right one after the line before it."""
    checker = StepChecker(passes=passes)
    pairs = zip((None, *lines), lines, strict=False)
    return tuple(checker.check(before, line) for before, line in pairs)


class StepChecker:
    """`check_steps`, a line at a time: each against the line that the rules give after its step."""

    def __init__(self, *, passes: bool = False) -> None:
        self._wrong = False
        self._passes = passes

    def check(self, before: ScratchpadStep | None, line: ScratchpadStep) -> CheckedStep:
        """`line` compared, after the step `before`; None before the first line."""
        return replace(self._check(before, line), shows_passes=self._passes)

    def _check(self, before: ScratchpadStep | None, line: ScratchpadStep) -> CheckedStep:
        if self._wrong:
            return CheckedStep(line, "after")
        if before is None or before.operation is None:
            return CheckedStep(line, "equal")
        operation, written, right = _right_step(before.text, before.operation)
        if line.text == right and operation == before.operation:
            return CheckedStep(line, "rounded" if _rounds(operation) else "equal")
        self._wrong = True
        columns = align(before.written, written) if operation == before.operation else ()
        return CheckedStep(line, "wrong", right, columns)


def _right_step(line: str, done: Operation) -> tuple[Operation, str, str]:
    """The right operation of a line, what it writes, and the line after it.

    A point is moved, as `done` says, where no operation is left.
    """
    if done.sign == ".":
        written = _right_text(done)
        return done, written, written
    span, operation = by_rules(next_operation(read(line), done.zeros, done.ends))
    written = _right_text(operation)
    return operation, written, spelled(replaced(read(line), span, written))


def _right_text(operation: Operation) -> str:
    """The right result of an operation, by its exact value; empty for one beyond the limits."""
    if len(operation.a) + len(operation.b) > MAX_LENGTH:
        return ""
    a, places = int(operation.a), len(operation.zeros)
    if operation.sign == ".":
        return format_value(Fraction(a, 10**places), places)
    b = int(operation.b)
    if operation.sign == "^" and not 0 <= b <= MAX_EXPONENT:
        return ""
    if operation.sign in ":%/" and not b:
        return ""
    if operation.sign == "/":
        return format_value(Fraction(a, b), places)
    return str(EXACT[operation.sign](a, b))


def _rounds(operation: Operation) -> bool:
    """True for a quotient that its decimals cannot hold."""
    if operation.sign != "/":
        return False
    return bool(int(operation.a) * 10 ** len(operation.zeros) % int(operation.b))


def align(network: str, truth: str, guesses: Sequence[Guess | None] = ()) -> tuple[Column, ...]:
    """Columns of the two texts, padded left of the whole part and right of the fraction."""
    whole = max(_whole(network), _whole(truth))
    left_network, left_truth = whole - _whole(network), whole - _whole(truth)
    width = max(left_network + len(network), left_truth + len(truth))
    columns = []
    for place in range(width):
        i, j = place - left_network, place - left_truth
        written = network[i] if 0 <= i < len(network) else ""
        wanted = truth[j] if 0 <= j < len(truth) else ""
        guess = guesses[i] if written and i < len(guesses) else None
        is_digit = (written or wanted).isdigit() or wanted.isdigit()
        power = (whole - 1 - place if place < whole else whole - place) if is_digit else None
        columns.append(Column(written, wanted, guess, power))
    return tuple(columns)


def _whole(text: str) -> int:
    """Characters before the point."""
    return len(text.split(".", 1)[0])
