"""Parses a typed line into a command and its checked arguments; errors have a column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from mathrepl.commands.spec import Arguments, Command, CommandLine, Host, Parameter, Word
from mathrepl.support.errors import Advice, Run, UsageError
from mathrepl.support.setting_rows import Setting

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"']|["'](?=\S*))+""")
_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
_OPTION = re.compile(r"--[A-Za-z]")
MAX_LINE = 10_000


def candidates(name: str, commands: Mapping[str, Command]) -> list[Command]:
    """The command of that name or alias in a session, else those whose names start with it."""
    name = name.lower()
    available = [command for command in commands.values() if "session" in command.hosts]
    called = [command for command in available if command.is_called(name)]
    return called or [command for command in available if command.name.startswith(name)]


def resolve(name: str, commands: Mapping[str, Command], line: str, column: int = 1) -> Command:
    """The command of that name, alias or unambiguous prefix. Raises `UsageError`.

    `column` is where the name stands in `line`.
    """
    found = candidates(name, commands) if name else []
    if len(found) == 1:
        return found[0]
    name = name.lower()
    if found:
        choices = ", ".join(sorted(f":{command.name}" for command in found))
        raise UsageError(f":{name} could be {choices}", text=line, column=column)
    known = [n for n, command in commands.items() if "session" in command.hosts]
    hint = did_you_mean(name, known, ":") or Advice(Run("help"), " lists the commands")
    raise UsageError(f"unknown command :{name}", text=line, column=column, hint=hint)


def did_you_mean(word: str, known: Iterable[str], mark: str = "") -> str | None:
    """`did you mean :train?`, or None where nothing is close."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {mark}{close[0]}?" if close else None


def parse_command(
    line: str, commands: Mapping[str, Command], host: Host
) -> tuple[Command, Arguments]:
    """Read `:train 50 --fresh`. Raises `UsageError` with the column of the first mistake."""
    if len(line) > MAX_LINE:
        raise UsageError(f"the line has {len(line):,} characters", hint=f"at most {MAX_LINE:,}")
    text = line.strip()
    name = re.match(r":\s*(\S*)", text)
    assert name is not None  # noqa: S101 - hosts send only lines that start with a colon
    command = resolve(name[1], commands, text, name.start(1))
    words = tuple(
        Word(_QUOTED.sub(lambda q: q[1] or q[2] or "", m.group()), m.start())
        for m in _WORD.finditer(text, name.end())
    )
    return command, bind(command, CommandLine(text, words), host)


def bind(command: Command, line: CommandLine, host: Host) -> Arguments:
    """Assign each word to its parameter and check its value. Raises `UsageError`."""
    options = {p.name: p for p in command.options(host)}
    positionals = command.positionals(host)
    values: dict[str, Any] = {}
    loose: list[Word] = []
    words = list(line.words)
    while words:
        word = words.pop(0)
        is_option = _OPTION.match(word.text) is not None
        slot = positionals[min(len(loose), len(positionals) - 1)] if positionals else None
        equations = slot and slot.many and slot.kind == "equations" and host == "session"
        if equations and not (is_option and options):
            after = next((w for w in words if options and _OPTION.match(w.text)), None)
            end = len(line.text) if after is None else after.column
            loose.append(Word(line.text[word.column : end].rstrip(), word.column))
            words = [] if after is None else words[words.index(after) :]
            continue
        if not is_option:
            loose.append(word)
            continue
        name, equals, attached = word.text.partition("=")
        option = options.get(name)
        if option is None:
            hint = did_you_mean(name, options) or Advice("see ", Run("help", command.name))
            raise line.error(f"unknown option {name}", word.column, hint)
        if option.kind == "flag":
            if equals:
                raise line.error(f"{name} takes no value", word.column)
            values[option.key] = True
            continue
        if equals:
            value = convert(option, Word(attached, word.column + len(name) + 1), line)
        elif not words or _OPTION.match(words[0].text):
            raise line.error(f"{name} needs a value", word.column, f"write {name} {option.metavar}")
        else:
            value = convert(option, words.pop(0), line)
        if option.many:
            values.setdefault(option.key, []).append(value)
        else:
            values[option.key] = value
    _bind_positionals(command, host, loose, line, values)
    return Arguments(values)


def _bind_positionals(
    command: Command,
    host: Host,
    loose: list[Word],
    line: CommandLine,
    values: dict[str, Any],
) -> None:
    usage = f"usage: {command.usage(host)}"
    for parameter in command.positionals(host):
        if parameter.many:
            if loose:
                values[parameter.key] = [convert(parameter, word, line) for word in loose]
            loose = []
        elif loose:
            values[parameter.key] = convert(parameter, loose.pop(0), line)
        if parameter.required and values.get(parameter.key) is None:
            raise line.error(f"{parameter.name} is missing", len(line.text) + 1, usage)
    if loose:
        raise line.error(f"{loose[0].text!r} is one word too many", loose[0].column, usage)


def bind_values(command: Command, given: Mapping[str, object], host: Host) -> Arguments:
    """Check values that come by the keys of parameters, as from Python; None is an absent one.

    No value becomes an option, whatever its text. A pair is a range. Raises `UsageError`.
    """
    parameters = {p.key: p for p in command.parameters_for(host)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        parameter = parameters.get(key)
        if parameter is None:
            hint = did_you_mean(key, parameters) or Advice("see ", Run("help", command.name))
            raise UsageError(f"unknown option {key!r}", hint=hint)
        if parameter.kind == "flag" and isinstance(value, bool):
            values[key] = value
        elif parameter.kind == "flag" and value is not None:
            raise UsageError(f"{parameter.name} takes no value but True or False")
        elif value is not None:
            values[key] = convert_text(parameter, _text_of(parameter, value))
        elif parameter.required:
            raise UsageError(f"{parameter.name} is missing")
    return Arguments(values)


def _text_of(parameter: Parameter, value: object) -> str:
    """A value from Python as a line would write it. Raises `UsageError`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "on" if value else "off"
    ends = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(end, Real) for end in ends):
        kind = type(value).__name__
        raise UsageError(f"{parameter.name} must be text or a number, not of type {kind}")
    try:
        return "..".join(map(str, ends))
    except ValueError:  # Python refuses to write out integers of thousands of digits
        raise UsageError(f"{parameter.name} is too large a number") from None


