from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mathrepl.analysis.figure import Heatmap
from mathrepl.analysis.plane import Cells, plane
from mathrepl.arithmetic.expression import format_value, read_value
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.questions import every_question
from mathrepl.networks.config import Architecture
from mathrepl.support.errors import DivisionByZeroError, OutOfReachError, TaskError, UsageError
from tests.kit.kinds import change_rows
from tests.kit.scripted import SureSolver, run, tiny_session
from tests.kit.weights import tasks

SUMS = Task(high=20)


def truth(question: str) -> str:
    return format_value(parse(question).value(), 3)


def except_for(**wrong: str) -> SureSolver:
    """Right, but for the questions named without spaces, such as a1p2 for 1 + 2."""
    table = {name[1:].replace("p", " + "): text for name, text in wrong.items()}
    return SureSolver(lambda question: table.get(question, truth(question)))


def heat_of(figure: object) -> Heatmap:
    (heat,) = figure.panels
    assert isinstance(heat, Heatmap)
    return heat


@pytest.mark.parametrize("show", ["wrong", "confidence", "size"])
@pytest.mark.parametrize(
    ("task", "operation"),
    [
        (SUMS, "+"),
        (Task(low=-3, high=5, operations="+-*/", decimals=2), "-"),
        (Task(low=-3, high=5, operations="+-*/", decimals=2, spaced=False), "/"),
    ],
)
def test_cells_are_those_of_asking_one_by_one(
    tmp_path: Path, task: Task, operation: str, show: str, monkeypatch: pytest.MonkeyPatch
):
    change_rows(monkeypatch, batch=7)
    session = tiny_session(tmp_path, task, seed=2)
    a, b = (-2 if task.low < 0 else 1, 4), (task.low, 3)
    _, figure = run(plane(session.weights, operation=operation, a=a, b=b, show=show))
    heat = heat_of(figure)
    assert heat.cells.shape == (b[1] - b[0] + 1, a[1] - a[0] + 1)
    assert (heat.row_range, heat.column_range) == ((b[1], b[0]), a)
    wrong = total = 0
    for row, y in enumerate(range(b[1], b[0] - 1, -1)):
        for column, x in enumerate(range(a[0], a[1] + 1)):
            expression = parse(f"{x} {operation} {y}")
            try:
                right = task.target(expression)
            except DivisionByZeroError:
                assert math.isnan(heat.cells[row, column])
                continue
            (solution,) = session.weights.solver.solve([expression.format(spaced=task.spaced)])
            total += 1
            wrong += solution.text != right
            if show == "wrong":
                assert heat.cells[row, column] == (solution.text != right)
            elif show == "confidence":
                assert heat.cells[row, column] == pytest.approx(solution.confidence, abs=1e-6)
            else:
                number = read_value(solution.text)
                size = (
                    heat.high if number is None else math.log10(1 + abs(number - Fraction(right)))
                )
                assert heat.cells[row, column] == pytest.approx(size, abs=1e-5)
    assert (figure.data["total"], figure.data["wrong"]) == (total, wrong)
    assert figure.data["wrong_share"] == wrong / total
    json.dumps(figure.record())


