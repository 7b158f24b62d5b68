"""Heatmap maps: how cells are brought together, coloured and labelled."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from mathrepl.analysis.figure import Heatmap, Palette
from mathrepl.render.cells import Depth, Fit, draw_heat, fitted, ramp, reduced
from mathrepl.render.theme import styles

NAN = float("nan")
DEPTHS: tuple[Depth, ...] = ("none", "256", "truecolor")


def heat(cells: Any, **how: Any) -> Heatmap:
    return Heatmap(how.pop("title", ""), np.array(cells, dtype=np.float32), **how)


def printed(
    drawn: Heatmap,
    width: int = 80,
    height: int = 40,
    depth: Depth = "none",
    *,
    window: int | None = None,
) -> list[Text]:
    """The lines as a terminal gets them, with their colours; `window` is wide, where given."""
    console = Console(
        file=io.StringIO(),
        width=window or width,
        force_terminal=True,
        color_system="truecolor",
        theme=styles("dark"),
    )
    console.print(draw_heat(drawn, width, height, depth))
    file = console.file
    assert isinstance(file, io.StringIO)
    return list(Text.from_ansi(file.getvalue()).split("\n"))


def plain(drawn: Heatmap, width: int = 80, height: int = 40, depth: Depth = "none") -> list[str]:
    return [line.plain for line in printed(drawn, width, height, depth)]


def colours_at(line: Text, column: int) -> tuple[str | None, str | None]:
    """Foreground and background at a column."""
    style = line.get_style_at_offset(Console(), column)
    return tuple(c.name if c else None for c in (style.color, style.bgcolor))  # type: ignore[return-value]


def test_blocks_become_their_mean_without_nan() -> None:
    cells = np.array([[1.0, 3.0, 5.0], [NAN, 5.0, NAN], [NAN, NAN, 7.0]])
    values = reduced(cells, 2, 2, peaks=False, signed=False)
    np.testing.assert_array_equal(values, [[3.0, 5.0], [NAN, 7.0]])


def test_peaks_are_kept_and_signed_ones_are_farthest_from_zero() -> None:
    cells = np.array([[-3.0, 2.0, NAN, NAN], [0.0, 1.0, NAN, -1.0]])
    peaks = reduced(cells, 2, 2, peaks=True, signed=False)
    np.testing.assert_array_equal(peaks, [[2.0, -1.0]])
    peaks = reduced(cells, 2, 2, peaks=True, signed=True)
    np.testing.assert_array_equal(peaks, [[-3.0, -1.0]])


@pytest.mark.parametrize(
    ("shape", "halves", "fit"),
    [
        ((1000, 1000), True, Fit(16, 16, 1, 1)),  # square steps: a half line is a cell wide
        ((1000, 1000), False, Fit(30, 15, 1, 1)),  # a line is two cells wide
        ((60, 60), True, Fit(1, 1, 1, 1)),
        ((60, 60), False, Fit(2, 1, 1, 1)),
        ((5, 6), True, Fit(1, 1, 4, 4)),  # magnified no further
        ((5, 6), False, Fit(1, 1, 2, 4)),
        ((14, 512), True, Fit(1, 8, 1, 1)),  # a long one keeps its few rows
        ((512, 14), True, Fit(8, 1, 1, 1)),
        ((1, 500), False, Fit(1, 8, 1, 1)),
    ],
)
def test_cells_are_fitted_into_the_window(shape: tuple[int, int], halves: bool, fit: Fit) -> None:
    lines = 32 if halves else 34
    assert fitted(heat(np.zeros(shape)), 70, lines, halves=halves) == fit


def test_labelled_columns_are_as_wide_as_fits() -> None:
    labelled = heat(np.zeros((2, 10)), columns=tuple("94 + 909  "), rows=("a", "b"))
    assert fitted(labelled, 30, 10, halves=False) == Fit(1, 1, 1, 3)
    assert fitted(labelled, 29, 10, halves=False) == Fit(1, 1, 1, 2)


def test_units_without_labels_share_a_step_where_lines_are_few() -> None:
    states = heat(np.zeros((48, 10)), columns=tuple("0123456789"))
    assert fitted(states, 60, 32, halves=True) == Fit(1, 1, 1, 3)
    assert fitted(states, 60, 12, halves=True) == Fit(2, 1, 1, 3)
    assert fitted(states, 60, 12, halves=False) == Fit(4, 1, 1, 3)


def test_a_line_holds_two_rows_of_a_map() -> None:
    wide = np.zeros((2, 70))
    wide[1] = 1.0
    line = printed(heat(wide), depth="truecolor")[0]
    colours = ramp("amount", "truecolor")
    assert line.plain == "▀" * 70
    assert colours_at(line, 0) == colours_at(line, 69) == (colours[0], colours[-1])


def test_cells_without_a_number_show_the_window_itself() -> None:
    cells = np.zeros((2, 70))
    cells[0, 1] = cells[1, 2] = cells[0, 3] = cells[1, 3] = NAN
    line = printed(heat(cells), depth="truecolor")[0]
    first = ramp("amount", "truecolor")[0]
    assert line.plain.startswith("▀▄▀ ▀")
    assert [colours_at(line, x) for x in range(4)] == [
        (first, first),
        (first, None),
        (first, None),
        (None, None),
    ]


def test_cells_that_are_not_finite_are_empty() -> None:
    assert plain(heat([[np.inf, 1.0, -np.inf]], rows=("a",)))[0] == "a   ██  "


@pytest.mark.parametrize("depth", ["256", "truecolor"])
def test_zero_is_in_the_middle_of_a_signed_ramp(depth: Any) -> None:
    cells = heat([[-9.0, -2.0, 0.0, 1.0, 2.0]], rows=("a",), low=-1, high=2, palette="signed")
    line = printed(cells, depth=depth)[0]
    colours = ramp("signed", depth)
    shown = [colours_at(line, 2 + 2 * cell)[1] for cell in range(5)]
    assert len(colours) % 2 == 1
    assert shown[0] == shown[1] == colours[0]
    assert shown[2] == colours[len(colours) // 2]
    assert shown[4] == colours[-1]
    assert shown[3] not in (shown[2], shown[4])


@pytest.mark.parametrize("depth", ["256", "truecolor"])
@pytest.mark.parametrize("palette", ["amount", "signed", "verdict"])
def test_every_step_of_a_ramp_has_a_colour_of_its_own(palette: Palette, depth: Any) -> None:
    colours = ramp(palette, depth)
    assert len(set(colours)) == len(colours)
    assert all(Style(bgcolor=colour).bgcolor for colour in colours)


def test_labels_stand_over_their_columns_and_beside_their_rows() -> None:
    lines = plain(heat([[1, 0, 0], [0, 0, 1]], rows=("9", " "), columns=("4", " ", "=")))
    assert [line.rstrip() for line in lines[:3]] == ["   4  ␣  =", "9 ███", "␣       ███"]


def test_many_columns_become_pieces_with_a_header_each() -> None:
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    cells = np.eye(26)[:2]
    lines = plain(heat(cells, rows=("x", "y"), columns=letters, column_axis="letter"), width=22)
    headers = [line.split() for line in lines if line.startswith("  ") and "letter" not in line][:3]
    assert [letter for header in headers for letter in header] == list(letters)
    assert [len(header) for header in headers] == [9, 9, 8]
    assert sum(line.startswith("x") for line in lines) == 3
    assert [line.strip() for line in lines].count("letter") == 1


def test_the_ends_of_unlabelled_axes_are_told() -> None:
    drawn = heat(
        np.ones((1000, 1000)),
        row_range=(0, 999),
        column_range=(7, 1006),
        row_axis="a",
        column_axis="b",
    )
    lines = plain(drawn)
    assert lines[0] == "a"
    assert lines[1].startswith("  0 ██")
    picture = [line for line in lines if "█" in line][:-1]
    assert picture[-1].startswith("999 ██")
    below = lines[lines.index(picture[-1]) + 1]
    assert below.split() == ["7", "b", "1006"]
    assert len(below) == len(picture[-1])


def test_one_line_has_both_ends_beside_it() -> None:
    two = heat([[1.0] * 70] * 2, row_range=(3, 4))
    assert plain(two, depth="256")[0] == "3-4 " + "▀" * 70
    assert plain(heat([[1.0] * 70], row_range=(3, 3)))[0] == "3 " + "█" * 70
    magnified = plain(heat([[1.0] * 9], row_range=(3, 3)))
    assert [line[:3] for line in magnified[:2]] == ["3 █", "  █"]


def test_without_colour_amounts_are_shades_and_signs_are_signs() -> None:
    amounts = heat([[0, 0.25, 0.5, 0.75, 1]], rows=("a",))
    assert plain(amounts)[0] == "a   ░░▒▒▓▓██"
    signs = heat([[-1, -0.5, 0, 0.5, 1]], rows=("a",), low=-1, high=1, palette="signed")
    assert plain(signs)[0] == "a ==--··++##"


def test_without_colour_no_number_and_nothing_differ() -> None:
    assert plain(heat([[0, NAN, 1]], rows=("a",)))[0] == "a ··  ██"


def test_the_legend_tells_both_ends() -> None:
    assert plain(heat([[1.0]], rows=("a",), low=0, high=0.05))[-1].split() == ["0", "░▒▓█", "0.05"]
    verdicts = heat([[1.0]], rows=("a",), palette="verdict")
    assert plain(verdicts)[-1].strip() == "right 0  ░▒▓█ 1 wrong"
    signed = heat([[1.0]], rows=("a",), low=-1, high=1, palette="signed")
    legend = printed(signed, depth="truecolor")[-1]
    colours = ramp("signed", "truecolor")
    start = legend.plain.index("-1") + 3
    end = legend.plain.rindex("1") - 2
    assert (colours_at(legend, start)[1], colours_at(legend, end)[1]) == (colours[0], colours[-1])


def test_a_heat_without_cells_says_so() -> None:
    assert plain(heat(np.zeros((0, 5)), title="empty"))[:2] == ["empty", "nothing to show"]


def test_labels_cannot_steer_the_terminal() -> None:
    drawn = heat([[1.0]], title="\x1b[2J", rows=("\x1b",), columns=("\x07",), row_axis="\x1b]0;x")
    assert not any("\x1b" in line or "\x07" in line for line in plain(drawn))
    assert "\N{REPLACEMENT CHARACTER}" in plain(drawn)[0]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    width=st.integers(20, 200),
    height=st.integers(1, 60),
    labelled=st.tuples(st.booleans(), st.booleans()),
    depth=st.sampled_from(DEPTHS),
    label=st.sampled_from(("a", "␣", "word", "a label that is far too long", "数")),
)
def test_no_row_is_wider_than_the_window_or_wrapped(
    shape: tuple[int, int],
    width: int,
    height: int,
    labelled: tuple[bool, bool],
    depth: Depth,
    label: str,
) -> None:
    drawn = heat(
        np.ones(shape),
        rows=(label,) * shape[0] if labelled[0] else (),
        columns=(label,) * shape[1] if labelled[1] else (),
        row_range=(0, shape[0] - 1),
        column_range=(0, shape[1] - 1),
        row_axis="row",
        column_axis="column",
    )
    lines = plain(drawn, width, height, depth)
    assert all(cell_len(line) <= width for line in lines)
    roomy = printed(drawn, width, height, depth, window=1000)
    assert lines == [line.plain for line in roomy], "a row was wrapped or cropped"
