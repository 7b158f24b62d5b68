from __future__ import annotations

from fractions import Fraction

from mathrepl.analysis.answered import Answered


def test_an_error_has_a_size_where_a_number_was_written():
    assert Answered("", "12", "15").error == 3
    assert Answered("", "-0.25", "1").error == Fraction(5, 4)
    assert Answered("", "007", "7").error == 0
    for text in ("", "1+2", "--1", "."):
        assert Answered("", text, "7").error is None
    assert Answered("1 / 8", "0.25", "0.125").off_by == "0.125"
    assert Answered("1 / 8", "", "0.125").off_by is None
