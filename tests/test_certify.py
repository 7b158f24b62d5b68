from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

import mathrepl.certify
from mathrepl import atomic
from mathrepl.card import Certificate
from mathrepl.certify import Certified, Certifying, certify
from mathrepl.commands.spec import Note
from mathrepl.errors import WeightsError
from mathrepl.expression import format_value
from mathrepl.sampling import is_held_out
from mathrepl.session import Session
from mathrepl.settings import Settings
from mathrepl.store import Store
from mathrepl.task import Task
from tests.commands import Lab, ScriptedSolver, files, isolate
from tests.helpers import tiny_card, tiny_weights


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def apply(a: int, operation: str, b: int) -> Fraction | None:
    if operation == "/":
        return Fraction(a, b) if b else None
    return Fraction({"+": a + b, "-": a - b, "*": a * b}[operation])


def space_of(task: Task) -> Iterator[tuple[str, int, int, str]]:
    """Every equation of one operation with its operands and answer, by nested loops."""
    for operation in task.operations:
        for a in range(task.low, task.high + 1):
            for b in range(task.low, task.high + 1):
                value = apply(a, operation, b)
                if value is not None:
                    yield f"{a} {operation} {b}", a, b, format_value(value, task.decimals)


def differing(one: str, other: str) -> int:
    """Places in which two whole numbers differ, counted from the last digit."""
    width = max(len(one), len(other))
    return sum(x != y for x, y in zip(one.rjust(width), other.rjust(width), strict=True))


def brute_force(task: Task, write: Callable[[str], str]) -> tuple[int, int, int, int]:
    """Asked, wrong, of these with an operand below 100, of these with one wrong digit."""
    asked = wrong = below = one_digit = 0
    for question, a, b, truth in space_of(task):
        asked += 1
        text = write(question)
        if text != truth:
            wrong += 1
            below += abs(a) < 100 or abs(b) < 100
            one_digit += differing(text, truth) == 1
    return asked, wrong, below, one_digit


def run(task: Task, solver: ScriptedSolver, sample: int | None = None):
    *progress, certificate = certify(tiny_card(task=task), solver, "the command", sample=sample)
    assert all(isinstance(value, Certifying) for value in progress)
    assert isinstance(certificate, Certificate)
    return progress, certificate


def counts(certificate: Certificate) -> tuple[int, int, int, int]:
    return (
        certificate.total,
        certificate.wrong,
        certificate.wrong_operand_below_100,
        certificate.wrong_one_digit,
    )


def faulty(task: Task) -> Callable[[str], str]:
    """Right for most; elsewhere one digit wrong, several, none written, or one too many."""
    truths = {question: truth for question, _, _, truth in space_of(task)}

    def write(question: str) -> str:
        truth = truths[question]
        match sum(map(ord, question)) % 7:
            case 0:
                return truth[:-1] + str((int(truth[-1]) + 1) % 10)
            case 1:
                return "".join(str((int(c) + 1) % 10) for c in truth if c.isdigit())
            case 2:
                return ""
            case 3:
                return truth + "0"
            case _:
                return truth

    return write


# Counting


@pytest.mark.parametrize("seed", [0, 1])
def test_counts_equal_those_of_asking_one_by_one(lab: Lab, seed: int):
    tiny_weights(lab.store, "other", Task(high=9), seed=seed)
    lab.session.use("other")

    def ask(question: str) -> str:
        return lab.session.ask(question).network

    expected = brute_force(Task(high=9), ask)
    *_, certificate = certify(lab.session.card, lab.session.solver, "", sample=None)
    assert counts(certificate) == expected
    assert expected[0] == 100
    assert expected[1] > 0


@pytest.mark.parametrize(
    "task",
    [
        Task(high=9),
        Task(low=96, high=104),
        Task(low=-104, high=-97, operations="+-"),
        Task(low=-3, high=12, operations="*"),
    ],
)
def test_counts_of_known_errors(task: Task):
    write = faulty(task)
    expected = brute_force(task, write)
    _, certificate = run(task, ScriptedSolver(write))
    assert counts(certificate) == expected
    assert 0 < expected[3] < expected[1] < expected[0]


