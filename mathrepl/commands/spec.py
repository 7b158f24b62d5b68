"""Commands, their parameters and arguments, and the plain values that commands return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from mathrepl.session.session import Session
from mathrepl.support.errors import Run, UsageError

Host = Literal["session", "shell"]
BOTH: tuple[Host, ...] = ("session", "shell")
ValueKind = Literal["text", "integer", "number", "flag", "weights", "command", "equations"]


class Value(Protocol):
    """A result of a command: `record` is its `--json`, and `render` draws it."""

    def record(self) -> dict[str, Any] | list[dict[str, Any]]: ...


class Person(Protocol):
    """The person at a host, to be asked."""

    def ask(self, prompt: str) -> str | None:
        """A line, or None at the end of input."""

    def confirm(self, question: str) -> bool:
        """Ask for a yes, and return whether it came."""
        reply = self.ask(f"{question} [y/N] ")
        return reply is not None and reply.strip().lower() in ("y", "yes")


@dataclass(frozen=True, slots=True)
class Note:
    """A line of talk: an outcome, or a next step."""

    text: str
    style: Literal["plain", "good", "bad"] = "plain"

    def record(self) -> dict[str, Any]:
        return {"note": self.text}


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; its rows for `--json` are `records`, or made from the headings."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    records: tuple[dict[str, Any], ...] = ()
    footer: str = ""

    def record(self) -> list[dict[str, Any]]:
        if self.records:
            return list(self.records)
        keys = [heading.lower().replace(" ", "_") or "item" for heading in self.headings]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Quit:
    """The person wants to leave."""

    def record(self) -> dict[str, Any]:
        return {"quit": True}


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument or option; parsing, help, completion and the shell are derived from it.

    A name with `--` is an option. An argument with `many` takes the rest of the line, an option
    may be given more than once. `low` and `high` bound numbers. `choices`, and those that `added`
    gets from installed packages, are completed and enforced. `suggest` completes from the session
    and the words before.
    """

    name: str
    help: str
    kind: ValueKind = "text"
    required: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    default: str = ""
    hosts: tuple[Host, ...] = BOTH
    suggest: Callable[[Session, Sequence[str]], Sequence[str]] | None = None
    added: Callable[[], tuple[str, ...]] | None = None

    @property
    def is_option(self) -> bool:
        return self.name.startswith("--")

    @property
    def key(self) -> str:
        return self.name.removeprefix("--").replace("-", "_")

    @property
    def known(self) -> tuple[str, ...]:
        """All choices; empty where any value is allowed."""
        return self.choices + (self.added() if self.added else ())

    @property
    def description(self) -> str:
        """The help, and the default where there is one."""
        return f"{self.help} (default {self.default})" if self.default else self.help

    @property
    def metavar(self) -> str:
        """The value in help: `N`, `NAME`, `a|b`."""
        if self.choices and self.is_option:
            return "|".join(self.known)
        names = {"integer": "N", "number": "X", "weights": "NAME", "command": "COMMAND"}
        return names.get(self.kind, "TEXT") if self.is_option else self.name.upper()

    @property
    def usage(self) -> str:
        if self.is_option:
            return self.name if self.kind == "flag" else f"{self.name} {self.metavar}"
        text = self.metavar + (" ..." if self.many else "")
        return text if self.required else f"[{text}]"


class Arguments:
    """Checked values of a command's parameters by key: None for absent ones, False for flags."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def text(self, key: str) -> str | None:
        value = self._values.get(key)
        return None if value is None else str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._values.get(key) or ())

    def integer(self, key: str) -> int | None:
        value = self._values.get(key)
        return None if value is None else int(value)

    def number(self, key: str) -> float | None:
        value = self._values.get(key)
        return None if value is None else float(value)

    def given(self, key: str) -> bool:
        """Return whether the line names the parameter."""
        value = self._values.get(key)
        return value is not None and value is not False and value != ()

    def value(self, key: str) -> Any:
        """The checked value as it is."""
        return self._values.get(key)

    def all(self) -> dict[str, Any]:
        """The checked values that the line gives, by key."""
        return {key: value for key, value in self._values.items() if self.given(key)}

    def flag(self, key: str) -> bool:
        return bool(self._values.get(key))


@dataclass(slots=True)
class Context:
    """The surroundings of a command, which sets `interrupted` when Ctrl-C ended it early."""

    session: Session
    person: Person
    commands: Mapping[str, Command]
    host: Host
    interrupted: bool = False

    def spell(self, run: Run) -> str:
        """A command as it is typed here."""
        return str(run) if self.host == "session" else in_shell(run, self.commands)


Result = Value | Iterator[Value]


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the command table. `run` returns a value, or yields values one by one."""

    name: str
    summary: str
    run: Callable[[Context, Arguments], Result]
    parameters: tuple[Parameter, ...] = ()
    details: str = ""
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    hosts: tuple[Host, ...] = BOTH

    def is_called(self, word: str) -> bool:
        """Return whether `word` is its name or an alias."""
        return word == self.name or word in self.aliases

    def parameters_for(self, host: Host) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters if host in p.hosts)

    def positionals(self, host: Host) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters_for(host) if not p.is_option)

    def options(self, host: Host) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters_for(host) if p.is_option)

    def usage(self, host: Host) -> str:
        """`:train EPOCHS [options]`."""
        head = f":{self.name}" if host == "session" else f"mathrepl {self.name}"
        parts = [head, *(p.usage for p in self.positionals(host))]
        if self.options(host):
            parts.append("[options]")
        return " ".join(parts)


def in_shell(run: Run, commands: Mapping[str, Command]) -> str:
    """A command as it is typed in a shell; one that the shell lacks as in a session."""
    if run.command == "use":
        return f"--weights {run.arguments or 'NAME'}"
    if run.command == "help":
        return f"mathrepl {run.arguments} -h" if run.arguments else "mathrepl --help"
    command = commands.get(run.command)
    if command is None or "shell" not in command.hosts:
        return str(run)
    weights = f"--weights {run.weights}" if run.weights else ""
    return " ".join(filter(None, ("mathrepl", run.command, run.arguments, weights)))


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command line and its 0-based column."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The words after a command's name, and the whole line they came from."""

    text: str
    words: tuple[Word, ...] = ()

    def error(self, message: str, column: int | None, hint: str | None = None) -> UsageError:
        """An error that points into the line; words that came without one have no place in it."""
        if not self.text:
            return UsageError(message, hint=hint)
        return UsageError(message, text=self.text, column=column, hint=hint)
