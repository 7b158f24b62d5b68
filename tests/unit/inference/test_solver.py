from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import END
from mathrepl.inference.solver import NetworkSolver, numpy_solver
from mathrepl.inference.written_solver import WrittenSolver
from mathrepl.networks import seq2seq
from mathrepl.networks.config import Architecture
from tests.kit.weights import TINY_ARCHITECTURE, random_tensors, tiny_card

QUESTIONS = ["3 + 4", "9 + 9", "0 + 0", "5 + 2"]
LONG = ["12 + 345", "9999 + 99999", "1 + 2 + 3 + 4"]


def solver_of(*, reverse: bool = False, seed: int = 0) -> NetworkSolver:
    card = tiny_card(reverse=reverse)
    return numpy_solver(card, random_tensors(card.architecture, card.encoding, seed))


def scripted(rows: list[list[tuple[str, float, str, float]]], *, reverse: bool = False):
    """A solver whose network gives these (likeliest, p, second, p) at each place."""
    card = tiny_card(reverse=reverse)
    characters = card.encoding.characters

    def run(part: str, questions: np.ndarray) -> np.ndarray:
        table = np.zeros((len(rows), card.encoding.answer_length, len(characters)), np.float32)
        for row, places in enumerate(rows):
            for place, (first, p, second, q) in enumerate(places):
                table[row, place, characters.index(first)] = p
                table[row, place, characters.index(second)] = q
        return table[: len(questions)]

    return NetworkSolver(card, run)


def test_the_likeliest_character_stands_at_each_place_up_to_the_end_mark():
    solver = scripted([[("7", 0.6, "1", 0.3), (END, 0.7, "7", 0.2), ("3", 0.9, "2", 0.1)]])
    (solution,) = solver.solve(["3 + 4"])
    assert (solution.question, solution.text) == ("3 + 4", "7")
    assert solution.end is not None
    (guess,) = solution.guesses
    assert (guess.character, guess.runner_up) == ("7", "1")
    assert guess.probability == pytest.approx(0.6)
    assert guess.runner_up_probability == pytest.approx(0.3)
    assert (solution.end.character, solution.end.runner_up) == (END, "7")
    assert solution.end.probability == pytest.approx(0.7)


def test_without_an_end_mark_the_answer_fills_every_place_and_has_no_end():
    solver = scripted([[("7", 0.6, "1", 0.3), ("8", 0.7, END, 0.2), ("9", 0.9, END, 0.1)]])
    (solution,) = solver.solve(["3 + 4"])
    assert solution.text == "789"
    assert solution.end is None
    assert solver.write(["3 + 4"]).texts == ["789"]


def test_an_end_mark_at_once_is_an_empty_answer():
    solver = scripted([[(END, 0.6, "1", 0.3), ("8", 0.7, END, 0.2), ("9", 0.9, END, 0.1)]])
    (solution,) = solver.solve(["3 + 4"])
    assert (solution.text, solution.guesses) == ("", ())
    assert solver.write(["3 + 4"]).texts == [""]


def test_a_reversing_network_is_read_back_with_each_guess_at_its_character():
    places = [("7", 0.6, "1", 0.3), ("1", 0.8, "2", 0.1), (END, 0.9, "3", 0.1)]
    solver = scripted([places], reverse=True)
    (solution,) = solver.solve(["8 + 9"])
    assert solution.text == "17"
    assert [guess.character for guess in solution.guesses] == ["1", "7"]
    assert [guess.runner_up for guess in solution.guesses] == ["2", "1"]
    assert solver.write(["8 + 9"]).texts == ["17"]


@pytest.mark.parametrize("reverse", [False, True])
def test_guesses_are_the_two_largest_probabilities_of_the_network(reverse: bool):
    card = tiny_card(reverse=reverse)
    tensors = random_tensors(card.architecture, card.encoding, 5)
    (solution,) = numpy_solver(card, tensors).solve(["3 + 4"])
    indices = encode_questions(card.encoding, ["3 + 4"])
    (table,) = seq2seq.probabilities(tensors, TINY_ARCHITECTURE, card.encoding, indices)
    guesses = list(reversed(solution.guesses)) if reverse else list(solution.guesses)
    if solution.end is not None:
        guesses.append(solution.end)
    assert guesses
    for guess, row in zip(guesses, table, strict=False):
        most, second = sorted(row, reverse=True)[:2]
        assert guess.probability == pytest.approx(most)
        assert guess.runner_up_probability == pytest.approx(second)
        assert row[card.encoding.characters.index(guess.character)] == most


