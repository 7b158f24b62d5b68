"""Panels of rows: horizontal bars with their texts, and answers as a plain table."""

from __future__ import annotations

from math import isfinite

from matplotlib.axes import Axes

from mathrepl.analysis.figure import Bars
from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.plots.text import ACCENT, BAD, GOOD, INK, LINE, MONO, QUIET, drawable, say_empty
from mathrepl.support.text import cropped, rounded_down, written

WIDTH = 760  # pixels of a full bar
BAR = 30  # pixels from one to the next
LABEL, TEXT = 40, 60  # characters of a bar's label, and of its text
CELL, ROWS = 44, 60  # characters of a cell, and lines of a table, at most
HEADINGS = ("weights", "equation", "network", "truth", "verdict", "sure")


def draw_bars(axes: Axes, bars: Bars) -> tuple[int, int]:
    """Draw bars, the first on top, in axes of the pixels (wide, high) that are returned.

    A negative or infinite value has no length.
    """
    if not bars.bars:
        say_empty(axes)
        return WIDTH, 3 * BAR
    labels = [drawable(cropped(bar.label, LABEL)) for bar in bars.bars]
    texts = [drawable(cropped(bar.text, TEXT)) for bar in bars.bars]
    lengths = [max(0.0, bar.value) if isfinite(bar.value) else 0.0 for bar in bars.bars]
    full = max(lengths) if bars.high is None else bars.high
    full = full if full > 0 else 1.0
    places = range(len(lengths))
    backgrounds = axes.barh(places, full, height=0.62, color=QUIET, alpha=0.1)
    axes.barh(places, [min(length, full) for length in lengths], height=0.62, color=ACCENT)
    axes.bar_label(backgrounds, texts, padding=6, color=INK, annotation_clip=False)
    axes.set_xlim(0, full)
    axes.set_ylim(len(lengths) - 0.5, -0.5)
    axes.set_yticks(places, labels)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    return WIDTH, BAR * len(lengths)


def draw_answers(axes: Axes, answers: Answers) -> tuple[int, int]:
    """Draw a table of at most 60 answers, and the number of further ones.

    The axes need the pixels (wide, high) that are returned; the table is wider than they are.
    """
    items = answers.items[:ROWS]
    table = [HEADINGS, *map(_cells, items)]
    if len({item.weights for item in answers.items} - {""}) < 2:
        table = [cells[1:] for cells in table]
    shown = [[drawable(cropped(cell, CELL), MONO) for cell in cells] for cells in table]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in shown]
    colours = [
        QUIET,
        *(INK if isinstance(one, Refused) else GOOD if one.right else BAD for one in items),
    ]
    if len(answers.items) > ROWS:
        lines.append(f"and {len(answers.items) - ROWS:,} more")
        colours.append(QUIET)
    axes.set_axis_off()
    axes.set_ylim(len(lines) - 0.5, -0.5)
    for number, (line, colour) in enumerate(zip(lines, colours, strict=True)):
        axes.text(0, number, line, family=MONO, color=colour, va="center_baseline")
    return 1, LINE * len(lines)


def _cells(item: Answer | Refused) -> tuple[str, ...]:
    if isinstance(item, Refused):
        return item.weights, item.equation, "", "", item.error.message, ""
    network, sure = written(item.network), rounded_down(item.confidence)
    return item.weights, item.equation, network, item.truth, item.verdict, sure


def _colour(item: Answer | Refused) -> str:
    if isinstance(item, Refused):
        return INK
    return GOOD if item.right else BAD
