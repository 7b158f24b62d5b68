from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given, settings

from mathrepl.arithmetic.expression import MAX_QUESTION
from mathrepl.arithmetic.rules import MAX_ANSWER
from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import END, Encoding
from mathrepl.support.errors import TaskError, WeightsError
from mathrepl.support.records import read
from tests.kit.weights import tasks


def test_the_smallest_encoding_has_the_end_mark_first_and_one_place_for_it():
    encoding = Encoding.for_task(Task())
    assert encoding.characters == END + " +0123456789"
    assert encoding.question_length == len("999 + 999") + 1
    assert encoding.answer_length == len("1998") + 1
    assert not encoding.reverse
    assert Encoding.for_task(Task(), reverse=True).reverse


@given(tasks())
@settings(max_examples=60, deadline=None)
def test_a_task_fits_its_own_encoding_and_no_shorter_one(task):
    encoding = Encoding.for_task(task)
    assert encoding.fits(task)
    characters, question, answer = (
        encoding.characters,
        encoding.question_length,
        encoding.answer_length,
    )
    assert not Encoding(characters[:-1], question, answer).fits(task)
    assert not Encoding(characters, question - 1, answer).fits(task)
    if answer > 2:
        assert not Encoding(characters, question, answer - 1).fits(task)


@pytest.mark.parametrize(
    ("question", "answer"), [(1, 5), (602, 5), (10_000, 5), (5, 1), (5, 1002), (5, 10_000)]
)
def test_lengths_beyond_every_equation_are_refused(question, answer):
    with pytest.raises(TaskError, match="lengths must be 2 to "):
        Encoding(END + "1", question, answer)


def test_the_longest_tasks_have_encodings():
    for task in (
        Task(high=10**99, operations="*", most=4),
        Task(high=9, operations="+-*/", most=20, brackets=True, decimals=20),
        Task(high=10**99, operations="*/", most=3, brackets=True, decimals=20),
    ):
        assert Encoding.for_task(task).fits(task)
    assert Encoding(END + "1", MAX_QUESTION + 1, MAX_ANSWER + 1)


@pytest.mark.parametrize(
    ("task", "fits"),
    [
        (Task(high=99), True),
        (Task(seed=5), True),
        (Task(high=1000), False),
        (Task(operations="-"), False),
        (Task(low=-1), False),
        (Task(most=2), False),
        (Task(high=9, most=2, spaced=False), True),
    ],
)
def test_fits_asks_for_characters_and_both_lengths(task, fits):
    assert Encoding.for_task(Task()).fits(task) is fits


@given(tasks())
@settings(max_examples=30, deadline=None)
def test_record_round_trip(task):
    encoding = Encoding.for_task(task, reverse=task.spaced)
    assert read(Encoding, asdict(encoding), "it") == encoding


@pytest.mark.parametrize(
    "change",
    [
        {"characters": None},
        {"characters": ""},
        {"characters": "01\0"},
        {"characters": "\0011"},
        {"characters": "\0" + "".join(map(chr, range(1, 1001)))},
        {"question_length": 1},
        {"question_length": 10_001},
        {"question_length": 5.0},
        {"answer_length": 1},
        {"answer_length": 10_001},
        {"answer_length": True},
        {"reverse": 0},
        {"colour": 1},
    ],
)
def test_a_bad_record_is_refused(change):
    with pytest.raises((TaskError, WeightsError)):
        read(Encoding, {**asdict(Encoding("\0ab", 5, 5)), **change}, "it")


@pytest.mark.parametrize("key", ["characters", "question_length", "answer_length", "reverse"])
def test_a_record_that_lacks_a_key_is_refused(key):
    record = asdict(Encoding("\0ab", 5, 5))
    del record[key]
    with pytest.raises(WeightsError):
        read(Encoding, record, "it")
