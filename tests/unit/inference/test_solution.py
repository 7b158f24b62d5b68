from __future__ import annotations

import pytest

from mathrepl.arithmetic.scratchpad import Span
from mathrepl.inference.solution import (
    DIGITS_KEPT,
    Guess,
    Guesses,
    ScratchpadStep,
    Solution,
    probability_of,
)

END = Guess("\0", 0.5, "1", 0.25)
FIRST, SECOND = Guess("1", 0.9, "7", 0.0512345678), Guess("2", 0.8123456789, "x", 0.05)
COLUMNS = Guesses(
    "12", "7x", [0.9, 0.8123456789], [0.0512345678, 0.05], [0.9, 0.812346], [0.051235, 0.05]
)


@pytest.mark.parametrize("guesses", [(FIRST, SECOND), COLUMNS], ids=["singly", "columns"])
@pytest.mark.parametrize(("end", "ends"), [(END, 0.5), (None, 1.0)])
def test_confidence_is_the_product_over_the_text_and_its_end(guesses, end, ends: float):
    found = Solution("1 + 1", "12", guesses, end)
    assert found.confidence == pytest.approx(0.9 * 0.8123456789 * ends)


def test_an_empty_answer_is_as_sure_as_its_end():
    assert Solution("1 + 1", "", (), END).confidence == pytest.approx(0.5)


def test_a_copied_character_costs_no_confidence():
    assert probability_of((FIRST, None, END)) == pytest.approx(0.9 * 0.5)
    found = Solution("1 + 1", "102", (FIRST, None, SECOND), END)
    assert found.confidence == pytest.approx(0.9 * 0.8123456789 * 0.5)
    assert found.probabilities() == [0.9, None, 0.812346]
    assert found.runners_up() == [["7", 0.051235], None, ["x", 0.05]]


def test_confidence_of_a_working_is_the_product_over_its_lines():
    worked = (
        ScratchpadStep("9+4", Span(0, 3), "12", 0.25),
        ScratchpadStep("12+1", Span(0, 4), "13", 0.5),
        ScratchpadStep("13"),
    )
    assert Solution("9 + 4", "12", (None, None), END, worked).confidence == 0.125


def test_columns_are_the_same_guesses():
    assert list(COLUMNS) == [FIRST, SECOND]
    assert COLUMNS[1] == SECOND
    assert COLUMNS[:1] == (FIRST,)
    assert (FIRST, SECOND) == COLUMNS
    assert COLUMNS == (FIRST, SECOND)
    assert COLUMNS != (FIRST,)
    assert hash(COLUMNS) == hash((FIRST, SECOND))
    assert repr(COLUMNS) == repr((FIRST, SECOND))


def test_columns_are_recorded_as_single_guesses_are():
    singly, columns = (Solution("1 + 1", "12", g, END) for g in ((FIRST, SECOND), COLUMNS))
    assert columns.probabilities() == singly.probabilities()
    assert columns.runners_up() == singly.runners_up()
    assert COLUMNS.rounded == [round(p, DIGITS_KEPT) for p in COLUMNS.probabilities]
