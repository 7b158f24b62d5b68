from __future__ import annotations

import errno
import json
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import mathrepl.evaluation.certify
from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.task import Task
from mathrepl.commands.spec import Note
from mathrepl.data.sampling import is_held_out
from mathrepl.evaluation import suites
from mathrepl.evaluation.certify import (
    MAX_PROGRESS,
    Certified,
    CertifyProgress,
    askers_here,
    certify,
)
from mathrepl.inference.solution import Written
from mathrepl.inference.solver import Solver
from mathrepl.session.session import Session
from mathrepl.store.card import Card, Certificate, load_card
from mathrepl.store.store import Store
from mathrepl.support import atomic, locks
from mathrepl.support.errors import WeightsError
from mathrepl.support.settings import Settings
from mathrepl.training.events import Warned
from mathrepl.training.recipes import RECIPES
from tests.kit.exact_solver import exact_solver, scripted_solver
from tests.kit.lab import Lab, ScriptedSolver, files
from tests.kit.weights import tiny_card, tiny_weights

pytestmark = pytest.mark.usefixtures("home")


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


class Scripted(ScriptedSolver):
    """Writes what `write_one` says; surer of longer questions, and slower at some of them."""

    def write(self, questions: Sequence[str]) -> Written:
        time.sleep(len(questions[0]) % 3 / 1000)
        return super().write(questions)

    def confidence_of(self, question: str) -> float:
        return len(question) / 100


@dataclass
class Bench:
    """Certifies a card as the command does, with the file of what was counted so far."""

    progress: Path
    threads: int = 1

    def steps(
        self, card: Card, solver: Solver, sample: int | None = None, command: str = "the command"
    ) -> Generator[CertifyProgress | tuple[Certificate, ...], None, None]:
        return certify(
            card,
            askers_here(solver, self.threads),
            command,
            sample=sample,
            progress=self.progress,
        )

    def run(
        self, task: Task, solver: Solver, sample: int | None = None
    ) -> tuple[list[CertifyProgress], Certificate]:
        *told, (certificate,) = self.steps(tiny_card(task=task), solver, sample)
        assert all(isinstance(value, CertifyProgress) for value in told)
        return told, certificate

    def stop_after(
        self, count: int, card: Card, solver: Solver, **more: Any
    ) -> list[CertifyProgress]:
        with closing(self.steps(card, solver, **more)) as steps:
            return list(islice(steps, count))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "progress")


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
def test_counts_equal_those_of_asking_one_by_one(lab: Lab, bench: Bench, seed: int):
    tiny_weights(lab.store, "other", Task(high=9), seed=seed)
    lab.session.use("other")

    def ask(question: str) -> str:
        return lab.session.ask(question).network

    expected = brute_force(Task(high=9), ask)
    *_, (certificate,) = bench.steps(lab.session.card, lab.session.weights.solver)
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
def test_counts_of_known_errors(bench: Bench, task: Task):
    write = faulty(task)
    expected = brute_force(task, write)
    _, certificate = bench.run(task, Scripted(write))
    assert counts(certificate) == expected
    assert 0 < expected[3] < expected[1] < expected[0]


def test_a_perfect_network_has_nothing_wrong(bench: Bench):
    task = Task(high=12, operations="+")
    truths = {question: truth for question, _, _, truth in space_of(task)}
    _, certificate = bench.run(task, Scripted(truths.__getitem__))
    assert counts(certificate) == (169, 0, 0, 0)
    assert (certificate.exact, certificate.mistakes, certificate.by_wrong_digits) == (1.0, (), {})


def test_operands_from_100_on_are_told_apart(bench: Bench):
    # Wrong everywhere: of the 4 x 4 questions of 98..101, the 2 x 2 of 100..101 have none below.
    _, certificate = bench.run(Task(low=98, high=101), Scripted(lambda _: "0"))
    assert (certificate.wrong, certificate.wrong_operand_below_100) == (16, 12)


def test_every_equation_is_asked_once(bench: Bench):
    task = Task(low=-2, high=4, operations="+-")
    solver = Scripted(lambda _: "0")
    bench.run(task, solver)
    assert sorted(solver.asked) == sorted(question for question, *_ in space_of(task))


def test_division_by_zero_is_not_asked(bench: Bench):
    # 4 x 4 equations over 0..3, of which the 4 with divisor 0 have no answer.
    solver = Scripted(lambda _: "0")
    _, certificate = bench.run(Task(high=3, operations="/", decimals=1), solver)
    assert certificate.total == 12
    assert certificate.wrong == 9  # 0/1, 0/2 and 0/3 are 0
    assert not [question for question in solver.asked if question.endswith("/ 0")]


