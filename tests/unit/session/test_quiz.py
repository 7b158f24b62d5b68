from __future__ import annotations

import os
import random
import signal

import pytest

import mathrepl.inference.solver
from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.commands.spec import Note
from mathrepl.data.sampling import is_held_out
from mathrepl.session.quiz import Round, Score, play, questions
from mathrepl.session.session import Session
from mathrepl.support.errors import OutOfReachError, TaskError
from tests.kit.lab import Lab, ScriptedPerson, ScriptedSolver
from tests.kit.weights import tiny_weights

TASKS = [
    Task(high=99),
    Task(high=99, seed=12345),
    Task(high=99, spaced=False),
    Task(low=-20, high=20, operations="+-", most=2),
    Task(high=999, sampling="stratified"),
    Task(high=12, operations="+-*/", decimals=2),
]


pytestmark = pytest.mark.usefixtures("home")


def with_task(lab: Lab, task: Task) -> Session:
    tiny_weights(lab.store, "other", task)
    lab.session.use("other")
    return lab.session


def draw(session: Session, count: int, **more: object) -> list[str]:
    return questions(session, count, **({"bounds": None, "operations": None, "seed": 1} | more))


def script(lab: Lab, wrong: set[str]) -> None:
    """Let the network answer all right but `wrong`, where it writes one more."""
    task = lab.session.card.task

    def write(question: str) -> str:
        value = parse(question).value()
        return str(value + 1) if question in wrong else task.target(parse(question))

    lab.session.weights._solver = ScriptedSolver(write)


def finish(values: list[Round | Score]) -> tuple[list[Round], Score]:
    *rounds, score = values
    assert all(isinstance(one, Round) for one in rounds)
    assert isinstance(score, Score)
    assert score.rounds == tuple(rounds)
    return rounds, score


# Drawing


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("seed", [0, 1, None])
def test_only_held_out_equations_are_drawn(lab: Lab, task: Task, seed: int | None):
    drawn = draw(with_task(lab, task), 25, seed=seed)
    assert len(set(drawn)) == len(drawn) == 25
    for question in drawn:
        assert is_held_out(question, task.seed)
        assert task.outside(parse(question)) == []
        assert parse(question).format(spaced=task.spaced) == question


def test_the_seed_decides_the_draw(lab: Lab):
    session = with_task(lab, Task(high=999))
    assert draw(session, 10, seed=5) == draw(session, 10, seed=5)
    assert draw(session, 10, seed=5) != draw(session, 10, seed=6)
    assert draw(session, 10, seed=5)[:4] == draw(session, 4, seed=5)


def test_without_a_seed_draws_differ(lab: Lab):
    session = with_task(lab, Task(high=999))
    assert draw(session, 10, seed=None) != draw(session, 10, seed=None)


@pytest.mark.parametrize("task_seed", [0, 3])
def test_a_small_space_gives_all_it_holds_out_and_no_more(lab: Lab, task_seed: int):
    session = with_task(lab, Task(high=9, seed=task_seed))
    space = {f"{a} + {b}" for a in range(10) for b in range(10)}
    held_out = {question for question in space if is_held_out(question, task_seed)}
    assert 0 < len(held_out) < 100
    assert set(draw(session, 100)) == held_out
    assert len(draw(session, 100)) == len(held_out)


def test_other_bounds_and_operations_are_drawn_from(lab: Lab):
    session = with_task(lab, Task(high=99, operations="+-*"))
    drawn = draw(session, 20, bounds=(30, 60), operations="-")
    for question in drawn:
        left, operation, right = question.split()
        assert operation == "-"
        assert 30 <= int(left) <= 60
        assert 30 <= int(right) <= 60
        assert is_held_out(question, 0)


def test_an_equation_is_never_one_that_divides_by_zero(lab: Lab):
    session = with_task(lab, Task(high=5, operations="/"))
    drawn = draw(session, 100)
    assert drawn
    assert not [question for question in drawn if question.endswith("/ 0")]


def test_a_space_that_holds_nothing_out_is_refused(lab: Lab):
    alone = next(n for n in range(10) if not is_held_out(f"{n} + {n}", 0))
    with pytest.raises(TaskError, match="no held-out equation"):
        draw(lab.session, 3, bounds=(alone, alone))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("more", [{"operations": "-"}, {"operations": "+-"}, {"bounds": (-9, 9)}])
