"""Series over one pair of axes."""

from __future__ import annotations

from math import isfinite, nan

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from mathrepl.analysis.figure import Lines, Series
from mathrepl.plots.block import ROUND, Block, plain_number, say_empty
from mathrepl.plots.text import drawable
from mathrepl.support.safe_text import cropped

WIDTH, HEIGHT = 760, 420  # pixels
NAME, NAMES = 30, 14  # characters of a name in the legend, and names that it has room for
STYLES = ("-", "--", ":", "-.")
MARKED = 30  # points up to which a series shows each


def lines_block(lines: Lines) -> Block:
    """Lay out series; points that are not finite, or not above 0 where `log`, are left out."""
    names = [drawable(cropped(s.name, NAME)) for s in lines.series]

    def draw(axes: Axes) -> None:
        drawn = [s for s in lines.series if any(map(isfinite, _heights(s, log=lines.log)))]
        if not drawn:
            say_empty(axes, "nothing above 0 to draw" if lines.log else "nothing to draw")
            return
        for number, series in enumerate(lines.series):
            axes.plot(
                series.x,
                _heights(series, log=lines.log),
                color=f"C{number % 10}",
                linestyle=STYLES[number // 10 % len(STYLES)],
                marker="o" if len(series.x) <= MARKED else None,
                markersize=3.5,
                linewidth=1.6,
            )
        axes.set_xlabel(drawable(cropped(lines.x_axis, 60)))
        axes.set_ylabel(drawable(cropped(lines.y_axis, 60)))
        axes.grid(visible=True, linewidth=0.6, alpha=0.35)
        axes.spines[["top", "right"]].set_visible(False)
        _set_scale(axes, lines)
        _add_legend(axes, names)

    return Block(lines.title, WIDTH, HEIGHT, draw, stretches=True)


def _heights(series: Series, *, log: bool) -> list[float]:
    return [y if isfinite(y) and not (log and y <= 0) else nan for y in series.y]


def _set_scale(axes: Axes, lines: Lines) -> None:
    whole = all(x == int(x) for s in lines.series for x in s.x if isfinite(x))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=whole, steps=ROUND))
    axes.xaxis.set_major_formatter(plain_number)
    if lines.log:
        axes.set_yscale("log")
    bottom, top = _limits(lines, *axes.get_ylim())
    axes.set_ylim(bottom, top)
    if lines.log:
        # Over few decades, powers of ten alone would leave an axis with one number or none.
        few = top / bottom < 1000
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(plain_number)


def _limits(lines: Lines, bottom: float, top: float) -> tuple[float, float]:
    """The ends of y, as asked for or else those of the data; the first is below the second."""
    low, high = (
        end if end is None or end > 0 or not lines.log else None for end in (lines.low, lines.high)
    )
    bottom = bottom if low is None else low
    top = top if high is None else high
    if top <= bottom and low is None:
        bottom = top / 10 if lines.log else top - max(1.0, abs(top))
    elif top <= bottom:
        top = bottom * 10 if lines.log else bottom + max(1.0, abs(bottom))
    if lines.log:
        return bottom, top
    # A line along an end would be half hidden by it.
    edge = 0.02 * (top - bottom)
    return bottom - (low is not None) * edge, top + (high is not None) * edge


def _add_legend(axes: Axes, names: list[str]) -> None:
    """Names at the right of the axes, as many as have room, and the number of further ones."""
    handles: list[Line2D] = [
        line for line, name in zip(axes.lines, names, strict=True) if name.strip()
    ]
    shown = [name for name in names if name.strip()]
    if not shown:
        return
    if len(shown) > NAMES:
        handles[NAMES:] = [Line2D([], [], linestyle="none")]
        shown[NAMES:] = [f"and {len(shown) - NAMES:,} more"]
    axes.legend(
        handles,
        shown,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.02),
        frameon=False,
        labelspacing=0.35,
    )
