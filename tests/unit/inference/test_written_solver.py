from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mathrepl.arithmetic.reference_steps import quotient, trace
from mathrepl.arithmetic.scratchpad import first_line, is_done
from mathrepl.data.step_examples import MAX_LINE
from mathrepl.inference.scratchpad_solver import ScratchpadSolver

from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse
from mathrepl.inference import scratchpad_solver
from mathrepl.inference.answer import check_steps, compare
from mathrepl.inference.solution import ScratchpadStep
from tests.kit.equations import dividing_questions, quotients, whole_questions
from tests.kit.reference_solver import RECIPE, SURE, right_tags, right_text, solver


def fits(question: str) -> bool:
    """True if the rewriter's answers are long enough for every layout of the right scratchpad."""
    steps = trace(first_line(parse(question), RECIPE.task.decimals) or "0")
    return all(len(step.result) < RECIPE.encoding.answer_length for step in steps)


whole_questions_that_fit = whole_questions.filter(fits)
quotients_that_fit = quotients.filter(fits)


def texts(lines: tuple[ScratchpadStep, ...]) -> list[str]:
    return [line.text for line in lines]


def states(lines: tuple[ScratchpadStep, ...]) -> list[str]:
    return [checked.state for checked in check_steps(lines)]


def truth(question: str) -> str:
    return RECIPE.task.target(parse(question))


# Right networks


@given(whole_questions_that_fit)
@settings(max_examples=40, deadline=None)
def test_right_networks_answer_without_division(question: str):
    (solution,) = solver().solve([question])
    assert (solution.question, solution.stuck) == (question, "")
    assert solution.text == format_value(parse(question).value(), 0)
    assert solution.scratchpad[0].text == first_line(parse(question), 0)
    assert is_done(solution.scratchpad[-1].text)


@given(quotients_that_fit)
@settings(max_examples=30, deadline=None)
def test_right_networks_divide_to_the_tasks_decimals(question: str):
    question = question.replace(
        "-", "+"
    )  # negative quotients: tests/unit/arithmetic/test_reference_steps.py
    (solution,) = solver().solve([question])
    assert (solution.text, solution.stuck) == (truth(question), "")


@given(st.integers(0, 99_999), st.integers(1, 999))
@settings(max_examples=30, deadline=None)
def test_right_networks_find_the_remainder(a: int, b: int):
    (solution,) = solver().solve([f"{a}%{b}"])
    assert (solution.text, solution.stuck) == (str(a % b), "")


@pytest.mark.parametrize("question", ["842%10", "7%10", "0%7", "37%37", "842%1"])
def test_right_networks_find_these_remainders_too(question: str):
    assert solver().write([question]).texts == [truth(question)]


@given(st.lists(whole_questions | dividing_questions, max_size=5))
@settings(max_examples=15, deadline=None)
def test_a_batch_answers_as_one_by_one_in_order(questions: list[str]):
    right = solver()
    together = right.solve(questions)
    assert together == [right.solve([question])[0] for question in questions]
    assert right.write(questions).texts == [solution.text for solution in together]


@pytest.mark.parametrize("reverse", [True, False])
def test_write_gives_the_texts_of_solve_in_either_direction_of_writing(reverse: bool):
    questions = ["94+909", "12*34", "7/3"]
    right = solver(reverse=reverse)
    assert right.write(questions).texts == ["1003", "408", "2.333"]
    assert [solution.text for solution in right.solve(questions)] == ["1003", "408", "2.333"]


def test_many_questions_are_worked_on_in_batches_of_like_length(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scratchpad_solver, "BATCH", 2)
    questions = ["1+2", "12*34*56", "3+4", "100/7", "5+6"]
    asked: list[int] = []
    right = solver()
    run = right._run
    right._run = lambda part, indices: (asked.append(len(indices)), run(part, indices))[1]
    assert right.write(questions).texts == [truth(question) for question in questions]
    assert set(asked) == {1, 2}


def test_what_is_read_grows_with_the_lines_and_not_with_the_lengths_of_a_card():
    assert scratchpad_solver.PADDED == MAX_LINE + 1
    read: dict[int, list[int]] = {}
    for length in (91, 300, 601):
        right = solver()
        card = replace(right.card, encoding=replace(right.card.encoding, question_length=length))
        run, widths = right._run, read.setdefault(length, [])

        def counted(part, indices, run=run, widths=widths):
            if part == "reader":
                widths.append(indices.shape[1])
            return run(part, indices)

        assert ScratchpadSolver(card, counted).write(["12*34-7"]).texts == ["401"]
    assert read[91] == read[300] == read[601]


