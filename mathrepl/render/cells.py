"""Heat maps: a grid of numbers as coloured cells, or as shades where there is no colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from mathrepl.analysis.figure import Heatmap, Palette
from mathrepl.render.canvas import indented, number, ruler, sized
from mathrepl.support.text import printable

Numbers = NDArray[np.float64]
Depth = Literal["none", "256", "truecolor"]  # of a terminal's colours
Steps = NDArray[np.int64]  # of a ramp; -1 where there is no number

BESIDE = 10  # cells beside a map, for the numbers of its rows
BELOW = 8  # lines of a window that hold no cells: titles, labels, legend, prompt
LONG = 4  # steps are square unless one axis is this many times the other
SHORT = 24  # steps; an axis that is reduced to other than square steps keeps this many
LARGEST = 4  # times a small map is magnified at most
COLOURS = 65  # odd, so that a signed ramp has a step for 0
LEAST = 24  # cells, for a legend with its numbers
_LEGEND = 12  # cells
_STOPS: dict[Palette, tuple[tuple[int, int, int], ...]] = {
    "amount": ((10, 20, 34), (18, 74, 120), (46, 150, 190), (150, 220, 230), (240, 255, 255)),
    "signed": ((120, 190, 255), (36, 96, 190), (26, 28, 34), (190, 50, 40), (255, 140, 110)),
    "verdict": ((22, 92, 58), (170, 150, 40), (255, 84, 62)),
}
# Indices of the 256 colours, chosen by hand: the one nearest to a mixture has another hue.
_INDICES: dict[Palette, tuple[int, ...]] = {
    "amount": (233, 17, 24, 31, 38, 80, 116, 159, 195, 231),
    "signed": (117, 75, 33, 26, 19, 18, 17, 234, 52, 88, 124, 160, 196, 203, 210),
    "verdict": (22, 64, 100, 136, 172, 208, 202, 196),
}
_SHADES: dict[Palette, str] = {"amount": " ░▒▓█", "signed": "=-·+#", "verdict": " ░▒▓█"}


@dataclass(frozen=True, slots=True)
class Fit:
    """The scale of a picture: `rows` by `columns` cells become one step, `tall` by `wide`.

    `wide` counts text cells; `tall` counts text lines, or half lines in a picture of half-blocks.
    """

    rows: int
    columns: int
    tall: int
    wide: int


def draw_heat(heat: Heatmap, width: int, height: int, depth: Depth) -> RenderableType:
    """The heat map in at most `width` cells, with labels, and a legend below.

    Cells are colours where the terminal has the `depth`, else characters.
    """
    parts: list[RenderableType] = [Text(printable(heat.title), "key")] if heat.title else []
    cells = np.where(np.isfinite(heat.cells), heat.cells, np.nan).astype(np.float64)
    if not cells.size:
        return Group(*parts, Text("nothing to show", "quiet"))
    beside = _beside(heat, width)
    labelled = bool(heat.rows or heat.columns)
    room = max(width - (beside if labelled else max(beside, BESIDE)), 2)
    lines = max(height - BELOW, 4)
    fit = fitted(heat, room, lines, halves=depth != "none" and not heat.rows)
    axis, count = printable(heat.row_axis), cells.shape[1]
    corner = axis if heat.columns and cell_len(axis) < beside else ""
    if axis and not corner:
        parts.append(Text(axis, "quiet"))
    # Labelled columns are drawn in pieces of about equal length, each of which fits the room.
    pieces = _quotient(count, max(room // fit.wide, 1)) if heat.columns else 1
    length = _quotient(count, pieces)
    for start in range(0, count, length):
        columns = heat.columns[start : start + length]
        if columns:
            header = "".join(sized(_shown(label), fit.wide, "center") for label in columns)
            parts.append(_row(corner, Text(header, "quiet"), beside))
        values = _scaled(heat, cells[:, start : start + length], fit)
        rows = _painted(heat, values, depth, halves=not heat.rows)
        labels = [_shown(label) for label in heat.rows] or _ends(heat.row_range, len(rows))
        parts += [_row(label, row, beside) for label, row in zip(labels, rows, strict=True)]
    ends = () if heat.columns else heat.column_range
    first, last = (str(end) for end in ends or ("", ""))
    if first or heat.column_axis:
        drawn = min(room, _quotient(count, fit.columns) * fit.wide)
        parts.append(indented(ruler(first, heat.column_axis, last, drawn), beside))
    return Group(*parts, indented(_legend(heat, depth, width - beside), beside))


def _scaled(heat: Heatmap, cells: Numbers, fit: Fit) -> Numbers:
    """The numbers of a part of the map, one for each text cell or half-block."""
    signed = heat.palette == "signed"
    blocks = reduced(cells, fit.rows, fit.columns, peaks=heat.keep_peaks, signed=signed)
    return blocks.repeat(fit.tall, axis=0).repeat(fit.wide, axis=1)


def _row(label: str, row: Text, beside: int) -> Text:
    side = sized(label, beside - 1, "right") + " " if beside else ""
    return Text.assemble((side, "quiet"), row, no_wrap=True, overflow="crop")


def natural_width(heat: Heatmap) -> int:
    """The width in cells of a heat map with labelled columns, its title and its legend."""
    picture = _beside(heat, 1000) + len(heat.columns) * _column_width(heat.columns, 1000)
    return max(picture, cell_len(heat.title), LEAST)


def _beside(heat: Heatmap, width: int) -> int:
    """The width of the labels left of the picture, with a blank after them."""
    # Two rows may become one line, with both ends beside it.
    ends = _ends(heat.row_range, 1 if len(heat.cells) < 3 else 2)
    labels = [_shown(label) for label in heat.rows] or ends
    widest = max((cell_len(label) for label in labels), default=0)
    return min(widest, max(width // 3, 1)) + 1 if widest else 0


def _ends(row_range: tuple[int, int] | None, lines: int) -> list[str]:
    """A label for each line: the first and the last number, or both on a single line."""
    if row_range is None:
        return [""] * lines
    first, last = (str(end) for end in row_range)
    if lines == 1:
        return [first if first == last else f"{first}-{last}"]
    return [first, *[""] * (lines - 2), "" if first == last else last]


def fitted(heat: Heatmap, room: int, lines: int, *, halves: bool) -> Fit:
    """The scale for `room` cells by `lines`; steps are square where no axis has labels."""
    rows, columns = heat.cells.shape
    high = lines * (2 if halves else 1)
    aspect = 1 if halves else 2  # text cells as wide as a step is high
    if heat.columns:
        wide = _column_width(heat.columns, room)
        # Units of a layer stay half a line high, so that many layers fit.
        return Fit(1 if heat.rows else _quotient(rows, high), 1, 1, wide)
    if heat.rows:
        return Fit(1, _quotient(columns, room), 1, max(1, min(2, room // columns)))
    block = max(_quotient(columns, room), _quotient(rows, high * aspect))
    larger = min(LARGEST, room // columns, high * aspect // rows) // aspect
    if block == 1 and larger:
        return Fit(1, 1, larger, larger * aspect)
    fit = Fit(block * aspect, block, 1, 1)
    if max(rows, columns) < LONG * min(rows, columns):
        return fit
    fewer_rows = min(fit.rows, _quotient(rows, min(high, SHORT)))
    return Fit(fewer_rows, min(fit.columns, _quotient(columns, min(room, SHORT))), 1, 1)


def _quotient(count: int, room: int) -> int:
    """`count` / `room`, rounded up."""
    return -(-count // room)


def _column_width(labels: Sequence[str], room: int) -> int:
    longest = max(cell_len(_shown(label)) for label in labels)
    if longest <= 1:
        return 3 if len(labels) * 3 <= room else 2
    return min(longest + 1, room)


def _shown(label: str) -> str:
    return "␣" if label == " " else printable(label)


def reduced(cells: Numbers, rows: int, columns: int, *, peaks: bool, signed: bool) -> Numbers:
    """The mean of each block of `rows` by `columns` cells, or with `peaks` its largest number.

    With `signed` the largest is the one farthest from 0. NaN is ignored; a block of NaN alone is
    NaN. (R, C) becomes (ceil(R / rows), ceil(C / columns)).
    """
    high, wide = (_quotient(n, by) for n, by in zip(cells.shape, (rows, columns), strict=True))
    padded = np.full((high * rows, wide * columns), np.nan)
    padded[: cells.shape[0], : cells.shape[1]] = cells
    blocks = padded.reshape(high, rows, wide, columns).swapaxes(1, 2).reshape(high, wide, -1)
    known = ~np.isnan(blocks)
    count = known.sum(axis=2)
    if peaks:
        most = np.where(known, blocks, -np.inf).max(axis=2)
        least = np.where(known, blocks, np.inf).min(axis=2)
        values = np.where(signed & (-least > most), least, most)
    else:
        values = np.where(known, blocks, 0.0).sum(axis=2) / np.maximum(count, 1)
    return np.where(count > 0, values, np.nan)


def _steps(heat: Heatmap, values: Numbers, count: int) -> Steps:
    """The step on a ramp of `count` steps for each value, in the shape of the values."""
    low, high = heat.bounds
    shares = np.clip((values - low) / (high - low), 0.0, 1.0)
    steps = np.rint(np.nan_to_num(shares) * (count - 1))
    return np.where(np.isnan(values), -1, steps).astype(np.int64)


@cache
def ramp(palette: Palette, depth: Literal["256", "truecolor"]) -> tuple[str, ...]:
    """The colours of a palette from low to high, by rich's names."""
    if depth == "256":
        return tuple(f"color({index})" for index in _INDICES[palette])
    stops = np.array(_STOPS[palette], dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, COLOURS)
    channels = [np.interp(at, np.arange(len(stops)), channel) for channel in stops.T]
    return tuple(
        "#" + "".join(f"{round(c):02x}" for c in rgb) for rgb in zip(*channels, strict=True)
    )


