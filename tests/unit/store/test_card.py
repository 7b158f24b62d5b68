from __future__ import annotations

import copy
import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.networks.config import Architecture
from mathrepl.store.card import (
    MAX_CARD_BYTES,
    MAX_EPOCHS,
    MAX_HISTORY,
    Card,
    Certificate,
    Epoch,
    Metrics,
    Mistake,
    Training,
    load_card,
    thinned,
)
from mathrepl.support.errors import WeightsError
from mathrepl.support.records import read
from tests.kit.weights import tasks, tiny_card

CERTIFICATE = Certificate(
    "a + b, 0..9",
    "certify",
    False,
    100,
    3,
    3,
    2,
    "ab" * 32,
    "2026-01-02",
    1.5,
    {"digits": {"1+1": (100, 3)}, "carries": {"0": (55, 1), "1": (45, 2)}},
    {"1": 2, "2": 1},
    (Mistake("1 + 2", "4", "3", 0.875), Mistake("9 + 9", "", "18", 0.5)),
)
OLDER = Training(
    command="train 1",
    epochs=1,
    examples=90,
    held_out_examples=10,
    batch=32,
    learning_rate=0.5,
    started="x",
    outcome="stopped",
)
FULL = replace(
    tiny_card("full", reverse=True),
    sha256="ab" * 32,
    trainings=(
        Training(
            command="train 5",
            epochs=5,
            examples=90,
            held_out_examples=10,
            batch=32,
            learning_rate=0.01,
            seed=3,
            started="2026-01-01T00:00:00+00:00",
            outcome="finished",
        ),
        replace(OLDER, versions={"keras": "3.15", "é": "ü"}),
        replace(
            OLDER,
            part="reader",
            weight_decay=0.1,
            clip=1.0,
            schedule="cosine",
            warmup=9,
            averaging=0.99,
            offset=4,
        ),
    ),
    history=tuple(
        Epoch(n, 0.5 * n, Metrics(1 / n, 0.1, 0.0), Metrics(1.5, 1 / 3, 1.0)) for n in (1, 2, 3)
    ),
    best_epoch=2,
    held_out=Metrics(1.5, 1 / 3, 1.0),
    certificates=(CERTIFICATE, replace(CERTIFICATE, space="beyond", classes={}, mistakes=())),
)
WORK = tiny_card("work", architecture=Architecture("work", hidden=8, reader_hidden=5))


def record() -> dict:
    return json.loads(FULL.dump())


@pytest.mark.parametrize(
    "card",
    [
        FULL,
        tiny_card(),
        tiny_card(architecture=Architecture("attention", hidden=8, places=0)),
        replace(WORK, history=(replace(FULL.history[0], part="doer"),)),
    ],
    ids=["full", "bare", "attention", "work"],
)
def test_round_trip(card):
    assert load_card(card.dump(), "here") == card


@given(tasks(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_task_round_trips(task, reverse):
    card = tiny_card("x", task, reverse=reverse)
    assert load_card(card.dump(), "here") == card


def test_a_card_is_ascii_json_of_a_stated_format_with_a_line_end():
    data = FULL.dump()
    assert data.isascii()
    assert data.endswith(b"}\n")
    assert json.loads(data)["format"] == 1


def test_whole_numbers_stand_for_floats():
    changed = record()
    changed["held_out"] = {"loss": 1, "accuracy": 0, "exact": 1}
    assert load_card(json.dumps(changed).encode(), "here").held_out == Metrics(1.0, 0.0, 1.0)


def test_renamed_changes_the_name_alone():
    assert replace(FULL.renamed("other"), name="full") == FULL
    assert FULL.renamed("other").name == "other"


def test_a_certificate_tells_the_share_of_exact_answers():
    assert CERTIFICATE.exact == pytest.approx(0.97)
    assert replace(CERTIFICATE, total=0, wrong=0).exact == 0


def test_a_certificate_is_read_back_from_json_alone():
    record = json.loads(json.dumps(asdict(CERTIFICATE)))
    assert read(Certificate, record, "certificate") == CERTIFICATE


@pytest.mark.parametrize(
    ("of", "keys"),
    [
        (
            ("trainings", 0),
            "part weight_decay clip schedule warmup averaging offset",
        ),
        (("history", 1), "part"),
        (("certificates", 0), "seconds classes by_wrong_digits mistakes"),
        (("task",), "brackets"),
    ],
    ids=lambda value: str(value),
)
def test_cards_from_before_a_setting_existed_mean_what_they_meant(of, keys):
    older = record()
    for key in keys.split():
        del at(older, of)[key]
    newer = json.loads(load_card(json.dumps(older).encode(), "here").dump())
    for key in keys.split():
        value = at(newer, of)[key]
        if of[0] == "trainings":
            assert value == getattr(OLDER, key)
        else:
            assert not value
        del at(newer, of)[key]
    assert newer == older


def refused(data: bytes) -> str:
    with pytest.raises(WeightsError) as caught:
        load_card(data, "/some/where.json")
    assert "/some/where.json" in caught.value.message
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe\xff",
        b"\0" * 100,
        b"null",
        b"[]",
        b"{}",
        b'"card"',
        b"1",
        b"[" * 100_000,
        b'{"format": 1}',
        b'{"format": 2}',
        b'{"format": "1"}',
        b'{"format": null}',
        b'{"format": 1, "name": ' + b"9" * 5000 + b"}",
        FULL.dump()[:-10],
        FULL.dump() + b"x",
    ],
    ids=lambda data: ascii(data[:16]),
)
def test_what_is_no_card_is_refused(data):
    refused(data)


