from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mathrepl.support.safe_text import one_line, printable


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