def test_progress_adds_up_to_the_certificate(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 30)
    task = Task(high=9)
    write = faulty(task)
    told, certificate = bench.run(task, Scripted(write))
    assert [value.done for value in told] == [30, 60, 90, 100]
    assert {(value.total, value.number, value.spaces) for value in told} == {(100, 1, 1)}
    assert {value.space for value in told} == {task.describe()}
    assert [value.wrong for value in told] == sorted(value.wrong for value in told)
    assert told[-1].wrong == certificate.wrong == brute_force(task, write)[1]
    assert told[0].record()["done"] == 30


def test_the_certificate_says_what_was_asked_of_what(bench: Bench):
    task = Task(high=9)
    card = tiny_card(task=task)
    *_, (certificate,) = bench.steps(card, Scripted(lambda _: "0"), command="mathrepl certify x")
    assert certificate.command == "mathrepl certify x"
    assert certificate.space == task.describe()
    assert certificate.weights_sha256 == card.sha256
    assert not certificate.sampled
    today = datetime.now(UTC).date()
    assert abs((datetime.fromisoformat(certificate.date).date() - today).days) <= 1


def test_a_certificate_survives_in_a_card(bench: Bench):
    task = Task(low=96, high=104)
    _, certificate = bench.run(task, Scripted(faulty(task)))
    card = replace(tiny_card(task=task), certificates=(certificate,))
    assert load_card(card.dump(), "the card").certificates == (certificate,)


# Classes and mistakes


def test_classes_count_the_asked_and_the_wrong(bench: Bench):
    task = Task(high=12)
    write = faulty(task)
    _, certificate = bench.run(task, Scripted(write))
    asked, wrong = Counter(), Counter()
    for question, a, b, truth in space_of(task):
        asked[f"{len(str(a))}+{len(str(b))}"] += 1
        wrong[f"{len(str(a))}+{len(str(b))}"] += write(question) != truth
    assert certificate.classes["digits"] == {key: (asked[key], wrong[key]) for key in asked}
    carries = certificate.classes["carries"]
    assert set(carries) == {"0", "1", "00", "01"}
    assert sum(count for count, _ in carries.values()) == 169
    assert sum(count for _, count in carries.values()) == certificate.wrong


def test_the_wrong_are_counted_by_the_places_that_differ(bench: Bench):
    task = Task(high=9)
    write = faulty(task)
    places = Counter(
        str(differing(write(question), truth))
        for question, _, _, truth in space_of(task)
        if write(question) != truth
    )
    _, certificate = bench.run(task, Scripted(write))
    assert certificate.by_wrong_digits == dict(places)
    assert len(places) > 1


def test_mistakes_are_listed_with_how_sure_the_network_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 7)
    task = Task(high=12)
    write = faulty(task)
    _, certificate = bench.run(task, Scripted(write))
    expected = [
        (question, write(question), truth, len(question) / 100)
        for a in range(13)
        for b in range(13)
        if write(question := f"{a} + {b}") != (truth := str(a + b))
    ]
    found = [(m.question, m.network, m.truth, m.confidence) for m in certificate.mistakes]
    assert found == expected


def test_no_more_mistakes_are_listed_than_allowed(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 7)
    monkeypatch.setattr(mathrepl.evaluation.certify, "MAX_MISTAKES", 10)
    _, certificate = bench.run(Task(high=9), Scripted(lambda _: "x"))
    assert (certificate.wrong, len(certificate.mistakes)) == (100, 10)
    assert [m.question for m in certificate.mistakes] == [f"0 + {b}" for b in range(10)]


# Sampling


def test_a_sample_is_held_out_and_the_same_again(bench: Bench):
    task = Task(high=99, seed=4)
    first, second = Scripted(lambda _: "0"), Scripted(lambda _: "0")
    _, certificate = bench.run(task, first, sample=50)
    bench.run(task, second, sample=50)
    assert (certificate.sampled, certificate.total) == (True, 50)
    assert "50 unseen" in certificate.space
    assert len(set(first.asked)) == 50
    assert all(is_held_out(question, 4) for question in first.asked)
    assert first.asked == second.asked


