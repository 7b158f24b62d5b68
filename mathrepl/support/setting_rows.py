"""Settings as rows: dataclass fields with their help text, option and bounds.

Checks, options, help pages and records follow from the rows, so a setting is declared once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from mathrepl.support.errors import TaskError


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: a setting's default and help text, its option, and the bounds of its values.

    `option` is empty if the option has the field's name. `low` and `high` are inclusive bounds,
    `above` and `below` exclusive ones. `words` are values besides these. A setting that is not
    `shown` has no option.
    """

    default: Any
    help: str
    option: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    words: tuple[str, ...] = ()
    shown: bool = True
    later: bool = False
    name: str = ""

    @property
    def key(self) -> str:
        """The option's name with underscores: `lr`, `weight_decay`."""
        return self.option or self.name

    @property
    def option_name(self) -> str:
        """The option on a command line: `--weight-decay`."""
        return "--" + self.key.replace("_", "-")

    def allows(self, value: Any) -> bool:
        """True for a value within the bounds; NaN never is."""
        if self.choices or value in self.words:
            return value in self.choices + self.words
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    @property
    def bounds(self) -> str:
        """`1 to 10`, `above 0 and at most 10`, `constant or cosine`."""
        if self.choices:
            return " or ".join(self.choices)
        if self.low is not None and self.high is not None:
            return " or ".join((f"{self.low:,} to {self.high:,}", *self.words))
        words = (
            ("above", self.above),
            ("at least", self.low),
            ("below", self.below),
            ("at most", self.high),
        )
        return " and ".join(f"{word} {bound:,}" for word, bound in words if bound is not None)


def setting(default: Any, help: str, *, later: bool = False, **more: Any) -> Any:
    """A dataclass field with its row. Older records lack the key of a `later` one."""
    row = Setting(default, help, later=later, **more)
    return field(default=default, metadata={"row": row, "later": later})


@cache
def rows(kind: type) -> tuple[Setting, ...]:
    """The rows of a dataclass, in the order of its fields."""
    found = ((f.name, f.metadata.get("row")) for f in fields(kind))
    return tuple(replace(row, name=name) for name, row in found if row is not None)


def check_bounds(settings: Any) -> None:
    """Raise `TaskError` for the first value that its row does not allow."""
    kind: type = type(settings)
    for row in rows(kind):
        value = getattr(settings, row.name)
        if not row.allows(value):
            shown = repr(value) if isinstance(value, str) else f"{value:,}"
            raise TaskError(f"{row.key.replace('_', ' ')} must be {row.bounds}, not {shown}")