def test_what_the_network_has_no_character_for_is_refused_before_the_first_question(
    lab: Lab, seed: int, more: dict[str, object]
):
    with pytest.raises(OutOfReachError):
        draw(lab.session, 8, seed=seed, **more)


def test_drawing_asks_nothing(lab: Lab):
    draw(lab.session, 5)
    assert lab.session.history == []


# Playing


def test_every_round_holds_its_answer_and_the_score_counts_them(lab: Lab):
    asked = ["1 + 2", "3 + 4", "5 + 5", "9 + 9", "2 + 2"]
    script(lab, wrong={"3 + 4", "5 + 5"})
    rounds, score = finish(list(play(lab.session, asked, None)))
    assert [one.answer.equation for one in rounds] == asked
    assert [(one.number, one.total) for one in rounds] == [(n, 5) for n in range(1, 6)]
    assert [one.answer.right for one in rounds] == [True, False, False, True, True]
    assert (score.right, score.exact, score.streak) == (3, 3 / 5, 2)
    assert [one.answer.equation for one in score.misses] == ["3 + 4", "5 + 5"]
    # Places: 3; 8 for 7; 11 for 10; 18; 4. Of these seven, two differ.
    assert score.digits == pytest.approx(5 / 7)
    assert not score.early
    assert not score.against_person
    assert score.seconds == pytest.approx(sum(one.seconds for one in rounds))
    assert [one.answer for one in lab.session.history] == [one.answer for one in rounds]


@pytest.mark.parametrize(
    ("outcomes", "streak"),
    [("", 0), ("x", 0), ("r", 1), ("rrxr", 2), ("xrrr", 3), ("rxrrxrrrx", 3)],
)
def test_the_streak_is_the_longest_run(lab: Lab, outcomes: str, streak: int):
    asked = [f"{n} + 1" for n in range(len(outcomes))]
    script(lab, {question for question, o in zip(asked, outcomes, strict=True) if o == "x"})
    person = ScriptedPerson([str(n + 1) if o == "r" else "x" for n, o in enumerate(outcomes)])
    _, score = finish(list(play(lab.session, asked, person.ask)))
    assert score.streak == score.person_streak == streak
    assert score.right == score.person_right == outcomes.count("r")


def test_an_empty_quiz_scores_nothing(lab: Lab):
    rounds, score = finish(list(play(lab.session, [], None)))
    assert rounds == []
    assert (score.right, score.exact, score.digits, score.streak) == (0, 0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("7", True),
        (" 7 ", True),
        ("007", True),
        ("7.0", True),
        ("8", False),
        ("-7", False),
        ("seven", False),
        ("", False),
        ("3+4", False),
        ("7 7", False),
    ],
)
def test_a_person_is_right_by_value(lab: Lab, reply: str, right: bool):
    person = ScriptedPerson([reply])
    (one,), score = finish(list(play(lab.session, ["3 + 4"], person.ask)))
    assert one.person == reply
    assert one.person_right is right
    assert score.person_right == int(right)
    assert score.against_person
    assert one.person_seconds is not None
    assert one.person_seconds >= 0


def test_the_person_is_asked_before_the_network_answers(lab: Lab):
    known: list[int] = []
    prompts: list[str] = []

    def person(prompt: str) -> str:
        known.append(len(lab.session.history))
        prompts.append(prompt)
        return "1"

    finish(list(play(lab.session, ["1 + 2", "3 + 4"], person)))
    assert known == [0, 1]
    assert ["1 + 2" in prompts[0], "3 + 4" in prompts[1]] == [True, True]
    assert not [prompt for prompt in prompts if prompt.rstrip().endswith(("3", "7"))]


def test_a_person_ends_early(lab: Lab):
    person = ScriptedPerson(["3", None, "5"])
    rounds, score = finish(list(play(lab.session, ["1 + 2", "3 + 4", "5 + 6"], person.ask)))
    assert len(rounds) == 1
    assert score.early
    assert len(lab.session.history) == 1


def test_a_person_who_ends_at_once_has_no_round(lab: Lab):
    rounds, score = finish(list(play(lab.session, ["1 + 2"], ScriptedPerson().ask)))
    assert (rounds, score.early, score.against_person) == ([], True, True)


