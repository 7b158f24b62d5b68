from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import MAX_PLACES, Architecture
from mathrepl.store.card import MAX_EPOCHS, MAX_EXAMPLES, MAX_SEED, TrainSettings
from mathrepl.support.errors import TaskError
from mathrepl.training.plan import Plan
from tests.kit.weights import tasks

PLAN = Plan(
    name="mine",
    source=None,
    architecture=Architecture(hidden=8, dropout=0.1, batch_norm=True),
    encoding=Encoding.for_task(Task(), reverse=True),
    task=Task(),
    settings=TrainSettings(3, 100, 8, 0.5, 7),
    command="mathrepl train 3",
    user=Path("/data/weights"),
    bundled=Path("relative/weights"),
)
WORK = replace(
    PLAN,
    architecture=Architecture("work", hidden=8, reader_hidden=5),
    settings=TrainSettings(
        3,
        weight_decay=0.1,
        clip=1.0,
        schedule="cosine",
        warmup=20,
        averaging=0.99,
        offset=4,
    ),
    part="reader",
)


@given(tasks(), st.booleans(), st.none() | st.text(max_size=5), st.text(max_size=20))
@settings(max_examples=50, deadline=None)
def test_json_round_trip_on_one_line(task, reverse, source, command):
    plan = replace(
        PLAN,
        task=task,
        encoding=Encoding.for_task(task, reverse=reverse),
        source=source,
        command=command,
    )
    line = plan.to_json()
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert Plan.from_json(line) == plan
    assert Plan.from_json(line + "\n") == plan


def test_part_and_settings_round_trip():
    assert Plan.from_json(WORK.to_json()) == WORK


def test_without_more_settings_a_training_is_plain_adam():
    usual = TrainSettings(1)
    assert (usual.weight_decay, usual.clip, usual.averaging, usual.offset) == (0, 0, 0, 0)
    assert (usual.schedule, usual.warmup) == ("constant", 0)


def test_paths_that_are_no_utf_8_round_trip():
    plan = replace(PLAN, user=Path(os.fsdecode(b"/data/\xff\xfe")))
    assert os.fsencode(Plan.from_json(plan.to_json()).user) == b"/data/\xff\xfe"


def test_the_defaults_are_the_seeds_recipe():
    assert TrainSettings(1) == TrainSettings(1, 30_000, 256, 0.01, 0)


@pytest.mark.parametrize(
    ("settings_", "word"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": MAX_EPOCHS + 1}, "epochs"),
        ({"examples": 1}, "examples"),
        ({"examples": MAX_EXAMPLES + 1}, "examples"),
        ({"batch": 0}, "batch"),
        ({"batch": 1_000_001}, "batch"),
        ({"seed": -1}, "seed"),
        ({"seed": MAX_SEED + 1}, "seed"),
        ({"learning_rate": 0.0}, "lr"),
        ({"learning_rate": -0.1}, "lr"),
        ({"learning_rate": 10.5}, "lr"),
        ({"learning_rate": float("nan")}, "lr"),
        ({"learning_rate": float("inf")}, "lr"),
        ({"weight_decay": -0.1}, "weight decay"),
        ({"weight_decay": float("nan")}, "weight decay"),
        ({"clip": -1.0}, "clip"),
        ({"clip": float("inf")}, "clip"),
        ({"schedule": "linear"}, "schedule"),
        ({"warmup": -1}, "warmup"),
        ({"averaging": 1.0}, "averaging"),
        ({"averaging": float("nan")}, "averaging"),
        ({"offset": -1}, "offset"),
        ({"offset": MAX_PLACES + 1}, "offset"),
    ],
)
def test_settings_out_of_bounds_are_refused_by_name(settings_, word):
    with pytest.raises(TaskError, match=word):
        TrainSettings(**{"epochs": 1, **settings_})


def test_settings_at_their_bounds_are_possible():
    TrainSettings(1, 2, 1, 1e-9, 0)
    TrainSettings(MAX_EPOCHS, MAX_EXAMPLES, 1_000_000, 10, MAX_SEED)
    TrainSettings(1, weight_decay=10, clip=1000, averaging=0, offset=MAX_PLACES)


def test_a_plan_that_contradicts_itself_is_refused_on_arrival():
    line = PLAN.to_json().replace('"epochs": 3', '"epochs": 0')
    with pytest.raises(TaskError, match="epochs"):
        Plan.from_json(line)
