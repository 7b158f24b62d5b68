from __future__ import annotations

import json
from pathlib import Path

import pytest

from mathrepl.analysis.figure import Bars, Figure, Lines
from mathrepl.analysis.mistakes import errors
from mathrepl.arithmetic.expression import format_value
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.data.sampling import is_unseen
from mathrepl.evaluation.certify import askers_here, certify
from mathrepl.inference.answer import Answers
from mathrepl.networks.config import Architecture
from mathrepl.session.session import Session
from mathrepl.store.card import Certificate
from mathrepl.support.errors import UsageError
from tests.kit.kinds import change_rows
from tests.kit.scripted import SureSolver, run, tiny_session

SUMS = Task(high=20)
WORK = Architecture("work", hidden=8, reader_hidden=3)


def truth(question: str) -> str:
    return format_value(parse(question).value(), 3)


def except_for(**wrong: str) -> SureSolver:
    """Right, but for the questions named without spaces, such as a1p2 for 1 + 2."""
    table = {name[1:].replace("p", " + "): text for name, text in wrong.items()}
    return SureSolver(lambda question: table.get(question, truth(question)))


def certificate_of(session: Session, folder: Path) -> Certificate:
    *_, (certificate,) = certify(
        session.card,
        askers_here(session.weights.solver, 1),
        "",
        sample=None,
        progress=folder / "progress",
    )
    return certificate


def bars_of(figure: Figure, title: str) -> dict[str, tuple[float, str]]:
    (bars,) = [p for p in figure.panels if isinstance(p, Bars) and p.title.startswith(title)]
    return {bar.label: (bar.value, bar.text) for bar in bars.bars}


def has(figure: Figure, title: str) -> bool:
    return any(isinstance(p, Bars) and p.title.startswith(title) for p in figure.panels)


# Agreeing with certificates


@pytest.mark.parametrize(
    "task",
    [
        Task(low=85, high=110),
        Task(low=-6, high=8, operations="+-*/", decimals=2),
        Task(high=4, operations="-*", fewest=1, most=2, spaced=False),
    ],
)
@pytest.mark.parametrize("seed", [0, 3])
def test_the_whole_space_is_counted_as_a_certificate_counts_it(
    tmp_path: Path, task: Task, seed: int, monkeypatch: pytest.MonkeyPatch
):
    change_rows(monkeypatch, batch=100)
    session = tiny_session(tmp_path, task, seed=seed)
    told, figure = run(errors(session.weights, None, whole=True))
    certificate = certificate_of(session, tmp_path)
    data = figure.data
    assert (data["total"], data["wrong"]) == (certificate.total, certificate.wrong)
    assert data["below_100"] == certificate.wrong_operand_below_100
    assert data["one_digit"] == certificate.wrong_one_digit
    assert told[-1].done == certificate.total
    assert certificate.wrong > 0
    json.dumps(figure.record())


def test_counts_of_a_script_equal_its_certificate(tmp_path: Path):
    task = Task(low=95, high=120)
    session = tiny_session(tmp_path, task)

    class Faulty(SureSolver):
        def confidences(self, questions: list[str]) -> list[float]:
            return [0.5] * len(questions)

    def write(question: str) -> str:
        a, b = (int(text) for text in question.split(" + "))
        return str(a + b + {0: 1, 1: 100, 2: 17}.get((3 * a + b) % 11, 0))

    session.weights._solver = Faulty(write)
    _, figure = run(errors(session.weights, None, whole=True))
    certificate = certificate_of(session, tmp_path)
    assert figure.data["wrong"] == certificate.wrong
    assert figure.data["below_100"] == certificate.wrong_operand_below_100
    assert figure.data["one_digit"] == certificate.wrong_one_digit
    assert 0 < figure.data["below_100"] < certificate.wrong
    assert 0 < figure.data["one_digit"] < certificate.wrong
    by_carries = certificate.classes["carries"]
    for chain, (asked, missed) in figure.data["by_carries"].items():
        alike = [
            counts
            for pattern, counts in by_carries.items()
            if max(map(len, pattern.split("0"))) == int(chain)
        ]
        assert [asked, missed] == [sum(column) for column in zip(*alike, strict=True)]


# What is counted


