from __future__ import annotations

from fractions import Fraction

import pytest

from mathrepl.analysis.answered import Answered, percent


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


def test_an_error_has_a_size_where_a_number_was_written():
    assert Answered("", "12", "15").error == 3
    assert Answered("", "-0.25", "1").error == Fraction(5, 4)
    assert Answered("", "007", "7").error == 0
    for text in ("", "1+2", "--1", "."):
        assert Answered("", text, "7").error is None
    assert Answered("1 / 8", "0.25", "0.125").off_by == "0.125"
    assert Answered("1 / 8", "", "0.125").off_by is None
