from __future__ import annotations

import pytest

from mathrepl.networks.config import (
    MAX_DEPTH,
    MAX_EMBEDDING,
    MAX_HEADS,
    MAX_HIDDEN,
    MAX_PLACES,
    MAX_SYMBOLS,
    Architecture,
)
from mathrepl.networks.kinds import BUILT_IN
from mathrepl.support.errors import TaskError, WeightsError
from mathrepl.support.setting_rows import rows

OF_EACH_KIND = [
    Architecture(),
    Architecture("attention", hidden=8, embedding=5, heads=4, places=0),
    Architecture("columns", hidden=12, symbols=3),
    Architecture("work", hidden=12, symbols=3, reader_hidden=5, reader_symbols=7),
]
each_kind = pytest.mark.parametrize("architecture", OF_EACH_KIND, ids=lambda a: a.kind)


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
        {"embedding": 0},
        {"embedding": MAX_EMBEDDING + 1},
        {"heads": 0},
        {"heads": MAX_HEADS + 1},
        {"places": -1},
        {"places": MAX_PLACES + 1},
        {"reader_hidden": 0},
        {"reader_hidden": MAX_HIDDEN + 1},
        {"symbols": 0},
        {"symbols": MAX_SYMBOLS + 1},
        {"reader_symbols": 0},
        {"reader_symbols": MAX_SYMBOLS + 1},
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
        *OF_EACH_KIND,
        Architecture("of tomorrow"),
    ],
)
def test_record_round_trip(architecture):
    assert Architecture.from_record(architecture.record()) == architecture


@pytest.mark.parametrize(("hidden", "heads"), [(6, 2), (9, 1), (20, 3), (2, 2)])
def test_attention_halves_the_hidden_units_and_shares_them_among_the_heads(hidden, heads):
    with pytest.raises(TaskError, match="heads") as caught:
        Architecture("attention", hidden=hidden, heads=heads)
    assert f"multiple of {2 * heads}" in caught.value.hint
    Architecture("attention", hidden=2 * heads * hidden, heads=heads)


def test_every_kind_has_settings_that_exist_and_those_of_a_part():
    names = set(Architecture.__dataclass_fields__)
    assert {name for name, row in BUILT_IN.items() if not row.only_part} == {
        a.kind for a in OF_EACH_KIND
    }
    assert all(set(row.settings) <= names for row in BUILT_IN.values())
    assert set(BUILT_IN["columns"].settings) < set(BUILT_IN["work"].settings)


@each_kind
def test_a_record_names_the_settings_of_its_kind_alone(architecture):
    assert [*architecture.record()] == ["kind", *BUILT_IN[architecture.kind].settings]


@each_kind
def test_settings_of_other_kinds_are_refused(architecture):
    record = architecture.record()
    for other in OF_EACH_KIND:
        for key in set(other.record()) - set(record):
            with pytest.raises(WeightsError, match=architecture.kind):
                Architecture.from_record({**record, key: other.record()[key]})


def test_a_kind_of_tomorrow_is_read_by_its_name():
    found = Architecture.from_record({"kind": "of tomorrow", "moons": 3})
    assert found == Architecture("of tomorrow")


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
    with pytest.raises(WeightsError):
        Architecture.from_record({**Architecture().record(), **change})


@each_kind
def test_a_record_that_lacks_a_key_is_refused(architecture):
    later = {row.name for row in rows(Architecture) if row.later}
    for key in set(architecture.record()) - later:
        record = architecture.record()
        del record[key]
        with pytest.raises(WeightsError):
            Architecture.from_record(record)


def test_a_record_from_before_lookup_is_of_a_network_without_it():
    architecture = Architecture("attention", hidden=8)
    record = architecture.record()
    del record["lookup"]
    assert Architecture.from_record(record) == architecture


@pytest.mark.parametrize(
    ("architecture", "text"),
    [
        (Architecture(), "BiLSTM(20) -> RepeatVector -> BiLSTM(20) -> Dense"),
        (
            Architecture(hidden=8, encoder_depth=2, decoder_depth=3, dropout=0.25, batch_norm=True),
            "2 x BiLSTM(8) -> RepeatVector -> 3 x BiLSTM(8) -> Dense, dropout 0.25, batch norm",
        ),
        (
            Architecture("attention", hidden=8, heads=4),
            "BiLSTM(4) -> LSTM(4) -> 4-head attention -> LSTM(8) -> Dense",
        ),
        (
            Architecture("columns", hidden=12, symbols=3),
            "columns -> Dense(12) -> memory of 3 symbols, Dense",
        ),
        (
            Architecture("work", hidden=12, symbols=3, reader_hidden=5, reader_symbols=7),
            "reader columns -> Dense(5) -> memory of 7 symbols, Dense; "
            "doer columns -> Dense(12) -> memory of 3 symbols, Dense",
        ),
    ],
)
def test_describe_draws_the_layers_in_order(architecture, text):
    assert architecture.describe() == text
