from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields

import pytest

from mathrepl.arithmetic.parser import parse, split_line
from mathrepl.arithmetic.task import Task
from mathrepl.commands import (
    asking,
    configuring,
    exporting,
    looking,
    proving,
    surveying,
    sweeping,
    training,
    weights,
)
from mathrepl.commands.parse import parse_command
from mathrepl.commands.spec import Command, Parameter
from mathrepl.commands.table import command_table
from mathrepl.networks.config import Architecture
from mathrepl.store.card import TrainSettings
from mathrepl.support.setting_rows import rows
from mathrepl.support.settings import Settings

ROWS: tuple[Command, ...] = (
    *asking.COMMANDS,
    *surveying.COMMANDS,
    *looking.COMMANDS,
    *proving.COMMANDS,
    *training.COMMANDS,
    *sweeping.COMMANDS,
    *weights.COMMANDS,
    *exporting.COMMANDS,
    *configuring.COMMANDS,
)
PARAMETERS = [(command, parameter) for command in ROWS for parameter in command.parameters]
# Names that Typer's subcommands give to parameters of their own.
TAKEN = {"weights", "engine", "json", "context", "help"}

each_command = pytest.mark.parametrize("command", ROWS, ids=lambda c: c.name)
each_parameter = pytest.mark.parametrize(
    ("command", "parameter"), PARAMETERS, ids=[f"{c.name} {p.name}" for c, p in PARAMETERS]
)


def test_the_table_holds_every_row_once():
    assert list(command_table().values()) == list(ROWS)


def test_the_commands_of_the_session_are_there():
    names = "ask quiz compare history train jobs stop undo models use card save certify steps"
    assert {*names.split(), "set", "show", "help", "quit"} <= set(command_table())


def test_no_two_commands_share_a_name_or_alias():
    names = Counter(name for command in ROWS for name in (command.name, *command.aliases))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        command_table()["x"] = ROWS[0]  # type: ignore[index]


@each_command
def test_a_name_can_be_typed(command: Command):
    assert re.fullmatch(r"[a-z]+", command.name)
    for alias in command.aliases:
        assert re.fullmatch(r"[a-z]+|\?", alias)


@each_command
def test_a_summary_is_a_short_phrase(command: Command):
    assert 3 < len(command.summary) <= 70
    assert not command.summary.endswith(".")
    assert "\n" not in command.summary


@each_command
def test_a_command_has_a_host(command: Command):
    assert set(command.hosts) <= {"session", "shell"}
    assert "session" in command.hosts


@each_command
def test_parameters_of_a_command_have_keys_of_their_own(command: Command):
    keys = [parameter.key for parameter in command.parameters]
    assert len(keys) == len(set(keys))
    if "shell" in command.hosts:
        assert not TAKEN & set(keys)


@each_command
def test_required_ones_come_first_and_many_last(command: Command):
    for host in command.hosts:
        positionals = command.positionals(host)
        required = [p.required for p in positionals]
        assert required == sorted(required, reverse=True)
        assert not [p for p in positionals[:-1] if p.many]


@each_parameter
def test_a_parameter_has_a_name_and_a_help(command: Command, parameter: Parameter):
    assert re.fullmatch(r"(--)?[a-z]+(-[a-z]+)*", parameter.name)
    assert parameter.key.isidentifier()
    assert 3 < len(parameter.help) <= 70
    assert not parameter.help.endswith(".")


@each_parameter
def test_a_flag_is_an_option_and_no_option_is_required(command: Command, parameter: Parameter):
    if parameter.kind == "flag":
        assert parameter.is_option
        assert not parameter.choices
        assert not parameter.default
    if parameter.is_option:
        assert not parameter.required


@each_parameter
def test_bounds_make_sense_and_the_default_lies_within(command: Command, parameter: Parameter):
    if parameter.low is not None or parameter.high is not None:
        assert parameter.kind in ("integer", "number")
    low = float("-inf") if parameter.low is None else parameter.low
    high = float("inf") if parameter.high is None else parameter.high
    assert low < high
    if parameter.default and parameter.kind in ("integer", "number"):
        assert low <= float(parameter.default) <= high


def default_of(command: str, key: str) -> str:
    (found,) = [p.default for p in command_table()[command].parameters if p.key == key]
    return found


def test_the_defaults_in_help_are_those_in_force():
    usual = TrainSettings(1)
    assert int(default_of("train", "examples")) == usual.examples
    assert int(default_of("train", "batch")) == usual.batch
    assert float(default_of("train", "lr")) == usual.learning_rate
    assert int(default_of("train", "seed")) == usual.seed
    assert default_of("train", "schedule") == usual.schedule
    for key in ("weight_decay", "clip", "warmup", "averaging", "offset"):
        assert float(default_of("train", key)) == getattr(usual, key)
    assert default_of("train", "kind") == Architecture().kind
    for key in ("hidden", "embedding", "heads", "places"):
        assert int(default_of("train", key)) == getattr(Architecture(), key)
    assert int(default_of("quiz", "n")) == Settings().quiz


def test_every_part_of_a_task_and_of_a_network_can_be_set():
    keys = {p.key for p in command_table()["train"].parameters}
    assert {"hidden", "encoder_depth", "decoder_depth", "dropout", "batch_norm"} <= keys
    # Weights of two networks are started by a recipe alone.
    assert {f.name for f in fields(Architecture)} - keys == {"reader_hidden", "reader_symbols"}
    sets = {
        "range": ("low", "high"),
        "ops": ("operations",),
        "operations": ("fewest", "most"),
        "decimals": ("decimals",),
        "sampling": ("sampling",),
        "task_seed": ("seed",),
        "spaces": ("spaced",),
        "rule": ("rule",),
    }
    assert set(sets) <= keys
    assert set(sets) <= set(command_table()["set"].parameters[0].choices)
    changed = {name for names in sets.values() for name in names}
    assert {f.name for f in fields(Task)} - changed == {"brackets"}


def test_every_setting_of_a_training_can_be_set():
    keys = {p.key for p in command_table()["train"].parameters}
    assert {f.name for f in fields(TrainSettings)} - keys == {"learning_rate"}
    assert "lr" in keys


def test_every_setting_can_be_set_and_is_described():
    (key,) = [p for p in command_table()["set"].parameters if p.key == "key"]
    settings = {f.name for f in fields(Settings)}
    assert settings <= set(key.choices)
    assert {row.name for row in rows(Settings) if row.help} == settings


@each_command
def test_examples_can_be_typed(command: Command):
    for example in command.examples:
        if example.startswith(":"):
            parsed, _ = parse_command(example, command_table(), "session")
            assert parsed is command
        else:
            assert command.name == "ask"
            for text in split_line(example):
                assert parse(text).value() is not None
