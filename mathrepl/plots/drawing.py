"""A figure drawn by matplotlib's objects: no pyplot, and no setting outlives a call.

Everything is laid out in pixels before it is drawn, so that a cell of a grid is a whole number
of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Literal

from matplotlib import style
from matplotlib.figure import Figure as Drawing

from mathrepl.analysis.figure import Bars, Figure, Heatmap, Lines, Panel
from mathrepl.plots.answers import answers_block
from mathrepl.plots.bars import bars_block
from mathrepl.plots.block import INK, QUIET, Block
from mathrepl.plots.heat import heat_block
from mathrepl.plots.lines import lines_block
from mathrepl.plots.text import DPI, SANS, SMALL, TITLE, drawable, px, wrapped

EDGE, GAP = 24, 28  # pixels around everything, and between panels
NARROWEST, WIDEST = 760, 1500  # pixels between the edges; panels share a row up to the widest
PANEL_TITLE = 10.5  # points
SPACING = 1.45  # from line to line, in sizes of the text

_LOOKS: dict[str, Any] = {
    "font.family": [SANS],
    "font.size": SMALL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "axes.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
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
def looks() -> Iterator[None]:
    """The settings figures are drawn and saved under, whatever a person's matplotlibrc says."""
    with style.context(["default", _LOOKS]):
        yield


def picture(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """A file's bytes; the same figure gives the same bytes."""
    unstamped = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    file = BytesIO()
    with looks():
        drawn(figure).savefig(file, format=kind, dpi=DPI, metadata=unstamped)
    return file.getvalue()


def drawn(figure: Figure) -> Drawing:
    """`figure` as matplotlib's, DPI pixels an inch; to save it yourself, do so within `looks()`.

    The title is on top, panels below each other, those of fixed size side by side where they
    fit, and facts and notes at the bottom.
    """
    with looks():
        return _stacked(figure)


def _stacked(figure: Figure) -> Drawing:
    rows = _in_rows([_block(panel) for panel in figure.panels])
    margin = max((row[0].left for row in rows if len(row) == 1), default=0)
    width = max([NARROWEST, *(_row_width(row, margin) for row in rows)])
    stack = _Stack(width + 2 * EDGE)
    if figure.title:
        stack.write(wrapped(figure.title, TITLE, width), TITLE, INK)
        stack.down(10)
    for row in rows:
        stack.place(row, margin if len(row) == 1 else 0)
    for text in figure.facts:
        stack.write(wrapped(text, SMALL, width), SMALL, INK)
    for text in figure.notes:
        stack.write(wrapped(f"! {text}", SMALL, width), SMALL, QUIET)
    return stack.finished()


def _block(panel: Panel) -> Block:
    if isinstance(panel, Heatmap):
        return heat_block(panel)
    if isinstance(panel, Lines):
        return lines_block(panel)
    if isinstance(panel, Bars):
        return bars_block(panel)
    return answers_block(panel)


def _in_rows(blocks: list[Block]) -> list[list[Block]]:
    """Blocks of fixed size share a row while it is not too wide; others have their own."""
    rows: list[list[Block]] = []
    for block in blocks:
        last = rows[-1] if rows else []
        fits = _row_width([*last, block], 0) <= WIDEST
        if last and fits and not block.stretches and not last[-1].stretches:
            last.append(block)
        else:
            rows.append([block])
    return rows


def _row_width(row: list[Block], margin: int) -> int:
    if len(row) == 1:
        return _left(row[0], margin) + row[0].width + row[0].right
    return sum(b.left + b.width + b.right for b in row) + GAP * (len(row) - 1)


def _left(block: Block, margin: int) -> int:
    """A table has no labels left of it, so it keeps to the edge."""
    return max(block.left, margin) if block.left else 0


class _Stack:
    """Things placed from the top down, in pixels, and put together when the height is known."""

    def __init__(self, width: int) -> None:
        self._width, self._height = width, EDGE
        self._texts: list[tuple[int, int, str, float, str]] = []
        self._axes: list[tuple[int, int, int, Block]] = []

    def down(self, pixels: int) -> None:
        self._height += pixels

    def write(
        self,
        lines: list[str],
        points: float,
        colour: str,
        *,
        left: int = EDGE,
    ) -> None:
        for line in lines:
            self._texts.append((left, self._height, line, points, colour))
            self.down(px(points * SPACING))

    def place(self, row: list[Block], margin: int) -> None:
        """Axes beside each other, their tops aligned, titles over them."""
        start, left = self._height, EDGE
        lefts, tops = [], []
        for block in row:
            self._height = start
            inner = _left(block, margin)
            room = inner + block.width + block.right
            title = wrapped(block.title, PANEL_TITLE, room) if block.title else []
            self.write(title, PANEL_TITLE, INK, left=left)
            lefts.append(left + inner)
            tops.append(self._height + (6 if title else 0))
            left += room + GAP
        top = max(tops)
        for block, from_left in zip(row, lefts, strict=True):
            width = block.width
            if block.stretches:
                width = self._width - EDGE - from_left - block.right
            self._axes.append((from_left, top, width, block))
        self._height = max(top + block.height + block.bottom for block in row) + GAP

    def finished(self) -> Drawing:
        width, height = self._width, self._height + EDGE
        drawing = Drawing(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
        for left, top, text, points, colour in self._texts:
            drawing.text(
                left / width,
                1 - top / height,
                drawable(text),
                size=points,
                color=colour,
                va="top",
            )
        for left, top, across, block in self._axes:
            bottom = height - top - block.height
            rect = (left / width, bottom / height, across / width, block.height / height)
            block.draw(drawing.add_axes(rect))
        return drawing