def test_mistakes_are_told_by_digit_size_carries_and_operands(tmp_path: Path):
    task = Task(low=5, high=205)
    solver = except_for(
        a5p6="12",  # ones, by 1
        a150p7="257",  # hundreds, by 100
        a99p9="118",  # tens, by 10
        a180p190="1",  # three digits, by 369
        a100p200="",  # nothing
        a120p130="0250",  # a place too many, the value is right
        a200p201="2401",  # thousands, by 2000
    )
    _, figure = run(errors(tiny_session(tmp_path, task, solver=solver).weights, None, whole=True))
    data = figure.data
    assert (data["total"], data["wrong"]) == (201 * 201, 7)
    assert (data["below_100"], data["below_10"], data["one_digit"]) == (3, 3, 5)
    assert data["by_place"] == {"ones": 1, "hundreds": 1, "tens": 1, "thousands": 2}
    assert {label: count for label, count in data["sizes"].items() if count} == {
        "0, written otherwise": 1,
        "1": 1,
        "10 to 99": 1,
        "100 to 999": 2,
        "1000 and more": 1,
        "not a number": 1,
    }
    assert data["largest_error"] == {
        "question": "200 + 201",
        "network": "2401",
        "truth": "401",
        "off_by": "2000",
    }
    assert figure.facts[:4] == (
        "7 of 40,401 wrong (0.017%)",
        "of the wrong, 3 (42.86%) have an operand below 100, 3 (42.86%) below 10",
        "of the wrong, 5 (71.43%) are wrong in one digit only: "
        "2 in the thousands, 1 in the ones, 1 in the tens, 1 in the hundreds",
        "largest error: 200 + 201 = 2401, wrong by 2000",
    )
    assert {chain: missed for chain, (_, missed) in data["by_carries"].items()} == {
        "0": 4,
        "1": 2,
        "2": 1,
    }
    shares = bars_of(figure, "share wrong by the longest run of carries")
    assert list(shares) == ["no carry", "single carries", "chain of 2"]
    asked, missed = data["by_carries"]["1"]
    assert shares["single carries"][0] == missed / asked
    assert sum(value for value, _ in bars_of(figure, "mistakes by the size").values()) == 7
    assert figure.notes == ("trained equations are included",)


def test_other_operations_are_told_by_operations(tmp_path: Path):
    solver = SureSolver(lambda question: "7.5" if "/" in question else truth(question))
    task = Task(low=1, high=6, operations="+/", decimals=3)
    _, figure = run(errors(tiny_session(tmp_path, task, solver=solver).weights, None, whole=True))
    assert figure.data["by_operations"] == {"1+": [36, 0], "1/": [36, 36]}
    shares = bars_of(figure, "share wrong by operations")
    assert shares == {"1/": (1.0, "100%, 36 of 36"), "1+": (0.0, "0%, 0 of 36")}
    assert figure.data["sizes"]["below 1"] == 0
    assert figure.data["sizes"]["1"] == sum(
        1 <= abs(7.5 - a / b) < 2 for a in range(1, 7) for b in range(1, 7)
    )


def test_many_operations_show_the_worst_alone(tmp_path: Path):
    task = Task(high=1, operations="+-*", most=3)
    _, figure = run(errors(tiny_session(tmp_path, task).weights, None, whole=True))
    kinds = figure.data["by_operations"]
    shares = bars_of(figure, f"share wrong by operations, the worst 12 of {len(kinds)}")
    assert len(shares) == 12
    left = [missed / asked for kind, (asked, missed) in kinds.items() if kind not in shares]
    assert min(value for value, _ in shares.values()) >= max(left)


def test_confidence_stands_beside_what_was_right(tmp_path: Path):
    solver = except_for(a1p2="4", a2p2="5", a3p2="6")
    sure = {"1 + 2": 0.97, "2 + 2": 0.15, "3 + 2": 0.11, "0 + 0": 0.19, "3 + 3": 1.0}
    solver.sure_of = lambda question: sure.get(question, 0.91)
    _, figure = run(
        errors(tiny_session(tmp_path, Task(high=3), solver=solver).weights, None, whole=True)
    )
    low, high = figure.data["calibration"]
    assert low == {"from": 0.1, "to": 0.2, "answers": 3, "right": 1, "mean_confidence": 0.15}
    assert (high["from"], high["answers"], high["right"]) == (0.9, 13, 12)
    (lines,) = [panel for panel in figure.panels if isinstance(panel, Lines)]
    measured, ideal = lines.series
    assert measured.x == pytest.approx((0.15, (11 * 0.91 + 0.97 + 1) / 13))
    assert measured.y == pytest.approx((1 / 3, 12 / 13))
    assert ideal.x == ideal.y == (0, 1)
    assert bars_of(figure, "right answers") == {"10 to 20%": (1, "1"), "90 to 100%": (12, "12")}
    assert bars_of(figure, "wrong answers") == {"10 to 20%": (2, "2"), "90 to 100%": (1, "1")}
    mean = (0.15 * 3 + 11 * 0.91 + 0.97 + 1) / 16
    assert figure.facts[-1] == f"{100 * mean:.2f}% sure on average, 81.25% right"


def test_a_network_without_mistakes_is_said_to_have_none(tmp_path: Path):
    _, figure = run(
        errors(tiny_session(tmp_path, SUMS, solver=except_for()).weights, None, whole=True)
    )
    assert figure.facts[0] == "0 of 441 wrong: all are right"
    assert figure.data["examples"] == []
    assert figure.data["largest_error"] is None
    assert not any(isinstance(panel, Answers) for panel in figure.panels)
    assert not has(figure, "share wrong")
    assert has(figure, "right answers by confidence")
    assert not has(figure, "wrong answers by confidence")


