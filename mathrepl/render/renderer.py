"""Draws the values that commands return: at a terminal, in a pipe, as text or HTML for IPython."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from io import StringIO
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI
from rich.text import Text

from mathrepl.analysis.card_text import card_rows
from mathrepl.analysis.figure import Figure, Progress
from mathrepl.commands.configuring import HelpPage
from mathrepl.commands.spec import Note, Quit, Table, Value
from mathrepl.commands.weights import CardPage
from mathrepl.evaluation.certify import Certified, CertifyProgress
from mathrepl.evaluation.proofs import ProvedWeights
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
from mathrepl.render.proofs import draw_proved
from mathrepl.render.text import error_text
from mathrepl.render.theme import WIDTH_OF_A_PIPE, make_console, styles
from mathrepl.render.training import TrainingView, draw_finished
from mathrepl.session.quiz import Round, Score
from mathrepl.store.card import Card
from mathrepl.support.errors import MathreplError, Spell
from mathrepl.support.text import printable
from mathrepl.training.events import EpochDone, Finished, Launched, Started, Stepped, Warned

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
        for console in {self.out, self.talk}:
            console.push_theme(styles(theme), inherit=False)

    def close(self) -> None:
        """End any live display."""
        for view in (self._training, self._progress):
            if view is not None:
                view.close()
        self._training = self._progress = None

    def show(self, value: Value) -> None:
        """Draw one value."""
        if isinstance(value, (Launched, Started, Stepped, EpochDone, Warned)):
            self._training = self._training or TrainingView(self.talk)
            self._training.show(value)
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
            self._answers(Answers((answer,)))

    def _answers(self, answers: Answers) -> None:
        if self.out.is_terminal:
            self.out.print(draw_answers(answers, self.out))
            return
        named = names_networks(answers)
        for item in answers.items:
            if isinstance(item, Answer):
                self.out.print(answer_line(item, named=named), soft_wrap=True)
            else:
                self.error(item.error)

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
    Card: lambda to, value: to.show(Table(value.name, ("card", ""), tuple(card_rows(value)))),
    Certified: lambda to, value: to.out.print(draw_certified(value)),
    ProvedWeights: lambda to, value: to.out.print(draw_proved(value, to.out)),
    Figure: lambda to, value: to.out.print(
        draw_figure(value, to.out), soft_wrap=not to.out.is_terminal
    ),
    Finished: lambda to, value: to.out.print(
        draw_finished(value, to._spell), soft_wrap=not to.out.is_terminal
    ),
}
PAGE_WIDTH, PAGE_HEIGHT = 110, 40  # cells, where no window says how many
_PAGE = (
    '<pre style="white-space:pre; overflow-x:auto; line-height:1.25; '
    "font-family:Menlo,'DejaVu Sans Mono',Consolas,monospace\">{code}</pre>"
)


def as_text(value: Value | Card, theme: str, *, terminal: bool) -> str:
    """The drawing for a terminal, with colours, or the plain text for a pipe."""
    file = StringIO()
    console = _console(file, theme, None if terminal else PAGE_WIDTH)
    Renderer(theme, console=console).show(value)
    return "\n".join(line.rstrip() for line in file.getvalue().rstrip("\n").split("\n"))


def as_html(value: Value | Card, theme: str) -> str:
    """A `<pre>` with inline styles; `auto` means a light page, as notebooks mostly have."""
    theme = "light" if theme == "auto" else theme
    console = make_console(
        StringIO(),
        theme,
        record=True,
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
        legacy_windows=False,
        width=PAGE_WIDTH,
        height=PAGE_HEIGHT,
    )
    Renderer(theme, console=console).show(value)
    colours = DEFAULT_TERMINAL_THEME if theme == "light" else MONOKAI
    page = console.export_html(theme=colours, code_format=_PAGE, inline_styles=True)
    return page.replace("\n</pre>", "</pre>")


def renderer_for(theme: str, *, terminal: bool, errors: bool = False) -> Renderer:
    """A renderer on the current `sys.stdout`, or with `errors` on `sys.stderr`.

    Outside a terminal progress is plain lines, even where the host has colours.
    """
    stream = sys.stderr if errors else sys.stdout
    return Renderer(theme, console=_console(stream, theme, None if terminal else WIDTH_OF_A_PIPE))


def _console(file: IO[str], theme: str, width: int | None) -> Console:
    """A console for a terminal, or for plain text of `width` cells."""
    # Left to itself, rich shows HTML in a notebook, and colours for its FORCE_COLOR.
    return make_console(
        file,
        theme,
        force_terminal=width is None,
        force_jupyter=False,
        color_system="auto" if width is None else None,
        width=width,
    )