def test_a_huge_file_is_refused_before_it_is_read():
    assert "too large" in refused(b" " * (MAX_CARD_BYTES + 1))


@pytest.mark.parametrize("key", [key for key in FULL.record() if key != "proof"])
def test_a_card_that_lacks_a_key_is_refused(key):
    changed = record()
    del changed[key]
    assert key in refused(json.dumps(changed).encode())


NESTED = [
    ("architecture",),
    ("encoding",),
    ("task",),
    ("held_out",),
    ("certificates", 0),
    ("certificates", 0, "mistakes", 1),
    ("trainings", 0),
    ("history", 1),
    ("history", 1, "training"),
    ("history", 1, "held_out"),
]
# What cards are read without, from before they had it.
LATER = {
    "brackets", "part", "weight_decay", "clip", "schedule", "warmup", "averaging", "offset",
    "taught", "skills", "seconds", "classes", "by_wrong_digits", "mistakes",
}  # fmt: skip


def at(value, path):
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("path", [(), *NESTED], ids=str)
def test_an_unknown_key_is_refused_at_any_level(path):
    changed = record()
    at(changed, path)["colour"] = "red"
    refused(json.dumps(changed).encode())


@pytest.mark.parametrize("path", NESTED, ids=str)
def test_each_missing_key_within_is_refused(path):
    later = LATER if path[0] != "history" else {"part", "proof"}  # it always had its seconds
    for key in set(at(record(), path)) - later:
        changed = record()
        del at(changed, path)[key]
        refused(json.dumps(changed).encode())


def leaves(value, path=()):
    if isinstance(value, dict | list) and value:
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[step], (*path, step))
    else:
        yield path


@pytest.mark.parametrize("path", [p for p in leaves(record()) if p != ("format",)], ids=str)
def test_a_value_of_another_type_is_refused_everywhere(path):
    strangers = [[1], {"a": 1}, "text", 7, 0.5, True]
    old = at(record(), path)
    number = isinstance(old, float)
    for stranger in strangers:
        if type(stranger) is type(old) or (number and type(stranger) is int):
            continue
        changed = record()
        at(changed, path[:-1])[path[-1]] = stranger
        refused(json.dumps(changed).encode())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("architecture", "hidden"), 10**9),
        (("architecture", "encoder_depth"), 0),
        (("architecture", "dropout"), float("nan")),
        (("architecture", "dropout"), 1.5),
        (("encoding", "characters"), "012"),
        (("encoding", "characters"), "\x0000"),
        (("encoding", "answer_length"), 10**9),
        (("task", "operations"), "^"),
        (("task", "low"), 10),
        (("task", "high"), 10**4000),
        (("task", "seed"), -1),
        (("architecture",), None),
        (("task",), []),
        (("trainings",), {}),
        (("trainings",), [None]),
        (("history",), None),
        (("history",), [[]]),
        (("name",), None),
        (("certificates",), None),
        (("certificates",), [None]),
        (("certificates", 0, "classes", "digits"), []),
        (("certificates", 0, "classes", "digits", "1+1"), [1]),
        (("certificates", 0, "classes", "digits", "1+1"), [1, 2, 3]),
        (("certificates", 0, "classes", "digits", "1+1"), [1, True]),
        (("certificates", 0, "by_wrong_digits", "1"), 1.0),
        (("certificates", 0, "mistakes"), [None]),
        (("certificates", 0, "mistakes", 0, "confidence"), 1.5),
        (("certificates", 0, "seconds"), -0.5),
        (("held_out", "accuracy"), 1.0000001),
        (("held_out", "exact"), -1e-9),
        (("held_out", "loss"), 1e39),
        (("history", 0, "training", "loss"), -1e308),
        (("history", 0, "training", "exact"), 2),
        (("history", 0, "seconds"), -1),
        (("history", 0, "number"), -1),
    ],
    ids=str,
)
def test_values_out_of_bounds_are_refused(path, value):
    changed = record()
    at(changed, path[:-1])[path[-1]] = value
    refused(json.dumps(changed).encode())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=3,
)


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_a_changed_card_loads_into_one_that_dumps_back_or_is_refused(data):
    changed = copy.deepcopy(record())
    path = data.draw(st.sampled_from([*leaves(changed), *NESTED]))
    at(changed, path[:-1])[path[-1]] = data.draw(json_values)
    try:
        card = load_card(json.dumps(changed).encode(), "here")
    except WeightsError:
        return
    assert isinstance(card, Card)
    assert load_card(card.dump(), "here").dump() == card.dump()


