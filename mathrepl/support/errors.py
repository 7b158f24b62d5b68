"""Errors that a person can cause, each with a one-line message and perhaps a column."""

from __future__ import annotations

from copy import copy
from typing import Self

from mathrepl.support.advice import Advice, Spell, spelled


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
