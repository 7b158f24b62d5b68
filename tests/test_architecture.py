from __future__ import annotations

import pytest

from mathrepl.architecture import MAX_DEPTH, MAX_HIDDEN, Architecture
from mathrepl.errors import TaskError


@pytest.mark.parametrize(
    "settings_",
    [
        {"hidden": 0},
        {"hidden": MAX_HIDDEN + 1},
        {"encoder_depth": 0},
        {"decoder_depth": MAX_DEPTH + 1},
        {"dropout": -0.1},
        {"dropout": 1.0},
        {"dropout": float("nan")},
    ],
)
def test_values_out_of_bounds_are_refused(settings_):
    with pytest.raises(TaskError):
        Architecture(**settings_)


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(),
        Architecture(hidden=MAX_HIDDEN, encoder_depth=MAX_DEPTH, dropout=0.25, batch_norm=True),
        Architecture(dropout=0),
    ],
)
def test_record_round_trip(architecture):
    assert Architecture.from_record(architecture.record()) == architecture


@pytest.mark.parametrize(
    "change",
    [
        {"kind": 1},
        {"hidden": 20.0},
        {"hidden": True},
        {"dropout": "0"},
        {"batch_norm": 1},
        {"x": 1},
    ],
)
def test_a_bad_record_is_refused(change):
    with pytest.raises(TaskError):
        Architecture.from_record({**Architecture().record(), **change})


@pytest.mark.parametrize("key", Architecture().record())
def test_a_record_that_lacks_a_key_is_refused(key):
    record = Architecture().record()
    del record[key]
    with pytest.raises(TaskError):
        Architecture.from_record(record)


@pytest.mark.parametrize(
    ("architecture", "text"),
    [
        (Architecture(), "BiLSTM(20) -> RepeatVector -> BiLSTM(20) -> Dense"),
        (
            Architecture(hidden=8, encoder_depth=2, decoder_depth=3, dropout=0.25, batch_norm=True),
            "2 x BiLSTM(8) -> RepeatVector -> 3 x BiLSTM(8) -> Dense, dropout 0.25, batch norm",
        ),
    ],
)
def test_describe_draws_the_layers_in_order(architecture, text):
    assert architecture.describe() == text
