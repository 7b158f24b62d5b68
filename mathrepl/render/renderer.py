"""Draws the values that commands return: results on stdout, talk on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from mathrepl.analysis.figure import Figure, Progress
from mathrepl.commands.configuring import HelpPage
from mathrepl.commands.spec import Note, Quit, Table, Value
from mathrepl.commands.weights import CardPage
from mathrepl.evaluation.certify import Certified, CertifyProgress
from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.render.answers import answer_line, draw_answer, draw_answers, names_networks
from mathrepl.render.figures import draw_figure
from mathrepl.render.pages import (
    draw_card,
    draw_certified,
    draw_help,
    draw_note,
    draw_round,
    draw_score,
    draw_table,
)
from mathrepl.render.text import error_text
from mathrepl.render.theme import make_console, styles
from mathrepl.render.training import TrainingView, draw_finished
from mathrepl.session.quiz import Round, Score
from mathrepl.support.errors import MathreplError, Spell
from mathrepl.support.text import printable
from mathrepl.training.events import EpochDone, Event, Finished, Launched, Started, Stepped, Warned

if TYPE_CHECKING:
    from mathrepl.render.progress import ProgressView


class Renderer:
    """Draws results on `out`, talk and progress on `talk`.

    Both are `console`, or stdout where none is given; with `talk_on_stderr` talk goes to stderr.
    `spell` writes the commands that are advised.
    """

    def __init__(
        self,
        theme: str,
        *,
        console: Console | None = None,
        talk_on_stderr: bool = False,
        spell: Spell = str,
    ) -> None:
        self.out = console or make_console(sys.stdout, theme)
        self.talk = make_console(sys.stderr, theme) if talk_on_stderr else self.out
        self._spell = spell
        self._training: TrainingView | None = None
        self._progress: ProgressView | None = None

    def set_theme(self, theme: str) -> None:
        for console in {id(self.out): self.out, id(self.talk): self.talk}.values():
            console.push_theme(styles(theme), inherit=False)

    def close(self) -> None:
        """End any live display."""
        for view in (self._training, self._progress):
            if view is not None:
                view.close()
        self._training = self._progress = None

    def show(self, value: Value) -> None:
        """Draw one value."""
        if isinstance(value, (Launched, Started, Stepped, EpochDone, Warned, Finished)):
            self._show_training(value)
            return
        if isinstance(value, (Progress, CertifyProgress)):
            from mathrepl.render.progress import ProgressView  # rich.progress is slow to import

            self._progress = self._progress or ProgressView(self.talk)
            self._progress.show(value)
            return
        self.close()
        if type(value) in DRAWINGS:
            DRAWINGS[type(value)](self, value)
        elif not isinstance(value, Quit):
            self._print_record(value)

    def together(self) -> AbstractContextManager[None]:
        """Draws each value at once, which keeps answers and errors in order on a terminal."""
        return nullcontext()

    def error(self, error: MathreplError, equation: str | None = None) -> None:
        """One clear line, with a caret where the error has a column."""
        self.close()
        text = error_text(error, self.talk.width)
        self.talk.print(text, soft_wrap=not self.talk.is_terminal)

    def _answer(self, answer: Answer) -> None:
        if self.out.is_terminal:
            self.out.print(draw_answer(answer, self.out))
        else:
            self._plain(answer, named=answer.auto)

    def _answers(self, answers: Answers) -> None:
        if self.out.is_terminal:
            self.out.print(draw_answers(answers, self.out))
            return
        named = names_networks(answers)
        for item in answers.items:
            if isinstance(item, Answer):
                self._plain(item, named=named)
            else:
                self.show(item)

    def _plain(self, answer: Answer, *, named: bool) -> None:
        self.out.print(answer_line(answer, named=named), soft_wrap=True)

    def _show_training(self, event: Launched | Event) -> None:
        if isinstance(event, Finished):
            self.close()
            self.out.print(draw_finished(event, self._spell), soft_wrap=not self.out.is_terminal)
            return
        if self._training is None:
            self._training = TrainingView(self.talk)
        self._training.show(event)

    def _print_record(self, value: Value) -> None:
        """Print the record of a value from another package, key by key."""
        record = value.record()
        for one in record if isinstance(record, list) else [record]:
            for key, content in one.items():
                self.out.print(Text.assemble((f"{key} ", "quiet"), printable(str(content))))


DRAWINGS: Mapping[type[Any], Callable[[Renderer, Any], None]] = {
    Answer: Renderer._answer,
    Answers: Renderer._answers,
    Refused: lambda to, value: to.error(value.error),
    Round: lambda to, value: to.out.print(draw_round(value)),
    Score: lambda to, value: to.out.print(draw_score(value, to.out)),
    Note: lambda to, value: to.talk.print(draw_note(value)),
    Table: lambda to, value: to.out.print(draw_table(value, to.out.width)),
    HelpPage: lambda to, value: to.out.print(draw_help(value)),
    CardPage: lambda to, value: to.out.print(draw_card(value)),
    Certified: lambda to, value: to.out.print(draw_certified(value)),
    Figure: lambda to, value: to.out.print(
        draw_figure(value, to.out), soft_wrap=not to.out.is_terminal
    ),
}
