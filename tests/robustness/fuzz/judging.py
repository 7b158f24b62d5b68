"""Checks of the output of a line, the same for every way in."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.robustness.fuzz.lines import ESCAPES

SECONDS = 1.0
PICTURE_SECONDS = 10.0  # of a line that saves one: matplotlib draws each label by itself
POWER_SECONDS = 4.0  # of a line with a power: an exponent of hundreds takes thousands of passes
WORKING_SECONDS = 0.02  # a line of a working, twice what it takes; the product ends at 200 lines
BUSIEST = 8  # a line that gets less than such a share of the time waits for something else
# Of the product: colours, and what a live drawing needs. Nothing else starts with ESC.
_OWN = re.compile(r"\x1b\[(?:[0-9;]*[mABCDGHJKP]|\?(?:25|7|12|1|2004)[hl]|[0-9] q)")
_STRANGE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_HALF = re.compile("[\ud800-\udfff]")
_ERROR = re.compile(r"error: (.*)")


@dataclass(frozen=True, slots=True)
class Violation:
    """A line that did what no line may do."""

    number: int
    text: str
    what: str
    reproduce: str


@dataclass(slots=True)
class Outcome:
    """Of a run, one way in: what was seen."""

    way: str
    lines: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    slowest: tuple[float, int, str] = (0.0, -1, "")
    slow: list[tuple[float, int, str]] = field(default_factory=list)
    workings: int = 0
    slow_again: int = 0
    violations: list[Violation] = field(default_factory=list)

    def timed(self, seconds: float, number: int, text: str, written: int = 0) -> None:
        """Note how long a line took; `written` are the lines of the workings it brought."""
        if seconds > self.slowest[0]:
            self.slowest = seconds, number, text
        if SECONDS < seconds <= written * WORKING_SECONDS:
            self.workings += 1
        elif seconds > _limit(text):
            self.slow.append((seconds, number, text))


def _limit(text: str) -> float:
    """The seconds that a line may take."""
    if "--save" in text:
        return PICTURE_SECONDS
    return POWER_SECONDS if "**" in text or "^" in text else SECONDS


def fair(wall: float, cpu: float | None) -> float:
    """The seconds that count: of a busy machine those of the processor, of a wait those waited."""
    return wall if cpu is None or cpu < wall / BUSIEST else min(wall, cpu)


def is_blank(text: str) -> bool:
    """True for a line that asks nothing: it need not be answered."""
    return not text.strip() or text.lstrip().startswith("#")


def strange(output: str, also: str = "") -> Iterator[str]:
    """The output that could steer a terminal, but for the product's own drawing.

    `also` are controls that this output may use.
    """
    for escape in ESCAPES:
        if escape in output:
            yield f"{escape!r} reaches the terminal"
            return
    for character in _STRANGE.findall(_OWN.sub("", output)):
        if character not in also:
            yield f"{character!r} reaches the terminal"
            return


def failed(text: str, output: str) -> Iterator[str]:
    """Signs of an exception that was not caught, or of a warning."""
    signs = "Traceback (most recent call last)", "Exception in thread", "Unhandled exception"
    for sign in (*signs, "RuntimeWarning", "UserWarning"):
        if sign in output and sign not in text:
            yield f"{sign!r} in the output"


def unanswered(text: str, output: str) -> Iterator[str]:
    if not is_blank(text) and not output.strip():
        yield "no answer and no error"


def complaints(output: str) -> list[str]:
    """The errors in plain output, each without what differs from line to line."""
    return [_template(message) for message in _ERROR.findall(_OWN.sub("", output))]


def unclear(text: str, output: str) -> Iterator[str]:
    """More than one error for what is one thing asked."""
    several = ";" in text or ":co" in text.lower()  # `:compare` asks two networks
    if not several and len(_ERROR.findall(output)) > 1 and "error: " not in text:
        yield "more than one error"


def records(text: str, output: str) -> Iterator[str]:
    """In `--json`, lines that are no objects, or that a strict reader refuses.

    Also more than one error for one thing asked.
    """
    errors = 0
    for row in output.split("\n")[:-1]:
        try:
            record = json.loads(row)
        except ValueError:
            yield f"not JSON: {row[:80]!r}"
            return
        if not isinstance(record, dict):
            yield f"no object: {row[:80]!r}"
            return
        if _HALF.search(json.dumps(record, ensure_ascii=False)):
            yield f"half a character: {row[:80]!r}"
        errors += "error" in record and "weights" not in record
    if output and not output.endswith("\n"):
        yield "the output ends within a line"
    if errors > 1 and ";" not in text:
        yield "more than one error"


def workings(output: str) -> int:
    """Lines of the workings in the records of `--json`."""
    found = 0
    for row in output.splitlines():
        try:
            found += len(json.loads(row).get("working", ()))
        except (ValueError, AttributeError, TypeError):
            continue
    return found


def json_complaints(output: str) -> list[str]:
    found = []
    for row in output.splitlines():
        try:
            record = json.loads(row)
        except ValueError:
            continue
        if isinstance(record, dict) and "error" in record:
            found.append(_template(str(record["error"])))
    return found


def _template(message: str) -> str:
    """`a number of 10,000 digits is too long` as `a number of N digits is too long`."""
    message = re.sub(r"(['\"]).*?\1", "'…'", message.split("; ")[0])
    message = re.sub(r"unknown (command|option) \S.*", r"unknown \1 …", message)
    message = re.sub(r"^\S+ has no character", "… has no character", message)
    message = re.sub(r"(before|at) [-+*/%()0-9]\S*.*", r"\1 …", message)
    message = re.sub(r"\S+ could be .*", "… could be one of several", message)
    message = re.sub(r"[0-9][0-9,.]*", "N", message)
    return message if len(message) <= 70 else message[:69] + "…"
