"""The solver that shows its work, with exact weights, and with networks that write other texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.skills import ALL, DOING, READING
from mathrepl.arithmetic.task import Task
from mathrepl.arithmetic.written import Pass
from mathrepl.data.expressions import expressions
from mathrepl.data.skill_examples import skill_examples
from mathrepl.inference.answer import check_steps, compare
from mathrepl.inference.solution import ScratchpadStep, Solution
from mathrepl.inference.solver import numpy_solver
from mathrepl.inference.written_solver import WrittenSolver
from mathrepl.networks import kind_of, part_tensors, parts_of
from mathrepl.support.settings import MOST_DECIMALS
from tests.kit.exact import exact_card, tensors_of
from tests.kit.exact_solver import SURE, exact_solver, scripted_solver

SUMS = Task(operations="+-*", spaced=False)
QUESTIONS = ["94+909", "131+83-744*33", "(5-9)*3", "842/37", "842%37", "1.5+2.25", "2**10"]
ANSWERS = ["1003", "-24338", "-12", "22.757", "28", "3.75", "1024"]


def texts(lines: tuple[ScratchpadStep, ...]) -> list[str]:
    return [line.text for line in lines]


def stuck(change: Callable[[Pass], str | None], question: str = "(1+2)*3") -> str:
    (solution,) = scripted_solver(change).solve([question])
    assert not solution.text
    assert solution.stuck
    assert compare(question, solution, "9", weights="w", engine="numpy").verdict.startswith("wrong")
    return solution.stuck


# Right networks


def test_exact_weights_answer_and_show_every_line():
    solutions = exact_solver().solve(QUESTIONS)
    assert [one.text for one in solutions] == ANSWERS
    assert [one.question for one in solutions] == QUESTIONS
    assert texts(solutions[2].scratchpad) == ["(5-9)*3", "-4*3", "-12"]
    assert texts(solutions[5].scratchpad) == ["150+225", "375", "3.75"]
    for one in solutions:
        assert not one.stuck
        assert {c.state for c in check_steps(one.scratchpad)} <= {"equal", "rounded"}
        assert 0.5 < one.confidence < 1


def test_exact_weights_answer_random_expressions():
    asked = list(expressions(150, 3, 3))
    written = exact_solver().write([one.question for one in asked])
    assert written.texts == [one.answer for one in asked]
    assert all(0 < sure < 1 for sure in written.confidences)


def test_write_gives_the_texts_and_confidences_of_solve():
    solutions = exact_solver().solve(QUESTIONS)
    written = exact_solver().write(QUESTIONS)
    assert written.texts == [one.text for one in solutions]
    assert written.confidences == pytest.approx([one.confidence for one in solutions])


@given(st.lists(st.sampled_from([*QUESTIONS, "1/3+1/7", "7//2"]), max_size=5))
@settings(max_examples=15, deadline=None)
def test_a_batch_answers_as_one_by_one_in_order(questions: list[str]):
    together = exact_solver().solve(questions)
    assert together == [exact_solver().solve([question])[0] for question in questions]


@pytest.mark.parametrize(
    ("decimals", "answer"),
    [(0, "0"), (1, "0.1"), (5, "0.14286"), (49, "0." + ("142857" * 9)[:48] + "1"), (None, "0.143")],
)
def test_a_quotient_has_the_decimals_that_are_asked_for(decimals: int | None, answer: str):
    (solution,) = exact_solver().solve(["1/7"], decimals)
    assert solution.text == (answer if decimals != 49 else format_value(parse("1/7").value(), 49))


def test_with_the_most_decimals_a_quotient_that_ends_stops_there():
    (solution,) = exact_solver().solve(["1/8"], MOST_DECIMALS)
    assert solution.text == "0.125"
    (solution,) = exact_solver().solve(["1/3"], MOST_DECIMALS)
    assert solution.text == "0." + "3" * 50


def test_the_steps_can_be_followed_as_they_are_written():
    *before, last = exact_solver().solve_stepwise("1+2*3-4")
    assert isinstance(last, Solution)
    assert [texts(lines)[-1] for lines in before] == ["1+2*3-4", "1+6-4", "7-4", "3"]
    assert texts(last.scratchpad) == ["1+2*3-4", "1+6-4", "7-4", "3"]
    (whole,) = exact_solver().solve(["1+2*3-4"])
    assert last == whole


def test_a_step_has_the_passes_that_made_it_and_their_probability():
    (solution,) = exact_solver().solve(["94+909"])
    (step, last) = solution.scratchpad
    skills = [one.asked.skill for one in step.passes]
    assert skills[:6] == list("pgnwkl")
    assert skills[6:] == ["+"]
    assert step.passes[-1].result == "1003"
    product = np.prod([one.probability for one in step.passes])
    assert step.probability == pytest.approx(float(product))
    assert (last.text, last.span, last.passes) == ("1003", None, ())


def test_each_character_has_the_guess_of_the_pass_that_wrote_it():
    (solution,) = exact_solver().solve(["94+909"])
    assert [guess.character for guess in solution.guesses] == list("1003")
    assert all(0.9 < guess.probability < 1 for guess in solution.guesses)
    (negative,) = exact_solver().solve(["5-900"])
    assert negative.guesses[0] is None
    assert [guess.character for guess in negative.guesses[1:]] == list("895")


@pytest.mark.parametrize("question", ["2**0", "0*-5", "5-5", "1/3", "0.5*2", "-7//2", "(7)+0"])
def test_there_is_a_place_for_the_guess_of_each_character(question: str):
    (solution,) = exact_solver().solve([question])
    assert len(solution.guesses) == len(solution.text)


def test_one_part_alone_answers_passes():
    solver = exact_solver()
    assert solver.part("")(["1+2"]).texts == ["3"]
    for part, names in (("doer", DOING), ("reader", READING)):
        asked = skill_examples(names, 2000, 0).held_out
        found = solver.part(part)([one.question for one in asked])
        assert found.texts == [one.answer for one in asked]
        assert all(0.9 < sure < 1 for sure in found.confidences)
    with pytest.raises(KeyError):
        solver.part("head")


# Weights without a reader


def test_columns_alone_answer_one_operation():
    solver = exact_solver(SUMS)
    assert solver.write(["94+909", "5-900", "12*-34"]).texts == ["1003", "-895", "-408"]
    (solution,) = solver.solve(["1+2+3"])
    assert (solution.text, solution.stuck) == ("", "these weights have no reader")


def test_a_skill_that_the_weights_lack_ends_a_working_with_its_name():
    (solution,) = exact_solver(Task(operations="+", spaced=False)).solve(["6*7"])
    assert not solution.text
    assert "o" in solution.stuck


# Wrong networks


@pytest.mark.parametrize(
    ("skill", "text", "reason"),
    [
        ("g", "", "the reader marked no one group"),
        ("g", "0101000", "the reader marked no one group"),
        ("l", "000", "the reader marked no one part"),
        ("l", "110", "the reader marked no operation with numbers on both sides"),
        ("+", "12<", "the skill + wrote '12<'"),
        ("p", "()", "the skill p wrote '()'"),
        ("z", "", "the doer wrote no number"),
        ("z", "1 2", "the doer wrote no number"),
    ],
)
def test_what_leads_nowhere_is_told_in_a_line(skill: str, text: str, reason: str):
    assert stuck(lambda one: text if one.skill == skill else None) == reason


def test_one_working_that_is_stuck_leaves_the_others_be():
    solver = scripted_solver(lambda one: "" if one.skill == "o" else None)
    found = solver.solve(["1+2", "3*4", "5-6"])
    assert [one.text for one in found][::2] == ["3", "-1"]


@given(
    st.sampled_from("".join(ALL)),
    st.text("0123456789+-<>= .\0", max_size=6),
    st.sampled_from(["(12+3)*4-96/7", "2**3*-5", "7//2+10%4", "0.5*3-1"]),
    st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_whatever_a_skill_writes_a_question_is_answered_or_stuck(
    skill: str, text: str, question: str, turn: int
):
    seen = 0

    def change(one: Pass) -> str | None:
        nonlocal seen
        seen += one.skill == skill
        return text if one.skill == skill and seen % 4 == turn else None

    (solution,) = scripted_solver(change).solve([question])
    answer = compare(question, solution, "1", weights="w", engine="numpy")
    assert not (solution.stuck and solution.text)
    assert answer.record()["working"]
    assert answer.verdict


@pytest.mark.parametrize("seed", range(6))
def test_random_weights_answer_or_are_stuck_and_never_fail(seed: int):
    rng = np.random.default_rng(seed)
    card = exact_card()
    tensors = {
        name: tensor + rng.normal(0, 0.5 + seed, tensor.shape).astype(np.float32)
        for name, tensor in tensors_of(card).items()
    }
    questions = [*QUESTIONS, "2**30", "-5--3", "1/7"]
    for solution in numpy_solver(card, tensors).solve(questions):
        assert bool(solution.text) != bool(solution.stuck)
        assert len(solution.guesses) == len(solution.text)
        check_steps(solution.scratchpad)


# Looked up, and asked as in Keras


def asking_solver(seed: int | None = None) -> tuple[WrittenSolver, WrittenSolver]:
    """Exact weights looked up, and the same asked column by column; changed a little by a seed."""
    card = exact_card()
    tensors = tensors_of(card)
    if seed is not None:
        rng = np.random.default_rng(seed)
        tensors = {
            name: tensor + rng.normal(0, 0.2, tensor.shape).astype(np.float32)
            for name, tensor in tensors.items()
        }
    kinds = parts_of(card.architecture)

    def run(part: str, passes: np.ndarray) -> np.ndarray:
        kind = kind_of(kinds[part])
        encoding = kind.encoding(card.encoding)
        return kind.probabilities(part_tensors(tensors, part), card.architecture, encoding, passes)

    return numpy_solver(card, tensors), WrittenSolver(card, run)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_looking_up_and_asking_give_the_same_solutions(seed: int | None):
    looked_up, asked = asking_solver(seed)
    questions = [*QUESTIONS, *(f"123456789{o}{b}" for o in "+-*/%" for b in (7, 400, 98765))]
    for mine, other in zip(looked_up.solve(questions), asked.solve(questions), strict=True):
        assert (mine.text, mine.stuck) == (other.text, other.stuck)
        assert texts(mine.scratchpad) == texts(other.scratchpad)
        assert mine.confidence == pytest.approx(other.confidence, rel=1e-3)
        assert [guess and guess.character for guess in mine.guesses] == [
            guess and guess.character for guess in other.guesses
        ]


def test_the_script_of_these_tests_is_right_by_itself():
    (solution,) = scripted_solver().solve(["94+909"])
    assert solution.text == "1003"
    assert solution.confidence == pytest.approx(SURE**7)