@given(st.binary(max_size=200), st.integers(0, len(FULL.dump())))
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_load_or_are_refused(noise, start):
    data = bytearray(FULL.dump())
    data[start : start + len(noise)] = noise
    try:
        load_card(bytes(data), "here")
    except WeightsError as error:
        assert error.message.startswith("here")  # noqa: PT017


# Cards of unusual size and numbers


def epochs(count: int) -> tuple[Epoch, ...]:
    same = Metrics(1.25, 0.5, 0.25)
    return tuple(Epoch(n, 0.5, same, same) for n in range(1, count + 1))


def test_a_history_of_usual_length_is_kept_whole():
    assert thinned(epochs(MAX_HISTORY), 7) == epochs(MAX_HISTORY)


def test_the_longest_training_there_can_be_leaves_a_card_that_can_be_read():
    card = replace(FULL, history=epochs(MAX_EPOCHS), best_epoch=12_346)
    read = load_card(card.dump(), "here")
    numbers = [epoch.number for epoch in read.history]
    assert MAX_HISTORY / 2 < len(numbers) <= MAX_HISTORY
    assert (numbers[0], numbers[-1]) == (1, MAX_EPOCHS)
    assert 12_346 in numbers
    assert numbers == sorted(numbers)
    assert numbers[-1000:] == list(range(MAX_EPOCHS - 999, MAX_EPOCHS + 1))
    assert replace(read, history=()) == replace(card, history=())
    assert load_card(read.dump(), "here") == read


def test_mistakes_that_make_a_card_too_large_are_left_out_from_the_end():
    many = tuple(Mistake(f"{n} + 1", "9" * 2000, "8" * 2000, 0.5) for n in range(1000))
    card = replace(FULL, certificates=(replace(CERTIFICATE, mistakes=many),))
    read = load_card(card.dump(), "here")
    (certificate,) = read.certificates
    assert 0 < len(certificate.mistakes) < 1000
    assert certificate.mistakes == many[: len(certificate.mistakes)]
    assert replace(certificate, mistakes=many) == card.certificates[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_the_loss_of_a_failed_epoch_may_be_no_number_and_nothing_else_may(value):
    failed = replace(FULL.history[0], held_out=Metrics(value, 0.0, 0.0))
    card = replace(FULL, history=(failed,))
    assert load_card(card.dump(), "here").dump() == card.dump()
    assert "finite" in refused(replace(FULL, held_out=failed.held_out).dump())
    assert "seconds" in refused(replace(FULL, history=(replace(failed, seconds=value),)).dump())


def test_a_key_that_stands_twice_is_refused_at_any_level():
    for old in ('"parameters": ', '"hidden": ', '"exact": '):
        data = FULL.dump().decode()
        assert "twice" in refused(data.replace(old, f"{old}1, {old}", 1).encode())


@pytest.mark.parametrize("bad", ["\x1b[2J", "two\nlines", "\u202e", "\ud800", "x" * 10_001])
def test_text_that_a_terminal_should_not_get_is_refused(bad):
    changed = record()
    changed["trainings"][0]["command"] = bad
    assert "command" in refused(json.dumps(changed).encode())
    changed = record()
    changed["certificates"][0]["classes"] = {bad: {"1": [1, 1]}}
    message = refused(json.dumps(changed).encode())
    assert message.isprintable()
    assert len(message) < 300
