"""Commands of other packages: entry points of the group `mathrepl.commands`, checked.

Each names a `Command` or several. An invalid one is left out, with a line that the host reports;
the others stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from mathrepl.commands.dispatch import run_command
from mathrepl.commands.spec import BOTH, Arguments, Command, Context, Parameter, Result, Value
from mathrepl.support import plugins
from mathrepl.support.errors import MathreplError

# Keys of the options that every subcommand of the shell has.
TAKEN = frozenset({"weights", "engine", "json", "context", "help"})
_END: Any = object()
_NAME = re.compile(r"[a-z]+(-[a-z]+)*")
_PARAMETER = re.compile(r"(--)?[a-z]+(-[a-z]+)*")


def installed_commands(taken: Iterable[str]) -> list[Command]:
    """The commands of installed packages; `taken` are the names and aliases in use."""
    used = set(taken)
    commands: list[Command] = []
    for point in plugins.entry_points(plugins.COMMANDS):
        source = plugins.source_of(point)
        try:
            named = plugins.load(point)
        except MathreplError as problem:
            plugins.note_problem(problem)
            continue
        if isinstance(named, Command):
            named = [named]
        elif not isinstance(named, list | tuple):
            _leave_out(point.name, source, "it names neither a Command nor several")
            continue
        for command in named:
            flaw = plugins.flaw_in(command, Command, partial(flaw_of, used=used))
            if flaw is not None:
                _leave_out(getattr(command, "name", point.name), source, flaw)
                continue
            used |= {command.name, *command.aliases}
            commands.append(replace(command, run=_guarded(command, source)))
    return commands


def _leave_out(name: object, source: str, flaw: str) -> None:
    problem = f"the command {name!r} of {source} is left out: {flaw}"
    plugins.note_problem(MathreplError(problem))


def flaw_of(command: Command, used: set[str]) -> str | None:
    """The reason why `command` cannot be a row of the table beside the names `used`, or None."""
    for name in (command.name, *command.aliases):
        if not _NAME.fullmatch(name):
            return f"{name!r} is not a name of lower-case letters"
        if name in used:
            return f"the name {name!r} is taken"
    if not command.summary.strip() or "\n" in command.summary:
        return "its summary must be one line"
    if not callable(command.run):
        return "its run cannot be called"
    if not command.hosts or not set(command.hosts) <= set(BOTH):
        return f"its hosts must be among {', '.join(BOTH)}"
    return _flaw_of_parameters(command)


def _flaw_of_parameters(command: Command) -> str | None:
    for parameter in command.parameters:
        if not isinstance(parameter, Parameter):
            return f"a parameter is of type {type(parameter).__name__}"
        if not _PARAMETER.fullmatch(parameter.name):
            return f"{parameter.name!r} cannot name a parameter"
        if parameter.is_option and parameter.required:
            return f"the option {parameter.name} cannot be required"
        if parameter.kind == "flag" and not parameter.is_option:
            return f"the flag {parameter.name} must start with --"
    keys = [parameter.key for parameter in command.parameters]
    strange = [key for key in keys if keys.count(key) > 1 or key in TAKEN]
    if strange:
        return f"the parameter name {strange[0]!r} is taken"
    for host in command.hosts:
        positionals = command.positionals(host)
        required = [parameter.required for parameter in positionals]
        if required != sorted(required, reverse=True):
            return "required parameters must come before the others"
        if any(parameter.many for parameter in positionals[:-1]):
            return "a parameter that takes many words must be the last"
    return None


def _guarded(command: Command, source: str) -> Callable[[Context, Arguments], Result]:
    """The command's `run`, with any failure as one line."""

    def run(context: Context, arguments: Arguments) -> Iterator[Value]:
        failed = f"{command.name} of {source} failed"
        with closing(run_command(context, command, arguments)) as values:
            while True:
                with plugins.contained(failed, hint="its authors want to know"):
                    value = next(values, _END)
                    if value is not _END:
                        _check_value(value)
                if value is _END:
                    return
                yield value  # outside: a host that closes this generator is no failure

    return run


def _check_value(value: Any) -> None:
    """Raise `TypeError` for a value that no host can show."""
    if type(value).__module__.startswith("mathrepl."):
        return
    record = value.record() if callable(getattr(value, "record", None)) else None
    records = record if isinstance(record, list) else [record]
    if not all(isinstance(one, dict) for one in records):
        raise TypeError(f"a value of type {type(value).__name__} has no record() of an object")
    json.dumps(records)
