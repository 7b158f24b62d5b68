"""Errors that a person can cause, and advice to a person that names commands.

Each host spells the commands of an advice as a person types them there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Run:
    """A command and its arguments; `str()` of it is how a session spells it.

    `weights` are those it works on, which a session has in use and a shell has to name.
    """

    command: str
    arguments: str = ""
    weights: str = ""

    def __str__(self) -> str:
        return f":{self.command} {self.arguments}".rstrip()


Spell = Callable[[Run], str]


class Advice(str):
    """Plain text between commands; as a string it is spelled for a session."""

    __slots__ = ("parts",)
    parts: tuple[str | Run, ...]

    def __new__(cls, *parts: str | Run) -> Advice:
        made = super().__new__(cls, "".join(map(str, parts)))
        made.parts = parts
        return made


def spelled(text: str, spell: Spell) -> str:
    """`text` with the commands that it names as `spell` writes them."""
    if not isinstance(text, Advice):
        return text
    return "".join(spell(part) if isinstance(part, Run) else part for part in text.parts)


class MathreplError(Exception):
    """An error that a person can act on.

    `message` is one line. `text` and `column` (0-based) point at the mistake, where a renderer
    puts a caret. `hint` says what to do.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        text: str | None = None,
        column: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def spelled(self, spell: Spell) -> Self:
        """The same error, with the commands of its hint as `spell` writes them."""
        if not isinstance(self.hint, Advice):
            return self
        error = copy(self)
        error.hint = spelled(self.hint, spell)
        return error


class EquationError(MathreplError):
    """A line that cannot be read as an equation."""

    exit_code = 2


class DivisionByZeroError(EquationError):
    """An equation that has no value."""


class UsageError(MathreplError):
    """An unknown command or option, or a value out of its bounds."""

    exit_code = 2


class SettingsError(UsageError):
    """A settings file or MATHREPL_* variable with a bad key or value."""


class TaskError(UsageError):
    """Task or training settings that contradict each other."""


class WeightsError(MathreplError):
    """Weights that are missing, corrupt, or do not fit the architecture their card names."""


class OutOfReachError(EquationError):
    """A readable equation that the current network has no characters for."""


def not_loaded(error: ImportError) -> MathreplError:
    """The error of a library that cannot be loaded; the last line of `error` says why."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    hint = "free memory, or install mathrepl again"
    return MathreplError(f"cannot load {error.name or 'a library'}: {reason}", hint=hint)


@contextmanager
def in_one_line(kind: type[MathreplError], what: str, hint: str | None = None) -> Iterator[None]:
    """Raise an `OSError` of the block as a `kind`: `WHAT: no space left on device`."""
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {error.strerror or error}", hint=hint) from None
