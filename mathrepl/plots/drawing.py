"""A figure drawn by matplotlib's objects: no pyplot, and no setting outlives a call.

Axes have a size in pixels, so that a cell of a heat map is a whole number of them. Matplotlib
measures their labels, and texts and axes are then placed from the top down.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import ceil
from typing import Any, Literal

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.text import Text

from mathrepl.analysis.figure import Bars, Figure, Heatmap, Lines, Panel
from mathrepl.plots.answers import answers_block
from mathrepl.plots.bars import bars_block
from mathrepl.plots.block import INK, QUIET, Block
from mathrepl.plots.heat import heat_block
from mathrepl.plots.lines import lines_block
from mathrepl.plots.text import DPI, SANS, SMALL, TITLE, px, wrapped

EDGE, GAP = 24, 28  # pixels around everything, and between panels
NARROWEST, WIDEST = 760, 1500  # pixels between the edges; panels share a row up to the widest
LEAST = 210  # pixels of a panel with its labels, so that its title has some room
PANEL_TITLE = 10.5  # points
SPACING = 1.45  # distance of lines, in font sizes

_STYLE: dict[str, Any] = {
    "font.family": [SANS],
    "font.size": SMALL,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.parse_math": False,  # a dollar in a fact is a dollar
    "svg.hashsalt": "mathrepl",  # ids of an SVG would be random without
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save under these settings, whatever a person's matplotlibrc says."""
    with style.context(["default", _STYLE]):
        yield


def picture(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """The bytes of a file; the same figure gives the same bytes."""
    unstamped = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    file = BytesIO()
    with styled():
        drawn(figure).savefig(file, format=kind, dpi=DPI, metadata=unstamped)
    return file.getvalue()


def drawn(figure: Figure) -> Drawing:
    """`figure` as matplotlib's, DPI pixels an inch; save it within `styled()`.

    The title is on top, panels below each other, those of fixed size side by side where they
    fit, and facts and notes at the bottom.
    """
    with styled():
        drawing = Drawing((1, 1), dpi=DPI, facecolor="white")
        rows = _in_rows([_Placed(drawing, _block(panel)) for panel in figure.panels])
        margin = max((row[0].left for row in rows if len(row) == 1), default=0)
        for row in rows:
            # A table has no labels left of it, so it keeps to the edge.
            if len(row) == 1 and row[0].left:
                row[0].left = margin
        sheet = _Sheet(drawing, max([NARROWEST, *map(_row_width, rows)]))
        if figure.title:
            sheet.write(figure.title, TITLE, INK)
            sheet.height += 10
        for row in rows:
            sheet.place(row)
        for text in figure.facts:
            sheet.write(text, SMALL, INK)
        for text in figure.notes:
            sheet.write(f"! {text}", SMALL, QUIET)
        sheet.finish()
        return drawing


def _block(panel: Panel) -> Block:
    if isinstance(panel, Heatmap):
        return heat_block(panel)
    if isinstance(panel, Lines):
        return lines_block(panel)
    if isinstance(panel, Bars):
        return bars_block(panel)
    return answers_block(panel)


class _Placed:
    """A block drawn into axes, with the room in pixels that its labels take around them."""

    def __init__(self, drawing: Drawing, block: Block) -> None:
        self.block = block
        self.axes = drawing.add_axes((0, 0, block.width / DPI, block.height / DPI))
        block.draw(self.axes)
        box = self.axes.get_tightbbox() or self.axes.bbox
        self.left: int = max(0, ceil(-box.x0))
        self.right: int = max(0, ceil(box.x1 - block.width), LEAST - self.left - block.width)
        self.below: int = max(0, ceil(-box.y0))

    @property
    def room(self) -> int:
        return self.left + self.block.width + self.right


def _in_rows(panels: list[_Placed]) -> list[list[_Placed]]:
    """Rows of panels: those of fixed size share one while it is not too wide."""
    rows: list[list[_Placed]] = []
    for panel in panels:
        shares = rows and not panel.block.stretches and not rows[-1][-1].block.stretches
        if shares and _row_width([*rows[-1], panel]) <= WIDEST:
            rows[-1].append(panel)
        else:
            rows.append([panel])
    return rows


def _row_width(row: list[_Placed]) -> int:
    return sum(panel.room for panel in row) + GAP * (len(row) - 1)


class _Sheet:
    """Texts and axes placed from the top down, in pixels, until the height is known."""

    def __init__(self, drawing: Drawing, width: int) -> None:
        self.drawing, self.width, self.height = drawing, width, EDGE
        self._places: list[tuple[Text | Axes, int, int, int, int]] = []

    def write(self, text: str, points: float, colour: str, left: int = EDGE, room: int = 0) -> None:
        """Write lines of at most `room` pixels, by default the width of the sheet."""
        for line in wrapped(text, points, room or self.width):
            artist = self.drawing.text(0, 0, line, size=points, color=colour, va="top")
            self._places.append((artist, left, self.height, 0, 0))
            self.height += px(points * SPACING)

    def place(self, row: list[_Placed]) -> None:
        """Place axes beside each other, their tops aligned, titles over them."""
        start, left, top = self.height, EDGE, self.height
        for panel in row:
            if panel.block.title:
                self.write(panel.block.title, PANEL_TITLE, INK, left, panel.room)
                top = max(top, self.height + 6)
                self.height = start
            left += panel.room + GAP
        left = EDGE
        for panel in row:
            block = panel.block
            width = block.width + (self.width - panel.room if block.stretches else 0)
            self._places.append((panel.axes, left + panel.left, top, width, block.height))
            self.height = max(self.height, top + block.height + panel.below)
            left += panel.room + GAP
        self.height += GAP

    def finish(self) -> None:
        """Size the drawing, and set the places, which are fractions of its size."""
        across, high = self.width + 2 * EDGE, self.height + EDGE
        self.drawing.set_size_inches(across / DPI, high / DPI)
        for artist, left, top, width, height in self._places:
            x, y = left / across, 1 - (top + height) / high
            if isinstance(artist, Axes):
                artist.set_position((x, y, width / across, height / high))
            else:
                artist.set_position((x, y))
