"""The command line: a session without arguments, else Typer's subcommands from the table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mathrepl.commands.parse import bind, did_you_mean
from mathrepl.commands.spec import Command, CommandLine, Context, Person, Word
from mathrepl.commands.table import command_table
from mathrepl.dispatch import OK, USAGE, Shows, perform, run_command
from mathrepl.errors import MathreplError
from mathrepl.session import Session
from mathrepl.settings import Settings, changed, data_directory, load_settings
from mathrepl.store import Store


@dataclass(frozen=True, slots=True)
class Common:
    """Options of every subcommand."""

    weights: str | None = None
    engine: str | None = None
    json: bool = False


def run(argv: Sequence[str]) -> int:
    """Run the command line `argv` (without the program's name); returns the exit code."""
    if not argv:  # the session starts without Typer: a prompt should be there at once
        return run_session(Common())
    commands = {n: c for n, c in command_table().items() if "shell" in c.hosts}
    if not argv[0].startswith("-") and argv[0] not in commands:
        hint = did_you_mean(argv[0], commands) or "see mathrepl --help"
        if any(c.isdigit() for c in argv[0]):
            hint = f'to ask an equation: mathrepl ask "{argv[0]}"'
        _complain(MathreplError(f"unknown command {argv[0]!r}", hint=hint))
        return USAGE
    outcome: list[int] = []
    from mathrepl.subcommands import build_app

    app = build_app(commands, outcome)
    try:
        app(args=list(argv), prog_name="mathrepl")
    except SystemExit as end:
        if not outcome:
            return end.code if isinstance(end.code, int) else OK
    return outcome[-1] if outcome else OK


def run_session(common: Common) -> int:
    """The interactive session, or answers line by line where stdin is not a terminal."""
    try:
        session = make_session(common)
    except MathreplError as error:
        _complain(error)
        return error.exit_code
    interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    if interactive and not common.json:
        from mathrepl.prompt.loop import run_prompt

        return run_prompt(session, command_table())
    from mathrepl.stream import StreamPerson, read_lines, run_stream

    if sys.stdin is None:
        return OK
    lines = read_lines(sys.stdin.buffer)
    context = Context(session, StreamPerson(lines), command_table(), "session")
    try:
        return run_stream(context, make_renderer(common, session.settings), lines)
    finally:
        session.close()


def make_session(common: Common) -> Session:
    """A session from settings and the options given. Raises `MathreplError`."""
    settings = load_settings()
    if common.weights is not None:
        settings = replace(settings, weights=common.weights)
    if common.engine is not None:
        settings = changed(settings, "engine", common.engine)
    return Session(settings, Store(data_directory() / "weights"))


def make_renderer(common: Common, settings: Settings) -> Shows:
    if common.json:
        from mathrepl.jsonlines import JsonLines

        return JsonLines()
    from mathrepl.render.renderer import Renderer

    return Renderer(settings.theme, talk_on_stderr=True)


def run_shell_command(command: Command, words: Sequence[Word], common: Common) -> int:
    """Check the words and run the command; returns the exit code."""
    try:
        session = make_session(common)
        renderer = make_renderer(common, session.settings)
        arguments = bind(command, CommandLine("", tuple(words)), "shell")
    except MathreplError as error:
        plain = MathreplError(error.message, hint=error.hint)
        _complain(plain)
        return error.exit_code
    context = Context(session, shell_person(), command_table(), "shell")
    texts = arguments.texts("equations")
    equation = texts[0] if len(texts) == 1 else None
    try:
        return perform(context, run_command(context, command, arguments), renderer, equation).code
    finally:
        session.close()


def shell_person() -> Person:
    from mathrepl.stream import StreamPerson, read_lines

    if sys.stdin is not None and sys.stdin.isatty():
        from mathrepl.prompt.person import PromptPerson

        return PromptPerson()
    return StreamPerson(read_lines(sys.stdin.buffer) if sys.stdin is not None else iter(()))


def _complain(error: MathreplError) -> None:
    from mathrepl.render.renderer import plain_console
    from mathrepl.render.text import error_text

    console = plain_console()
    console.print(error_text(error, console.width), soft_wrap=True)