def text_from(value: object, what: str) -> str:
    """A text from Python. Raises `UsageError` for a value of another type."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be text, not of type {type(value).__name__}")
    return value


def convert_text(parameter: Parameter, text: str) -> Any:
    """The checked value of a text that stands in no line. Raises `UsageError`."""
    return convert(parameter, Word(text, 0), CommandLine(""))


def convert(parameter: Parameter, word: Word, line: CommandLine) -> Any:
    """The checked value of one word. Raises `UsageError`."""
    what = parameter.name
    if parameter.choices and word.text not in parameter.known:
        hint = did_you_mean(word.text, parameter.known)
        if parameter.added and hint is None:
            hint = "a package that is installed beside mathrepl can add others"
        choices = ", ".join(parameter.known)
        raise line.error(f"{what} must be one of {choices}, not {word.text!r}", word.column, hint)
    limits = Setting(None, "", low=parameter.low, high=parameter.high)
    value: float
    if parameter.kind == "integer":
        if not re.fullmatch(r"[-+]?[0-9]{1,18}", word.text):
            hint = None if parameter.low is None else f"use {limits.bounds}"
            raise line.error(f"{what} must be a whole number, not {word.text!r}", word.column, hint)
        value = int(word.text)
    elif parameter.kind == "number":
        try:
            value = float(word.text) if word.text.isascii() else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise line.error(f"{what} must be a number, not {word.text!r}", word.column)
    else:
        return word.text
    if not limits.allows(value):
        raise line.error(f"{what} must be {limits.bounds}, not {word.text}", word.column)
    return value
