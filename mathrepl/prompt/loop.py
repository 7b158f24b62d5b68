"""The interactive session: a prompt, a line, its values drawn, and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from prompt_toolkit.styles import DynamicStyle

from mathrepl import __version__
from mathrepl.commands.spec import Command, Context, Note
from mathrepl.dispatch import OK, perform, run_line
from mathrepl.errors import MathreplError
from mathrepl.prompt.completion import CommandCompleter
from mathrepl.prompt.highlight import LineLexer, style
from mathrepl.prompt.history import open_history
from mathrepl.prompt.person import PromptPerson
from mathrepl.prompt.toolbar import toolbar
from mathrepl.render.renderer import Renderer
from mathrepl.render.theme import is_light
from mathrepl.session import Session
from mathrepl.settings import data_directory

PROMPT = "math> "
JOB_REFRESH_SECONDS = 0.5


class Repl:
    """One interactive session; `run` returns the exit code."""

    def __init__(
        self,
        session: Session,
        commands: Mapping[str, Command],
        *,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self.session = session
        self.commands = commands
        self.renderer = Renderer(session.settings.theme, talk_on_stderr=False)
        self.context = Context(session, PromptPerson(), commands, "session")
        history, self._history_problem = open_history(
            data_directory() / "history", keep=session.settings.history
        )
        self._told: set[int] = set()
        self._prompt: PromptSession[str] = PromptSession(
            history=history,
            lexer=LineLexer(commands),
            completer=CommandCompleter(session, commands),
            complete_while_typing=True,
            auto_suggest=AutoSuggestFromHistory(),
            bottom_toolbar=self._toolbar,
            style=DynamicStyle(lambda: style(light=is_light(self.session.settings.theme))),
            enable_history_search=False,
            input=input,
            output=output,
        )

    def run(self) -> int:
        self._greet()
        warm: Callable[[], None] | None = self._warm_up
        while True:
            line = self._read(warm)
            warm = None
            self._tell_finished_jobs()
            if line is None:
                if self._may_leave():
                    break
                continue
            if not line.strip():
                continue
            theme = self.session.settings.theme
            done = perform(self.context, run_line(self.context, line), self.renderer)
            if self.session.settings.theme != theme:
                self.renderer.set_theme(self.session.settings.theme)
            if done.leave and self._may_leave():
                break
        self.session.close()
        return OK

    def _greet(self) -> None:
        talk = self.renderer.talk
        talk.print(f"mathrepl {__version__}: type an equation, or :help; Ctrl-D leaves")
        if self._history_problem:
            self.renderer.show(Note(self._history_problem))
        try:
            self.session.card  # noqa: B018 - its error is worth a line before the first question
        except MathreplError as error:
            self.renderer.error(error)

    def _read(self, pre_run: Callable[[], None] | None) -> str | None:
        """A line; "" after Ctrl-C, None at the end of input."""
        vi = self.session.settings.editing == "vi"
        running = self.session.running_job is not None
        try:
            return self._prompt.prompt(
                [("class:prompt", PROMPT)],
                editing_mode=EditingMode.VI if vi else EditingMode.EMACS,
                refresh_interval=JOB_REFRESH_SECONDS if running else 0,
                pre_run=pre_run,
            )
        except KeyboardInterrupt:
            return ""
        except EOFError:
            return None

    def _warm_up(self) -> None:
        """Load the network while the person types the first question."""

        def load() -> None:
            try:
                self.session.solver  # noqa: B018 - loading it is the point
            except (MathreplError, OSError):
                return  # the first question will say it

        if self.session.engine == "numpy":
            threading.Thread(target=load, daemon=True, name="mathrepl-warm-up").start()

    def _toolbar(self) -> StyleAndTextTuples:
        app = get_app()
        width = app.output.get_size().columns
        return toolbar(self.session, self.commands, app.current_buffer.text, width)

    def _tell_finished_jobs(self) -> None:
        for job in self.session.jobs:
            if job.background and job.finished is not None and job.number not in self._told:
                self._told.add(job.number)
                self.renderer.show(job.finished)
                if job.finished.saved and job.plan.name != self.session.name:
                    self.renderer.show(Note(f":use {job.plan.name} to ask it"))

    def _may_leave(self) -> bool:
        job = self.session.running_job
        if job is None:
            return True
        question = (
            f"job {job.number} is training {job.plan.name}; stop it, keep its best and leave?"
        )
        return self.context.person.confirm(question)


def run_prompt(session: Session, commands: Mapping[str, Command]) -> int:
    """Run the session at the terminal."""
    return Repl(session, commands).run()
