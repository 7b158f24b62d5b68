"""Records of JSON as dataclasses: what is refused, and how it is named."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mathrepl.support.errors import WeightsError
from mathrepl.support.records import (
    LATER,
    MAX_TEXT,
    check_plain,
    convert,
    parse,
    read,
)


@dataclass(frozen=True, slots=True)
class Leg:
    length: float
    colour: str = field(default="brown", metadata=LATER)


@dataclass(frozen=True, slots=True)
class Chair:
    legs: tuple[Leg, ...]
    name: str = "stool"


@dataclass(frozen=True, slots=True)
class Placed:
    where: Path
    chair: Chair | None = None


def test_a_record_becomes_dataclasses_at_any_depth():
    record = {"legs": [{"length": 3, "colour": "red"}, {"length": 0.5}], "name": "x"}
    assert read(Chair, record, "chair") == Chair((Leg(3.0, "red"), Leg(0.5)), "x")


def test_what_is_made_already_is_taken_as_it_is():
    legs = (Leg(1.0),)
    assert read(Chair, {"legs": legs, "name": "x"}, "chair").legs == legs


def test_a_path_is_read_from_its_text():
    assert convert(Placed, {"where": "/a/b"}, "place") == Placed(Path("/a/b"))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"legs": []}, "chair lacks key 'name'"),
        ({"name": "x"}, "chair: Object missing required field `legs`"),
        ({"legs": [], "name": "x", "arms": 2}, "chair has an unknown key 'arms'"),
        ({"legs": [{"length": 1, "\x1b": 2}], "name": "x"}, r"chair.legs[0] has an unknown key"),
        ({"legs": [{"length": True}], "name": "x"}, "chair.legs[0].length: Expected `float`"),
        ({"legs": [{"length": "1"}], "name": "x"}, "chair.legs[0].length: Expected `float`"),
        ({"legs": {}, "name": "x"}, "chair.legs: Expected `array`"),
        ([], "chair: Expected `object`"),
        (None, "chair: Expected `object`"),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(record, message):
    with pytest.raises(WeightsError) as caught:
        read(Chair, record, "chair")
    assert caught.value.message.startswith(message)
    assert caught.value.message.isprintable()


def test_without_a_look_at_the_keys_missing_ones_mean_the_defaults():
    assert convert(Chair, {"legs": [], "arms": 2}, "chair") == Chair(())


def test_a_key_that_stands_twice_is_named():
    with pytest.raises(WeightsError, match="it: 'b' stands twice"):
        parse('{"a": 1, "x": {"b": 1, "c": 2, "b": 3}}', "it")


def test_a_key_that_stands_twice_among_very_many_is_found_at_once():
    keys = ", ".join(f'"{n}": 0' for n in range(99_000))
    with pytest.raises(WeightsError, match="it: '98999' stands twice"):
        parse(f'{{{keys}, "98999": 1}}', "it")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"a": [{"b": "\x1b[2J"}]}, "it.a[0].b must be text"),
        ({"a": "x" * (MAX_TEXT + 1)}, "it.a must be text"),
        ({"two\nlines": 1}, "it: a key must be text"),
        ({"a": [1, 10**18]}, "it.a[1] must be a whole number of at most 18 digits"),
        ({"a": -(10**18)}, "it.a must be a whole number of at most 18 digits"),
        ({"a": math.nan}, "it.a must be a finite number"),
        ({"a": {"loss": [-math.inf]}}, "it.a.loss[0] must be a finite number"),
    ],
)
def test_values_that_no_file_of_ours_has_are_named_by_their_path(record, message):
    with pytest.raises(WeightsError) as caught:
        check_plain(record, "it", endless=("loss",))
    assert caught.value.message.startswith(message)
    assert caught.value.message.isprintable()


def test_a_record_of_too_many_levels_is_refused():
    record: list[object] = []
    for _ in range(5_000):
        record = [record]
    with pytest.raises(WeightsError, match="too many levels"):
        check_plain(record, "it")


def test_plain_values_pass_and_some_may_be_no_number():
    record = {"a": ["x" * MAX_TEXT, True, None, 10**18 - 1, 0.5], "b": {"loss": math.nan}}
    check_plain(record, "it", endless=("loss",))
