"""`%load_ext mathrepl`: `%math` and `%%math` in IPython and Jupyter.

Values are returned unchanged; the shell gets formatters that display them. No other module imports
IPython.
"""

from __future__ import annotations

import atexit
import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import groupby
from typing import Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from mathrepl.analysis.figure import Figure
from mathrepl.arithmetic.parser import split_line
from mathrepl.commands.dispatch import is_passing, perform, run_line
from mathrepl.commands.spec import Context, Note, Quit, Value
from mathrepl.commands.table import command_table
from mathrepl.hosts.api import InputPerson
from mathrepl.hosts.prompt.completion import suggestions
from mathrepl.hosts.starting import chosen_settings, open_session
from mathrepl.render.renderer import DRAWINGS, as_html, as_text, renderer_for
from mathrepl.session.quiz import Round
from mathrepl.support.errors import MathreplError
from mathrepl.support.plugins import take_problems
from mathrepl.training.events import EpochDone, Started, Warned

_LINE = re.compile(r"(?:[^%'\"]*=)?\s*%math\s+")  # no blank may belong to two of its parts
_CELL = re.compile(r"\s*%%math\b")
_loaded: dict[int, Extension] = {}
_display: Callable[..., object] = display  # IPython's own has no types


def load(shell: InteractiveShell) -> None:
    """Give `shell` the magics, their completion, and formatters for the values."""
    unload(shell)
    _loaded[id(shell)] = Extension(shell)


