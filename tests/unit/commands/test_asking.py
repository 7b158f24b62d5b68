"""`:ask`, `:compare` and `:history`; the quiz is in `tests/unit/session/test_quiz.py`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.commands.parse import bind
from mathrepl.commands.spec import CommandLine, Note, Table, Word
from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.support.errors import DivisionByZeroError, EquationError, UsageError, WeightsError
from tests.kit.lab import Lab, files
from tests.kit.weights import tiny_weights

pytestmark = pytest.mark.usefixtures("home")


def in_shell(lab: Lab, *words: str):
    """The result of `mathrepl ask WORDS`."""
    command = lab.context.commands["ask"]
    line = CommandLine("", tuple(Word(word, 0) for word in words))
    context = replace(lab.context, host="shell")
    return command.run(context, bind(command, line, "shell"))


# ask


@pytest.mark.parametrize("line", [":ask 3 + 4", ":ask 3+4 = ?", ":as 3 +4=", "3 + 4"])
def test_asking_with_and_without_the_command_is_the_same(lab: Lab, line: str):
    assert lab.value(line) == lab.session.ask("3 + 4")


def test_several_are_asked_at_once(lab: Lab):
    answers = lab.value(":ask 3 + 4; 1 / 0; -5 + 6;")
    assert isinstance(answers, Answers)
    first, second, third = answers.items
    assert isinstance(first, Answer)
    assert isinstance(second, Refused)
    assert isinstance(third, Refused)  # `tiny` has no minus
    assert isinstance(second.error, DivisionByZeroError)


@pytest.mark.parametrize(
    "words",
    [
        ("3 + 4",),
        ("3+4=?",),
        ("3", "+", "4"),
        ("3", "+", "4", "="),
        ("3", "+", "4", "=", "?"),
    ],
)
def test_words_of_the_shell_make_one_equation(lab: Lab, words: tuple[str, ...]):
    answer = in_shell(lab, *words)
    assert isinstance(answer, Answer)
    assert answer.equation == "3 + 4"


@pytest.mark.parametrize("words", [("3 + 4", "5 + 6"), ("3 + 4;5 + 6",), ("3+4;", ";5+6")])
def test_words_of_the_shell_may_be_equations_of_their_own(lab: Lab, words: tuple[str, ...]):
    answers = in_shell(lab, *words)
    assert isinstance(answers, Answers)
    assert [item.equation for item in answers.items] == ["3 + 4", "5 + 6"]


@pytest.mark.parametrize("words", [("3", "x", "4"), ("3", "X", "4"), ("3", "^", "4")])
def test_a_letter_or_a_hat_between_words_is_an_operation(lab: Lab, words: tuple[str, ...]):
    with pytest.raises(EquationError):  # one equation; `tiny` can only add
        in_shell(lab, *words)


def test_a_letter_beside_whole_equations_is_no_operation(lab: Lab):
    answers = in_shell(lab, "3 + 4", "5 + 6", "x")
    assert isinstance(answers, Answers)
    assert [item.equation for item in answers.items] == ["3 + 4", "5 + 6", "x"]


@pytest.mark.parametrize("words", [("",), (" ",), (";",), ("", " ")])
def test_nothing_is_not_asked(lab: Lab, words: tuple[str, ...]):
    with pytest.raises(EquationError):
        in_shell(lab, *words)


def test_a_single_bad_one_raises_where_several_refuse(lab: Lab):
    with pytest.raises(EquationError):
        in_shell(lab, "3 +")
    answers = in_shell(lab, "3 +", "3 + 4")
    assert isinstance(answers.items[0], Refused)
    assert isinstance(answers.items[1], Answer)


# compare


def test_two_networks_are_asked_the_same(lab: Lab):
    tiny_weights(lab.store, "other", seed=6)
    answers = lab.value(":compare tiny other 3 + 4; 5+6 = ?")
    found = [(item.equation, item.weights) for item in answers.items]
    equations = ["3 + 4", "3 + 4", "5 + 6", "5 + 6"]
    assert found == list(zip(equations, ["tiny", "other"] * 2, strict=True))
    assert answers.items[0] == lab.session.ask("3 + 4")
    lab.session.use("other")
    assert answers.items[1] == lab.session.ask("3 + 4")
    assert answers.items[0].solution != answers.items[1].solution


def test_comparing_changes_nothing_in_the_session(lab: Lab):
    tiny_weights(lab.store, "other", seed=6)
    tiny_weights(lab.store, "third", seed=7)
    before = files(lab.folder)
    lab.value(":compare other third 3 + 4")
    assert lab.session.name == "tiny"
    assert lab.session.history == []
    assert files(lab.folder) == before


def test_what_one_network_cannot_read_the_other_answers(lab: Lab):
    tiny_weights(lab.store, "times", Task(high=9, operations="*"))
    refused, answer = lab.value(":compare tiny times 3 * 4").items
    assert isinstance(refused, Refused)
    assert (refused.equation, refused.weights) == ("3 * 4", "tiny")
    assert refused.record()["weights"] == "tiny"
    assert isinstance(answer, Answer)
    assert (answer.weights, answer.truth) == ("times", "12")


def test_an_equation_that_nobody_can_read_is_refused_for_both(lab: Lab):
    tiny_weights(lab.store, "other")
    items = lab.value(":compare tiny other 3 +; 1 / 0; 3 + 4").items
    assert [isinstance(item, Refused) for item in items] == [True] * 4 + [False] * 2


def test_the_same_name_twice_is_refused(lab: Lab):
    with pytest.raises(UsageError, match="the same"):
        lab.values(":compare tiny tiny 3 + 4")


@pytest.mark.parametrize("names", ["tiny nobody", "nobody tiny", "tiny ../tiny"])
def test_unknown_weights_are_not_compared(lab: Lab, names: str):
    with pytest.raises(WeightsError):
        lab.values(f":compare {names} 3 + 4")
    assert lab.session.name == "tiny"


def test_damaged_weights_are_not_compared(lab: Lab):
    tiny_weights(lab.store, "bad")
    (lab.store.user / "bad.safetensors").write_bytes(b"x")
    with pytest.raises(WeightsError, match="checksum"):
        lab.values(":compare tiny bad 3 + 4")


def test_comparing_nothing_is_refused(lab: Lab):
    tiny_weights(lab.store, "other")
    with pytest.raises(EquationError):
        lab.values(":compare tiny other ;")


# history


def test_an_empty_history_says_so(lab: Lab):
    assert isinstance(lab.value(":history"), Note)


def test_history_lists_the_last_with_their_numbers_and_the_score(lab: Lab):
    for n in range(5):
        lab.session.ask(f"{n} + 1")
    table = lab.value(":history 2")
    assert isinstance(table, Table)
    assert [row[:2] for row in table.rows] == [("4", "3 + 1"), ("5", "4 + 1")]
    right = sum(one.answer.right for one in lab.session.history)
    assert f"{right} of 5 right" in table.footer
    assert [record["equation"] for record in table.record()] == ["3 + 1", "4 + 1"]


def test_history_without_a_number_shows_twenty(lab: Lab):
    lab.value(";".join(f"{n % 10} + {n // 10}" for n in range(23)))
    table = lab.value(":history")
    assert len(table.rows) == 20
    assert table.rows[0][0] == "4"
    assert table.rows[-1][:2] == ("23", "2 + 2")


def test_history_may_be_asked_for_more_than_there_is(lab: Lab):
    lab.session.ask("3 + 4")
    (row,) = lab.value(":history 50").rows
    answer = lab.session.history[0].answer
    assert row == ("1", "3 + 4", answer.network, "7", answer.verdict, "tiny")


def test_history_spans_weights_and_leaves_out_what_was_refused(lab: Lab):
    tiny_weights(lab.store, "other", seed=2)
    lab.value("3 + 4; 1 / 0")
    lab.value(":use other")
    lab.value("3 + 4")
    assert [row[-1] for row in lab.value(":history").rows] == ["tiny", "other"]
