"""Several answers as a plain table, a line each."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.plots.block import BAD, GOOD, INK, QUIET, Block
from mathrepl.plots.text import MONO, SMALL, drawable, px, text_width
from mathrepl.support.percent import rounded_down
from mathrepl.support.safe_text import cropped

ROW = px(SMALL * 1.5)
CELL, ROWS = 44, 60  # characters of a cell, and lines of a table, at most
HEADINGS = ("equation", "network", "truth", "verdict", "sure")


@dataclass(frozen=True, slots=True)
class _Row:
    cells: tuple[str, ...]
    colour: str


def answers_block(answers: Answers) -> Block:
    """Lay out a table; past 60 lines it says how many more answers there are."""
    items = answers.items[:ROWS]
    several = len({item.weights for item in answers.items} - {""}) > 1
    rows = [_row(item, several=several) for item in items]
    headings = ("weights", *HEADINGS) if several else HEADINGS
    widths = [
        max(len(cells[place]) for cells in (headings, *(row.cells for row in rows)))
        for place in range(len(headings))
    ]
    lines = [(_spaced(headings, widths), QUIET)]
    lines += [(_spaced(row.cells, widths), row.colour) for row in rows]
    if len(answers.items) > ROWS:
        lines.append((f"and {len(answers.items) - ROWS:,} more", QUIET))

    def draw(axes: Axes) -> None:
        axes.set_axis_off()
        for number, (line, colour) in enumerate(lines):
            axes.text(
                0,
                1 - (number + 0.5) / len(lines),
                line,
                transform=axes.transAxes,
                family=MONO,
                color=colour,
                va="center_baseline",
            )

    width = max(text_width(line, SMALL, MONO) for line, _ in lines)
    return Block("", width, ROW * len(lines), draw)


def _row(item: Answer | Refused, *, several: bool) -> _Row:
    if isinstance(item, Refused):
        cells: tuple[str, ...] = (item.equation, "", "", item.error.message, "")
        colour = INK
    else:
        written = item.network.replace(" ", "␣") or "(nothing)"
        sure = rounded_down(item.confidence)
        cells = (item.equation, written, item.truth, item.verdict, sure)
        colour = GOOD if item.right else BAD
    cells = (item.weights, *cells) if several else cells
    return _Row(tuple(drawable(cropped(cell, CELL), MONO) for cell in cells), colour)


def _spaced(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip()