def unload(shell: InteractiveShell) -> None:
    """Remove them, and stop trainings in the background, whose best weights are kept."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.remove()


class Shown:
    """Shows the values of a line while it runs; the last result is kept for the host to display.

    An earlier result is displayed when the next one comes, notes and progress at once. An error
    leaves no result.
    """

    def __init__(self, theme: str, put_out: Callable[[Value], object], *, terminal: bool) -> None:
        self._display = put_out
        self._renderer = renderer_for(theme, terminal=terminal)
        self._complaints = renderer_for(theme, terminal=terminal, errors=True)
        self._terminal = terminal
        self._result: Value | None = None
        self._note: Note | None = None

    @property
    def result(self) -> Value | None:
        """The last value other than a note; a note where there is no other value."""
        return self._note if self._result is None else self._result

    def show(self, value: Value) -> None:
        if isinstance(value, Quit):
            value = Note("%unload_ext mathrepl takes %math away")
        self.say()
        if isinstance(value, Note) and self._result is None:
            self._note = value
        elif isinstance(value, (Note, Round, Started, EpochDone, Warned)) or is_passing(value):
            # A notebook keeps all output, so pictures that replace one another would pile up.
            if self._terminal or not isinstance(value, Figure):
                self._renderer.show(value)
        else:
            self._put_out()
            self._result = value

    def say(self) -> None:
        """Write a note that was kept, because another value comes after it."""
        if self._note is not None:
            self._renderer.show(self._note)
            self._note = None

    def error(self, error: MathreplError, equation: str | None = None) -> None:
        self.say()
        self._put_out()
        self._renderer.close()
        self._complaints.error(error, equation)

    def close(self) -> None:
        self._renderer.close()

    def _put_out(self) -> None:
        if self._result is not None:
            self._renderer.close()
            self._display(self._result)
            self._result = None


class Person(InputPerson):
    """Reads input in the shell, after all values before it have been shown."""

    def __init__(self) -> None:
        self.shown: Shown | None = None

    def ask(self, prompt: str) -> str | None:
        if self.shown is not None:
            self.shown.say()
        return super().ask(prompt)


class Extension:
    """The magics, completion and formatters of one shell; `remove` takes them back."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._context: Context | None = None
        self._person = Person()
        shell.magics_manager.register_function(self.math, "line_cell", "math")
        marked: Callable[..., Any] = context_matcher(identifier="mathrepl")
        self._matcher = marked(lambda context: self.complete(context))  # gets attributes
        shell.Completer.custom_matchers.append(self._matcher)
        display_formatter: Any = shell.display_formatter
        formatters = display_formatter.formatters
        self._looks: tuple[tuple[Any, Callable[..., Any]], ...] = (
            (formatters["text/plain"], self._plain),
            (formatters["text/html"], self._html),
            (formatters["image/png"], _png),
        )
        self._dressed: list[type[Any]] = []
        for kind in DRAWINGS:
            self._dress(kind)
        atexit.register(self.close)

    def remove(self) -> None:
        for magics in self._shell.magics_manager.magics.values():
            magics.pop("math", None)
        self._shell.Completer.custom_matchers.remove(self._matcher)
        for kind in self._dressed:
            for formatter, _ in self._looks:
                formatter.pop(kind, None)
        atexit.unregister(self.close)
        self.close()

    def close(self) -> None:
        """Stop trainings in the background; their best weights are kept."""
        if self._context is not None:
            self._context.session.close()

    @property
    def context(self) -> Context:
        """The context of this shell, made at first use. Raises `SettingsError`."""
        if self._context is None:
            session = open_session(chosen_settings())
            self._context = Context(session, self._person, command_table(), "session")
            for problem in take_problems():
                renderer_for(self._theme, terminal=self._terminal, errors=True).error(problem)
        return self._context

    def math(self, line: str, cell: str | None = None) -> Value | None:
        """Ask the network, or run a command of mathrepl.

        %math 94 + 909            the network's answer beside the truth
        r = %math 94 + 909        a value: r.network, r.truth, r.wrong_digits
        %math {a} + {b}           with variables of yours
        %math 1+2; 30+40          several equations at once
        %math :quiz 5             any command; its last value is the result
        %math :train 5            interrupting stops it and keeps the best
        %math :help               all commands

        A cell that starts with %%math has one equation or command a line.
        """
        lines = [line] if cell is None else [line, *cell.splitlines()]
        said = [one for one in lines if one.strip() and not one.lstrip().startswith("#")]
        result: Value | None = None
        for is_command, group in groupby(said or [""], lambda one: one.lstrip().startswith(":")):
            batch = list(group)
            for together in [[one] for one in batch] if is_command else [batch]:
                if result is not None:
                    self._put_out(result)
                result, go_on = self._perform(together)
                if not go_on:
                    return result
        return result

    def _perform(self, lines: list[str]) -> tuple[Value | None, bool]:
        """The result of a command or of a batch of equations, and true where the cell goes on."""
        shown = Shown(self._theme, self._put_out, terminal=self._terminal)
        try:
            context = self.context
        except MathreplError as error:
            shown.error(error)
            return None, False
        self._person.shown = shown
        values = run_line(context, lines[0]) if len(lines) == 1 else _together(context, lines)
        done = perform(context, values, shown)
        for finished in context.session.ended_trainings():
            renderer_for(self._theme, terminal=self._terminal).show(finished)
        if shown.result is not None:
            self._dress(type(shown.result))
        return shown.result, not (context.interrupted or done.leave)

    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Commands, options and their values after `%math` and in a `%%math` cell."""
        text = _command_before(context)
        if text is None:
            return {"completions": []}
        try:
            fragment, found = suggestions(self.context.session, text)
        except MathreplError:  # running the line reports it
            return {"completions": []}
        return {
            "completions": [SimpleCompletion(word, type="magic") for word in found],
            "matched_fragment": fragment,
            "ordered": True,
            "suppress": True,
        }

    @property
    def _terminal(self) -> bool:
        return sys.stdout.isatty()  # never in a kernel

    @property
    def _theme(self) -> str:
        return self._context.session.settings.theme if self._context is not None else "auto"

    def _put_out(self, value: Value) -> None:
        self._dress(type(value))
        _display(value)

    def _dress(self, kind: type[Any]) -> None:
        """Register formatters for a kind of value; commands of other packages add kinds."""
        if kind not in self._dressed:
            self._dressed.append(kind)
            for formatter, draw in self._looks:
                formatter.for_type(kind, draw)

    def _plain(self, value: Value, printer: Any, cycle: bool) -> None:
        # In a list or a dict, Python's own form of a value is easier to read.
        inside = len(printer.stack) > 1
        text = repr(value) if inside else as_text(value, self._theme, terminal=self._terminal)
        printer.text(text)

    def _html(self, value: Value) -> str | None:
        # A notebook prefers HTML to a picture, so a figure with a picture gets no HTML.
        return None if _is_pictured(value) else as_html(value, self._theme)


def _together(context: Context, lines: list[str]) -> Iterator[Value]:
    """The answers to the equations of several lines, asked in one batch.

    An equation that cannot be asked does not stop the others.
    """
    yield context.session.ask_each([text for line in lines for text in split_line(line)])


def _command_before(context: CompletionContext) -> str | None:
    """The part of a `%math` line or cell before the cursor, None in other code."""
    before = context.text_until_cursor
    if context.cursor_line > 0 and _CELL.match(context.full_text):
        return before
    start = _CELL.match(before) if context.cursor_line == 0 else None
    start = start or _LINE.match(before)
    return None if start is None else before[start.end() :]


def _is_pictured(value: Value) -> bool:
    return isinstance(value, Figure) and find_spec("matplotlib") is not None


def _png(value: Value) -> bytes | None:
    if not isinstance(value, Figure) or not _is_pictured(value):
        return None
    from mathrepl.plots.drawing import picture

    return picture(value, "png")