def _painted(heat: Heatmap, values: Numbers, depth: Depth, *, halves: bool) -> list[Text]:
    """Lines of cells in the palette; with `halves` and colour each line holds two rows."""
    if depth == "none":
        shades = _SHADES[heat.palette]
        if shades[0] == " " and np.isnan(heat.cells).any():
            shades = "·" + shades[1:]  # a blank is for NaN
        steps = _steps(heat, values, len(shades)).tolist()
        return [Text("".join(shades[s] if s >= 0 else " " for s in line)) for line in steps]
    colours = ramp(heat.palette, depth)
    steps = _steps(heat, values, len(colours))
    if not halves:
        return [_line(((" ", -1, step) for step in line), colours) for line in steps.tolist()]
    steps = np.pad(steps, ((0, len(steps) % 2), (0, 0)), constant_values=-1)
    return [
        _line((_half(*cell) for cell in zip(upper, lower, strict=True)), colours)
        for upper, lower in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
    ]


def _half(above: int, below: int) -> tuple[str, int, int]:
    """A character with its foreground and background for two steps, one over the other."""
    if above < 0:  # the window's own background is no colour to draw with
        return " " if below < 0 else "▄", below, -1
    return "▀", above, below


def _line(cells: Iterable[tuple[str, int, int]], colours: Sequence[str]) -> Text:
    """A line of characters, each with the step of its foreground and of its background."""
    named = (*colours, None)  # -1, the last, is the window's own
    row = Text()
    for (character, fore, back), run in groupby(cells):
        row.append(character * sum(1 for _ in run), _style(named[fore], named[back]))
    return row


@cache
def _style(fore: str | None, back: str | None) -> Style:
    return Style(color=fore, bgcolor=back)


def _legend(heat: Heatmap, depth: Depth, room: int) -> Text:
    """The colour ramp between its lowest and highest number."""
    low, high = (number(end, heat.high - heat.low) for end in (heat.low, heat.high))
    spare = room - len(low) - len(high) - 2
    count = len(_SHADES[heat.palette]) if depth == "none" else min(_LEGEND, max(spare, 2))
    values = np.linspace(heat.low, heat.high, count)[np.newaxis]
    line = _painted(heat, values, depth, halves=False)[0]
    if heat.palette == "verdict" and spare >= count + len("right ") + len(" wrong"):
        low, high = f"right {low}", f"{high} wrong"
    return Text.assemble((f"{low} ", "quiet"), line, (f" {high}", "quiet"))
