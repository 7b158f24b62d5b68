"""The solver that shows its work: a reader spans, a doer writes, code copies.

Every line goes to the reader, the part it marks to the doer, and what the doer writes in the
part's place. That goes on until a number is left, for all questions side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mathrepl.arithmetic.expression import parse
from mathrepl.arithmetic.scratchpad import (
    Span,
    first_line,
    is_done,
    is_line,
    nesting,
    point,
    rest_of,
    span_of,
    splice,
)
from mathrepl.data.codec import Floats, Indices, decode, encode_questions
from mathrepl.inference.decoding import guesses_of
from mathrepl.inference.solution import Guess, ScratchpadStep, Solution, probability_of
from mathrepl.store.card import Card

_T = TypeVar("_T")
MAX_LINES = 200
MAX_CHARACTERS = 500
# Levels of parentheses more than in the first line. Right workings were seen to need 7 at most, and
# nearly all that go astray nest without an end.
MAX_DEEPER = 16
BATCH = 1024


@dataclass(slots=True)
class _Scratchpad:
    """One question being worked out; `guesses` go with the characters of the last line."""

    question: str
    decimals: int
    line: str
    guesses: list[Guess | None]
    deepest: int
    lines: list[ScratchpadStep] = field(default_factory=list)
    end: Guess | None = None
    stuck: str = ""
    wants_rest: bool = False
    rest: str | None = None
    rest_guesses: list[Guess | None] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return not self.stuck and self.rest is None and not is_done(self.line)


class ScratchpadSolver:
    """Weights of kind `work`; `run` maps a part and indices to that network's probabilities."""

    def __init__(self, card: Card, run: Callable[[str, Indices], Floats]) -> None:
        self.card = card
        self._run = run
        self._doer = card.encoding
        self._reader = replace(card.encoding, reverse=False)

    def solve(self, questions: Sequence[str]) -> list[Solution]:
        """Solutions with their workings, in order. Raises `ValueError` for what has no first line.

        The work of many questions goes on line by line, `BATCH` parts of like length at a time.
        """
        sheets = [self._sheet(question) for question in questions]
        self._work(sheets, keep=True)
        return [self._solution(sheet) for sheet in sheets]

    def solve_stepwise(self, question: str) -> Iterator[tuple[ScratchpadStep, ...] | Solution]:
        """The lines so far whenever there is one more, and the solution at the end.

        Raises `ValueError` for what has no first line.
        """
        sheet = self._sheet(question)
        yield (ScratchpadStep(sheet.line),)
        for _ in range(MAX_LINES):
            if not sheet.open:
                break
            known = len(sheet.lines)
            self._step([sheet], keep=True)
            if len(sheet.lines) > known:
                yield (*sheet.lines, ScratchpadStep(sheet.line))
        _end([sheet])
        yield self._solution(sheet)

    def write(self, questions: Sequence[str]) -> list[str]:
        """The answers alone, for large numbers of questions."""
        sheets = [self._sheet(question) for question in questions]
        self._work(sheets, keep=False)
        return [self._text(sheet) for sheet in sheets]

    def write_surely(self, questions: Sequence[str]) -> tuple[list[str], list[float]]:
        """The answers, and how sure both networks are of all they wrote for each, 0 to 1."""
        solutions = self.solve(questions)
        return [one.text for one in solutions], [one.confidence for one in solutions]

    def confidences(self, questions: Sequence[str]) -> list[float]:
        """How sure both networks are of all they wrote, 0 to 1."""
        return self.write_surely(questions)[1]

    def write_part(self, part: str, texts: Sequence[str]) -> list[str]:
        """The reader's tags of lines, or what the doer writes in the place of parts."""
        return {"reader": self._tags, "doer": self.do}[part](texts)

    def part_confidences(self, part: str, texts: Sequence[str]) -> list[float]:
        """How sure the reader is of all its tags, or the doer of all it writes, 0 to 1."""
        return {"reader": self._sure_of_tags, "doer": self._sure_of_parts}[part](texts)

    def _sure_of_tags(self, lines: Sequence[str]) -> list[float]:
        return [sure for _, sure in self.span(lines)]

    def _sure_of_parts(self, parts: Sequence[str]) -> list[float]:
        written = guesses_of(self._doer.characters, self._doer_on(parts))
        return [probability_of((*guesses, end)) for guesses, end in written]

    def _tags(self, lines: Sequence[str]) -> list[str]:
        tags = self._reader_on(lines).argmax(-1)
        return [
            "".join("01"[tag] for tag in row[: len(line)])
            for row, line in zip(tags, lines, strict=True)
        ]

    def span(self, lines: Sequence[str]) -> list[tuple[Span | None, float]]:
        """The reader alone: the part it marks in each line, and how sure it is of all its tags."""
        marked: list[tuple[Span | None, float]] = []
        probabilities = self._reader_on(lines)
        for row, line in enumerate(lines):
            tags = probabilities[row, : len(line)]
            span = span_of([bool(tag) for tag in tags.argmax(-1)])
            marked.append((span, float(tags.max(-1).prod())))
        return marked

    def do(self, parts: Sequence[str]) -> list[str]:
        """The doer alone: what it writes in the place of each part."""
        return decode(self._doer, self._doer_on(parts).argmax(-1))

    def _reader_on(self, lines: Sequence[str]) -> Floats:
        return self._run("reader", encode_questions(self._reader, lines))

    def _doer_on(self, parts: Sequence[str]) -> Floats:
        return self._run("doer", encode_questions(self._doer, parts))

    def _sheet(self, question: str) -> _Scratchpad:
        expression = parse(question)
        decimals = self.card.task.decimals if "/" in expression.operations() else 0
        line = first_line(expression, decimals)
        if line is None:
            raise ValueError(f"{question!r} cannot be laid out")
        wants_rest = "%" in expression.operations()
        deepest = nesting(line) + MAX_DEEPER
        return _Scratchpad(
            question, decimals, line, [None] * len(line), deepest, wants_rest=wants_rest
        )

    def _work(self, sheets: Sequence[_Scratchpad], *, keep: bool) -> None:
        for _ in range(MAX_LINES):
            open_sheets = [sheet for sheet in sheets if sheet.open]
            if not open_sheets:
                return
            self._step(open_sheets, keep=keep)
        _end(sheets)

    def _step(self, sheets: Sequence[_Scratchpad], *, keep: bool) -> None:
        """The next line of each."""
        marked: list[tuple[_Scratchpad, Span, float]] = []
        for batch in _alike(sheets, lambda sheet: len(sheet.line)):
            spans = self.span([sheet.line for sheet in batch])
            for sheet, (span, sure) in zip(batch, spans, strict=True):
                if span is None:
                    sheet.stuck = "the reader marked no one part of the line"
                else:
                    marked.append((sheet, span, sure))
        for parts in _alike(marked, lambda one: one[1].end - one[1].start):
            self._do(parts, keep=keep)

    def _do(self, batch: Sequence[tuple[_Scratchpad, Span, float]], *, keep: bool) -> None:
        parts = [span.of(sheet.line) for sheet, span, _ in batch]
        probabilities = self._doer_on(parts)
        if not keep:
            for (sheet, span, _), text in zip(
                batch, decode(self._doer, probabilities.argmax(-1)), strict=True
            ):
                self._put(sheet, span, text)
            return
        written = guesses_of(self._doer.characters, probabilities, reverse=self._doer.reverse)
        for (sheet, span, sure), (guesses, end) in zip(batch, written, strict=True):
            text = guesses.characters
            probability = sure * probability_of((*guesses, end))
            sheet.lines.append(ScratchpadStep(sheet.line, span, text, probability))
            before = sheet.guesses
            line = sheet.line
            self._put(sheet, span, text)
            placed = line[: span.start] + text + line[span.end :]
            origins = [*before[: span.start], *guesses, *before[span.end :]]
            sheet.guesses = _follow(placed, origins, sheet.line)
            if sheet.rest is not None:
                slash = span.start + span.of(line).index("/")
                sheet.rest_guesses = before[slash - len(sheet.rest) : slash]
            sheet.end = end

    def _put(self, sheet: _Scratchpad, span: Span, text: str) -> None:
        if sheet.wants_rest:
            sheet.rest = rest_of(span.of(sheet.line), text)
        line = splice(sheet.line, span, text)
        if not text or not is_line(line):
            sheet.stuck = "the doer wrote nothing in place of a part"
        elif line == sheet.line:
            sheet.stuck = "the doer wrote the same line again"
        elif len(line) > MAX_CHARACTERS:
            sheet.stuck = "the line grew too long"
        elif nesting(line) > sheet.deepest:
            sheet.stuck = "the parentheses nest ever deeper"
        sheet.line = line

    def _text(self, sheet: _Scratchpad) -> str:
        if sheet.wants_rest:
            return sheet.rest or ""
        return "" if sheet.stuck else point(sheet.line, sheet.decimals)

    def _solution(self, sheet: _Scratchpad) -> Solution:
        text = self._text(sheet)
        lines = (*sheet.lines, ScratchpadStep(sheet.line))
        guesses = tuple(sheet.rest_guesses or _follow(sheet.line, sheet.guesses, text))
        return Solution(sheet.question, text, guesses, sheet.end, lines, sheet.stuck)


def _end(sheets: Sequence[_Scratchpad]) -> None:
    for sheet in sheets:
        if sheet.open:
            sheet.stuck = f"no end after {MAX_LINES} lines"


def _alike(items: Sequence[_T], length: Callable[[_T], int]) -> Iterator[list[_T]]:
    """The items in batches of like length, so that little of a batch is padding."""
    ordered = sorted(items, key=length)
    for first in range(0, len(ordered), BATCH):
        yield ordered[first : first + BATCH]


def _follow(text: str, guesses: Sequence[Guess | None], copied: str) -> list[Guess | None]:
    """The guesses of `text`'s characters where they stand in `copied`.

    Parentheses come and go, and layout adds zeros and a point: those have none.
    """
    own = [pair for pair in zip(text, guesses, strict=True) if pair[0] not in "()"]
    followed: list[Guess | None] = []
    place = 0
    for character in copied:
        if place < len(own) and own[place][0] == character:
            followed.append(own[place][1])
            place += 1
        else:
            followed.append(None)
    return followed
