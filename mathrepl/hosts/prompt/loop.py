"""The interactive session: a prompt, a line, its values drawn, and again.

The prompt is drawn before the rest of the program is loaded: a thread imports the rest and reads
the weights while the person begins to type. `benchmarks/starting.py` measures the difference.
"""

from __future__ import annotations

import contextlib
import textwrap
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from prompt_toolkit.styles import BaseStyle, DynamicStyle

from mathrepl import __version__
from mathrepl.hosts.prompt.completion import CommandCompleter, key_bindings
from mathrepl.hosts.prompt.highlight import LineLexer, Visible, style
from mathrepl.hosts.prompt.history import open_history
from mathrepl.hosts.prompt.toolbar import toolbar
from mathrepl.hosts.starting import open_session
from mathrepl.support.errors import Advice, MathreplError, Run
from mathrepl.support.interrupts import counted, raise_again
from mathrepl.support.settings import Settings, data_directory, is_light

if TYPE_CHECKING:
    from mathrepl.hosts.prompt.parts import Parts

PROMPT = "math> "
GREETING = f"mathrepl {__version__}: type an equation, or :help; Ctrl-D leaves"
JOB_REFRESH_SECONDS = 0.5
LOOK_SECONDS = 0.05


class Repl:
    """One interactive session; `run` returns the exit code.

    `load` makes the parts, in a thread that starts when the prompt is drawn.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Parts],
        *,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._settings = settings
        self._load = load
        self._parts: Parts | None = None
        self._loading: threading.Thread | None = None
        self._loaded = threading.Event()
        self._problem: BaseException | None = None
        history, self._history_problem = open_history(
            data_directory() / "history", keep=settings.history
        )
        self._prompt: PromptSession[str] = PromptSession(
            history=history,
            lexer=LineLexer(lambda: self._parts),
            completer=CommandCompleter(lambda: self._parts),
            complete_while_typing=True,
            auto_suggest=AutoSuggestFromHistory(),
            bottom_toolbar=self._toolbar,
            style=DynamicStyle(self._style),
            input_processors=[Visible()],
            input=input,
            output=output,
            key_bindings=key_bindings(),
        )
        self._prompt.app.after_render += self._start_loading

    @property
    def parts(self) -> Parts:
        """The loaded parts; waits for them, and raises the error that loading them raised.

        Ctrl-C ends the wait between two looks: raised within one, it could leave a lock held that
        the thread then waits for.
        """
        if self._loading is None:
            self._start_loading(self._prompt.app)
        assert self._loading is not None  # noqa: S101 - the line above started it
        with counted() as presses:
            while not self._loaded.wait(LOOK_SECONDS) and not presses.count:
                continue
        if presses.count:
            raise KeyboardInterrupt
        if self._parts is None:
            raise self._problem or RuntimeError("the session could not be loaded")
        return self._parts

    def run(self) -> int:
        """Read and run lines until the person leaves."""
        width = self._prompt.output.get_size().columns
        for line in (GREETING, self._history_problem):
            if line:
                print(textwrap.fill(line, max(width, 10)))  # noqa: T201 - rich is not loaded yet
        raise_again()
        leaves = False
        while not leaves:
            # Ctrl-C can come at any time: also while parts are loaded, or between two lines.
            with contextlib.suppress(KeyboardInterrupt):
                leaves = self._turn()
        self.parts.session.close()
        return 0

    def _turn(self) -> bool:
        """Read a line and run it. Returns whether the person leaves."""
        line = self._read()
        if self._parts is not None:
            self._tell_news(self._parts)
        if line is None:
            return self._may_leave()
        return bool(line.strip()) and self._perform(line) and self._may_leave()

    def _read(self) -> str | None:
        """Read a line: "" after Ctrl-C, None at the end of input."""
        settings = self._parts.session.settings if self._parts else self._settings
        running = self._parts is not None and self._parts.session.running_job is not None
        try:
            return self._prompt.prompt(
                [("class:prompt", PROMPT)],
                editing_mode=EditingMode.VI if settings.editing == "vi" else EditingMode.EMACS,
                refresh_interval=JOB_REFRESH_SECONDS if running else 0,
            )
        except KeyboardInterrupt:
            return ""
        except EOFError:
            return None

    def _perform(self, line: str) -> bool:
        """Run a line and draw its values. Returns whether the person wants to leave."""
        parts = self.parts
        from mathrepl.commands.dispatch import perform, run_line

        theme = parts.session.settings.theme
        # Ctrl-C pressed again, while the first is being answered, ends up in `run`.
        done = perform(parts.context, run_line(parts.context, line), parts.renderer)
        if parts.session.settings.theme != theme:
            parts.renderer.set_theme(parts.session.settings.theme)
        return done.leave

    def _start_loading(self, app: Application[str]) -> None:
        if self._loading is None:
            self._loading = threading.Thread(
                target=self._load_parts, args=(app,), daemon=True, name="mathrepl-load"
            )
            self._loading.start()

    def _load_parts(self, app: Application[str]) -> None:
        try:
            from mathrepl.commands import dispatch  # noqa: F401 - the first line needs it

            parts = self._load()
            with contextlib.suppress(MathreplError, OSError):  # the first question reports it
                parts.session.card  # noqa: B018 - the toolbar shows it
            self._parts = parts
            app.invalidate()
            with contextlib.suppress(MathreplError, OSError):
                if parts.session.weights.engine == "numpy":
                    parts.session.weights.solver  # noqa: B018 - ready before the first question
        except BaseException as error:  # noqa: BLE001 - raised again where the parts are needed
            self._problem = error
        finally:
            self._loaded.set()

    def _style(self) -> BaseStyle:
        settings = self._parts.session.settings if self._parts else self._settings
        return style(light=is_light(settings.theme))

    def _toolbar(self) -> StyleAndTextTuples:
        app = get_app()
        return toolbar(self._parts, app.current_buffer.text, app.output.get_size().columns)

    def _tell_news(self, parts: Parts) -> None:
        """Report ended trainings, and plugins that cannot be used.

        The thread that loads the plugins must not write.
        """
        from mathrepl.commands.spec import Note
        from mathrepl.support.plugins import take_problems

        for problem in take_problems():
            parts.renderer.error(problem)
        for finished in parts.session.ended_trainings():
            parts.renderer.show(finished)
            if finished.saved and finished.name != parts.session.name:
                parts.renderer.show(Note(Advice(Run("use", finished.name), " to ask it")))

    def _may_leave(self) -> bool:
        job = self.parts.session.running_job
        if job is None:
            return True
        what = f"job {job.number} is training {job.plan.name}"
        return self.parts.context.person.confirm(f"{what}; stop it, keep its best and leave?")


def run_prompt(settings: Settings) -> int:
    """Run the session at the terminal."""

    def load() -> Parts:
        from mathrepl.hosts.prompt.parts import assemble

        return assemble(open_session(settings))

    return Repl(settings, load).run()
