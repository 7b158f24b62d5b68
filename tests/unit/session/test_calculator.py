"""What a person types first into a calculator, through a session with exact weights."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mathrepl.arithmetic.expression import MAX_RESULT
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.inference.answer import Answer
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.errors import DivisionByZeroError, MathreplError, OutOfReachError
from mathrepl.support.settings import MOST_DECIMALS, Settings
from tests.kit.exact import exact_weights


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("calculator")
    store = Store(folder / "weights", folder / "bundled")
    exact_weights(store, "work")
    exact_weights(store, "sums", Task(operations="+-", spaced=False))
    return Session(Settings(weights="work"), store)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("1.5 + 2.25", "3.75"),
        ("0.1 + 0.2", "0.3"),
        ("1/2 + 1/3", "0.833"),
        ("10/4*2", "5"),
        ("7/2/3", "1.167"),
        ("2**10", "1024"),
        ("2^10", "1024"),
        ("10 // 3", "3"),
        ("1000000 / 7", "142857.143"),
        ("123456789 * 987654321", "121932631112635269"),
        # The grammar of part 4
        (".5 + .5", "1"),
        ("1.50 - 0.5", "1"),
        ("1/(1/3)", "3"),
        ("842 % 37 * 2", "56"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("2 ** -1", "0.5"),
        ("(-2) ** 3", "-8"),
        ("-2 ** 2", "-4"),
        ("4 * -2", "-8"),
        ("5 - -3", "8"),
        ("--5 + +3", "8"),
        ("((((1 + 2)))) * 3", "9"),
        ("3 × 4 ÷ 2", "6"),  # noqa: RUF001
        ("3 x 4", "12"),
        ("94 + 909 = ?", "1003"),
        ("94+909=", "1003"),
        ("94   +909?", "1003"),
        ("1_000 + 1", "1001"),
        ("1,000,000 + 1", "1000001"),
        ("1 000 + 1", "1001"),
        # Halves, signs and zeros
        ("1/16", "0.063"),
        ("-1/16", "-0.063"),
        ("0.5 * 0.5", "0.25"),
        ("0 * -5", "0"),
        ("1 - 1", "0"),
        ("-1/3000", "0"),
        ("5-900", "-895"),
        ("1.5 ** 2", "2.25"),
        ("0 ** 0", "1"),
    ],
)
def test_a_calculators_lines_have_their_answers(session: Session, line: str, answer: str):
    found = session.ask(line)
    assert (found.network, found.truth, found.verdict) == (answer, answer, "right")
    assert {step.state for step in found.scratchpad} <= {"equal", "rounded"}


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        ("3 x 4", "3*4"),
        ("1,000 + 1", "1000 + 1"),
        ("1 000 + 1", "1000 + 1"),
        ("1_000 + 1", "1000 + 1"),
        ("2^10", "2**10"),
    ],
)
def test_what_can_be_read_in_two_ways_says_how_it_was_read(
    session: Session, line: str, reading: str
):
    notes = " ".join(session.ask(line).notes).replace(" ", "")
    assert f"readas{reading.replace(' ', '')}" in notes


@pytest.mark.parametrize(
    ("decimals", "line", "answer"),
    [
        (0, "10/4", "3"),
        (10, "1/7", "0.1428571429"),
        (20, "2/3", "0.66666666666666666667"),
        (49, "1/3", "0." + "3" * 49),
        (MOST_DECIMALS, "1/3", "0." + "3" * 50),
        (MOST_DECIMALS, "1/1024", "0.0009765625"),
        (0, "1.5 + 2.25", "3.75"),
        (1, "0.25 * 3", "0.75"),
    ],
)
def test_decimals_of_quotients_are_set_and_others_stay_whole(
    session: Session, decimals: int, line: str, answer: str
):
    before = session.settings
    session.settings = replace(before, decimals=decimals)
    try:
        found = session.ask(line)
    finally:
        session.settings = before
    assert (found.network, found.right) == (answer, True)


@pytest.mark.parametrize(
    ("line", "caret", "told"),
    [
        ("5 / 0", "/", "division by zero"),
        ("5 // (3 - 3)", "//", "division by zero"),
        ("7 % 0", "%", "division by zero"),
        ("1 + 2/(1/2 - 0.5)", "/(", "division by zero"),
        ("0 ** -1", "**", "division by zero"),
        ("2 ** 0.5", "**", "whole number"),
        ("2 ** (1/2)", "**", "whole number"),
        ("2 ** 1001", "**", "at most 1,000"),
        ("10 ** 999 * 10 ** 999 * 10 ** 999", "*", f"{MAX_RESULT:,} digits"),
        ("9 ** 9 ** 9", "**", "at most 1,000"),
        ("1.2.3 + 1", ".3", "point"),
        ("1,00 + 1", ",", "groups of three digits"),
        ("7.5 % 2", "%", "whole numbers"),
        ("1 +", None, "missing"),
        ("(1 + 2", "(", "never closed"),
        ("1 + 2)", ")", "never opened"),
        ("2 ** (1 - 3)", "**", "works out to -2"),
    ],
)
def test_bad_input_is_one_clear_line_with_a_caret(
    session: Session, line: str, caret: str | None, told: str
):
    with pytest.raises(MathreplError) as caught:
        session.ask(line)
    error = caught.value
    whole = str(error)
    assert "\n" not in whole
    assert told in whole
    assert error.text
    if caret is not None:
        assert error.column is not None
        assert error.text[error.column :].startswith(caret[0])
    if "zero" in told:
        assert isinstance(error, DivisionByZeroError)


def test_a_result_too_long_to_write_is_told_before_the_work_starts(session: Session):
    started = time.perf_counter()
    with pytest.raises(MathreplError, match=f"more than {MAX_RESULT:,} digits"):
        session.ask("9**999 * 9**999 * 9**999")
    assert time.perf_counter() - started < 0.5


def test_the_lines_of_a_working_come_as_they_are_written(session: Session):
    *lines, answer = session.ask_stepwise("1 + 2*3 - 4")
    assert isinstance(answer, Answer)
    assert answer.network == "3"
    assert len(lines) >= 3


def test_weights_without_a_reader_take_one_operation_of_theirs(session: Session):
    session.use("sums")
    try:
        assert session.ask("94 + 909").network == "1003"
        assert session.ask(f"{'9' * 100} + 1").network == "1" + "0" * 100
        for line, told in (
            ("1 + 2 + 3", "has no reader: it takes one operation on whole numbers"),
            ("1.5 + 2", "whole numbers"),
            ("1.5 + 2 * 0.5", "'*'"),
            ("3 * 4", "'*'"),
            ("7 // 2", "'//'"),
        ):
            with pytest.raises(OutOfReachError) as caught:
                session.ask(line)
            assert told in caught.value.message
    finally:
        session.use("work")


def test_every_answer_is_that_of_fractions(session: Session):
    for line in ("1/2 + 1/3 + 1/4 - 5", "2**10 % 1000", "(1.5 + 2.5)*(3 - 10)//4"):
        expression = parse(line)
        assert session.ask(line).truth == session.card.task.target(expression)
