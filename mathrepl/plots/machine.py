"""A finite machine as a graph: states in a row, ways between them as arrows with their texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

from mathrepl.analysis.figure import Edge, Machine
from mathrepl.plots.text import ACCENT, INK, LINE, QUIET, SMALL, drawable, say_empty, text_width
from mathrepl.support.text import cropped

RADIUS, LOOP = 46, 60  # pixels of a state, and of a loop over it
LEAST = 240  # pixels from one state to the next at least
EDGE = 20  # pixels around all
MOST = 12  # states that are drawn
TEXT, NAME = 60, 30  # characters
SPACE = 14  # pixels between an arrow and its text


def draw_machine(axes: Axes, machine: Machine) -> tuple[int, int]:
    """Draw a machine in axes of the pixels (wide, high) that are returned.

    Ways to the right pass over the states, those to the left under them, each further out than
    shorter ones. Under a state stands when it ends.
    """
    if len(machine.states) > MOST:
        say_empty(axes, f"{len(machine.states)} states are too many to draw")
        return 760, 4 * LINE
    ways: dict[tuple[int, int], list[str]] = defaultdict(list)
    ends: dict[int, list[str]] = defaultdict(list)
    for edge in machine.edges:
        if edge.target is None:
            ends[edge.source].append(drawable(cropped(f"ends where {edge.when}", TEXT)))
        else:
            ways[edge.source, edge.target].append(_text(edge))
    names = [drawable(cropped(name, NAME)) for name in machine.states]
    texts = [*ways.values(), *ends.values(), names]
    widest = max(text_width(line, SMALL) for lines in texts for line in lines)
    apart = max(LEAST, widest + RADIUS + 2 * EDGE)
    x = [apart // 2 + apart * place for place in range(len(names))]
    loops = [len(lines) for (source, target), lines in ways.items() if source == target]
    over = RADIUS + (LOOP + SPACE + LINE * max(loops) if loops else 0)
    above, below = over, RADIUS + LINE
    for (source, target), lines in sorted(ways.items(), key=lambda way: abs(way[0][0] - way[0][1])):
        if source == target:
            _loop(axes, x[source], lines)
        elif source < target:
            _arc(axes, x[source], x[target], above + SPACE, lines)
            above += SPACE + LINE * (len(lines) + 1)
        else:
            _arc(axes, x[source], x[target], -below - SPACE, lines)
            below += SPACE + LINE * (len(lines) + 1)
    for place, name in enumerate(names):
        _state(axes, x[place], name, starts=place == 0)
        _write(axes, x[place], -below - SPACE, ends[place], up=False, color=QUIET)
    below += SPACE + LINE * max(map(len, ends.values()), default=0)
    axes.set_axis_off()
    axes.set_xlim(0, apart * len(names))
    axes.set_ylim(-below - EDGE, above + EDGE)
    return apart * len(names), above + below + 2 * EDGE


def _text(edge: Edge) -> str:
    return drawable(cropped(f"{edge.when}: {edge.writes}", TEXT))


def _state(axes: Axes, x: int, name: str, *, starts: bool) -> None:
    axes.add_patch(Circle((x, 0), RADIUS, facecolor="white", edgecolor=INK, linewidth=1.6))
    if starts:
        axes.add_patch(Circle((x, 0), RADIUS - 6, fill=False, edgecolor=ACCENT, linewidth=1.2))
    axes.text(x, 0, "start" if starts else "", color=ACCENT, ha="center", va="center")
    _write(axes, x, -RADIUS - SPACE // 2, [name], up=False, weight="bold")


def _loop(axes: Axes, x: int, lines: Sequence[str]) -> None:
    """A loop over a state."""
    foot = RADIUS * 0.94
    axes.add_patch(_arrow((x - 16, foot), (x + 16, foot), -LOOP / 16))
    _write(axes, x, RADIUS + LOOP + SPACE // 2, lines)


def _arc(axes: Axes, start: int, end: int, height: int, lines: Sequence[str]) -> None:
    """An arrow between states that passes at a height over them, or under them."""
    side = 1 if end > start else -1
    # Under a state is its name, which an arrow passes at the side.
    foot, tip = (RADIUS * 0.9, RADIUS * 0.45) if side > 0 else (-RADIUS * 0.4, -RADIUS * 0.93)
    a, b = (start + tip, foot), (end - tip, foot)
    # A quadratic curve gets half as far from its chord as its control point.
    bend = 2 * abs(height - foot) / abs(b[0] - a[0])
    axes.add_patch(_arrow(a, b, -bend))
    _write(axes, (start + end) / 2, height + side * SPACE // 2, lines, up=height > 0)


def _arrow(a: tuple[float, float], b: tuple[float, float], bend: float) -> FancyArrowPatch:
    return FancyArrowPatch(
        a,
        b,
        connectionstyle=f"arc3,rad={bend:.4f}",
        arrowstyle="-|>",
        mutation_scale=14,
        color=QUIET,
        linewidth=1.4,
        shrinkA=0,
        shrinkB=0,
    )


def _write(
    axes: Axes, x: float, y: float, lines: Sequence[str], *, up: bool = True, **style: Any
) -> None:
    """Lines over a place or under it, on a ground that covers the arrows behind them."""
    place = "bottom" if up else "top"
    text = axes.text(
        x, y, "\n".join(lines), ha="center", va=place, linespacing=1.4, **{"color": INK, **style}
    )
    if any(lines):
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5})
    text.set_zorder(3)