def test_a_sample_larger_than_what_is_held_out_asks_all_of_it(bench: Bench):
    solver = Scripted(lambda _: "0")
    _, certificate = bench.run(Task(high=9), solver, sample=1000)
    held_out = {q for q, *_ in space_of(Task(high=9)) if is_held_out(q, 0)}
    assert set(solver.asked) == held_out
    assert certificate.total == len(held_out)


# Several spaces


WORK = RECIPES["work"]
WORK_CARD = Card("work", WORK.architecture, WORK.encoding, WORK.task, 0, sha256="ab")


def test_a_working_has_a_certificate_for_each_space(bench: Bench):
    *told, certificates = bench.steps(WORK_CARD, exact_solver(), sample=8)
    found = suites.suites_of(WORK_CARD, 8)
    assert len(certificates) == len(found)
    for certificate, space in zip(certificates, found, strict=True):
        assert certificate.space.startswith(space.name)
        assert certificate.total <= space.total
    assert [value.number for value in told] == list(range(1, len(found) + 1))
    assert {value.spaces for value in told} == {len(found)}


def test_a_skill_that_errs_is_counted_in_every_space(bench: Bench):
    solver = scripted_solver(lambda one: "5" * len(one.first) if one.skill == "o" else None)
    *_, certificates = bench.steps(WORK_CARD, solver, sample=40)
    sums, products, quotients, expressions = certificates
    assert sums.wrong == 0
    for certificate in (products, quotients, expressions):
        assert certificate.wrong > 5
        assert len(certificate.mistakes) == certificate.wrong
        assert all(0 <= mistake.confidence < 1 for mistake in certificate.mistakes)


# Threads


def test_threads_give_what_one_thread_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 7)
    task = Task(high=14)
    found = []
    for threads in (1, 2, 4):
        told, certificate = Bench(tmp_path / "progress", threads).run(task, Scripted(faulty(task)))
        found.append((told, replace(certificate, seconds=0)))
    assert found[0] == found[1] == found[2]
    assert found[0][1].total == 225


# Going on


def same(certificates: Sequence[Certificate]) -> list[Certificate]:
    """Without what two runs never share."""
    return [replace(certificate, seconds=0) for certificate in certificates]


@pytest.fixture
def card() -> Card:
    return replace(tiny_card(task=Task(high=14)), sha256="ab")


@pytest.mark.parametrize("threads", [1, 3])
def test_what_was_stopped_goes_on_where_it_was_left(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch, threads: int
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)
    write = faulty(card.task)
    *_, whole = Bench(tmp_path / "other").steps(card, Scripted(write))
    bench = Bench(tmp_path / "progress", threads)
    for _ in range(2):
        bench.stop_after(4, card, Scripted(write))
        assert bench.progress.exists()
    solver = Scripted(write)
    first, *_, certificates = bench.steps(card, solver)
    assert first.done == 90
    assert sorted(solver.asked) == sorted(in_order(card.task)[80:])
    assert same(certificates) == same(whole)
    assert not bench.progress.exists()


def in_order(task: Task) -> list[str]:
    numbers = range(task.low, task.high + 1)
    return [f"{a} + {b}" for a in numbers for b in numbers]


def test_finished_spaces_are_not_asked_again(bench: Bench):
    *_, whole = bench.steps(WORK_CARD, exact_solver(), sample=5)
    bench.stop_after(3, WORK_CARD, exact_solver(), sample=5)
    first, *_, certificates = bench.steps(WORK_CARD, exact_solver(), sample=5)
    assert first.number >= 3
    assert same(certificates) == same(whole)


def test_a_failure_on_the_way_keeps_what_was_counted(
    bench: Bench, card: Card, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)

    def fail(question: str) -> str:
        if question == "5 + 5":
            raise MemoryError
        return "0"

    with pytest.raises(MemoryError):
        list(bench.steps(card, Scripted(fail)))
    first, *_ = bench.steps(card, Scripted(lambda _: "0"))
    assert first.done == 90  # 5 + 5 is the 81st


@pytest.mark.parametrize("what", ["command", "weights"])
def test_another_command_or_other_weights_start_over(
    bench: Bench, card: Card, monkeypatch: pytest.MonkeyPatch, what: str
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)
    bench.stop_after(4, card, Scripted(lambda _: "0"))
    other = replace(card, sha256="cd") if what == "weights" else card
    command = "another" if what == "command" else "the command"
    first, *_, (certificate,) = bench.steps(other, Scripted(lambda _: "0"), command=command)
    assert first.done == 10
    assert certificate.total == 225


