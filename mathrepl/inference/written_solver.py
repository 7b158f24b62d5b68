"""The solver that shows its work: networks with a memory of symbols answer passes, code copies.

The code lays a question out as one line (`arithmetic.layout`) and works it out
(`arithmetic.lines`); every character of a result is written by a network.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from types import MappingProxyType

from mathrepl.arithmetic.layout import first_line
from mathrepl.arithmetic.lines import (
    LineWorking,
    Span,
    Step,
    replaced,
    spelled,
    work_out,
)
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.skills import (
    ALL,
    BLANK,
    READING,
    alphabets_of,
)
from mathrepl.arithmetic.written import Pass, StuckError, pass_of
from mathrepl.data.codec import Floats, Indices
from mathrepl.inference.passes import Answerer, Asking, Lookup
from mathrepl.inference.solution import Answered, Guess, ScratchpadStep, Solution, Written
from mathrepl.networks import kind_of, parts_of
from mathrepl.networks.columns import Automaton
from mathrepl.store.card import Card
from mathrepl.support.settings import MOST_DECIMALS

NO_AUTOMATA: Mapping[str, Automaton] = MappingProxyType({})
Run = Callable[[str, Indices], Floats]


@dataclass(slots=True)
class _Sheet:
    """One question being worked out: its steps so far, and the passes of the present one."""

    question: str
    after: str
    working: LineWorking
    skills: Container[str]
    steps: list[ScratchpadStep] = field(default_factory=list)
    sure: float = 1.0
    passes: list[Answered] = field(default_factory=list)
    asked: list[Pass] = field(default_factory=list)
    answer: str | None = None
    stuck: str = ""

    def go_on(self, found: list[Answered] | None) -> bool:
        """Give the working the results of its passes; true if it asks for more."""
        results: list[str] | None = None
        if found is not None:
            results = []
            for asked, text, sure in found:
                if text.strip(alphabets_of(asked.skill).written):  # no other skill could read it
                    self.stuck = f"the skill {asked.skill} wrote {text!r:.40}"
                    return False
                results.append(text)
                self.sure *= sure
            self.passes += found
        try:
            while isinstance(wanted := self.working.send(results), Step):  # type: ignore[arg-type]
                self._keep(wanted)
                results = None
        except StopIteration as end:
            self.answer = end.value
            return False
        except StuckError as stuck:
            self.stuck = str(stuck)
            return False
        lacking = [one.skill for one in wanted if one.skill not in self.skills]
        if lacking:
            self.stuck = f"these weights have no skill {lacking[0]}: {ALL[lacking[0]].summary}"
            return False
        self.asked = wanted
        return True

    def _keep(self, step: Step) -> None:
        """Keep a step as people read it, with the passes since the one before."""
        line = spelled(step.line)
        span = Span(len(spelled(step.line[: step.span.start])), 0)
        span = Span(span.start, span.start + len(spelled(step.span.of(step.line))))
        self.steps.append(
            ScratchpadStep(line, span, step.written, self.sure, step.operation, tuple(self.passes))
        )
        self.after = spelled(replaced(step.line, step.span, step.written))
        self.sure, self.passes = 1.0, []

    @property
    def last_line(self) -> str:
        """The line that is being worked on, or the answer."""
        return self.after if self.answer is None else self.answer

    @property
    def lines(self) -> tuple[ScratchpadStep, ...]:
        """The steps, and the line after them."""
        return (*self.steps, ScratchpadStep(self.last_line, probability=self.sure))


class WrittenSolver:
    """Weights whose networks answer passes; `run` maps a part and indices to probabilities.

    In the `automata` of parts, where given, passes are looked up instead.
    """

    def __init__(
        self, card: Card, run: Run, automata: Mapping[str, Automaton] = NO_AUTOMATA
    ) -> None:
        self.card = card
        parts = parts_of(card.architecture)
        answerers: dict[str, Answerer] = {}
        for part, name in parts.items():
            encoding = kind_of(name).encoding(card.encoding)
            automaton = automata.get(part)
            found: Answerer
            found = Lookup(automaton) if automaton else Asking(encoding, partial(run, part))
            answerers |= dict.fromkeys(encoding.skills, found)
        self._answerers = answerers

    def solve(self, questions: Sequence[str], decimals: int | None = None) -> list[Solution]:
        sheets = [self._laid_out(question, decimals) for question in questions]
        for _ in self._rounds(sheets):
            pass
        return [self._solution(sheet) for sheet in sheets]

    def solve_stepwise(
        self, question: str, decimals: int | None = None
    ) -> Iterator[tuple[ScratchpadStep, ...] | Solution]:
        sheet = self._laid_out(question, decimals)
        yield sheet.lines
        for _ in self._rounds([sheet]):
            if sheet.steps and not sheet.passes:
                yield sheet.lines
        yield self._solution(sheet)

    def write(self, questions: Sequence[str], decimals: int | None = None) -> Written:
        sheets = [self._laid_out(question, decimals) for question in questions]
        for _ in self._rounds(sheets):
            pass
        return Written(
            [sheet.answer or "" for sheet in sheets],
            [prod([step.probability for step in sheet.lines]) for sheet in sheets],
        )

    def part(self, name: str, decimals: int | None = None) -> Callable[[Sequence[str]], Written]:
        """`write` for "", or the results of passes by one of the parts."""
        if name not in ("", *parts_of(self.card.architecture)):
            raise KeyError(name)
        return self._write_passes if name else partial(self.write, decimals=decimals)

    def _write_passes(self, texts: Sequence[str]) -> Written:
        """Results in the order in which a network writes them, last to first."""
        names = "".join(self._answerers)
        (found,) = self._answered([[pass_of(text, names) for text in texts]])
        return Written(
            [r[::-1] if ALL[asked.skill].mirrored else r for asked, r, _ in found],
            [one.probability for one in found],
        )

    def _laid_out(self, question: str, decimals: int | None) -> _Sheet:
        layout = first_line(parse(question))
        if decimals is None:
            decimals = self.card.task.decimals
        working = work_out(
            layout.line,
            layout.places,
            "0" * decimals,
            ends=decimals == MOST_DECIMALS,
            reads=READING[0] in self._answerers,
        )
        return _Sheet(question, spelled(layout.line), working, self._answerers)

    def _rounds(self, sheets: Sequence[_Sheet]) -> Iterator[None]:
        """Answer the passes of all sheets, side by side, until all are done."""
        still_open = [sheet for sheet in sheets if sheet.go_on(None)]
        while still_open:
            found = self._answered([sheet.asked for sheet in still_open])
            pairs = zip(still_open, found, strict=True)
            still_open = [sheet for sheet, results in pairs if sheet.go_on(results)]
            yield

    def _answered(self, asked: Sequence[list[Pass]]) -> list[list[Answered]]:
        """The results of passes of several sheets, in order."""
        by_answerer: dict[int, tuple[Answerer, list[Pass]]] = {}
        for passes in asked:
            for one in passes:
                answerer = self._answerers[one.skill]
                by_answerer.setdefault(id(answerer), (answerer, []))[1].append(one)
        results = {key: iter(who.answer(passes)) for key, (who, passes) in by_answerer.items()}
        return [
            [next(results[id(self._answerers[one.skill])]) for one in passes] for passes in asked
        ]

    def _solution(self, sheet: _Sheet) -> Solution:
        text = sheet.answer or ""
        guesses, end = self._guesses(sheet, text)
        return Solution(sheet.question, text, guesses, end, sheet.lines, sheet.stuck)

    def _guesses(self, sheet: _Sheet, text: str) -> tuple[tuple[Guess | None, ...], Guess | None]:
        """The guesses of the last pass that wrote digits of the answer, and of its end mark.

        Copied characters, a sign before the digits and a point moved into them, have none.
        """
        passes = [one.asked for step in sheet.steps[-1:] for one in step.passes]
        writing = [one for one in passes if one.skill in "+-zx"]
        if not writing:
            return (None,) * len(text), None
        found, end = self._answerers[writing[-1].skill].guesses(writing[-1])
        own = [guess for guess in found if guess.character != BLANK]
        missing = len(text) - len(own)
        return ((None,) * missing + tuple(own) if missing >= 0 else (None,) * len(text)), end
