"""Series over one pair of axes."""

from __future__ import annotations

from math import isfinite, nan

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from mathrepl.analysis.figure import Lines
from mathrepl.plots.text import ROUND, drawable, say_empty
from mathrepl.support.text import cropped

SIZE = (760, 420)  # pixels, wide and high
NAME, NAMES = 30, 14  # characters of a name in the legend, and names that it has room for
STYLES = ("-", "--", ":", "-.")
MARKED = 30  # points up to which a series shows each


def draw_lines(axes: Axes, lines: Lines) -> tuple[int, int]:
    """Draw series in axes of the pixels (wide, high) that are returned.

    Points that are not finite, or not above 0 where `log`, are left out.
    """
    least = 0.0 if lines.log else float("-inf")
    heights = [[y if isfinite(y) and y > least else nan for y in s.y] for s in lines.series]
    if not any(isfinite(y) for some in heights for y in some):
        say_empty(axes, "nothing above 0 to draw" if lines.log else "nothing to draw")
        return SIZE
    for number, (series, ys) in enumerate(zip(lines.series, heights, strict=True)):
        axes.plot(
            series.x,
            ys,
            color=f"C{number % 10}",
            linestyle=STYLES[number // 10 % len(STYLES)],
            marker="o" if len(ys) <= MARKED else None,
            markersize=3.5,
            linewidth=1.6,
        )
    axes.set_xlabel(drawable(cropped(lines.x_axis, 60)))
    axes.set_ylabel(drawable(cropped(lines.y_axis, 60)))
    axes.grid(visible=True, linewidth=0.6, alpha=0.35)
    axes.spines[["top", "right"]].set_visible(False)
    whole = all(x == int(x) for s in lines.series for x in s.x if isfinite(x))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=whole, steps=ROUND))
    ends = [end for end in (lines.low, lines.high) if end is not None and end > least]
    axes.update_datalim([(0, end) for end in ends], updatex=False)
    axes.autoscale_view()
    if lines.log:
        axes.set_yscale("log")
        bottom, top = axes.get_ylim()
        # Over few decades, powers of ten alone would leave an axis with one number or none.
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if top / bottom < 1000 else (1,)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    names = [drawable(cropped(series.name, NAME)) for series in lines.series]
    shown = [(line, name) for line, name in zip(axes.lines, names, strict=True) if name.strip()]
    if len(shown) > NAMES:
        further = Line2D([], [], linestyle="none"), f"and {len(shown) - NAMES:,} more"
        shown[NAMES:] = [further]
    if shown:
        axes.legend(*zip(*shown, strict=True), loc="upper left", bbox_to_anchor=(1.0, 1.02))
    return SIZE
