"""The solver that shows its work: a tagger marks a span, a rewriter writes its result, code copies.

The tagger reads each line and marks a span. The rewriter reads the span, and code puts the text it
writes in the span's place: the next line. That goes on until a number is left, for all questions
side by side. People read the nicknames reader and doer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mathrepl.arithmetic.parser import parse
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
from mathrepl.data.codec import Floats, Indices, encode_questions
from mathrepl.inference.decoding import guesses_of, written_of
from mathrepl.inference.solution import Guess, ScratchpadStep, Solution, Written, probability_of
from mathrepl.store.card import Card

_T = TypeVar("_T")
MAX_STEPS = 200
MAX_CHARACTERS = 500
# Levels of parentheses beyond those of the first line. Correct scratchpads needed at most 7, and
# nearly all that go astray nest without end.
MAX_DEEPER = 16
BATCH = 1024
PADDED = 91  # positions that a shorter line is padded to, as in training (`step_examples`)


@dataclass(slots=True)
class _Scratchpad:
    """One question being worked out; `guesses` go with the characters of the last line.

    `rest` is the remainder, once the step that drops it was taken for a question that wants it.
    """

    question: str
    decimals: int
    line: str
    guesses: list[Guess | None]
    deepest: int
    wants_rest: bool
    steps: list[ScratchpadStep] = field(default_factory=list)
    end: Guess | None = None
    stuck: str = ""
    rest: str | None = None
    rest_guesses: list[Guess | None] = field(default_factory=list)
    confidence: float = 1.0

    @property
    def open(self) -> bool:
        return not self.stuck and self.rest is None and not is_done(self.line)

    @property
    def answer(self) -> str:
        if self.wants_rest:
            return self.rest or ""
        return "" if self.stuck else point(self.line, self.decimals)

    def rewrite(self, span: Span, text: str) -> None:
        """Put `text` in the place of the span, or find out that the scratchpad is stuck."""
        if self.wants_rest:
            self.rest = rest_of(span.of(self.line), text)
        line = splice(self.line, span, text)
        if not text or not is_line(line):
            self.stuck = "the doer wrote nothing in place of a part"
        elif line == self.line:
            self.stuck = "the doer wrote the same line again"
        elif len(line) > MAX_CHARACTERS:
            self.stuck = "the line grew too long"
        elif nesting(line) > self.deepest:
            self.stuck = "the parentheses nest ever deeper"
        self.line = line

    def solution(self) -> Solution:
        text = self.answer
        steps = (*self.steps, ScratchpadStep(self.line))
        guesses = tuple(self.rest_guesses or _follow(self.line, self.guesses, text))
        return Solution(self.question, text, guesses, self.end, steps, self.stuck)


class ScratchpadSolver:
    """Weights of two networks; `run` maps a part and indices to that network's probabilities.

    All questions advance line by line together, `BATCH` spans of like length at a time.
    """

    def __init__(self, card: Card, run: Callable[[str, Indices], Floats]) -> None:
        self.card = card
        self._run = run
        # A line costs its own length: a card cannot ask for more padding than training had.
        padded = min(card.encoding.question_length, PADDED)
        self._tagger_encoding = replace(card.encoding, reverse=False, question_length=padded)

    def solve(self, questions: Sequence[str], decimals: int | None = None) -> list[Solution]:
        pads = [self._laid_out(question, decimals) for question in questions]
        for _ in self._lines(pads, keep=True):
            pass
        return [pad.solution() for pad in pads]

    def solve_stepwise(
        self, question: str, decimals: int | None = None
    ) -> Iterator[tuple[ScratchpadStep, ...] | Solution]:
        pad = self._laid_out(question, decimals)
        yield (ScratchpadStep(pad.line),)
        for number in self._lines([pad], keep=True):
            if len(pad.steps) == number:
                yield (*pad.steps, ScratchpadStep(pad.line))
        yield pad.solution()

    def write(self, questions: Sequence[str]) -> Written:
        pads = [self._laid_out(question) for question in questions]
        for _ in self._lines(pads, keep=False):
            pass
        return Written([pad.answer for pad in pads], [pad.confidence for pad in pads])

    def part(self, name: str) -> Callable[[Sequence[str]], Written]:
        """The tagger's tags of lines, the rewriter's texts for spans, or `write` for ""."""
        return {
            "": self.write,
            "reader": self._write_tags,
            "doer": lambda spans: written_of(self.card.encoding, self._rewritten(spans)),
        }[name]

    def _write_tags(self, lines: Sequence[str]) -> Written:
        found = Written([], [])
        for line, tags in zip(lines, self._tagged(lines), strict=True):
            found.texts.append("".join("01"[tag] for tag in tags[: len(line)].argmax(-1)))
            found.confidences.append(_certainty(tags, line))
        return found

    def _tagged(self, lines: Sequence[str]) -> Floats:
        """The tagger's probabilities (n, T, 2)."""
        return self._run("reader", encode_questions(self._tagger_encoding, lines))

    def _rewritten(self, spans: Sequence[str]) -> Floats:
        """The rewriter's probabilities (n, U, V)."""
        return self._run("doer", encode_questions(self.card.encoding, spans))

    def _laid_out(self, question: str, decimals: int | None = None) -> _Scratchpad:
        expression = parse(question)
        if decimals is None:
            decimals = self.card.task.decimals
        if "/" not in expression.operations():
            decimals = 0
        line = first_line(expression, decimals)
        if line is None:
            raise ValueError(f"{question!r} cannot be laid out")
        return _Scratchpad(
            question,
            decimals,
            line,
            [None] * len(line),
            deepest=nesting(line) + MAX_DEEPER,
            wants_rest="%" in expression.operations(),
        )

    def _lines(self, pads: Sequence[_Scratchpad], *, keep: bool) -> Iterator[int]:
        """Work scratchpads to their ends, and yield the number of steps after each."""
        for number in range(1, MAX_STEPS + 1):
            if not (still_open := [pad for pad in pads if pad.open]):
                return
            self._step(still_open, keep=keep)
            yield number
        for pad in pads:
            if pad.open:
                pad.stuck = f"no end after {MAX_STEPS} lines"

    def _step(self, pads: Sequence[_Scratchpad], *, keep: bool) -> None:
        """The next line of each; with `keep` steps and guesses are kept for its solution."""
        found: list[tuple[_Scratchpad, Span, float]] = []
        for batch in _alike(pads, lambda pad: len(pad.line)):
            tagged = self._tagged([pad.line for pad in batch])
            for pad, tags in zip(batch, tagged, strict=True):
                span = span_of(tags[: len(pad.line)].argmax(-1) == 1)
                if span is None:
                    pad.stuck = "the reader marked no one part of the line"
                else:
                    found.append((pad, span, _certainty(tags, pad.line)))
        for spans in _alike(found, lambda one: one[1].end - one[1].start):
            probabilities = self._rewritten([span.of(pad.line) for pad, span, _ in spans])
            if keep:
                self._rewrite_and_keep(spans, probabilities)
                continue
            written = written_of(self.card.encoding, probabilities)
            for (pad, span, certainty), text, confidence in zip(spans, *written, strict=True):
                pad.confidence *= certainty * confidence
                pad.rewrite(span, text)

    def _rewrite_and_keep(
        self, spans: Sequence[tuple[_Scratchpad, Span, float]], probabilities: Floats
    ) -> None:
        encoding = self.card.encoding
        written = guesses_of(encoding.characters, probabilities, reverse=encoding.reverse)
        for (pad, span, certainty), (guesses, end) in zip(spans, written, strict=True):
            text = "".join([guess.character for guess in guesses])
            probability = certainty * probability_of((*guesses, end))
            line, before = pad.line, pad.guesses
            pad.steps.append(ScratchpadStep(line, span, text, probability))
            pad.rewrite(span, text)
            placed = line[: span.start] + text + line[span.end :]
            origins = [*before[: span.start], *guesses, *before[span.end :]]
            pad.guesses = _follow(placed, origins, pad.line)
            if pad.rest is not None:
                slash = span.start + span.of(line).index("/")
                pad.rest_guesses = before[slash - len(pad.rest) : slash]
            pad.end = end


def _certainty(tags: Floats, line: str) -> float:
    """The probability of all the likeliest tags (T, 2) of a line."""
    return float(tags[: len(line)].max(-1).prod())


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