def test_the_working_shows_every_line_with_its_part_and_what_was_written():
    (solution,) = solver().solve(["2 * (3 + 4)"])
    assert texts(solution.scratchpad) == ["2*(3+4)", "2*7", "14"]
    first, second, last = solution.scratchpad
    assert [first.span.of(first.text), first.written] == ["3+4", "7"]
    assert (second.written, last.span, last.written) == ("14", None, "")


def test_every_line_of_a_right_working_is_equal_until_the_quotient_is_rounded():
    for question in ("12*34-7*(2-30)", "5-900", "-(2-5)*3"):
        (solution,) = solver().solve([question])
        assert set(states(solution.scratchpad)) == {"equal"}
    (solution,) = solver().solve(["100/7"])
    found = states(solution.scratchpad)
    assert set(found) == {"equal", "rounded"}
    assert found[0] == "equal"
    assert found[-1] == "rounded"


def test_confidence_is_the_product_over_all_tags_and_characters():
    right = solver()
    line = SURE ** len("3+4") * SURE ** len("7\0")
    assert right.write(["3+4"]).confidences == pytest.approx([line], rel=1e-4)
    before = SURE ** len("2*(3+4)") * SURE ** len("7\0")
    after = SURE ** len("2*7") * SURE ** len("14\0")
    assert right.write(["2*(3+4)", "3+4"]).confidences == pytest.approx(
        [before * after, line], rel=1e-4
    )
    assert right.solve(["2*(3+4)"])[0].scratchpad[1].probability == pytest.approx(after, rel=1e-4)


def test_answers_with_how_sure_they_are_equal_those_of_solve():
    stuck = solver(write=lambda part: "" if part == "3+4" else right_text(part))
    questions = ["2*(3+5)", "3+4", "100/7", "842%37"]
    written, sure = stuck.write(questions)
    solutions = stuck.solve(questions)
    assert written == ["16", "", "14.286", "28"] == [solution.text for solution in solutions]
    assert (
        sure
        == [solution.confidence for solution in solutions]
        == stuck.write(questions).confidences
    )


def test_each_written_character_keeps_its_guess_and_a_copied_one_has_none():
    (solution,) = solver().solve(["94+909"])
    assert [guess.character for guess in solution.guesses] == list("1003")
    assert all(guess.probability == pytest.approx(SURE, abs=1e-4) for guess in solution.guesses)
    (solution,) = solver().solve(["1/2"])
    assert solution.text == "0.5"
    assert [g and g.character for g in solution.guesses] == [None, None, "5"]


def test_no_questions_give_no_answers():
    assert solver().solve([]) == []
    assert solver().write([]).texts == []
    assert solver().write([]).confidences == []
    assert solver().write([]) == ([], [])


@pytest.mark.parametrize("question", ["8/2/2", "0.5+1", "7%3+1"])
def test_what_has_no_first_line_is_a_value_error(question: str):
    with pytest.raises(ValueError, match="cannot be laid out"):
        solver().solve([question])


# One network alone


def test_the_reader_alone_writes_tags():
    lines = ["2*(3+4)", "3+4"]
    texts, confidences = solver().part("reader")(lines)
    assert texts == ["0001110", "111"]
    assert confidences == pytest.approx([SURE**7, SURE**3], rel=1e-4)


def test_the_doer_alone_writes_what_belongs_in_place_of_parts():
    assert solver().part("doer")(["3+4", "12*34"]).texts == ["7", "12*30+12*4"]
    assert solver(reverse=False).part("doer")(["12*34"]).texts == ["12*30+12*4"]


def test_an_unknown_part_is_a_key_error():
    with pytest.raises(KeyError):
        solver().part("writer")(["3+4"])


# Wrong networks


