"""Passes as index arrays, and the encodings of networks that answer them."""

from __future__ import annotations

import numpy as np
import pytest

from mathrepl.arithmetic.skills import ALL, DOING, READING, alphabets_of, columns_of, split_pass
from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import decode, encode_answers, encode_questions
from mathrepl.data.columns import encode_passes, row_codes, states_after, written_codes
from mathrepl.data.encoding import END, Encoding
from mathrepl.data.passes import COLUMNS, can_work_out, encoding_for, encoding_of
from mathrepl.data.skill_examples import skill_examples
from mathrepl.support.errors import TaskError

PLUS = encoding_of("+-")


def characters(encoding: Encoding, row: np.ndarray) -> str:
    return "".join(encoding.characters[code] for code in row).replace(END, " ")


def test_a_pass_is_a_skill_and_then_the_characters_of_each_column_from_the_right():
    (row,) = encode_passes(PLUS, ["94+909"])
    assert row.dtype == np.int32
    assert len(row) == PLUS.question_length == 2 * COLUMNS + 1
    assert characters(PLUS, row).rstrip() == "+4990 9"
    assert characters(PLUS, row) == "+4990 9".ljust(23)


def test_passes_are_padded_to_the_longest():
    rows = encode_passes(PLUS, ["1+2", "1" * 30 + "-2"])
    assert rows.shape == (2, 1 + 2 * 31)
    assert not rows[0, 3:].any()


def test_questions_of_such_an_encoding_are_passes():
    assert (encode_questions(PLUS, ["94+909"]) == encode_passes(PLUS, ["94+909"])).all()


@pytest.mark.parametrize("names", ["+", DOING, READING])
def test_every_example_can_be_written_and_its_answer_read_back(names: str):
    encoding = encoding_of(names)
    examples = skill_examples(names, 400, 0).training
    rows = encode_passes(encoding, [example.question for example in examples])
    assert rows.shape[1] == encoding.question_length
    for row, example in zip(rows, examples, strict=True):
        skill, first, second = split_pass(example.question, names)
        wanted = skill + "".join(a + b for a, b in columns_of(first, second))
        assert characters(encoding, row) == wanted.ljust(len(row))
    texts = [example.answer for example in examples]
    assert decode(encoding, encode_answers(encoding, texts)) == texts


@pytest.mark.parametrize("text", ["", "12", "1*2", "1+x", "1+2\0", "+"])
def test_what_is_no_pass_is_a_value_error(text: str):
    with pytest.raises(ValueError, match=r"pass|character"):
        encode_passes(PLUS, [text])


def test_rows_have_alphabets_of_their_own():
    encoding = encoding_of(READING)
    alphabets = alphabets_of(READING)
    skills, first, second = row_codes(encoding)
    for code, character in enumerate(encoding.characters):
        for row, alphabet in (
            (skills, READING),
            (first, alphabets.first),
            (second, alphabets.second),
        ):
            if character in alphabet:
                assert alphabet[row[code]] == character
            else:
                assert row[code] == 0
    assert first[0] == second[0] == 0  # the end mark stands for a blank
    assert [encoding.characters[code] for code in written_codes(encoding)] == list(
        alphabets.written
    )


@pytest.mark.parametrize("names", [DOING, READING])
def test_states_are_those_of_the_rules(names: str):
    encoding = encoding_of(names)
    texts = [example.question for example in skill_examples(names, 300, 1).training]
    found = states_after(encoding, encode_passes(encoding, texts))
    assert found.shape == (len(texts), COLUMNS)
    for text, row in zip(texts, found, strict=True):
        name, first, second = split_pass(text, names)
        state = 0
        for t, column in enumerate(columns_of(first, second)):
            if column not in ALL[name].columns():
                break
            _, state = ALL[name].rule(state, *column)
            assert row[t] == state


def test_the_encoding_of_a_task_has_the_skills_that_its_operations_need():
    assert set(encoding_for(Task(operations="+-")).skills) == set("+-?zs")
    assert set(encoding_for(Task(operations="*")).skills) == set("+?otzs")
    assert encoding_for(Task(operations="+/")).skills == DOING
    for operations in ("+", "*", "+-*/"):
        skills = encoding_for(Task(operations=operations)).skills
        assert all(can_work_out(skills, operation) for operation in operations)
    assert not can_work_out("+-?zs", "*")


@pytest.mark.parametrize("skills", ["q", "++", "+q"])
def test_skills_are_distinct_and_known(skills: str):
    with pytest.raises(TaskError, match="distinct skills"):
        Encoding(END + "+", 3, 3, skills=skills)
