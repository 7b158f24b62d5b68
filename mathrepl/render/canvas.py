"""Series as curves of braille dots, with axes and a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from mathrepl.analysis.figure import Lines, Series
from mathrepl.support.text import printable

LINES = 12  # of a plot, where the window is high enough
WIDEST = 100  # cells; a wider plot shows no more
# Mid tones, which show on a dark and on a light background.
_COLOURS = ("#2f8fd8", "#d9822b", "#2fa36b", "#c75bb5", "#c8504a", "#8a8a8a")
_BITS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))  # of a dot, by x, then y upwards
_BRAILLE = 0x2800

# A point on the scaled axes; None parts the curve. A log scale has y = -inf for 0 and below.
Point = tuple[float, float] | None


class Canvas:
    """Dots, 2 by 4 in a character; (0, 0) is at the bottom left."""

    def __init__(self, columns: int, lines: int) -> None:
        self.width, self.height = 2 * columns, 4 * lines  # dots
        self._rows = [[(_BRAILLE, "")] * columns for _ in range(lines)]

    def line_of(self, y: int) -> int:
        """The text line, from above, that holds the dots at height `y`."""
        return len(self._rows) - 1 - y // 4

    def dot(self, x: int, y: int, style: str) -> None:
        """Set a dot; a character keeps the style of its first one."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        row = self._rows[self.line_of(y)]
        code, kept = row[x // 2]
        row[x // 2] = (code | _BITS[x % 2][y % 4], kept or style)

    def blob(self, x: int, y: int, style: str) -> None:
        """Draw a lone point as four dots; one would hardly be seen."""
        x, y = min(x, self.width - 2), min(y, self.height - 2)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            self.dot(x + dx, y + dy, style)

    def stroke(self, start: tuple[int, int], end: tuple[int, int], style: str) -> None:
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            share = step / steps
            self.dot(round(x0 + share * (x1 - x0)), round(y0 + share * (y1 - y0)), style)

    def rows(self) -> list[Text]:
        """A text a line, as wide as the canvas."""
        return [
            Text.assemble(*((" " if code == _BRAILLE else chr(code), style) for code, style in row))
            for row in self._rows
        ]


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high`, or with `log` their logarithms to base 10."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float, dots: int) -> int:
        """The dot of 0..dots - 1 for `value`; values outside are at the edge."""
        inside = min(max(value, self.low), self.high)
        return round((inside - self.low) / (self.high - self.low) * (dots - 1))

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Low, middle and high, with their labels."""
        middle = (self.low + self.high) / 2
        if self.log:
            middle = math.floor(middle)  # whole powers of ten read best
        inside = [middle] if self.low < middle < self.high else []
        return tuple((value, self._label(value)) for value in (self.low, *inside, self.high))

    def _label(self, value: float) -> str:
        if self.log:
            return f"{float(f'{10.0**value:.3g}'):g}"
        return number(value, self.high - self.low)


def axis_for(
    values: Sequence[float], low: float | None = None, high: float | None = None, *, log: bool
) -> Axis:
    """An axis over one or more scaled `values`; `low` and `high` are not scaled yet."""
    if log:
        low, high = (
            math.log10(end) if end is not None and end > 0 else None for end in (low, high)
        )
    least = low if low is not None else (math.floor(min(values)) if log else min(values))
    most = high if high is not None else (math.ceil(max(values)) if log else max(values))
    if most <= least:  # one value only: give it some room
        spread = 1.0 if log else max(abs(least), abs(most)) / 10 or 1.0
        if low is not None and high is None:
            most = least + spread
        elif high is not None and low is None:
            least = most - spread
        else:
            least, most = min(least, most) - spread, max(least, most) + spread
    return Axis(least, most, log)


def number(value: float, span: float) -> str:
    """`value` with the digits that matter on a scale of length `span`."""
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.2g}"
    places = 2 - math.floor(math.log10(span)) if 0 < span < math.inf else 3
    text = f"{value:,.{min(max(places, 0), 8)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def ruler(first: str, name: str, last: str, width: int) -> Text:
    """`first` and `last` at the ends of `width` cells, `name` between them.

    The name takes a line of its own where there is no room; of two equal ends one is drawn.
    """
    first, name, last = printable(first), printable(name), printable(last)
    if first == last:
        last = ""
    between = width - cell_len(first) - cell_len(last)
    named = cell_len(name) + 2 <= between
    ends = (first + sized(name if named else "", between, "center") + last).rstrip()
    if between < 1 and last:
        ends = f"{first}..{last}"
    return Text("\n".join(filter(None, (ends, "" if named else name))), "quiet")


def draw_lines(lines: Lines, width: int, height: int, *, colour: bool) -> RenderableType:
    """All series in one plot; without colour to tell them apart, a plot each on the same axes."""
    parts: list[RenderableType] = [Text(printable(lines.title), "key")] if lines.title else []
    curves = [_points(series, lines.log) for series in lines.series]
    seen = [point for points in curves for point in points if point]
    heights = [y for _, y in seen if y > -math.inf]
    if not heights:
        return Group(*parts, Text("nothing to show", "quiet"))
    if lines.y_axis or lines.log:
        parts.append(
            Text(f"{printable(lines.y_axis)}{' (log)' if lines.log else ''}".strip(), "quiet")
        )
    up = axis_for(heights, lines.low, lines.high, log=lines.log)
    xs = [x for x, _ in seen]
    high = min(LINES, max(4, height - 10))
    styles = [_COLOURS[i % len(_COLOURS)] if colour else "" for i in range(len(curves))]
    styled = list(zip(curves, styles, strict=True))
    names = [series.name for series in lines.series]
    if colour or len(curves) == 1:
        parts += _plot(styled, lines.x_axis, xs, up, width, high)
        return Group(*parts, *([_legend(names, styles, width)] if any(names) else []))
    for name, curve in zip(names, styled, strict=True):
        parts.append(Text(printable(name)))
        parts += _plot([curve], lines.x_axis, xs, up, width, max(4, high // 2))
    return Group(*parts)


def _points(series: Series, log: bool) -> list[Point]:
    def scaled(y: float) -> float:
        return y if not log else math.log10(y) if y > 0 else -math.inf

    return [
        (x, scaled(y)) if math.isfinite(x) and math.isfinite(y) else None
        for x, y in zip(series.x, series.y, strict=False)
    ]


def _plot(
    curves: Sequence[tuple[list[Point], str]],
    name: str,
    xs: list[float],
    up: Axis,
    width: int,
    lines: int,
) -> list[RenderableType]:
    """The curves, each with its style, on a canvas `lines` high.

    `name` and `xs` are those of the x axis, which other plots may share; `up` is the y axis.
    """
    across, ticks = axis_for(xs, log=False), up.ticks()
    width = min(width, WIDEST)
    gutter = min(max(cell_len(label) for _, label in ticks), max(width // 2 - 1, 1))
    columns = max(width - gutter - 1, 2)
    canvas = Canvas(columns, lines)
    for points, style in curves:
        _draw_curve(canvas, points, across, up, style)
    labels = {canvas.line_of(up.place(y, canvas.height)): label for y, label in ticks}
    drawn: list[RenderableType] = []
    for index, row in enumerate(canvas.rows()):
        label = labels.get(index, "")[:gutter]
        side = f"{label:>{gutter}}{'┤' if index in labels else '│'}"
        drawn.append(Text.assemble((side, "quiet"), row, no_wrap=True, overflow="crop"))
    drawn.append(Text(f"{'':{gutter}}└{'─' * columns}", "quiet", no_wrap=True, overflow="crop"))
    first, last = (number(x, across.high - across.low) for x in (min(xs), max(xs)))
    if first == last:  # a single x, in the middle
        first, name, last = "", f"{name} {first}".strip(), ""
    return [*drawn, indented(ruler(first, name, last, columns), gutter + 1)]


def sized(text: str, width: int, align: Literal["left", "center", "right"] = "left") -> str:
    """`text` cropped or padded to `width` cells."""
    shown = Text(text, overflow="ellipsis")
    shown.align(align, width)
    return shown.plain


def indented(text: Text, by: int) -> Text:
    """Every line of `text` moved right by `by` cells."""
    lines = [Text(" " * by).append_text(line) for line in text.split("\n")]
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def _draw_curve(canvas: Canvas, points: list[Point], across: Axis, up: Axis, style: str) -> None:
    dots = [
        point and (across.place(point[0], canvas.width), up.place(point[1], canvas.height))
        for point in points
    ]
    for before, dot, after in zip([None, *dots], dots, [*dots[1:], None], strict=False):
        if dot and before:
            canvas.stroke(before, dot, style)
        elif dot and not after:
            canvas.blob(*dot, style)


def _legend(names: Sequence[str], styles: Sequence[str], width: int) -> Text:
    """The names beside samples of their curves, on one line, or on one each where that is full."""
    entries = [
        Text.assemble(("━━", style), f" {printable(name)}")
        for name, style in zip(names, styles, strict=True)
    ]
    line = Text("  ").join(entries)
    return line if line.cell_len <= width else Text("\n").join(entries)