@given(st.lists(st.sampled_from(QUESTIONS + LONG), max_size=12), st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_a_batch_answers_as_one_by_one_in_order(questions: list[str], seed: int):
    solver = solver_of(seed=seed)
    together = solver.solve(questions)
    assert [solution.question for solution in together] == questions
    for question, solution in zip(questions, together, strict=True):
        (alone,) = solver.solve([question])
        assert alone.text == solution.text
        assert [g.probability for g in alone.guesses] == pytest.approx(
            [g.probability for g in solution.guesses], abs=1e-5
        )


@given(st.lists(st.sampled_from(QUESTIONS + LONG), max_size=12), st.integers(0, 20), st.booleans())
@settings(max_examples=40, deadline=None)
def test_write_gives_the_texts_of_solve(questions: list[str], seed: int, reverse: bool):
    solver = solver_of(seed=seed, reverse=reverse)
    assert solver.write(questions).texts == [s.text for s in solver.solve(questions)]


def test_no_batch_is_larger_than_allowed_and_none_is_lost(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mathrepl.inference.solver.BATCH", 3)
    sizes: list[int] = []
    inner = solver_of()

    def run(part: str, questions: np.ndarray) -> np.ndarray:
        sizes.append(len(questions))
        return inner._run_part(part, questions)

    questions = [f"{a} + {b}" for a in range(4) for b in range(2)]
    counting = NetworkSolver(inner.card, run)
    assert counting.write(questions) == inner.write(questions)
    assert sizes == [3, 3, 2]


def test_long_questions_are_run_with_those_of_their_length_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mathrepl.inference.solver.BATCH", 4)
    sizes: list[tuple[int, int]] = []
    inner = solver_of()

    def run(part: str, questions: np.ndarray) -> np.ndarray:
        sizes.append(questions.shape)
        return inner._run_part(part, questions)

    questions = ["3 + 4", *(f"1 + {n}" for n in range(1000, 1006)), "12345 + 6", "7 + 8"]
    together = NetworkSolver(inner.card, run).solve(questions)
    usual = inner.card.encoding.question_length  # 6: "9 + 9" and its end mark
    assert sizes == [(1, usual), (2, 9), (2, 9), (2, 9), (1, 10), (1, usual)]
    for question, solution in zip(questions, together, strict=True):
        (alone,) = inner.solve([question])
        assert (solution.question, solution.text) == (question, alone.text)
        assert solution.confidence == pytest.approx(alone.confidence, abs=1e-6)


def test_a_long_question_is_run_alone():
    sizes: list[tuple[int, int]] = []
    inner = solver_of()

    def run(part: str, questions: np.ndarray) -> np.ndarray:
        sizes.append(questions.shape)
        return inner._run_part(part, questions)

    NetworkSolver(inner.card, run).write(["3 + 4", "5 + 6", "12 + 345", "7 + 8"])
    usual = inner.card.encoding.question_length
    assert [rows for rows, _ in sizes] == [2, 1, 1]
    assert [width for _, width in sizes if width == usual] == [usual, usual]


ATTENTION = Architecture("attention", hidden=8, embedding=5)


@given(st.lists(st.sampled_from(QUESTIONS + LONG), max_size=12), st.integers(0, 20), st.booleans())
@settings(max_examples=30, deadline=None)
def test_attention_answers_in_a_batch_as_one_by_one(questions: list[str], seed: int, reverse: bool):
    card = tiny_card(architecture=ATTENTION, reverse=reverse)
    solver = numpy_solver(card, random_tensors(ATTENTION, card.encoding, seed))
    together = solver.solve(questions)
    assert [solution.question for solution in together] == questions
    assert solver.write(questions).texts == [solution.text for solution in together]
    for question, solution in zip(questions, together, strict=True):
        (alone,) = solver.solve([question])
        assert alone.text == solution.text
        assert alone.confidence == pytest.approx(solution.confidence, abs=1e-5)


def test_confidences_are_those_of_the_solutions():
    solver = solver_of(seed=3)
    questions = QUESTIONS + LONG
    sure = solver.write(questions).confidences
    assert sure == [solution.confidence for solution in solver.solve(questions)]
    assert all(0 < one < 1 for one in sure)


@given(st.lists(st.sampled_from(QUESTIONS + LONG), max_size=12), st.integers(0, 40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_answers_with_how_sure_they_are_equal_those_of_solve(
    questions: list[str], seed: int, reverse: bool
):
    solver = solver_of(seed=seed, reverse=reverse)
    written, sure = solver.write(questions)
    solutions = solver.solve(questions)
    assert written == [solution.text for solution in solutions]
    assert sure == [solution.confidence for solution in solutions]
    assert all(type(one) is float for one in sure)


@pytest.mark.parametrize("reverse", [False, True])
def test_only_what_is_written_counts_for_how_sure_an_answer_is(reverse: bool):
    rows = [
        [("7", 0.5, "1", 0.25), (END, 0.75, "7", 0.125), ("3", 0.9, "2", 0.1)],
        [(END, 0.75, "1", 0.125), ("8", 0.5, END, 0.25), (END, 0.5, "9", 0.25)],
        [("7", 0.5, "1", 0.25), ("8", 0.75, END, 0.125), ("9", 0.5, END, 0.25)],
    ]
    solver = scripted(rows, reverse=reverse)
    written, sure = solver.write(["3 + 4", "3 + 5", "3 + 6"])
    assert written == ["7", "", "987" if reverse else "789"]
    assert sure == [0.5 * 0.75, 0.75, 0.5 * 0.75 * 0.5]
    assert solver.write(["3 + 4"]).confidences == [0.375]


def test_a_lone_network_is_asked_by_its_part_without_a_name():
    solver = solver_of()
    assert solver.part("")(QUESTIONS) == solver.write(QUESTIONS)
    with pytest.raises(KeyError):
        solver.part("doer")(QUESTIONS)


def test_weights_of_two_parts_are_solved_with_a_working():
    card = tiny_card(architecture=Architecture("work", hidden=8, reader_hidden=3))
    solver = numpy_solver(card, random_tensors(card.architecture, card.encoding))
    assert isinstance(solver, WrittenSolver)
    (solution,) = solver.solve(["3+4"])
    assert solution.scratchpad[0].text == "3+4"


@pytest.mark.parametrize("method", ["solve", "write"])
def test_an_unknown_character_is_a_value_error(method: str):
    with pytest.raises(ValueError, match="no character"):
        getattr(solver_of(), method)(["3 + 4", "3 * 4"])


def test_no_questions_give_no_answers():
    assert solver_of().solve([]) == []
    assert solver_of().write([]) == ([], [])
