"""Text to show, and shares in percent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathrepl.support.text import one_line, percent, printable, rounded_down, with_bounds


@given(st.text())
def test_nothing_that_steers_a_terminal_passes(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert all(c.isprintable() for c in shown)


def test_an_escape_sequence_is_disarmed() -> None:
    assert "\x1b" not in printable("1 + \x1b[31m2\x07")


def test_what_is_kept_stays() -> None:
    assert printable("a\nb\tc", keep="\n") == "a\nb\N{REPLACEMENT CHARACTER}c"


@given(st.text(), st.integers(1, 50))
def test_one_line_is_cut_and_clean(text: str, most: int) -> None:
    line = one_line(text, most)
    assert line.isprintable()
    assert len(line) <= most
    if len(text) <= most:
        assert line == printable(text)
    else:
        assert line.endswith("\N{HORIZONTAL ELLIPSIS}")


def test_only_certainty_reads_as_100_percent() -> None:
    assert rounded_down(1.0) == "100%"
    assert rounded_down(0.99999) == "99%"
    assert rounded_down(0.0) == "0%"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 7, "0%"),
        (7, 7, "100%"),
        (1, 8, "12.50%"),
        (2560, 1_000_000, "0.26%"),
        (1, 1_000_000, "0.00010%"),
        (999_999, 1_000_000, "99.99990%"),
        (99_949, 100_000, "99.949%"),
        (1, 3000, "0.033%"),
        (1.0000001, 1, "100%"),
        (0.5, 1, "50.00%"),
    ],
)
def test_a_share_never_looks_like_nothing_or_all(part: float, whole: float, text: str):
    assert percent(part, whole) == text


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (0.0, 2, "0.00%"),
        (1e-9, 2, "<0.01%"),
        (0.00004, 2, "<0.01%"),
        (0.00006, 2, "0.01%"),
        (0.5, 3, "50.000%"),
        (0.99999, 2, ">99.99%"),
        (0.99999999, 3, ">99.999%"),
        (1.0, 2, "100.00%"),
    ],
)
def test_shares_are_told_to_so_many_places(share: float, places: int, text: str):
    assert with_bounds(share, places) == text
