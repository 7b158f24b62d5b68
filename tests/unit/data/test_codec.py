from __future__ import annotations

import random
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.data.codec import decode, digit_positions, encode_answers, encode_questions, one_hot
from mathrepl.data.encoding import END, Encoding
from mathrepl.data.sampling import distinct
from tests.kit.weights import tasks

ABC = Encoding("\0abc", 5, 4)


def by_hand(encoding: Encoding, text: str, length: int) -> list[int]:
    written = text[::-1] if encoding.reverse else text
    return [encoding.characters.index(c) for c in written] + [0] * (length - len(text))


@given(tasks(), st.booleans(), st.integers(0, 2**20))
@settings(max_examples=80, deadline=None)
def test_questions_and_answers_round_trip(task, reverse, seed):
    encoding = Encoding.for_task(task, reverse=reverse)
    examples = list(islice(distinct(task, random.Random(seed)), 25))
    for texts, encode, length in (
        ([e.question for e in examples], encode_questions, encoding.question_length),
        ([e.answer for e in examples], encode_answers, encoding.answer_length),
    ):
        indices = encode(encoding, texts)
        assert indices.dtype == np.int32
        assert indices.tolist() == [by_hand(encoding, text, length) for text in texts]
        assert decode(encoding, indices) == texts


@given(st.lists(st.text("ab\u00e9\U0001f600", max_size=7)), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_alphabet_round_trips(texts, reverse):
    encoding = Encoding("\0ab\u00e9\U0001f600", 8, 8, reverse)
    assert decode(encoding, encode_answers(encoding, texts)) == texts
    assert decode(encoding, encode_questions(encoding, texts)) == texts


def test_reversal_writes_the_last_character_first_and_pads_after_it():
    reverse = Encoding("\0abc", 5, 4, reverse=True)
    assert encode_answers(ABC, ["abc", "b"]).tolist() == [[1, 2, 3, 0], [2, 0, 0, 0]]
    assert encode_answers(reverse, ["abc", "b"]).tolist() == [[3, 2, 1, 0], [2, 0, 0, 0]]


def test_longer_questions_lengthen_the_array_by_what_they_need():
    assert encode_questions(ABC, ["a", "abcabc"]).tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 2, 3, 1, 2, 3, 0],
    ]
    assert encode_questions(ABC, ["abca"]).shape == (1, 5)
    assert encode_questions(ABC, ["abcab"]).shape == (1, 6)


def test_an_answer_without_room_for_the_end_mark_is_refused():
    assert encode_answers(ABC, ["abc"]).shape == (1, 4)
    with pytest.raises(ValueError, match="3 characters"):
        encode_answers(ABC, ["a", "abca"])


@pytest.mark.parametrize("text", ["d", "ab!", "A", "\uffff", "\U0001f600", "a b", "\x01"])
def test_a_character_outside_the_alphabet_is_refused_by_name(text):
    strange = next(c for c in text if c not in ABC.characters)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        encode_questions(ABC, ["abc", text])
    assert repr(strange) in str(caught.value)


@pytest.mark.parametrize("text", [END, "a" + END, END + "a", "a" + END + "b"])
def test_an_end_mark_within_a_text_is_refused(text):
    with pytest.raises(ValueError, match="end mark"):
        encode_answers(ABC, [text])


def test_decoding_stops_at_the_first_end_mark():
    indices = np.array([[1, 0, 2, 3], [0, 1, 2, 3], [1, 2, 3, 1]], np.int32)
    assert decode(ABC, indices) == ["a", "", "abca"]
    reverse = Encoding("\0abc", 5, 4, reverse=True)
    assert decode(reverse, indices) == ["a", "", "acba"]


def test_no_texts_give_no_rows():
    assert encode_questions(ABC, []).shape == (0, 5)
    assert encode_answers(ABC, []).shape == (0, 4)
    assert decode(ABC, np.zeros((0, 4), np.int32)) == []


def test_one_hot_marks_each_index_once():
    indices = encode_answers(ABC, ["ca", ""])
    hot = one_hot(ABC, indices)
    assert hot.shape == (2, 4, 4)
    assert hot.dtype == np.float32
    assert hot.sum() == 2 * 4
    for row, column in np.ndindex(2, 4):
        assert hot[row, column, indices[row, column]] == 1


@pytest.mark.parametrize(
    ("reverse", "text", "expected"),
    [
        (False, "905+97", [1, 2, 3, 0, 1, 2]),
        (True, "905+97", [1, 2, 0, 1, 2, 3]),
        (True, "(-12)*3", [1, 0, 0, 1, 2, 0, 0]),
        (False, "007", [1, 2, 3]),
        (False, "", []),
    ],
)
def test_places_count_the_digits_of_each_number_in_writing_order(reverse, text, expected):
    encoding = Encoding(END + "()*+-0123456789", 10, 8, reverse)
    found = digit_positions(encoding, encode_questions(encoding, [text, "1"]))
    assert found.dtype == np.int32
    assert found[0].tolist() == expected + [0] * (10 - len(text))
    assert found[1].tolist() == [1] + [0] * 9


def test_a_number_of_the_least_digit_first_has_its_place_from_the_right():
    encoding = Encoding(END + "+0123456789", 200, 8, reverse=True)
    text = "1" * 150 + "+" + "2" * 30
    found = digit_positions(encoding, encode_questions(encoding, [text]))[0].tolist()
    assert found == [*range(1, 31), 0, *range(1, 151), *[0] * 19]