def damaged(whole: bytes) -> dict[str, bytes]:
    record = json.loads(whole)
    lacking = {key: value for key, value in record.items() if key != "tally"}
    changed = {**record, "tally": {**record["tally"], "mistakes": [{"question": "1 + 1"}]}}
    return {
        "empty": b"",
        "cut off": whole[: len(whole) // 2],
        "not text": b"\xff\x00\xfe",
        "not an object": b"[1, 2]",
        "a number": b"7",
        "lacking a key": json.dumps(lacking).encode(),
        "another shape": json.dumps({**record, "finished": 5}).encode(),
        "a bad certificate": json.dumps({**record, "finished": [{}]}).encode(),
        "a bad mistake": json.dumps(changed).encode(),
    }


def test_a_damaged_file_of_what_was_counted_starts_over(
    bench: Bench, card: Card, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)
    bench.stop_after(4, card, Scripted(lambda _: "0"))
    for what, data in damaged(bench.progress.read_bytes()).items():
        bench.progress.write_bytes(data)
        first, *_, (certificate,) = bench.steps(card, Scripted(lambda _: "0"))
        assert (first.done, certificate.total) == (10, 225), what
        assert not bench.progress.exists()


def test_counts_that_cannot_be_kept_only_cost_starting_over(
    bench: Bench, card: Card, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic, "write_bytes", refuse)
    bench.stop_after(4, card, Scripted(lambda _: "0"))
    first, *_ = bench.steps(card, Scripted(lambda _: "0"))
    assert first.done == 10


# The command


def test_the_outcome_goes_into_the_users_card(lab: Lab):
    answer = lab.session.ask("3 + 4")
    *_, certified = lab.values(":certify")
    assert isinstance(certified, Certified)
    assert certified.written
    card = lab.store.find("tiny").card
    assert card.certificates == certified.certificates
    (certificate,) = card.certificates
    assert certificate.total == 100
    assert certificate.weights_sha256 == card.sha256
    assert certificate.command == "mathrepl certify tiny"
    assert lab.session.card == card
    assert lab.session.ask("3 + 4") == answer


def test_only_the_card_is_written(lab: Lab):
    before = files(lab.folder)
    lab.values(":certify")
    after = files(lab.folder)
    assert {name for name in after if after[name] != before.get(name)} == {"data/weights/tiny.json"}
    assert set(after) == set(before)


def test_certifying_again_gives_the_same_figures_in_place_of_the_first(lab: Lab):
    *_, first = lab.values(":certify")
    *_, second = lab.values(":certify")
    assert same(first.certificates) == same(second.certificates)
    assert lab.store.find("tiny").card.certificates == second.certificates


def test_a_sample_stands_in_the_command(lab: Lab):
    *_, certified = lab.values(":certify --sample 5")
    (certificate,) = certified.certificates
    assert certificate.command == "mathrepl certify tiny --sample 5"
    assert certificate.total == 5


def test_bundled_weights_are_counted_but_not_written(lab: Lab):
    lab.bundle("shipped", seed=3)
    before = files(lab.folder)
    *_, certified = lab.values(":certify shipped")
    assert certified.certificates[0].total == 100
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
    assert certified.certificates[0].total == 100
    assert files(lab.store.bundled) == before
    assert not certified.written


def test_other_weights_can_be_named(lab: Lab):
    tiny_weights(lab.store, "wide", Task(high=11))
    *_, certified = lab.values(":certify wide")
    assert (certified.name, certified.certificates[0].total) == ("wide", 144)
    assert lab.store.find("tiny").card.certificates == ()


def test_weights_trained_anew_meanwhile_keep_their_card(lab: Lab):
    values = lab.iterate(":certify")
    next(values)
    tiny_weights(lab.store, "tiny", seed=9)
    lab.session.weights._found = None  # as after a training has saved
    before = files(lab.folder)
    *_, certified = values
    assert not certified.written
    assert files(lab.folder) == before


def test_unknown_weights_are_an_error(lab: Lab):
    with pytest.raises(WeightsError):
        lab.values(":certify nobody")
    assert lab.session.name == "tiny"


def test_ctrl_c_stops_and_the_same_command_goes_on_from_there(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)
    before = files(lab.folder)
    handler = signal.getsignal(signal.SIGINT)
    values = []
    for value in lab.iterate(":certify"):
        values.append(value)
        if len(values) == 2:
            os.kill(os.getpid(), signal.SIGINT)
    *told, note = values
    assert isinstance(note, Note)
    assert "goes on from there" in note.text
    assert all(isinstance(value, CertifyProgress) for value in told)
    stopped = told[-1].done
    assert stopped < 100
    assert lab.context.interrupted
    after = files(lab.folder)
    assert {name: data for name, data in after.items() if name in before} == before
    assert signal.getsignal(signal.SIGINT) is handler
    assert lab.session.ask("3 + 4").weights == "tiny"
    first, *_, certified = lab.values(":certify")
    assert first.done == stopped + 10
    assert certified.certificates[0].total == 100
    assert set(files(lab.folder)) == set(before)


def stop_certifying(lab: Lab, line: str, after: int) -> int:
    """Interrupt a certificate after some batches; the number of equations asked by then."""
    done = 0
    for value in lab.iterate(line):
        if isinstance(value, CertifyProgress):
            done = value.done
            after -= 1
            if after == 0:
                os.kill(os.getpid(), signal.SIGINT)
    return done


@pytest.mark.parametrize(
    "other", [":certify --sample 5", ":certify tiny.v2", ":certify --sample 7"]
)
def test_another_certificate_leaves_the_progress_of_an_interrupted_one(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, other: str
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)
    tiny_weights(lab.store, "tiny.v2", seed=3)
    stopped = stop_certifying(lab, ":certify", 3)
    (progress,) = lab.store.user.glob(".*.certifying")
    kept = progress.read_bytes()
    lab.values(other)
    assert list(lab.store.user.glob(".*.certifying")) == [progress]
    assert progress.read_bytes() == kept
    first, *_ = lab.values(":certify")
    assert first.done == stopped + 10
    assert list(lab.store.user.glob(".*.certifying")) == []


def test_two_interrupted_certificates_of_one_name_both_go_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 5)
    lines = (":certify", ":certify --sample 9")
    stopped = [stop_certifying(lab, line, after) for line, after in zip(lines, (3, 1), strict=True)]
    for line, done in zip(lines, stopped, strict=True):
        first, *_ = lab.values(line)
        assert first.done == min(done + 5, 8 if "sample" in line else 100)  # 8 are held out