@given(tasks(widest=4, most=1), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_questions_and_answers_are_written_as_the_task_writes_them(task: Task, number: int):
    space = list(every_question(task))
    question = space[number % len(space)]
    (operation,) = parse(question).operations()
    bounds = (task.low, task.high)
    cells = Cells(task, operation, bounds, bounds)
    numbers = cells.numbers()
    assume(numbers)
    questions, truths = cells.texts(numbers)
    assert truths == [task.target(parse(text)) for text in questions]
    assert set(questions) == {
        text
        for text in space
        if operation in parse(text).operations()
        and not (operation == "/" and parse(text).operands()[1] == 0)
    }
    middle = len(numbers) // 3
    first, rest = cells.texts(numbers[:middle]), cells.texts(numbers[middle:])
    assert ([*first[0], *rest[0]], [*first[1], *rest[1]]) == (questions, truths)


def test_progress_adds_up_and_batches_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    session = tiny_session(tmp_path, SUMS, seed=1)
    found = []
    for size in (5, 1000):
        change_rows(monkeypatch, batch=size)
        told, figure = run(plane(session.weights, operation=None, a=(0, 9), b=(0, 8), show="wrong"))
        assert [one.done for one in told] == [0, *range(size, 90, size), 90]
        assert {one.total for one in told} == {90}
        found.append((figure.data, heat_of(figure).cells.tolist()))
    assert found[0] == found[1]


def test_the_wrong_are_listed_and_their_densest_block_is_named(tmp_path: Path):
    solver = except_for(a1p2="4", a12p16="27", a12p17="", a13p17="31", a20p0="21")
    session = tiny_session(tmp_path, SUMS, solver=solver)
    _, figure = run(plane(session.weights, operation="+", a=(0, 20), b=(0, 20), show="wrong"))
    assert figure.title == "tiny: a + b, where it is wrong"
    assert figure.facts == (
        "5 of 441 wrong (1.13%)",
        "most mistakes: a 12..14, b 15..17, 3 of 9 wrong",
    )
    assert figure.notes == ()
    assert figure.data["densest"] == {"a": [12, 14], "b": [15, 17], "wrong": 3, "total": 9}
    assert figure.data["wrong_equations"] == [
        {"question": "1 + 2", "network": "4", "truth": "3"},
        {"question": "12 + 16", "network": "27", "truth": "28"},
        {"question": "12 + 17", "network": "", "truth": "29"},
        {"question": "13 + 17", "network": "31", "truth": "30"},
        {"question": "20 + 0", "network": "21", "truth": "20"},
    ]
    heat = heat_of(figure)
    assert (heat.palette, heat.keep_peaks, heat.low, heat.high) == ("verdict", True, 0, 1)
    assert np.argwhere(heat.cells).tolist() == [[3, 12], [3, 13], [4, 12], [18, 1], [20, 20]]


def test_the_last_block_may_be_smaller(tmp_path: Path):
    session = tiny_session(tmp_path, SUMS, solver=except_for(a10p10="0"))
    _, figure = run(plane(session.weights, operation="+", a=(0, 10), b=(0, 10), show="wrong"))
    assert figure.facts == ("1 of 121 wrong (0.83%)",)  # a lone one is no region
    assert figure.data["densest"] == {"a": [10, 10], "b": [10, 10], "wrong": 1, "total": 1}


def test_where_all_is_wrong_mistakes_gather_nowhere(tmp_path: Path):
    session = tiny_session(tmp_path, SUMS, solver=SureSolver(lambda _: ""))
    _, figure = run(plane(session.weights, operation="+", a=(0, 20), b=(0, 20), show="wrong"))
    assert figure.facts == ("441 of 441 wrong (100%)",)
    assert figure.data["densest"]["wrong"] == figure.data["densest"]["total"] == 9


def test_nothing_wrong_is_said_plainly(tmp_path: Path):
    session = tiny_session(tmp_path, SUMS, solver=except_for())
    _, figure = run(plane(session.weights, operation=None, a=(0, 3), b=(0, 3), show="size"))
    assert figure.facts == ("0 of 16 wrong (0%)",)
    assert (figure.data["densest"], figure.data["largest_errors"]) == (None, [])
    assert not heat_of(figure).cells.any()
    assert heat_of(figure).high == 1


def test_no_more_mistakes_are_listed_than_allowed_the_first_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mathrepl.analysis.plane.MAX_LISTED", 4)
    monkeypatch.setattr("mathrepl.analysis.plane.MAX_LISTED", 4)
    change_rows(monkeypatch, batch=3)
    session = tiny_session(tmp_path, SUMS, solver=SureSolver(lambda _: "x"))
    _, figure = run(plane(session.weights, operation="+", a=(0, 2), b=(0, 2), show="wrong"))
    listed = [one["question"] for one in figure.data["wrong_equations"]]
    assert listed == ["0 + 0", "0 + 1", "0 + 2", "1 + 0"]
    assert figure.data["wrong"] == 9


def test_the_least_sure_are_told_with_their_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    change_rows(monkeypatch, batch=4)
    doubts = {"3 + 1": 0.25, "0 + 2": 0.5, "2 + 2": 0.125}
    solver = except_for(a0p2="", a2p2="5")
    solver.sure_of = lambda question: doubts.get(question, 0.99996)
    session = tiny_session(tmp_path, SUMS, solver=solver)
    _, figure = run(plane(session.weights, operation="+", a=(0, 3), b=(0, 3), show="confidence"))
    assert figure.facts[1:5] == (
        "unsure: 2 + 2 = 5, 12.50%, wrong, it is 4",
        "unsure: 3 + 1 = 4, 25.00%, right",
        "unsure: 0 + 2 = nothing, 50.00%, wrong, it is 2",
        "unsure: 0 + 0 = 0, 99.9960%, right",
    )
    assert figure.data["least_sure"][0] == {
        "question": "2 + 2",
        "network": "5",
        "truth": "4",
        "confidence": 0.125,
    }
    assert heat_of(figure).keep_peaks is False
    assert heat_of(figure).cells[1, 2] == 0.125


def test_the_largest_errors_are_told_and_what_is_no_number_is_counted(tmp_path: Path):
    solver = except_for(a0p1="100", a1p1="1+1", a2p2="5")
    session = tiny_session(tmp_path, SUMS, solver=solver)
    _, figure = run(plane(session.weights, operation="+", a=(0, 2), b=(0, 2), show="size"))
    assert figure.facts[1:] == (
        "far off: 0 + 1 = 100, wrong by 99",
        "far off: 2 + 2 = 5, wrong by 1",
    )
    assert figure.notes == ("1 answer is not a number, drawn as the largest error",)
    assert figure.data["not_numbers"] == 1
    assert [one["off_by"] for one in figure.data["largest_errors"]] == ["99", "1"]
    heat = heat_of(figure)
    assert heat.high == pytest.approx(2)
    assert heat.cells == pytest.approx(
        np.array([[0, 0, math.log10(2)], [2, 2, 0], [0, 0, 0]]), abs=1e-6
    )


def test_errors_beyond_floats_are_drawn(tmp_path: Path):
    session = tiny_session(tmp_path, SUMS, solver=SureSolver(lambda _: "9" * 400))
    _, figure = run(plane(session.weights, operation="+", a=(0, 0), b=(0, 0), show="size"))
    assert heat_of(figure).cells == pytest.approx(np.array([[400.0]]))


def test_the_first_operation_that_is_no_division_is_asked(tmp_path: Path):
    for number, (operations, chosen) in enumerate({"/-": "-", "/": "/", "*+": "*"}.items()):
        session = tiny_session(tmp_path / str(number), Task(high=5, operations=operations))
        _, figure = run(plane(session.weights, operation=None, a=(1, 2), b=(1, 2), show="wrong"))
        assert figure.data["operation"] == chosen


def test_a_division_by_zero_has_no_cell(tmp_path: Path):
    task = Task(low=-2, high=5, operations="/", decimals=3)
    session = tiny_session(tmp_path, task, solver=SureSolver(truth))
    _, figure = run(plane(session.weights, operation="/", a=(1, 2), b=(-1, 1), show="wrong"))
    assert np.isnan(heat_of(figure).cells).tolist() == [[False, False], [True, True], [False] * 2]
    assert figure.data["total"] == 4
    assert "b = 0 has no cells: a division by zero has no answer" in figure.notes
    with pytest.raises(UsageError, match="divides by zero; widen the range of b"):
        plane(session.weights, operation="/", a=(1, 2), b=(0, 0), show="wrong")


def test_what_lies_outside_the_training_is_noted(tmp_path: Path):
    task = Task(high=20, operations="+-", fewest=2, most=2)
    session = tiny_session(tmp_path, task, solver=SureSolver(truth))
    _, figure = run(plane(session.weights, operation="-", a=(19, 22), b=(20, 21), show="wrong"))
    assert figure.notes == (
        "6 of 8 equations lie outside the trained range 0..20",
        "1 operation, trained on equations with 2",
    )
    session = tiny_session(tmp_path / "sums", Task(high=9), solver=SureSolver(truth))
    _, figure = run(plane(session.weights, operation="+", a=(90, 95), b=(0, 5), show="wrong"))
    assert "36 of 36 equations lie outside the trained range 0..9" in figure.notes
    _, figure = run(plane(session.weights, operation="+", a=(98, 99), b=(1, 2), show="wrong"))
    assert "it can write at most 2 characters, some answers have 3" in figure.notes


def test_negative_numbers_of_a_working_stand_in_parentheses(tmp_path: Path):
    task = Task(high=5, operations="+-*/", decimals=1, spaced=False, brackets=True)
    work = Architecture("work", hidden=8, reader_hidden=3)
    session = tiny_session(tmp_path, task, architecture=work)
    for operation in "+-*/":
        _, figure = run(
            plane(session.weights, operation=operation, a=(-1, 0), b=(-2, -1), show="wrong")
        )
        asked = {one["question"] for one in figure.data["wrong_equations"]}
        assert f"-1{operation}(-2)" in asked
        assert figure.data["total"] == 4


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"a": (5, 4)}, UsageError, "the range 5..4 of a is empty"),
        ({"b": (5, 4)}, UsageError, "the range 5..4 of b is empty"),
        ({"a": (0, 1999), "b": (0, 1000)}, UsageError, "2,002,000 equations are too many"),
        ({"operation": "*"}, OutOfReachError, "'\\*'"),
        ({"operation": "-"}, OutOfReachError, "'-'"),
        ({"a": (-1, 4)}, OutOfReachError, "'-'"),
        ({"a": (10**100, 10**100)}, TaskError, "at most 100 digits"),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_is(
    tmp_path: Path, arguments: dict[str, object], error: type[Exception], message: str
):
    session = tiny_session(tmp_path, SUMS)
    given_arguments = {"operation": None, "a": (0, 3), "b": (0, 3), "show": "wrong", **arguments}
    with pytest.raises(error, match=message):
        plane(session.weights, **given_arguments)


def test_workings_are_limited_to_smaller_planes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    task = Task(high=5, operations="+-*/", decimals=1, spaced=False, brackets=True)
    work = Architecture("work", hidden=8, reader_hidden=3)
    session = tiny_session(tmp_path, task, architecture=work)
    change_rows(monkeypatch, "work", map_cells=8)
    with pytest.raises(UsageError, match="a working for each of 9 equations"):
        plane(session.weights, operation="+", a=(0, 2), b=(0, 2), show="wrong")
    _, figure = run(plane(session.weights, operation="+", a=(0, 3), b=(0, 1), show="confidence"))
    questions = [f"{x}+{y}" for x in range(4) for y in range(2)]
    sure = session.weights.solver.write(questions).confidences
    assert heat_of(figure).cells.T[:, ::-1].ravel() == pytest.approx(np.array(sure), abs=1e-6)
