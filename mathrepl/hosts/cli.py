"""The command line: a session without arguments, else Typer's subcommands from the table.

A plain `mathrepl` shows its prompt first: what the prompt does not need is imported later.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from mathrepl.hosts.starting import chosen_settings, open_session
from mathrepl.support.errors import Advice, MathreplError, Run, Spell, UsageError
from mathrepl.support.interrupts import raise_again
from mathrepl.support.settings import Settings

if TYPE_CHECKING:
    from mathrepl.commands.spec import Command, Person, Word
    from mathrepl.render.json_lines import JsonLines
    from mathrepl.render.renderer import Renderer

OK, USAGE, BROKEN_PIPE = 0, 2, 141
ANSWERING = ("ask", "compare")  # the subcommands whose records are answers
INSTEAD = {  # hints for commands that only a session has
    "use": Advice("in a shell add ", Run("use")),
    "help": Advice("see ", Run("help")),
}
COMPLETES = "_MATHREPL_COMPLETE"  # the shell's completion sets it, and passes no words


class Common(NamedTuple):
    """Options of every subcommand."""

    weights: str | None = None
    engine: str | None = None
    json: bool = False
    fields: str | None = None


def run(argv: Sequence[str]) -> int:
    """Run the command line `argv`, without the program's name. Returns the exit code."""
    completes = COMPLETES in os.environ
    try:
        return _run(argv, completes=completes)
    except MathreplError as error:
        if not completes:
            _complain(error)
        return error.exit_code


def _run(argv: Sequence[str], *, completes: bool) -> int:
    if not argv and not completes:
        return run_session(Common())
    from mathrepl.commands.table import command_table

    table = command_table()
    commands = {n: c for n, c in table.items() if "shell" in c.hosts}
    if not completes:
        _complain_of_plugins()
    if argv and not argv[0].startswith("-") and argv[0] not in commands:
        _complain(_unknown(argv, table))
        return USAGE
    from mathrepl.hosts.subcommands import build_app

    try:
        build_app(commands)(args=list(argv), prog_name="mathrepl")
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # while Typer itself was writing
            return BROKEN_PIPE
        return end.code if isinstance(end.code, int) else OK
    return OK


def _unknown(words: Sequence[str], table: Mapping[str, Command]) -> MathreplError:
    from mathrepl.commands.parse import did_you_mean

    word = words[0]
    for command in table.values():
        if "shell" not in command.hosts and command.is_called(word):
            hint = INSTEAD.get(command.name, "start one with mathrepl")
            return MathreplError(f"{word} is a command of a session", hint=hint)
    commands = [name for name, command in table.items() if "shell" in command.hosts]
    hint = did_you_mean(word, commands) or "see mathrepl --help"
    if any(c.isdigit() for c in word):
        # Up to the first option, or name of a file that the shell put for a `*`.
        others = takewhile(lambda other: not any(c.isalpha() for c in other), words[1:])
        hint = f'to ask an equation: mathrepl ask "{" ".join((word, *others))}"'
    return MathreplError(f"unknown command {word!r}", hint=hint)


def run_session(common: Common) -> int:
    """The interactive session, or answers line by line where stdin is not a terminal.

    Raises `SettingsError` and `UsageError`.
    """
    settings = chosen_settings(common.weights, common.engine)
    fields = _fields(common)
    if sys.stdin is None:
        return OK
    if sys.stdin.isatty() and sys.stdout.isatty() and not common.json:
        from mathrepl.hosts.prompt.loop import run_prompt

        return run_prompt(settings)
    from mathrepl.commands.spec import Context
    from mathrepl.commands.table import command_table
    from mathrepl.hosts.stream import Lines, StreamPerson, run_stream

    session = open_session(settings)
    lines = Lines(sys.stdin.buffer)
    context = Context(session, StreamPerson(lines), command_table(), "session")
    _complain_of_plugins()
    raise_again()
    try:
        return run_stream(context, make_renderer(common, settings, fields), lines)
    finally:
        session.close()


def run_shell_command(command: Command, words: Sequence[Word], common: Common) -> int:
    """Check the words and run the command; returns the exit code. Raises `MathreplError`."""
    from mathrepl.commands.dispatch import perform, run_command
    from mathrepl.commands.parse import bind
    from mathrepl.commands.spec import CommandLine, Context
    from mathrepl.commands.table import command_table

    table = command_table()
    settings = chosen_settings(common.weights, common.engine)
    fields = _fields(common, command)
    arguments = bind(command, CommandLine("", tuple(words)), "shell")
    session = open_session(settings)
    context = Context(session, _shell_person(), table, "shell")
    texts = arguments.texts("equations")
    equation = texts[0] if len(texts) == 1 else None
    renderer = make_renderer(common, settings, fields, context.spell)
    raise_again()
    try:
        return perform(context, run_command(context, command, arguments), renderer, equation).code
    finally:
        session.close()


def _fields(common: Common, command: Command | None = None) -> tuple[str, ...]:
    """The keys of each answer's record to write; empty for all. Raises `UsageError`."""
    if common.fields is None:
        return ()
    from mathrepl.render.json_lines import check_fields

    if command is not None and command.name not in ANSWERING:
        hint = f"it goes with {' and '.join(ANSWERING)}, and with a session"
        raise UsageError("--fields selects keys of answers", hint=hint)
    if not common.json:
        raise UsageError("--fields goes with --json", hint="add --json")
    return check_fields(common.fields)


def make_renderer(
    common: Common, settings: Settings, fields: Sequence[str] = (), spell: Spell = str
) -> JsonLines | Renderer:
    if common.json:
        from mathrepl.render.json_lines import JsonLines

        return JsonLines(fields)
    from mathrepl.render.renderer import Renderer

    return Renderer(settings.theme, talk_on_stderr=True, spell=spell)


def _shell_person() -> Person:
    from mathrepl.hosts.stream import Lines, StreamPerson

    if sys.stdin is not None and sys.stdin.isatty():
        from mathrepl.hosts.prompt.parts import PromptPerson

        return PromptPerson()
    return StreamPerson(Lines(sys.stdin.buffer) if sys.stdin is not None else iter(()))


def _complain_of_plugins() -> None:
    """Report each installed plugin that cannot be used, in a line."""
    from mathrepl.support.plugins import take_problems

    for problem in take_problems():
        _complain(problem)


def _complain(error: MathreplError) -> None:
    """Write an error on stderr, its hint spelled for a shell."""
    from mathrepl.commands.spec import in_shell
    from mathrepl.commands.table import command_table
    from mathrepl.render.renderer import Renderer

    commands = command_table()
    spelled = error.spelled(lambda run: in_shell(run, commands))
    Renderer("auto", talk_on_stderr=True).error(spelled)
