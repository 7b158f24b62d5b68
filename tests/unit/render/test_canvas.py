"""Curves of braille dots and their axes."""

from __future__ import annotations

import io
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from mathrepl.analysis.figure import Lines, Series
from mathrepl.render.canvas import Axis, Canvas, axis_for, draw_lines, number, ruler
from mathrepl.render.theme import styles

NAN = math.nan


def plain(lines: Lines, width: int = 60, height: int = 40, *, colour: bool = True) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, theme=styles("dark"))
    console.print(draw_lines(lines, width, height, colour=colour))
    return file.getvalue().splitlines()


def dots(rows: list[str]) -> int:
    return sum(
        (ord(c) - 0x2800).bit_count() for row in rows for c in row if 0x2800 < ord(c) < 0x2900
    )


def line(*y: float, name: str = "") -> Series:
    return Series(name, tuple(float(x) for x in range(len(y))), y)


def test_dots_count_from_the_bottom_left() -> None:
    canvas = Canvas(2, 2)
    canvas.dot(0, 0, "")
    canvas.dot(3, 7, "")
    assert [row.plain for row in canvas.rows()] == [" ⠈", "⡀ "]


def test_dots_outside_are_left_out_and_a_blob_stays_inside() -> None:
    canvas = Canvas(1, 1)
    canvas.dot(-1, 0, "")
    canvas.dot(0, 4, "")
    assert canvas.rows()[0].plain == " "
    canvas.blob(1, 3, "")
    assert canvas.rows()[0].plain == "⠛"


def test_a_stroke_has_no_gaps() -> None:
    canvas = Canvas(4, 1)
    canvas.stroke((0, 0), (7, 3), "")
    assert dots([canvas.rows()[0].plain]) == 8


def test_the_first_series_keeps_its_colour_where_curves_cross() -> None:
    canvas = Canvas(1, 1)
    canvas.dot(0, 0, "red")
    canvas.dot(1, 0, "blue")
    assert [str(span.style) for span in canvas.rows()[0].spans] == ["red"]


def test_a_linear_axis_has_its_ends_and_its_middle() -> None:
    axis = axis_for([0.5, 2.0], log=False)
    assert axis.ticks() == ((0.5, "0.5"), (1.25, "1.25"), (2.0, "2"))
    assert [axis.place(y, 4) for y in (0.5, 1.0, 2.0, -9.0, 9.0)] == [0, 1, 3, 0, 3]


def test_a_logarithmic_axis_has_whole_powers_of_ten() -> None:
    axis = axis_for([math.log10(0.002), math.log10(3)], log=True)
    assert [label for _, label in axis.ticks()] == ["0.001", "0.1", "10"]
    fixed = axis_for([-1.0], 0.01, 1, log=True)
    assert (fixed.low, fixed.high) == (-2.0, 0.0)
    assert axis_for([-0.5], 0.0, None, log=True) == Axis(-1, 0, True)


@pytest.mark.parametrize("value", [0.0, 1.0, -5.0, 1e-3, 1e-151])
@pytest.mark.parametrize(("low", "high"), [(None, None), (5.0, None), (None, -9.0), (3.0, 3.0)])
@pytest.mark.parametrize("log", [False, True])
def test_an_axis_always_has_a_length(
    value: float, low: float | None, high: float | None, log: bool
) -> None:
    axis = axis_for([value], low, high, log=log)
    assert axis.low < axis.high
    if not log and low is not None and high is None:
        assert axis.low == low


@pytest.mark.parametrize(
    ("value", "span", "text"),
    [
        (0.9991, 0.0008, "0.9991"),
        (499.5, 999, "500"),
        (12345, 12345, "12,345"),
        (0.3000000001, 1, "0.3"),
        (-0.0001, 10, "0"),
        (1e-9, 1e-9, "1e-09"),
        (0, 0, "0"),
        (2.5, 0, "2.5"),
        (50, 49, "50"),
    ],
)
def test_numbers_have_the_digits_that_count(value: float, span: float, text: str) -> None:
    assert number(value, span) == text


def test_a_ruler_puts_the_name_where_there_is_room() -> None:
    assert ruler("0", "unit", "99", 20).plain == "0      unit       99"
    assert ruler("0", "unit", "99", 8).plain == "0     99\nunit"
    assert ruler("100", "unit", "999", 6).plain == "100..999\nunit"
    assert ruler("", "unit", "", 3).plain == "unit"
    assert ruler("5", "", "5", 9).plain == "5"


