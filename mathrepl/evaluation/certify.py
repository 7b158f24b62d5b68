"""Certificates: ask whole evaluation suites, count the mistakes, and resume an interrupted run."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mathrepl.arithmetic.carries import classes_of, has_operand_below
from mathrepl.data.sampling import Example
from mathrepl.evaluation.suites import Suite, suites_of
from mathrepl.inference.answer import align
from mathrepl.inference.solution import Written
from mathrepl.store.card import Card, Certificate, Mistake
from mathrepl.store.pairs import NAME
from mathrepl.support import atomic
from mathrepl.support.errors import WeightsError
from mathrepl.support.records import check_plain, parse, read
from mathrepl.support.thread_pool import batches, side_by_side

if TYPE_CHECKING:
    from mathrepl.inference.solver import Solver

BATCH = 1024
KEEP_SECONDS = 10.0
MAX_MISTAKES = 1000
MAX_PROGRESS = 8  # files kept for one name: of different commands, weights and tasks
MAX_PROGRESS_BYTES = 50_000_000
_PROGRESS = re.compile(rf"\.({NAME.pattern})\.[0-9a-f]{{16}}\.certifying")

# Yields each batch with the answers written for it, in order.
Asker = Callable[[Iterable[list[Example]]], Generator[tuple[list[Example], Written], None, None]]
# The asker of a part of the weights, and of quotients with so many decimals.
Askers = Callable[[str, int | None], Asker]


@dataclass(frozen=True, slots=True)
class CertifyProgress:
    """Progress in suite `number` of `spaces`: `done` of `total` asked, `wrong` of them wrong."""

    name: str
    done: int
    total: int
    wrong: int
    space: str = ""
    number: int = 1
    spaces: int = 1

    def record(self) -> dict[str, Any]:
        return {
            "certifying": self.name,
            "space": self.space,
            "done": self.done,
            "of": self.total,
            "wrong": self.wrong,
        }


@dataclass(frozen=True, slots=True)
class Certified:
    """The outcome; `written` is true if it now stands in the card."""

    name: str
    certificates: tuple[Certificate, ...]
    written: bool

    def record(self) -> dict[str, Any]:
        return {
            "weights": self.name,
            "written": self.written,
            "spaces": [
                {**asdict(certificate), "exact": certificate.exact}
                for certificate in self.certificates
            ],
        }


@dataclass(slots=True)
class _Tally:
    """The counts of one suite so far."""

    done: int = 0
    seconds: float = 0.0
    below_100: int = 0
    asked: dict[str, Counter[str]] = field(default_factory=dict)
    missed: dict[str, Counter[str]] = field(default_factory=dict)
    by_wrong_digits: Counter[str] = field(default_factory=Counter)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return sum(self.by_wrong_digits.values())


@dataclass(slots=True)
class _Progress:
    """The progress of one command with weights of one checksum, kept in a file."""

    sha256: str
    command: str
    finished: list[Certificate] = field(default_factory=list)
    tally: _Tally = field(default_factory=_Tally)


def certify(
    card: Card, askers: Askers, command: str, *, sample: int | None, progress: Path
) -> Generator[CertifyProgress | tuple[Certificate, ...], None, None]:
    """Ask all suites of the weights, or `sample` of each; yields the certificates at the end.

    The counts so far are kept in the file `progress`, every `KEEP_SECONDS` and when the caller
    stops early. The same command on the same weights resumes from it; it is removed at the end.
    """
    suites = suites_of(card, sample)
    state = _resume(progress, card, command)
    finished = state.finished
    kept = time.monotonic()
    try:
        for number, suite in enumerate(suites[len(finished) :], len(finished) + 1):
            tally = state.tally
            for _ in _ask(suite, tally, askers(suite.part, suite.decimals)):
                if time.monotonic() > kept + KEEP_SECONDS:
                    kept = time.monotonic()
                    _keep(progress, state)
                counts = tally.done, suite.total, tally.wrong
                yield CertifyProgress(card.name, *counts, suite.name, number, len(suites))
            finished.append(_certificate(card, suite, tally, command))
            state.tally = _Tally()
    finally:
        if len(finished) < len(suites) and (finished or state.tally.done):
            _keep(progress, state)
    with suppress(OSError):  # a file that cannot be removed counts for no other weights or command
        progress.unlink(missing_ok=True)
    yield tuple(finished)


def progress_file(directory: Path, card: Card, command: str, sample: int | None) -> Path:
    """The file of the progress of a command: its name holds a hash of all that the counts are of.

    Another command, other weights of the name or another task have a file of their own, so none
    takes the place of another. Of one name, the newest `MAX_PROGRESS` files are kept.
    """
    spaces = [(suite.name, suite.total, suite.part) for suite in suites_of(card, sample)]
    key = json.dumps([card.sha256, command, card.task.record(), spaces])
    digest = hashlib.sha256(key.encode()).hexdigest()
    return directory / f".{card.name}.{digest[:16]}.certifying"


def askers_here(solver: Solver, threads: int) -> Askers:
    """Askers by a solver of this process, `threads` batches at a time."""

    def asker(part: str, decimals: int | None) -> Asker:
        write = solver.part(part, decimals)

        def ask(batch: list[Example]) -> Written:
            return write([example.question for example in batch])

        return lambda some: side_by_side(some, ask, threads)

    return asker


def _ask(suite: Suite, tally: _Tally, asker: Asker) -> Iterator[None]:
    """Ask what is left of a suite, batches side by side; yields after each is counted."""
    examples = islice(suite.examples(), tally.done, None)
    began, before = time.perf_counter(), tally.seconds
    with closing(asker(batches(examples, min(BATCH, suite.batch)))) as asked:
        for batch, written in asked:
            _count(tally, batch, written)
            tally.seconds = round(before + time.perf_counter() - began, 2)
            yield


def _count(tally: _Tally, batch: list[Example], written: Written) -> None:
    wrong: list[str] = []
    for example, text, confidence in zip(batch, *written, strict=True):
        if text == example.answer:
            continue
        wrong.append(example.question)
        columns = align(text, example.answer)
        tally.by_wrong_digits[str(sum(not column.right for column in columns))] += 1
        tally.below_100 += has_operand_below(example.question, 100)
        if len(tally.mistakes) < MAX_MISTAKES:
            mistake = Mistake(example.question, text, example.answer, round(confidence, 6))
            tally.mistakes.append(mistake)
    _count_classes(tally.asked, [example.question for example in batch])
    _count_classes(tally.missed, wrong)
    tally.done += len(batch)


def _count_classes(counted: dict[str, Counter[str]], questions: Sequence[str]) -> None:
    """Count questions by their classes; a batch has few distinct ones."""
    for classes, count in Counter(map(classes_of, questions)).items():
        for what, key in classes:
            counted.setdefault(what, Counter())[key] += count


def _certificate(card: Card, suite: Suite, tally: _Tally, command: str) -> Certificate:
    return Certificate(
        space=suite.name + (f", {tally.done:,} unseen" if suite.unseen else ""),
        command=command,
        sampled=suite.unseen,
        total=tally.done,
        wrong=tally.wrong,
        wrong_operand_below_100=tally.below_100,
        wrong_one_digit=tally.by_wrong_digits["1"],
        weights_sha256=card.sha256,
        date=datetime.now(UTC).date().isoformat(),
        seconds=tally.seconds,
        classes={
            what: {
                key: (count, tally.missed.get(what, Counter())[key])
                for key, count in sorted(counts.items())
            }
            for what, counts in tally.asked.items()
        },
        by_wrong_digits=dict(sorted(tally.by_wrong_digits.items(), key=lambda item: int(item[0]))),
        mistakes=tuple(tally.mistakes),
    )


def _keep(path: Path, progress: _Progress) -> None:
    with suppress(OSError):  # the next run starts over
        atomic.write_bytes(path, msgspec.json.encode(progress))
        _clear_old(path)


def _clear_old(path: Path) -> None:
    """Remove the oldest files of progress of the same name. Raises `OSError`."""
    mine = _PROGRESS.fullmatch(path.name)
    others = ((_PROGRESS.fullmatch(one.name), one) for one in path.parent.glob(".*.certifying"))
    same = [one for found, one in others if found and mine and found[1] == mine[1] and one != path]
    same.sort(key=lambda one: one.stat().st_mtime_ns)
    for one in same[: max(0, len(same) + 1 - MAX_PROGRESS)]:
        one.unlink(missing_ok=True)


def _resume(path: Path, card: Card, command: str) -> _Progress:
    """The counts of an earlier run of the same command on the same weights."""
    fresh = _Progress(card.sha256, command)
    try:
        record = parse(atomic.read_bytes(path, MAX_PROGRESS_BYTES), "progress")
        check_plain(record, "progress")
        found = read(_Progress, record, "progress")
    except (OSError, TypeError, WeightsError):
        return fresh
    same = (found.sha256, found.command) == (card.sha256, command)
    return found if same else fresh