def test_a_perfect_network_has_nothing_wrong():
    task = Task(high=12, operations="+")
    truths = {question: truth for question, _, _, truth in space_of(task)}
    _, certificate = run(task, ScriptedSolver(truths.__getitem__))
    assert counts(certificate) == (169, 0, 0, 0)
    assert certificate.exact == 1.0


def test_operands_from_100_on_are_told_apart():
    # Wrong everywhere: of the 4 x 4 questions of 98..101, the 2 x 2 of 100..101 have none below.
    _, certificate = run(Task(low=98, high=101), ScriptedSolver(lambda _: "0"))
    assert (certificate.wrong, certificate.wrong_operand_below_100) == (16, 12)


def test_every_equation_is_asked_once():
    task = Task(low=-2, high=4, operations="+-")
    solver = ScriptedSolver(lambda _: "0")
    run(task, solver)
    assert sorted(solver.asked) == sorted(question for question, *_ in space_of(task))


def test_division_by_zero_is_not_asked():
    # 4 x 4 equations over 0..3, of which the 4 with divisor 0 have no answer.
    solver = ScriptedSolver(lambda _: "0")
    _, certificate = run(Task(high=3, operations="/", decimals=1), solver)
    assert certificate.total == 12
    assert certificate.wrong == 9  # 0/1, 0/2 and 0/3 are 0
    assert not [question for question in solver.asked if question.endswith("/ 0")]


def test_progress_adds_up_to_the_certificate(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.certify, "BATCH", 30)
    task = Task(high=9)
    write = faulty(task)
    progress, certificate = run(task, ScriptedSolver(write))
    assert [value.done for value in progress] == [30, 60, 90, 100]
    assert {value.total for value in progress} == {100}
    assert [value.wrong for value in progress] == sorted(value.wrong for value in progress)
    assert progress[-1].wrong == certificate.wrong == brute_force(task, write)[1]
    assert progress[0].record()["done"] == 30


def test_the_certificate_says_what_was_asked_of_what():
    task = Task(high=9)
    card = tiny_card(task=task)
    *_, certificate = certify(card, ScriptedSolver(lambda _: "0"), "the command", sample=None)
    assert certificate.command == "the command"
    assert task.describe() in certificate.space
    assert certificate.weights_sha256 == card.sha256
    assert not certificate.sampled
    today = datetime.now(UTC).date()
    assert abs((datetime.fromisoformat(certificate.date).date() - today).days) <= 1


# Sampling


def test_a_sample_is_held_out_and_the_same_again():
    task = Task(high=99, seed=4)
    first, second = ScriptedSolver(lambda _: "0"), ScriptedSolver(lambda _: "0")
    _, certificate = run(task, first, sample=50)
    run(task, second, sample=50)
    assert (certificate.sampled, certificate.total) == (True, 50)
    assert "50 held-out" in certificate.space
    assert len(set(first.asked)) == 50
    assert all(is_held_out(question, 4) for question in first.asked)
    assert first.asked == second.asked


def test_a_sample_larger_than_what_is_held_out_asks_all_of_it():
    solver = ScriptedSolver(lambda _: "0")
    _, certificate = run(Task(high=9), solver, sample=1000)
    held_out = {q for q, *_ in space_of(Task(high=9)) if is_held_out(q, 0)}
    assert set(solver.asked) == held_out
    assert certificate.total == len(held_out)


def test_a_large_space_is_sampled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.certify, "WHOLE_SPACE", 9999)
    monkeypatch.setattr(mathrepl.certify, "SAMPLE", 25)
    _, whole = run(Task(high=98), ScriptedSolver(lambda _: "0"))
    _, sampled = run(Task(high=99), ScriptedSolver(lambda _: "0"))
    assert (whole.sampled, whole.total) == (False, 99 * 99)
    assert (sampled.sampled, sampled.total) == (True, 25)


# The command


