from __future__ import annotations

from dataclasses import replace

import pytest

from mathrepl.data.encoding import END
from mathrepl.inference.answer import Answer, CheckedStep, compare
from mathrepl.inference.solution import Guess, ScratchpadStep, Solution
from mathrepl.render.answers import plain_answer, plain_line, plain_places


def answer(text: str, truth: str = "1003") -> Answer:
    guesses = tuple(Guess(character, 0.5, "9", 0.25) for character in text)
    solution = Solution("94 + 909", text, guesses, Guess(END, 1.0, "0", 0.0))
    return compare("94 + 909", solution, truth, weights="tiny", engine="numpy")


@pytest.mark.parametrize(
    ("written", "named", "text"),
    [
        ("1003", False, "1003"),
        ("1003", True, "94 + 909 = 1003"),
        ("1002", False, "1002  (wrong by 1, in 1 digit; the truth is 1003)"),
        ("", True, "94 + 909 = (nothing)  (wrong: it wrote nothing; the truth is 1003)"),
        ("+ 3", False, "+␣3  (wrong: '+ 3' is not a number; the truth is 1003)"),
    ],
)
def test_an_answer_is_what_was_written_and_the_truth_where_it_differs(
    written: str, named: bool, text: str
):
    assert plain_answer(answer(written), named=named) == text


def test_places_are_text_without_colours():
    text = plain_places(answer("1002"))
    assert text.replace("\n", "").isprintable()
    shown = text.splitlines()
    assert shown[0] == "94 + 909 = ?"
    assert not any(line.endswith(" ") for line in shown)
    assert "50%" in text
    assert "wrong by 1, in 1 digit" in shown[-1]


def test_places_leave_out_the_working():
    with_working = replace(
        answer("1003"), scratchpad=(CheckedStep(ScratchpadStep("94+909"), "equal"),)
    )
    assert plain_places(with_working) == plain_places(answer("1003"))


@pytest.mark.parametrize(
    ("state", "sign"), [("equal", "= "), ("rounded", "≈ "), ("wrong", "≠ "), ("after", "  ")]
)
def test_a_line_stands_behind_its_sign(state, sign: str):
    assert plain_line(CheckedStep(ScratchpadStep("3+4"), state)) == f"{sign}3+4"


def test_under_a_wrong_line_stands_what_belonged_there():
    line = CheckedStep(ScratchpadStep("8"), "wrong", wanted="7")
    assert plain_line(line) == "≠ 8\n  7 belongs here"