def test_the_same_weights_with_another_task_start_over(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 10)
    stop_certifying(lab, ":certify", 3)
    found = lab.store.find("tiny")
    lab.store.save(replace(found.card, task=Task(high=8)), lab.store.tensors(found))
    assert lab.store.find("tiny").card.sha256 == found.card.sha256
    lab.session.refresh()
    first, *_, certified = lab.values(":certify")
    assert first.done == 10
    assert certified.certificates[0].total == 81


def test_of_one_name_the_newest_files_of_progress_are_kept(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mathrepl.evaluation.certify, "BATCH", 5)
    other = lab.store.user / ".tiny.v2.0123456789abcdef.certifying"
    foreign = lab.store.user / ".tiny.notes.certifying"
    for path in (other, foreign):
        path.touch()
        os.utime(path, (1, 1))
    for sample in range(6, 18):
        stop_certifying(lab, f":certify --sample {sample}", 1)
    assert other.exists()
    assert foreign.exists()
    assert len(list(lab.store.user.glob(".tiny.*.certifying"))) == 2 + MAX_PROGRESS
    first, *_ = lab.values(":certify --sample 17")
    assert first.done == 8  # 5 were asked before, and 8 are held out


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


def test_what_will_keep_the_card_from_being_written_is_told_before_the_counting(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.0)
    with lab.store.lock("tiny"):
        told = next(lab.iterate(":certify"))
    assert isinstance(told, Warned)
    assert "not be written into the card: tiny is being trained" in told.message

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    told = next(lab.iterate(":certify"))
    assert isinstance(told, Warned)
    assert os.strerror(errno.ENOSPC) in told.message


def test_a_record_has_the_figures_of_each_space(lab: Lab):
    *_, certified = lab.values(":certify")
    record = json.loads(json.dumps(certified.record()))
    (certificate,) = certified.certificates
    assert (record["weights"], record["written"]) == ("tiny", True)
    (space,) = record["spaces"]
    assert (space["total"], space["wrong"]) == (100, certificate.wrong)
    assert space["exact"] == pytest.approx(1 - certificate.wrong / 100)
    assert space["mistakes"] == [asdict(mistake) for mistake in certificate.mistakes]


def test_a_damaged_network_is_not_counted(lab: Lab):
    (lab.store.user / "tiny.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match="checksum"):
        lab.values(":certify")
