"""Heat maps. A cell is a whole number of pixels, one at least, and is never blended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mathrepl.analysis.figure import Heatmap, Palette
from mathrepl.plots.block import MISSING, QUIET, ROUND, Block, plain_number, say_empty
from mathrepl.plots.text import SMALL, drawable, px, text_width
from mathrepl.support.safe_text import cropped

SIDE = 1000  # pixels the longer side of a grid aims at
THIN = 160  # pixels the shorter side has at least, where cells would be smaller than that
CELL = 48  # pixels a cell has at most
LABEL = 24  # characters of a row's or column's label
LINE = px(SMALL * 1.3)
GAP, BAR = 18, 18  # pixels between a grid and its colour bar, and the bar's width


def heat_block(heat: Heatmap) -> Block:
    """Lay out a heat map; one without rows or columns says so."""
    rows, columns = heat.cells.shape
    if not rows or not columns:
        return Block(heat.title, 600, 4 * LINE, say_empty, stretches=True)
    across, down = _cell_sizes(heat)

    def draw(axes: Axes) -> None:
        low, high = heat.bounds
        image = axes.imshow(
            np.clip(heat.cells.astype(np.float64), low, high),
            cmap=palette(heat.palette),
            vmin=low,
            vmax=high,
            aspect="auto",
            interpolation="nearest",
            zorder=3,  # over the ticks, whose blurred ends would reach into the outermost cells
        )
        _set_ticks(axes.yaxis, heat.rows, heat.row_range, rows, down)
        _set_ticks(axes.xaxis, heat.columns, heat.column_range, columns, across, across=True)
        axes.set_ylabel(drawable(cropped(heat.row_axis, 60)))
        axes.set_xlabel(drawable(cropped(heat.column_axis, 60)))
        # A frame's line would cover half of the outermost cells where a cell is a pixel.
        axes.spines[:].set_visible(False)
        _add_bar(axes, image, heat.palette, (across * columns, down * rows))

    return Block(heat.title, across * columns, down * rows, draw)


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


def _set_ticks(
    axis: Axis,
    labels: Sequence[str],
    ends: tuple[int, int] | None,
    count: int,
    size: int,
    *,
    across: bool = False,
) -> None:
    """Label `count` cells of `size` pixels, as many as have room."""
    if not labels:
        axis.set_ticks(*(_range_ticks(ends, count, size) if ends else ([], [])))
        return
    shown = [drawable("␣" if text == " " else cropped(text, LABEL)) for text in labels]
    widest = max(text_width(text, SMALL) for text in shown) + 4
    # Short labels are thinned instead of turned: a digit on its side would be misread.
    upright = across and widest > max(size, 2 * LINE)
    step = -(-(widest if across and not upright else LINE) // size)
    axis.set_ticks(range(0, count, step), shown[::step], rotation=90 if upright else 0)


def _range_ticks(ends: tuple[int, int], count: int, size: int) -> tuple[list[float], list[str]]:
    """Places and texts of round numbers between `ends`, the first and the last of `count` cells."""
    first, last = ends
    if first == last or count == 1:
        return [0.0], [plain_number(first)]
    wanted = max(1, min(10, count * size // 90))
    values = MaxNLocator(wanted, integer=True, steps=ROUND).tick_values(min(ends), max(ends))
    inside = [int(v) for v in values if min(ends) <= v <= max(ends) and v == int(v)]
    places = [(value - first) / (last - first) * (count - 1) for value in inside]
    return places, [f"{value:d}".replace("-", "\N{MINUS SIGN}") for value in inside]


def _add_bar(axes: Axes, image: AxesImage, name: Palette, size: tuple[int, int]) -> None:
    """A colour bar right of the grid, which is `size` pixels (wide, high)."""
    width, height = size
    beside = axes.inset_axes((1 + GAP / width, 0, BAR / width, 1))
    ticks = MaxNLocator(max(1, min(5, height // 40)), steps=ROUND)
    number = FuncFormatter(plain_number)
    bar = axes.figure.colorbar(image, cax=beside, ticks=ticks, format=number)
    bar.outline.set_visible(False)
    if name == "verdict":
        bar.set_ticks(image.get_clim(), labels=["right", "wrong"])
    beside.tick_params(length=3, color=QUIET)