def test_the_outcome_goes_into_the_users_card(lab: Lab):
    answer = lab.session.ask("3 + 4")
    *_, certified = lab.values(":certify")
    assert isinstance(certified, Certified)
    assert certified.written
    card = lab.store.find("tiny").card
    assert card.certificate == certified.certificate
    assert card.certificate.total == 100
    assert card.certificate.weights_sha256 == card.sha256
    assert card.certificate.command == "mathrepl certify tiny"
    assert lab.session.card == card
    assert lab.session.ask("3 + 4") == answer


def test_only_the_card_is_written(lab: Lab):
    before = files(lab.folder)
    lab.values(":certify")
    after = files(lab.folder)
    assert {name for name in after if after[name] != before.get(name)} == {"data/weights/tiny.json"}
    assert set(after) == set(before)


def test_certifying_again_gives_the_same_figures(lab: Lab):
    *_, first = lab.values(":certify")
    *_, second = lab.values(":certify")
    assert first.certificate == second.certificate


def test_a_sample_stands_in_the_command(lab: Lab):
    *_, certified = lab.values(":certify --sample 5")
    assert certified.certificate.command == "mathrepl certify tiny --sample 5"
    assert certified.certificate.total == 5


def test_bundled_weights_are_counted_but_not_written(lab: Lab):
    lab.bundle("shipped", seed=3)
    before = files(lab.folder)
    *_, certified = lab.values(":certify shipped")
    assert certified.certificate.total == 100
    assert certified.name == "shipped"
    assert not certified.written
    assert certified.record()["written"] is False
    assert files(lab.folder) == before


def test_a_data_folder_that_is_the_bundled_one_is_not_written(lab: Lab):
    lab.bundle("shipped")
    before = files(lab.store.bundled)
    lab.context.session = Session(
        Settings(weights="shipped"), Store(lab.store.bundled, lab.store.bundled)
    )
    *_, certified = lab.values(":certify")
    assert certified.certificate.total == 100
    assert files(lab.store.bundled) == before
    assert not certified.written


def test_other_weights_can_be_named(lab: Lab):
    tiny_weights(lab.store, "wide", Task(high=11))
    *_, certified = lab.values(":certify wide")
    assert (certified.name, certified.certificate.total) == ("wide", 144)
    assert lab.store.find("tiny").card.certificate is None


def test_weights_trained_anew_meanwhile_keep_their_card(lab: Lab):
    values = lab.iterate(":certify")
    next(values)
    tiny_weights(lab.store, "tiny", seed=9)
    lab.session._found = None  # as after a training has saved
    before = files(lab.folder)
    *_, certified = values
    assert not certified.written
    assert files(lab.folder) == before


def test_unknown_weights_are_an_error(lab: Lab):
    with pytest.raises(WeightsError):
        lab.values(":certify nobody")
    assert lab.session.name == "tiny"


def test_ctrl_c_stops_and_writes_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.certify, "BATCH", 10)
    before = files(lab.folder)
    handler = signal.getsignal(signal.SIGINT)
    values = []
    for value in lab.iterate(":certify"):
        values.append(value)
        if len(values) == 2:
            os.kill(os.getpid(), signal.SIGINT)
    *progress, note = values
    assert isinstance(note, Note)
    assert "nothing was written" in note.text
    assert all(isinstance(value, Certifying) for value in progress)
    assert progress[-1].done < 100
    assert lab.context.interrupted
    assert files(lab.folder) == before
    assert signal.getsignal(signal.SIGINT) is handler
    assert lab.session.ask("3 + 4").weights == "tiny"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_card_that_cannot_be_written_is_one_error(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, code: int
):
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    before = files(lab.folder)
    monkeypatch.setattr(atomic, "write_bytes", refuse)
    with pytest.raises(WeightsError, match=os.strerror(code)):
        lab.values(":certify")
    assert files(lab.folder) == before


def test_a_record_has_the_figures(lab: Lab):
    *_, certified = lab.values(":certify")
    record = certified.record()
    certificate = certified.certificate
    assert (record["weights"], record["total"], record["wrong"]) == (
        "tiny",
        100,
        certificate.wrong,
    )
    assert record["exact"] == pytest.approx(1 - certificate.wrong / 100)
    assert record["written"] is True


def test_a_damaged_network_is_not_counted(lab: Lab):
    (lab.store.user / "tiny.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match="checksum"):
        lab.values(":certify")