def test_a_wrong_doer_gives_a_marked_wrong_line():
    def write(part: str) -> str:
        return "13" if part == "2*7" else right_text(part)

    (solution,) = solver(write=write).solve(["2*7+100"])
    answer = compare("2*7+100", solution, "114", weights="work", engine="numpy")
    assert (answer.network, answer.right, solution.stuck) == ("113", False, "")
    assert texts(solution.scratchpad) == ["2*7+100", "13+100", "113"]
    assert [checked.state for checked in answer.scratchpad] == ["equal", "wrong", "after"]
    wrong = answer.scratchpad[1]
    assert wrong.wanted == "14+100"
    assert [(c.network, c.truth, c.right) for c in wrong.columns] == [
        ("1", "1", True),
        ("3", "4", False),
    ]


@given(whole_questions_that_fit, st.data())
@settings(max_examples=30, deadline=None)
def test_a_doer_that_is_wrong_once_never_goes_unnoticed(question: str, data: st.DataObject):
    (right,) = solver().solve([question])
    number = data.draw(st.integers(0, len(right.scratchpad) - 2))
    wrong_at = right.scratchpad[number].text
    line_now = [""]

    def read(line: str) -> str:
        line_now[0] = line
        return right_tags(line)

    def write(part: str) -> str:
        return "1+" + right_text(part) if line_now[0] == wrong_at else right_text(part)

    (solution,) = solver(read, write).solve([question])
    found = states(solution.scratchpad)
    assert "wrong" in found or solution.stuck or solution.text == right.text


def test_a_rest_dropped_too_early_is_wrong():
    def write(part: str) -> str:
        rest, _, divisor = part.partition("/")
        if divisor.isdigit() and quotient(int(rest), int(divisor))[0] == "quotient":
            return "1"
        return right_text(part)

    (solution,) = solver(write=write).solve(["100/7"])
    assert "wrong" in states(solution.scratchpad)


STUCK = [
    (lambda line: "0" * len(line), right_text, "the reader marked no one part of the line"),
    (lambda line: "101" + line[3:], right_text, "the reader marked no one part of the line"),
    (right_tags, lambda part: "", "the doer wrote nothing in place of a part"),
    (right_tags, lambda part: part, "the doer wrote the same line again"),
    (right_tags, lambda part: "+".join(part[::-1].split("+")), "no end after 200 lines"),
    (right_tags, lambda part: "1+" * 40 + "1", "the line grew too long"),
    (right_tags, lambda part: f"2*({part})-1", "the parentheses nest ever deeper"),
]


@pytest.mark.parametrize(("read", "write", "reason"), STUCK)
@pytest.mark.parametrize("question", ["3+4", "12+34+5"])
def test_a_solver_that_is_stuck_says_why(
    read: Callable[[str], str], write: Callable[[str], str], reason: str, question: str
):
    stuck = solver(read, write)
    (solution,) = stuck.solve([question])
    assert (solution.text, solution.guesses, solution.stuck) == ("", (), reason)
    assert solution.scratchpad[0].text == question
    assert stuck.write([question]).texts == [""]
    answer = compare(question, solution, truth(question), weights="work", engine="numpy")
    assert answer.verdict == f"wrong: {reason}"


@pytest.mark.parametrize(
    ("read", "write"), [(right_tags, right_text), *(stuck[:2] for stuck in STUCK)]
)
@pytest.mark.parametrize("question", ["3+4", "12+34+5", "100/7", "842%37"])
def test_line_by_line_it_is_the_same_working(
    read: Callable[[str], str], write: Callable[[str], str], question: str
):
    asked = solver(read, write)
    *growing, solution = asked.solve_stepwise(question)
    assert [solution] == asked.solve([question])
    assert growing[0] == (ScratchpadStep(first_line(parse(question), 3 if "/" in question else 0)),)
    assert [len(lines) for lines in growing] == [*range(1, len(solution.scratchpad) + 1)]
    assert growing[-1] == solution.scratchpad
    for fewer, more in pairwise(growing):
        assert more[: len(fewer) - 1] == fewer[:-1]
        assert more[len(fewer) - 1].text == fewer[-1].text


def test_one_stuck_question_leaves_the_others_alone():
    stuck = solver(write=lambda part: "" if part == "3+4" else right_text(part))
    assert stuck.write(["1+2", "3+4", "100/7"]).texts == ["3", "", "14.286"]


def test_a_stuck_remainder_has_no_answer():
    stuck = solver(lambda line: "0" * len(line))
    (solution,) = stuck.solve(["842%37"])
    assert (solution.text, solution.stuck) == ("", "the reader marked no one part of the line")
