"""A figure as a value: panels that `render` draws in the terminal and `plots` into files.

Arrays are numpy's; this module itself imports nothing heavy, so that commands start fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from mathrepl.inference.answer import Answers

if TYPE_CHECKING:
    from mathrepl.data.codec import Floats

Palette = Literal["amount", "signed", "verdict"]


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """A grid of numbers between `low` and `high`, NaN where there is none.

    `cells` is (R, C), its first row on top. `rows` and `columns` label each row and column, or
    are empty; then `row_range` and `column_range`, where given, say what the first and the last
    one stand for. `amount` runs from nothing to much, `signed` from negative over 0 to positive,
    `verdict` from right (0) to wrong (1). Where a window has less room, neighbours become
    their mean, or with `keep_peaks` their largest.
    """

    title: str
    cells: Floats
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    row_range: tuple[int, int] | None = None
    column_range: tuple[int, int] | None = None
    row_axis: str = ""
    column_axis: str = ""
    low: float = 0.0
    high: float = 1.0
    palette: Palette = "amount"
    keep_peaks: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: as many `x` as `y`."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Series over one pair of axes; `log` draws y on a logarithmic scale."""

    title: str
    series: tuple[Series, ...]
    x_axis: str = ""
    y_axis: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a `Bars`: `value` sets its length, `text` stands behind it."""

    label: str
    value: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars; `high` is a full one, else the largest value is."""

    title: str
    bars: tuple[Bar, ...]
    high: float | None = None


Panel = Heatmap | Lines | Bars | Answers


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """Panels under a title; `facts` are lines that say what is seen, `notes` what to mind.

    A `live` one is drawn in the place of the live one before.
    `data` is the figure for `--json`: plain values, named after what they are.
    """

    title: str
    panels: tuple[Panel, ...]
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    live: bool = False

    def as_live(self) -> Figure:
        """The same, to be drawn in the place of the last live one."""
        return replace(self, live=True)

    def record(self) -> dict[str, Any]:
        return {"figure": self.title, **self.data, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: `text`, its paragraphs parted by blank lines, then rows, then a figure.

    Each of `rows` is a key and its value; an empty key goes on with the row before.
    """

    title: str
    figure: Figure | None = None
    rows: tuple[tuple[str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a command that takes more than a moment: `done` of `total`."""

    what: str
    done: int
    total: int

    def record(self) -> dict[str, Any]:
        return {"looking": self.what, "done": self.done, "of": self.total}
