"""Figures: panels under a title."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mathrepl.analysis.figure import Bars, Figure, Heatmap, Lines, Machine, Panel
from mathrepl.commands.spec import Table as DrawnTable
from mathrepl.render.answers import draw_answers
from mathrepl.render.canvas import draw_lines, sized
from mathrepl.render.pages import draw_table
from mathrepl.support.text import printable

if TYPE_CHECKING:
    from mathrepl.render.cells import Depth

# A pipe has no window; a page of this size can be read in any editor.
PAGE_WIDTH, PAGE_HEIGHT = 100, 40
WIDEST_BAR = 40  # cells
GAP = 3  # cells between pictures side by side
_EIGHTHS = "▏▎▍▌▋▊▉█"


def draw_figure(figure: Figure, console: Console) -> RenderableType:
    """Title, panels with a blank line between them, facts and notes."""
    parts: list[RenderableType] = [Text(printable(figure.title), "title")]
    for index, row in enumerate(_rows(figure.panels, page_of(console)[0])):
        if index:
            parts.append(Text(""))
        drawn = [_draw_panel(panel, console) for panel in row]
        beside = Table.grid(padding=(0, GAP, 0, 0))
        beside.add_row(*drawn)
        parts += drawn if len(drawn) == 1 else [beside]
    parts += [Text(printable(fact)) for fact in figure.facts]
    parts += [Text(f"! {printable(note)}", "unsure") for note in figure.notes]
    return Group(*parts)


def _rows(panels: Sequence[Panel], width: int) -> Iterator[list[Panel]]:
    """Heat maps of the same columns stand side by side where there is room, others alone."""
    for columns, group in groupby(panels, lambda p: isinstance(p, Heatmap) and p.columns):
        row: list[Panel] = []
        taken = 0
        for panel in group:
            needed = width
            if columns and isinstance(panel, Heatmap):
                from mathrepl.render.cells import natural_width  # loads numpy

                needed = natural_width(panel)
            if row and taken + needed > width:
                yield row
                row, taken = [], 0
            row.append(panel)
            taken += GAP + needed
        yield row


def page_of(console: Console) -> tuple[int, int]:
    """Width and height for pictures: those of the window, or of a page without one."""
    if console.is_terminal:
        return console.width, console.height
    return min(console.width, PAGE_WIDTH), PAGE_HEIGHT


def _draw_panel(panel: Panel, console: Console) -> RenderableType:
    width, height = page_of(console)
    if isinstance(panel, Heatmap):
        from mathrepl.render.cells import draw_heat  # loads numpy

        return draw_heat(panel, width, height, depth_of(console))
    if isinstance(panel, Lines):
        return draw_lines(panel, width, height, colour=has_colour(console))
    if isinstance(panel, Bars):
        return draw_bars(panel, width)
    if isinstance(panel, Machine):
        return draw_machine(panel, width)
    return draw_answers(panel, console, score=False)


def draw_machine(machine: Machine, width: int) -> RenderableType:
    """A row for each edge."""
    names = machine.states
    rows = [
        (names[e.source], e.when, e.writes, "end" if e.target is None else names[e.target])
        for e in machine.edges
    ]
    headings = ("in the state", "on a column where", "writes", "and goes to")
    return draw_table(DrawnTable(machine.title, headings, tuple(rows)), width)


def has_colour(console: Console) -> bool:
    return console.color_system is not None and not console.no_color


def depth_of(console: Console) -> Depth:
    """The colours for ramps; with sixteen, shades say more than colours."""
    if has_colour(console) and console.color_system == "truecolor":
        return "truecolor"
    return "256" if has_colour(console) and console.color_system == "256" else "none"


def draw_bars(bars: Bars, width: int) -> RenderableType:
    """A line for each bar; where label and text leave no room, the bar is under them."""
    parts: list[RenderableType] = [Text(printable(bars.title), "key")] if bars.title else []
    labels = [printable(bar.label) for bar in bars.bars]
    texts = [printable(bar.text) for bar in bars.bars]
    longest = max((cell_len(label) for label in labels), default=0)
    behind = max((cell_len(text) + 1 for text in texts if text), default=0)
    room = min(width - longest - 1 - behind, WIDEST_BAR)
    values = [bar.value if math.isfinite(bar.value) else 0.0 for bar in bars.bars]
    full = bars.high if bars.high is not None else max(values, default=0.0)
    for label, text, value in zip(labels, texts, values, strict=True):
        share = min(max(value / full, 0.0), 1.0) if full > 0 else 0.0
        if room < 8:
            parts.append(Text.assemble(label, (f" {text}" if text else "", "quiet")))
            parts.append(Text(bar_of(share, min(width, WIDEST_BAR)), "accent"))
            continue
        line = Text(sized(label, longest) + " ", no_wrap=True)
        line.append(bar_of(share, room), "accent")
        line.append(f" {text}" if text else "")
        parts.append(line)
    return Group(*parts)


def bar_of(share: float, width: int) -> str:
    """A bar over `share` of `width` cells, in eighths; a share above 0 has at least one."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest - 1] if rest else "")