def test_twenty_mistakes_are_shown_from_all_over(tmp_path: Path):
    session = tiny_session(tmp_path, SUMS, solver=SureSolver(lambda question: "x"))
    _, figure = run(errors(session.weights, None, whole=True))
    (answers,) = [panel for panel in figure.panels if isinstance(panel, Answers)]
    shown = [item.equation for item in answers.items]
    assert shown == [one["question"] for one in figure.data["examples"]]
    assert len(set(shown)) == 20
    order = [f"{a} + {b}" for a in range(21) for b in range(21)]
    places = [order.index(question) for question in shown]
    assert places == sorted(places)
    assert places[-1] > 300  # not the first alone
    assert all((item.network, item.weights) == ("x", "tiny") for item in answers.items)
    assert [item.truth for item in answers.items] == [truth(question) for question in shown]


# What is asked


def test_held_out_equations_alone_are_asked_the_same_again(tmp_path: Path):
    solver = SureSolver(lambda question: "x")
    session = tiny_session(tmp_path, SUMS, solver=solver)
    told, figure = run(errors(session.weights, 25, whole=False))
    asked = solver.asked[:25]
    assert (figure.data["total"], told[-1].total) == (25, 25)
    assert len(set(asked)) == 25
    assert all(is_unseen(SUMS, question, SUMS.seed) for question in asked)
    again = SureSolver(lambda question: "x")
    session.weights._solver = again
    run(errors(session.weights, 25, whole=False))
    assert again.asked[:25] == asked


def test_more_than_is_held_out_asks_all_of_it_and_says_so(tmp_path: Path):
    _, figure = run(errors(tiny_session(tmp_path, SUMS).weights, None, whole=False))
    questions = [f"{a} + {b}" for a in range(21) for b in range(21)]
    held_out = sum(is_unseen(SUMS, question, SUMS.seed) for question in questions)
    assert figure.data["total"] == held_out
    assert f"only {held_out:,} equations exist to ask" in figure.notes


def test_sums_taught_by_their_carries_are_drawn_evenly(tmp_path: Path):
    asked = {}
    for sampling in ("carries", "uniform"):
        solver = SureSolver(truth)
        session = tiny_session(tmp_path / sampling, Task(high=99, sampling=sampling), solver=solver)
        _, figure = run(errors(session.weights, 50, whole=False))
        asked[sampling] = solver.asked
        assert figure.notes == ()
    assert asked["carries"] == asked["uniform"]


def test_long_sums_are_drawn_by_their_digits_and_say_so(tmp_path: Path):
    solver = SureSolver(truth)
    task = Task(high=10**8 - 1, sampling="carries")
    _, figure = run(errors(tiny_session(tmp_path, task, solver=solver).weights, 200, whole=False))
    assert any("drawn evenly by digit counts" in note for note in figure.notes)
    assert {len(question.split(" + ")[0]) for question in solver.asked} == set(range(1, 9))


def test_workings_are_counted_too(tmp_path: Path):
    task = Task(high=5, operations="+-*/", decimals=1, spaced=False, brackets=True, most=2)
    session = tiny_session(tmp_path, task, architecture=WORK)
    _, figure = run(errors(session.weights, 12, whole=False))
    assert figure.data["total"] == 12
    (answers,) = [panel for panel in figure.panels if isinstance(panel, Answers)]
    assert all(item.scratchpad for item in answers.items)
    assert len(answers.items) == figure.data["wrong"] > 0


@pytest.mark.parametrize(
    ("architecture", "engine", "done"),
    [
        (WORK, "numpy", [0, 32, 40]),
        (WORK, "keras", [0, 40]),
        (Architecture(hidden=4), "numpy", [0, 40]),
    ],
)
def test_workings_in_numpy_alone_are_asked_a_few_at_a_time(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    architecture: Architecture,
    engine: str,
    done: list[int],
):
    change_rows(monkeypatch, "work", batch=32)  # there are no more to ask than 45
    session = tiny_session(tmp_path, SUMS, architecture=architecture, solver=SureSolver(truth))
    session.weights.engine = engine
    told, _ = run(errors(session.weights, 40, whole=False))
    assert [looking.done for looking in told] == done


@pytest.mark.parametrize(
    ("task", "count", "whole", "message"),
    [
        (SUMS, 5, True, "--whole asks every equation; leave out the number"),
        (Task(high=9999), None, True, "too many equations to ask all; leave out --whole"),
        (Task(high=1, brackets=True), None, True, "too many equations to ask all"),
    ],
)
def test_what_cannot_be_asked_is_told_at_once(
    tmp_path: Path, task: Task, count: int | None, whole: bool, message: str
):
    session = tiny_session(tmp_path, task)
    with pytest.raises(UsageError, match=message):
        errors(session.weights, count, whole=whole)


def test_a_space_without_held_out_equations_says_what_to_do(tmp_path: Path):
    task = Task(high=0)
    assert not is_unseen(task, "0 + 0", task.seed)
    steps = errors(tiny_session(tmp_path, task).weights, None, whole=False)
    with pytest.raises(UsageError, match=r"no equation of a \+ b, 0..0 is held out; add --whole"):
        run(steps)
