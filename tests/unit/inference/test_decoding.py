from __future__ import annotations

import numpy as np
import pytest

from mathrepl.data.encoding import END
from mathrepl.inference.decoding import guesses_of

CHARACTERS = END + "12"


def table(*rows: list[tuple[float, float, float]]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_the_likeliest_characters_stand_up_to_the_first_end_mark():
    rows = table([(0.1, 0.6, 0.3), (0.2, 0.1, 0.7), (0.8, 0.15, 0.05), (0.1, 0.8, 0.1)])
    ((guesses, end),) = guesses_of(CHARACTERS, rows)
    assert [(guess.character, guess.runner_up) for guess in guesses] == [("1", "2"), ("2", END)]
    assert [guess.probability for guess in guesses] == pytest.approx([0.6, 0.7])
    assert [guess.runner_up_probability for guess in guesses] == pytest.approx([0.3, 0.2])
    assert end is not None
    assert (end.character, end.runner_up) == (END, "1")
    assert end.probability == pytest.approx(0.8)


def test_a_row_without_an_end_mark_has_none():
    ((guesses, end),) = guesses_of(CHARACTERS, table([(0.1, 0.6, 0.3), (0.1, 0.2, 0.7)]))
    assert "".join(guess.character for guess in guesses) == "12"
    assert end is None


def test_an_end_mark_at_once_leaves_no_guesses():
    ((guesses, end),) = guesses_of(CHARACTERS, table([(0.6, 0.3, 0.1), (0.1, 0.2, 0.7)]))
    assert guesses == ()
    assert end is not None


def test_each_row_is_read_alone_and_in_order():
    first, last = [(0.1, 0.6, 0.3), (0.9, 0.1, 0.0)], [(0.1, 0.2, 0.7), (0.8, 0.1, 0.1)]
    rows = guesses_of(CHARACTERS, table(first, last))
    assert [guesses[0].character for guesses, _ in rows] == ["1", "2"]


def test_no_rows_give_none():
    assert list(guesses_of(CHARACTERS, np.zeros((0, 2, 3), np.float32))) == []


def test_reversed_guesses_stand_last_to_first():
    rows = table([(0.1, 0.6, 0.3), (0.2, 0.1, 0.7), (0.8, 0.15, 0.05), (0.1, 0.8, 0.1)])
    ((forward, end),) = guesses_of(CHARACTERS, rows)
    ((backward, same_end),) = guesses_of(CHARACTERS, rows, reverse=True)
    assert "".join(guess.character for guess in backward) == "21"
    assert list(backward) == list(forward)[::-1]
    assert end == same_end
    ((none, _),) = guesses_of(CHARACTERS, table([(0.6, 0.3, 0.1)]), reverse=True)
    assert len(none) == 0


def test_guesses_are_a_sequence_like_a_tuple():
    ((guesses, _),) = guesses_of(CHARACTERS, table([(0.1, 0.6, 0.3), (0.2, 0.1, 0.7)]))
    several = tuple(guesses)
    assert (guesses, hash(guesses), repr(guesses)) == (several, hash(several), repr(several))
    assert (guesses[0], guesses[-1], guesses[:1]) == (several[0], several[1], several[:1])
    assert guesses != several[:1]
    assert guesses != "12"
