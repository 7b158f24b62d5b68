"""Pieces of text: what reaches the terminal, and carets under the right column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mathrepl.render.text import error_text, place_name, sparkline
from mathrepl.support.errors import EquationError, MathreplError


def test_the_caret_stands_under_the_column() -> None:
    error = EquationError("no", text="12 + ?", column=5)
    line, caret, message = error_text(error, 80).plain.split("\n")
    assert line[caret.index("^")] == "?"
    assert message == "error: no"


def test_the_caret_counts_cells_not_characters() -> None:
    error = EquationError("no", text="漢 + x", column=4)
    line, caret, _ = error_text(error, 80).plain.split("\n")
    assert cell_len(line[: line.index("x")]) == caret.index("^")


@given(st.integers(0, 599), st.integers(12, 120))
def test_a_long_line_keeps_its_caret_in_view(column: int, width: int) -> None:
    text = "".join(str(i % 10) for i in range(600))
    error = EquationError("no", text=text, column=column)
    line, caret, _ = error_text(error, width).plain.split("\n")
    assert cell_len(line) <= width
    assert line[caret.index("^")] == text[column]


def test_a_hint_follows_the_message() -> None:
    assert error_text(MathreplError("a", hint="b"), 80).plain == "error: a; b"


def test_a_sparkline_runs_from_low_to_high() -> None:
    assert sparkline([0.0, 0.5, 1.0], 3, (0.0, 1.0)) == "▁▅█"
    assert sparkline([0.0, 0.2, 1.0], 2, None) == "▁█"
    assert sparkline([2.0, 2.0], 2, None) == "▁▁"


def test_places_are_named_by_their_power() -> None:
    assert [place_name(p, 3) for p in (3, 2, 1, 0, None)] == ["1000", "100", "10", "1", ""]
    assert place_name(9, 9) == "10⁹"
    assert place_name(-2, 0) == "10⁻²"


@given(st.text(max_size=300), st.integers(0, 299), st.integers(10, 100))
def test_the_line_above_a_caret_fits_the_window(text: str, column: int, width: int) -> None:
    drawn = error_text(EquationError("a", text=text, column=min(column, len(text))), width)
    assert cell_len(drawn.plain.split("\n")[0]) <= width


def test_a_long_line_is_cut_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = 0

    def measure(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return cell_len(text)

    monkeypatch.setattr("mathrepl.render.text.cell_len", measure)
    line = error_text(EquationError("a", text="x" * 10_000, column=0), 80).plain.split("\n")[0]
    assert line == "  " + "x" * 77 + "\N{HORIZONTAL ELLIPSIS}"
    assert measured < 50_000