def test_records_hold_what_was_asked_and_counted(lab: Lab):
    script(lab, wrong={"3 + 4"})
    person = ScriptedPerson(["3", "8"])
    rounds, score = finish(list(play(lab.session, ["1 + 2", "3 + 4"], person.ask)))
    record = rounds[1].record()
    assert (record["number"], record["of"], record["equation"]) == (2, 2, "3 + 4")
    assert (record["network"], record["truth"], record["right"]) == ("8", "7", False)
    assert (record["person"], record["person_right"]) == ("8", False)
    record = score.record()
    assert (record["asked"], record["right"], record["exact"]) == (2, 1, 0.5)
    assert (record["misses"], record["early"]) == (["3 + 4"], False)
    assert (record["person_right"], record["person_streak"]) == (1, 1)


def test_records_without_a_person_do_not_speak_of_one(lab: Lab):
    rounds, score = finish(list(play(lab.session, ["1 + 2"], None)))
    for record in (rounds[0].record(), score.record()):
        assert not [key for key in record if key.startswith("person")]


# The command


def test_the_command_asks_as_many_as_wanted(lab: Lab):
    with_task(lab, Task(high=99))
    rounds, score = finish(lab.values(":quiz 4 --seed 3"))
    assert len(rounds) == 4
    assert not score.early
    again, _ = finish(lab.values(":quiz 4 --seed 3"))
    assert [one.answer.equation for one in again] == [one.answer.equation for one in rounds]


def test_without_a_number_the_setting_decides(lab: Lab):
    with_task(lab, Task(high=99))
    lab.value(":set quiz 3")
    rounds, _ = finish(lab.values(":quiz"))
    assert len(rounds) == 3


def test_a_space_with_fewer_says_so(lab: Lab):
    held_out = sum(is_held_out(f"{a} + {b}", 0) for a in range(10) for b in range(10))
    note, *rest = lab.values(":quiz 60")
    assert isinstance(note, Note)
    assert str(held_out) in note.text
    rounds, score = finish(rest)
    assert len(rounds) == held_out
    assert not score.early


@pytest.mark.parametrize("bye", ["q", ":q", "quit", " Q ", None])
def test_the_person_leaves_the_quiz(lab: Lab, bye: str | None):
    lab.person.replies = ["1", bye, "2", "3"]
    note, *rest = lab.values(":quiz 3 --me")
    assert isinstance(note, Note)
    rounds, score = finish(rest)
    assert len(rounds) == 1
    assert (score.early, score.against_person) == (True, True)
    assert lab.person.replies == ["2", "3"]


def test_an_empty_line_passes(lab: Lab):
    lab.person.replies = ["", ""]
    _, *rest = lab.values(":quiz 2 --me")
    rounds, score = finish(rest)
    assert [one.person for one in rounds] == ["", ""]
    assert (score.person_right, score.early) == (0, False)


def test_the_options_narrow_the_draw(lab: Lab):
    with_task(lab, Task(high=99, operations="+-"))
    rounds, _ = finish(lab.values(":quiz 10 --range 40..60 --ops -"))
    for one in rounds:
        left, operation, right = one.answer.equation.split()
        assert (operation, 40 <= int(left) <= 60, 40 <= int(right) <= 60) == ("-", True, True)


@pytest.mark.parametrize("option", ["--range=", "--ops=", '--range ""', "--range x", "--ops %"])
def test_an_option_with_no_sense_is_refused(lab: Lab, option: str):
    with pytest.raises(TaskError):
        lab.values(f":quiz 2 {option}")


def test_ctrl_c_ends_with_the_score_so_far(lab: Lab):
    with_task(lab, Task(high=99))
    values = []
    for value in lab.iterate(":quiz 10"):
        values.append(value)
        if len(values) == 3:
            os.kill(os.getpid(), signal.SIGINT)
    rounds, score = finish(values)
    assert len(rounds) in (3, 4)
    assert lab.context.interrupted
    assert score.early


def test_a_quiz_does_not_touch_the_random_numbers_of_others(lab: Lab):
    random.seed(1)
    expected = random.random()
    random.seed(1)
    draw(lab.session, 5)
    assert random.random() == expected


def test_a_quiz_of_new_weights_goes_through_their_solver(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    truth = ScriptedSolver(lambda question: str(parse(question).value()))
    monkeypatch.setattr(mathrepl.inference.solver, "numpy_solver", lambda card, tensors: truth)
    rounds, score = finish(lab.values(":quiz 5"))
    assert truth.asked == [one.answer.equation for one in rounds]
    assert score.exact == 1.0
