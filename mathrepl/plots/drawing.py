"""A figure drawn by matplotlib's objects: no pyplot, and no setting outlives a call.

Places are in pixels, so that a cell of a heat map is a whole number of them. Texts and panels
are placed from the top down, and the file is cut around them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from math import ceil, floor
from typing import Any, Literal

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.transforms import Bbox

from mathrepl.analysis.figure import Bars, Figure, Heatmap, Lines, Machine, Panel
from mathrepl.inference.answer import Answers
from mathrepl.plots.heat import draw_heat
from mathrepl.plots.lines import draw_lines
from mathrepl.plots.machine import draw_machine
from mathrepl.plots.rows import draw_answers, draw_bars
from mathrepl.plots.text import DPI, INK, QUIET, SANS, SMALL, TITLE, wrapped

EDGE, GAP = 24, 28  # pixels around everything, and between panels
NARROWEST, WIDEST = 760, 1500  # pixels of lines of text at least; heat maps share a row up to it
MOST = 40  # panels that are drawn: matplotlib takes 0.1 to 0.3 s for each
LEAST = 210  # pixels that the title of a narrow panel has
PANEL_TITLE = 10.5  # points

# Each draws a panel and returns the pixels, wide and high, that its axes must have.
DRAWERS: dict[type[Panel], Callable[[Axes, Any], tuple[int, int]]] = {
    Answers: draw_answers,
    Bars: draw_bars,
    Heatmap: draw_heat,
    Lines: draw_lines,
    Machine: draw_machine,
}
STYLE: dict[str, Any] = {
    "font.family": [SANS],
    "font.size": SMALL,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": QUIET,
    "axes.titlelocation": "left",
    "axes.titlesize": PANEL_TITLE,
    "axes.titlepad": 8,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-9, 9),
    "legend.frameon": False,
    "legend.labelspacing": 0.35,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.parse_math": False,  # a dollar in a fact is a dollar
    "svg.hashsalt": "mathrepl",  # ids of an SVG would be random without
}


def picture(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    """The bytes of a file; the same figure gives the same bytes."""
    unstamped = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    file = BytesIO()
    with style.context(["default", STYLE]):  # whatever a person's matplotlibrc says
        drawing = drawn(figure)
        x0, y0, x1, y1 = drawing.get_tightbbox().extents * DPI
        whole = np.array([[floor(x0) - EDGE, floor(y0) - EDGE], [ceil(x1) + EDGE, ceil(y1) + EDGE]])
        around = Bbox(whole / DPI)
        drawing.savefig(file, format=kind, dpi=DPI, metadata=unstamped, bbox_inches=around)
    return file.getvalue()


def drawn(figure: Figure) -> Drawing:
    """`figure` as matplotlib's, down from the corner of an inch; drawn and saved in `STYLE`.

    The title is on top, panels below each other, heat maps side by side where they fit, and facts
    and notes at the bottom. A note says how many of more than `MOST` panels are left out.
    """
    count = len(figure.panels)
    if count > MOST:
        note = f"only the first {MOST} of {count} panels are drawn"
        figure = replace(figure, panels=figure.panels[:MOST], notes=(*figure.notes, note))
    drawing = Drawing((1, 1), dpi=DPI, facecolor="white")
    rows: list[list[_Placed]] = []
    for panel in figure.panels:
        placed = _Placed(drawing, panel)
        shares = rows and placed.is_heat and rows[-1][-1].is_heat
        if shares and _width([*rows[-1], placed]) <= WIDEST:
            rows[-1].append(placed)
        else:
            rows.append([placed])
    margin = max((row[0].left for row in rows), default=0)
    width = max([NARROWEST, *(margin - row[0].left + _width(row) for row in rows)])
    top = _write(drawing, 0, [figure.title], TITLE, INK, width)
    for row in rows:
        top = _place(row, margin, top)
    top = _write(drawing, top, figure.facts, SMALL, INK, width)
    _write(drawing, top, [f"! {note}" for note in figure.notes], SMALL, QUIET, width)
    return drawing


class _Placed:
    """A panel drawn into axes, with the pixels that its title and labels take around them."""

    def __init__(self, drawing: Drawing, panel: Panel) -> None:
        self.axes = drawing.add_axes((0, 0, 1, 1))
        self.is_heat = isinstance(panel, Heatmap)
        self.width, self.height = DRAWERS[type(panel)](self.axes, panel)
        if not isinstance(panel, Answers):
            lines = wrapped(panel.title, PANEL_TITLE, max(LEAST, self.width))
            self.axes.set_title("\n".join(lines))
        self.axes.set_position((0, 0, self.width / DPI, self.height / DPI))
        box = self.axes.get_tightbbox() or self.axes.bbox
        self.left: int = max(0, ceil(-box.x0))
        self.right: int = max(0, ceil(box.x1) - self.width)
        self.above: int = max(0, ceil(box.y1) - self.height)
        self.below: int = max(0, ceil(-box.y0))


def _width(row: Sequence[_Placed]) -> int:
    return sum(one.left + one.width + one.right for one in row) + GAP * (len(row) - 1)


def _place(row: Sequence[_Placed], margin: int, top: int) -> int:
    """Place axes beside each other, the first at `margin`; returns the next row's top."""
    top -= max(one.above for one in row)
    left = margin - row[0].left
    for one in row:
        x, y = left + one.left, top - one.height
        one.axes.set_position((x / DPI, y / DPI, one.width / DPI, one.height / DPI))
        left = x + one.width + one.right + GAP
    return top - max(one.height + one.below for one in row) - GAP


def _write(
    drawing: Drawing, top: int, texts: Sequence[str], points: float, colour: str, room: int
) -> int:
    """Write texts below each other, wrapped to `room` pixels; returns the top of what follows."""
    lines = [line for text in texts if text for line in wrapped(text, points, room)]
    if not lines:
        return top
    written = drawing.text(
        0, top / DPI, "\n".join(lines), size=points, color=colour, va="top", linespacing=1.4
    )
    bottom: int = floor(written.get_window_extent().y0)
    return bottom - GAP // 2
