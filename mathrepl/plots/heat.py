"""Heat maps. A cell is a whole number of pixels, one at least, and is never blended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, NullLocator

from mathrepl.analysis.figure import Heatmap, Palette
from mathrepl.plots.text import LINE, QUIET, ROUND, SMALL, drawable, say_empty, text_width
from mathrepl.support.text import cropped

SIDE = 1000  # pixels the longer side of a grid aims at
THIN = 160  # pixels the shorter side has at least, where cells would be smaller than that
CELL = 48  # pixels a cell has at most
LABEL = 24  # characters of a row's or column's label
FAR = 10**9  # numbers from which on an axis counts from its least
DIGITS = 24  # of such a number that are shown
GAP, BAR = 18, 18  # pixels between a grid and its colour bar, and the bar's width
MISSING = "#b4b9bf"


def draw_heat(axes: Axes, heat: Heatmap) -> tuple[int, int]:
    """Draw a heat map in axes of the pixels (wide, high) that are returned."""
    rows, columns = heat.cells.shape
    if not rows or not columns:
        say_empty(axes)
        return 600, 4 * LINE
    across, down = _cell_sizes(heat)
    width, height = across * columns, down * rows
    low, high = heat.bounds
    column_range, column_axis = _counted(heat.column_range, heat.column_axis)
    row_range, row_axis = _counted(heat.row_range, heat.row_axis)
    left, right = _edges(column_range, columns)
    top, bottom = _edges(row_range, rows)
    image = axes.imshow(
        np.clip(heat.cells.astype(np.float64), low, high),
        cmap=palette(heat.palette),
        vmin=low,
        vmax=high,
        aspect="auto",
        interpolation="nearest",
        extent=(left, right, bottom, top),
        zorder=3,  # over the ticks, whose blurred ends would reach into the outermost cells
    )
    _set_ticks(axes.yaxis, heat.rows, row_range, height, down)
    _set_ticks(axes.xaxis, heat.columns, column_range, width, across, across=True)
    axes.set_ylabel(drawable(cropped(row_axis, 60)))
    axes.set_xlabel(drawable(cropped(column_axis, 60)))
    # A frame's line would cover half of the outermost cells where a cell is a pixel.
    axes.spines[:].set_visible(False)
    _add_bar(axes, image, heat.palette, width, height)
    return width, height


def palette(name: Palette) -> Colormap:
    """Colours from low to high; right and wrong also differ in lightness, for the colour-blind."""
    if name == "verdict":
        ends = ["#cdeac0", "#f2a93b", "#b3001b"]
        colours: Colormap = LinearSegmentedColormap.from_list("verdict", ends)
    else:
        colours = colormaps["viridis" if name == "amount" else "RdBu_r"]
    return colours.with_extremes(bad=MISSING)


def _cell_sizes(heat: Heatmap) -> tuple[int, int]:
    """The pixels of a cell, wide and high: square unless a side or its labels need more room."""
    rows, columns = heat.cells.shape
    square = max(1, min(CELL, SIDE // max(rows, columns)))
    sizes = []
    for count, labels in ((columns, heat.columns), (rows, heat.rows)):
        thick = min(CELL, -(-THIN // count))
        readable = min(LINE, SIDE // count) if labels else 0
        sizes.append(max(square, thick, readable))
    return sizes[0], sizes[1]


def _counted(ends: tuple[int, int] | None, axis: str) -> tuple[tuple[int, int] | None, str]:
    """The ends and the name of an axis, counted from the least end where numbers are large.

    Floats, and ticks of a few digits, would not tell such neighbours apart.
    """
    if ends is None or max(map(abs, ends)) < FAR:
        return ends, axis
    least = min(ends)
    number = str(abs(least))
    if len(number) > DIGITS:
        half = DIGITS // 2
        number = f"{number[:half]}…{number[-half:]} ({len(number)} digits)"
    return (ends[0] - least, ends[1] - least), f"{axis} {'+' if least < 0 else '-'} {number}"


def _edges(ends: tuple[int, int] | None, count: int) -> tuple[float, float]:
    """The outer edges of `count` cells, the first and last of which are centred at `ends`."""
    first, last = ends or (0, count - 1)
    half = (last - first) / (count - 1) / 2 if first != last else 0.5
    return first - half, last + half


def _set_ticks(
    axis: Axis,
    labels: Sequence[str],
    ends: tuple[int, int] | None,
    room: int,
    size: int,
    *,
    across: bool = False,
) -> None:
    """Label cells of `size` pixels, as many as have room."""
    if not labels:
        number = MaxNLocator(max(1, min(10, room // 90)), integer=True, min_n_ticks=1, steps=ROUND)
        axis.set_major_locator(number if ends else NullLocator())
        return
    shown = [drawable("␣" if text == " " else cropped(text, LABEL)) for text in labels]
    widest = max(text_width(text, SMALL) for text in shown) + 4
    # Short labels are thinned instead of turned: a digit on its side would be misread.
    upright = across and widest > max(size, 2 * LINE)
    step = -(-(widest if across and not upright else LINE) // size)
    axis.set_ticks(range(0, len(shown), step), shown[::step], rotation=90 if upright else 0)


def _add_bar(axes: Axes, image: AxesImage, name: Palette, width: int, height: int) -> None:
    """A colour bar right of the grid, which is `width` by `height` pixels."""
    beside = axes.inset_axes((1 + GAP / width, 0, BAR / width, 1))
    ticks = MaxNLocator(max(1, min(5, height // 40)), steps=ROUND)
    bar = axes.figure.colorbar(image, cax=beside, ticks=ticks)
    bar.outline.set_visible(False)
    if name == "verdict":
        bar.set_ticks(image.get_clim(), labels=["right", "wrong"])
    beside.tick_params(length=3, color=QUIET)
