from __future__ import annotations

import pytest

from mathrepl.commands.spec import (
    Arguments,
    Command,
    CommandLine,
    Note,
    Parameter,
    Quit,
    Table,
    Word,
)

FIRST = Parameter("name", "a name", "weights", required=True)
REST = Parameter("equations", "some", "equations", many=True)
FLAG = Parameter("--fresh", "start over", "flag")
NUMBER = Parameter("--hidden-units", "units", "integer")
CHOICE = Parameter("--sampling", "how", choices=("uniform", "stratified"))
ALONE = Parameter("--background", "go on", "flag", hosts=("session",))


def command(*parameters: Parameter) -> Command:
    return Command("probe", "a probe", lambda context, arguments: Quit(), parameters)


@pytest.mark.parametrize(
    ("parameter", "key", "is_option", "usage"),
    [
        (FIRST, "name", False, "NAME"),
        (REST, "equations", False, "[EQUATIONS ...]"),
        (Parameter("n", "count", "integer"), "n", False, "[N]"),
        (FLAG, "fresh", True, "--fresh"),
        (NUMBER, "hidden_units", True, "--hidden-units N"),
        (CHOICE, "sampling", True, "--sampling uniform|stratified"),
        (Parameter("--lr", "rate", "number"), "lr", True, "--lr X"),
        (Parameter("--range", "numbers"), "range", True, "--range TEXT"),
        (Parameter("key", "one", choices=("a", "b")), "key", False, "[KEY]"),
    ],
)
def test_a_name_decides_key_kind_and_usage(
    parameter: Parameter, key: str, is_option: bool, usage: str
):
    assert (parameter.key, parameter.is_option, parameter.usage) == (key, is_option, usage)


def test_usage_lists_positionals_and_mentions_options():
    assert command(FIRST, REST).usage("session") == ":probe NAME [EQUATIONS ...]"
    assert command(FIRST, FLAG).usage("shell") == "mathrepl probe NAME [options]"
    assert command().usage("session") == ":probe"


def test_a_host_sees_its_own_parameters():
    probe = command(FIRST, FLAG, ALONE)
    assert probe.options("session") == (FLAG, ALONE)
    assert probe.options("shell") == (FLAG,)
    assert probe.positionals("shell") == (FIRST,)
    assert probe.parameters_for("shell") == (FIRST, FLAG)
    assert command(ALONE).usage("shell") == "mathrepl probe"


def test_arguments_give_values_of_their_kind():
    given = {"name": "blog", "hidden": 8, "lr": 0.5, "fresh": True, "equations": ["1+2", "3+4"]}
    arguments = Arguments(given)
    assert arguments.text("name") == "blog"
    assert arguments.integer("hidden") == 8
    assert arguments.number("lr") == 0.5
    assert arguments.flag("fresh") is True
    assert arguments.texts("equations") == ("1+2", "3+4")


def test_absent_arguments_are_none_false_or_empty():
    arguments = Arguments({"empty": "", "zero": 0})
    assert arguments.text("x") is arguments.integer("x") is arguments.number("x") is None
    assert arguments.flag("x") is False
    assert arguments.texts("x") == ()
    assert (arguments.text("empty"), arguments.integer("zero")) == ("", 0)


def test_what_the_line_says_is_given_and_zero_is_something_said():
    values = {"zero": 0, "nought": 0.0, "off": False, "on": True, "name": "", "x": None, "many": ()}
    arguments = Arguments(values)
    said = [key for key in (*values, "absent") if arguments.given(key)]
    assert said == ["zero", "nought", "on", "name"]
    assert arguments.value("zero") == 0
    assert arguments.value("absent") is None


def test_arguments_do_not_follow_later_changes():
    given = {"name": "a"}
    arguments = Arguments(given)
    given["name"] = "b"
    assert arguments.text("name") == "a"


def test_a_table_makes_records_from_its_headings():
    table = Table("t", ("", "held-out exact"), (("*", "1%"), ("", "2%")))
    assert table.record() == [
        {"item": "*", "held-out_exact": "1%"},
        {"item": "", "held-out_exact": "2%"},
    ]


def test_a_table_prefers_the_records_it_was_given():
    assert Table("t", ("a",), (("1",),), ({"a": 1},)).record() == [{"a": 1}]


def test_a_row_that_does_not_fit_the_headings_is_a_bug():
    with pytest.raises(ValueError, match="argument 2 is"):
        Table("t", ("a", "b"), (("1",),)).record()


def test_notes_and_leaving_have_records():
    assert Note("done", "good").record() == {"note": "done"}
    assert Quit().record() == {"quit": True}


def test_an_error_of_a_line_carries_the_line():
    line = CommandLine(":train x", (Word("x", 7),))
    error = line.error("no", 7, "hint")
    assert (error.text, error.column, error.hint, error.exit_code) == (":train x", 7, "hint", 2)
