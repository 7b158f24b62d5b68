"""Several answers as a plain table, a line each."""

from __future__ import annotations

from matplotlib.axes import Axes

from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.plots.block import BAD, GOOD, INK, QUIET, Block
from mathrepl.plots.text import MONO, SMALL, drawable, px
from mathrepl.support.percent import rounded_down
from mathrepl.support.safe_text import cropped, written

ROW = px(SMALL * 1.5)
CELL, ROWS = 44, 60  # characters of a cell, and lines of a table, at most
HEADINGS = ("equation", "network", "truth", "verdict", "sure")


def answers_block(answers: Answers) -> Block:
    """Lay out a table of at most 60 answers, and the number of further ones."""
    items = answers.items[:ROWS]
    several = len({item.weights for item in answers.items} - {""}) > 1
    rows = [(HEADINGS, QUIET), *map(_row, items)]
    if several:
        names = ["weights", *(item.weights for item in items)]
        rows = [((name, *cells), colour) for name, (cells, colour) in zip(names, rows, strict=True)]
    table = [[drawable(cropped(cell, CELL), MONO) for cell in cells] for cells, _ in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in table]
    colours = [colour for _, colour in rows]
    if len(answers.items) > ROWS:
        lines.append(f"and {len(answers.items) - ROWS:,} more")
        colours.append(QUIET)

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        axes.set_ylim(len(lines) - 0.5, -0.5)
        for number, (line, colour) in enumerate(zip(lines, colours, strict=True)):
            axes.text(0, number, line, family=MONO, color=colour, va="center_baseline")

    return Block("", 1, ROW * len(lines), draw)


def _row(item: Answer | Refused) -> tuple[tuple[str, ...], str]:
    """The cells of an answer, and its colour."""
    if isinstance(item, Refused):
        return (item.equation, "", "", item.error.message, ""), INK
    network, sure = written(item.network), rounded_down(item.confidence)
    cells = (item.equation, network, item.truth, item.verdict, sure)
    return cells, GOOD if item.right else BAD