def test_low_and_high_stand_where_the_curve_has_them() -> None:
    rows = plain(Lines("up", (line(0.0, 10.0),), x_axis="epoch", y_axis="loss"))
    assert rows[:2] == ["up", "loss"]
    top, bottom = rows[2], rows[13]
    assert top.startswith("10┤")
    assert top[-1] in "⠁⠈⠉⠊⠔⠒"
    assert bottom.startswith(" 0┤")
    assert bottom[3] != " "
    assert rows[14] == "  └" + "─" * 57
    assert rows[15].split() == ["0", "epoch", "1"]
    assert len(rows) == 16


def test_a_low_window_has_a_low_plot() -> None:
    assert len(plain(Lines("", (line(0.0, 1.0),)), height=14)) == 4 + 2


def test_with_colour_series_share_a_plot_and_a_legend() -> None:
    lines = Lines("two", (line(0.0, 1.0, name="a"), line(1.0, 0.0, name="b")))
    rows = plain(lines)
    assert rows[-1] == "━━ a  ━━ b"
    assert sum("└" in row for row in rows) == 1
    narrow = plain(Lines("", (line(0.0, name="a" * 12), line(1.0, name="b" * 12))), width=24)
    assert narrow[-2:] == ["━━ " + "a" * 12, "━━ " + "b" * 12]


def test_without_colour_each_series_has_a_plot_on_the_same_axes() -> None:
    rows = plain(Lines("two", (line(0.0, 1.0, name="a"), line(5.0, name="b"))), colour=False)
    starts = [rows.index("a"), rows.index("b")]
    for start in starts:
        assert rows[start + 1].startswith("  5┤")
        assert rows[start + 6].startswith("  0┤")
        assert rows[start + 8].split() == ["0", "1"]


def test_points_that_are_not_finite_part_the_curve() -> None:
    whole = dots(plain(Lines("", (line(1.0, 1.0, 1.0, 1.0, 1.0),))))
    parted = dots(plain(Lines("", (line(1.0, 1.0, NAN, 1.0, 1.0),))))
    assert whole / 3 < parted < whole * 2 / 3
    alone = plain(Lines("", (line(NAN, 1.0, math.inf),)))
    assert dots(alone) == 4


def test_what_a_log_scale_has_no_place_for_stands_at_its_bottom() -> None:
    rows = plain(Lines("", (line(0.1, 0.0, -1.0),), log=True, y_axis="loss"))
    assert rows[0] == "loss (log)"
    assert rows[12].rstrip()[-1] not in "┤│ "


@pytest.mark.parametrize(
    "lines",
    [
        Lines("t", ()),
        Lines("t", (line(name="a"),)),
        Lines("t", (line(NAN),)),
        Lines("t", (line(0.0, -1.0),), log=True),
    ],
)
def test_without_a_point_there_is_nothing_to_show(lines: Lines) -> None:
    assert plain(lines) == ["t", "nothing to show"]


def test_names_cannot_steer_the_terminal() -> None:
    bad = "\x1b[2J"
    lines = Lines(bad, (line(1.0, name=bad), line(2.0, name=bad)), bad, bad)
    for colour in (True, False):
        assert "\x1b" not in "".join(plain(lines, colour=colour))


@settings(max_examples=60, deadline=None)
@given(
    ys=st.lists(st.lists(st.floats(-1e9, 1e9) | st.just(NAN), max_size=9), max_size=4),
    width=st.integers(20, 200),
    height=st.integers(1, 60),
    log=st.booleans(),
    low=st.none() | st.floats(-10, 10),
    high=st.none() | st.floats(-10, 10),
    colour=st.booleans(),
)
def test_any_series_fits_into_the_window(
    ys: list[list[float]],
    width: int,
    height: int,
    log: bool,
    low: float | None,
    high: float | None,
    colour: bool,
) -> None:
    series = tuple(line(*values, name=f"series {index}") for index, values in enumerate(ys))
    rows = plain(Lines("t", series, "epoch", "loss", log, low, high), width, height, colour=colour)
    assert all(cell_len(row) <= width for row in rows)
    plots = sum("└" in row for row in rows)
    assert plots == 0 or sum("│" in row or "┤" in row for row in rows) % plots == 0
