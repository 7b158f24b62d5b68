"""Figures as values: panels that `render` draws in the terminal and `plots` into files.

Both can draw whatever a panel holds: its numbers are brought within what a scale can show.

Arrays are numpy's, but this module imports nothing heavy, so that commands start fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from mathrepl.inference.answer import Answers

if TYPE_CHECKING:
    from mathrepl.data.codec import Floats

Palette = Literal["amount", "signed", "verdict"]
MOST = 1e100  # of what is drawn: the scales of numbers far beyond it overflow
EXACT = 2**53  # whole numbers beyond it are no floats, and beyond 64 bits no numbers of numpy


def drawn(value: float) -> float:
    """`value` as a scale can show it; NaN and infinities stay what they are."""
    if isinstance(value, int):
        return value if abs(value) <= EXACT else float(min(max(value, -MOST), MOST))
    if not isfinite(value) or 1 / MOST <= abs(value) <= MOST:
        return value
    return 0.0 if abs(value) < 1 else min(max(value, -MOST), MOST)


def _keep_drawn(panel: Any, *names: str) -> None:
    """Bring the numbers of a frozen panel into the range that is drawn."""
    for name in names:
        value = getattr(panel, name)
        if isinstance(value, tuple):
            object.__setattr__(panel, name, tuple(map(drawn, value)))
        elif value is not None:
            object.__setattr__(panel, name, drawn(value))


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """A grid of numbers between `low` and `high`, NaN where there is none.

    `cells` is (R, C), its first row on top. `rows` and `columns` label each row and column, or
    are empty; then `row_range` and `column_range`, where given, are the numbers of the first and
    the last one. The palette `amount` runs from nothing to much, `signed` from negative over 0 to
    positive, `verdict` from right (0) to wrong (1). A window with less room shows the mean of
    neighbouring cells, or with `keep_peaks` the largest.
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

    def __post_init__(self) -> None:
        _keep_drawn(self, "low", "high")

    @property
    def bounds(self) -> tuple[float, float]:
        """The values of the first and last colour, never equal; for `signed` alike around 0."""
        low, high = self.low, self.high
        if self.palette == "signed":
            high = max(abs(low), abs(high))
            low = -high
        return (low, high) if low < high else (low, low + 1.0)


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot; `x` and `y` are of the same length."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        _keep_drawn(self, "x", "y")


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

    def __post_init__(self) -> None:
        _keep_drawn(self, "low", "high")


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a `Bars`: `value` is its length, `text` stands at its right."""

    label: str
    value: float
    text: str = ""

    def __post_init__(self) -> None:
        _keep_drawn(self, "value")


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars; a full one is `high`, by default the largest value."""

    title: str
    bars: tuple[Bar, ...]
    high: float | None = None

    def __post_init__(self) -> None:
        _keep_drawn(self, "high")


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one state of a machine to another, by their places; None ends the pass.

    `when` says for which columns it is taken, `writes` what is written there.
    """

    source: int
    target: int | None
    when: str
    writes: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A finite machine by the names of its states; it starts in the first."""

    title: str
    states: tuple[str, ...]
    edges: tuple[Edge, ...]


Panel = Heatmap | Lines | Bars | Machine | Answers


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """Panels under a title; `facts` are lines about their content, `notes` are warnings.

    A `live` figure replaces the live one before it. `data` holds plain values for `--json`.
    """

    title: str
    panels: tuple[Panel, ...]
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    live: bool = False

    def as_live(self) -> Figure:
        """The same figure, to replace the last live one."""
        return replace(self, live=True)

    def record(self) -> dict[str, Any]:
        return {"figure": self.title, **self.data, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: text with blank lines between paragraphs, then rows, then a figure.

    Each of `rows` is a key and its value; an empty key continues the row before.
    """

    title: str
    figure: Figure | None = None
    rows: tuple[tuple[str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a command that takes a while: `done` of `total`."""

    what: str
    done: int
    total: int

    def record(self) -> dict[str, Any]:
        return {"looking": self.what, "done": self.done, "of": self.total}
