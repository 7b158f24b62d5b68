from __future__ import annotations

import pytest

from mathrepl.arithmetic.lines import Span
from mathrepl.inference.solution import (
    Guess,
    ScratchpadStep,
    Solution,
    probability_of,
)

END = Guess("\0", 0.5, "1", 0.25)
FIRST, SECOND = Guess("1", 0.9, "7", 0.0512345678), Guess("2", 0.8123456789, "x", 0.05)


@pytest.mark.parametrize(("end", "ends"), [(END, 0.5), (None, 1.0)])
def test_confidence_is_the_product_over_the_text_and_its_end(end: Guess | None, ends: float):
    found = Solution("1 + 1", "12", (FIRST, SECOND), end)
    assert found.confidence == pytest.approx(0.9 * 0.8123456789 * ends)


def test_an_empty_answer_is_as_sure_as_its_end():
    assert Solution("1 + 1", "", (), END).confidence == pytest.approx(0.5)


def test_a_copied_character_costs_no_confidence():
    assert probability_of((FIRST, None, END)) == pytest.approx(0.9 * 0.5)
    found = Solution("1 + 1", "102", (FIRST, None, SECOND), END)
    assert found.confidence == pytest.approx(0.9 * 0.8123456789 * 0.5)


def test_confidence_of_a_working_is_the_product_over_its_lines():
    worked = (
        ScratchpadStep("9+4", Span(0, 3), "12", 0.25),
        ScratchpadStep("12+1", Span(0, 4), "13", 0.5),
        ScratchpadStep("13"),
    )
    assert Solution("9 + 4", "12", (None, None), END, worked).confidence == 0.125
