from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.store.card import Epoch, Metrics
from mathrepl.training.events import (
    EpochDone,
    Finished,
    Sample,
    Started,
    Stepped,
    Warned,
    dump_event,
    load_event,
)

GOOD = Metrics(0.25, 1 / 3, 0.5)
EPOCH = Epoch(4, 1.25, Metrics(1.0, 0.5, 0.0), GOOD)
EVENTS = [
    Started("mine", 15_733, 27_000, 3000, 5, None),
    Started("mine", 15_733, 27_000, 3000, 5, GOOD),
    Stepped(1, 0.5, 2.25),
    EpochDone(1, EPOCH, True, (Sample("1 + 1", "2", "2"), Sample("1 + 2", "", "3"))),
    EpochDone(2, EPOCH, False, ()),
    EpochDone(3, replace(EPOCH, part="reader"), False, ()),
    Warned("no room\nleft: \u00fc \u2028"),
    Finished("finished", "mine", 5, True, 4, GOOD, Metrics(2.0, 0.0, 0.0), "", 3),
    Finished("failed", "mine", 0, False, 0, None, None, "why"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_round_trip_on_one_line(event):
    line = dump_event(event)
    assert len(line.splitlines()) == 1
    assert load_event(line) == event
    assert load_event(line + "\n") == event
    assert json.loads(line)["event"] == type(event).__name__


counts, seconds, shares = st.integers(0, 10**12), st.floats(0, 1e12), st.floats(0, 1)
metrics = st.builds(Metrics, st.floats(width=32, allow_nan=False), shares, shares)


@given(
    st.builds(
        EpochDone,
        st.integers(),
        st.builds(Epoch, counts, seconds, metrics, metrics),
        st.booleans(),
        st.lists(st.builds(Sample, st.text(), st.text(), st.text()), max_size=3).map(tuple),
    )
    | st.builds(
        Finished,
        st.sampled_from(["finished", "stopped", "dropped", "failed"]),
        st.text(),
        st.integers(),
        st.booleans(),
        st.integers(),
        st.none() | metrics,
        st.none() | metrics,
        st.text(),
        st.none() | st.integers(),
    )
)
@settings(max_examples=80, deadline=None)
def test_any_values_round_trip(event):
    assert load_event(dump_event(event)) == event


def test_a_loss_that_is_no_number_travels():
    event = load_event(dump_event(Stepped(1, 0.5, math.nan)))
    assert isinstance(event, Stepped)
    assert math.isnan(event.loss)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        "{",
        "null",
        "[]",
        "{}",
        "5",
        '"Warned"',
        '{"event": "Unknown"}',
        '{"event": null}',
        '{"event": ["Warned"]}',
        '{"event": "Warned"}',
        '{"event": "Warned", "message": "x", "surplus": 1}',
        '{"event": "Started", "baseline": 5}',
        '{"event": "EpochDone", "epoch": 3}',
        '{"event": "EpochDone", "epoch": {}}',
        "[" * 100_000,
    ],
    ids=lambda line: line[:50] or "empty",
)
def test_a_line_that_is_no_event_is_a_value_error(line):
    with pytest.raises(ValueError):  # noqa: PT011
        load_event(line)
