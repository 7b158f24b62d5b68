from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathrepl.commands.parse import MAX_LINE, bind, did_you_mean, parse_command, resolve
from mathrepl.commands.spec import Command, CommandLine, Parameter, Word
from mathrepl.commands.table import command_table
from mathrepl.support.errors import UsageError

TABLE = command_table()


def parse(line: str):
    return parse_command(line, TABLE, "session")


def named(line: str) -> str:
    return parse(line)[0].name


def refused(line: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(line)
    error = caught.value
    assert error.exit_code == 2
    assert error.text == line.strip()
    assert error.column is not None
    assert 0 <= error.column <= len(error.text) + 1
    return error


def probe(*parameters: Parameter) -> dict[str, Command]:
    return {"probe": Command("probe", "a probe", lambda context, arguments: None, parameters)}


def read(line: str, *parameters: Parameter):
    return parse_command(line, probe(*parameters), "session")[1]


# Names


@pytest.mark.parametrize("name", list(TABLE))
def test_every_command_is_found_by_its_name(name: str):
    assert resolve(name, TABLE, f":{name}") is TABLE[name]


@pytest.mark.parametrize(
    ("name", "alias"), [(c.name, alias) for c in TABLE.values() for alias in c.aliases]
)
def test_every_command_is_found_by_its_aliases(name: str, alias: str):
    assert resolve(alias, TABLE, f":{alias}").name == name


@pytest.mark.parametrize("name", list(TABLE))
def test_a_prefix_does_where_only_one_command_starts_so(name: str):
    exact = {n for c in TABLE.values() for n in (c.name, *c.aliases)}
    for end in range(1, len(name)):
        prefix = name[:end]
        starting = [other for other in TABLE if other.startswith(prefix)]
        if prefix in exact:
            continue
        if starting == [name]:
            assert resolve(prefix, TABLE, f":{prefix}").name == name
        else:
            error = refused(f":{prefix}")
            assert all(f":{other}" in error.message for other in starting)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (":q", "quit"),
        (":exit", "quit"),
        (":h", "help"),
        (":?", "help"),
        (":mod", "models"),
        (":tr 5", "train"),
        ("  :models  ", "models"),
        (": models", "models"),
    ],
)
def test_short_ways_to_say_it(line: str, name: str):
    assert named(line) == name


@pytest.mark.parametrize(
    ("line", "names"),
    [(":s", ["save", "set", "show", "stop"]), (":qu", ["quit", "quiz"]), (":c", ["card"])],
)
def test_an_ambiguous_prefix_lists_what_it_could_be(line: str, names: list[str]):
    error = refused(line)
    assert error.column == 1
    for name in names:
        assert f":{name}" in error.message


@pytest.mark.parametrize(
    ("line", "meant"), [(":trian 5", ":train"), (":modles", ":models"), (":hlep", ":help")]
)
def test_a_near_miss_is_suggested(line: str, meant: str):
    error = refused(line)
    assert error.hint == f"did you mean {meant}?"
    assert error.column == 1


@pytest.mark.parametrize("line", [":", ":zzzzz", ":94 + 909", ":train; 5", "::"])
def test_what_is_no_command_points_to_the_list(line: str):
    assert "unknown command" in refused(line).message


def test_capitals_do_not_matter():
    command, _ = parse(":TRAIN 5")
    assert command.name == "train"


def test_an_unknown_command_without_a_near_one_points_to_help():
    assert ":help" in (refused(":zzzzz").hint or "")


def test_the_caret_stands_under_the_name():
    assert refused(":zzzzz 5").column == 1
    assert refused("   :zzzzz").column == 1
    assert refused(":  zzzzz").column == 3


@pytest.mark.parametrize(
    ("word", "hint"),
    [("tran", "did you mean :train?"), ("zzz", None), ("", None)],
)
def test_suggestions_are_near_or_none(word: str, hint: str | None):
    assert did_you_mean(word, ["train", "models"], ":") == hint


# Values


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (":train 0", 7, ["epochs", "1 to 100,000", "not 0"]),
        (":train -3", 7, ["epochs", "1 to 100,000", "not -3"]),
        (":train 100001", 7, ["epochs", "not 100001"]),
        (":train x", 7, ["epochs", "whole number", "'x'"]),
        (":train 1.5", 7, ["whole number", "'1.5'"]),
        (":train 5 6", 9, ["'6'", "too many"]),
        (":train 5 --fressh", 9, ["unknown option --fressh"]),
        (":train 5 --fresh=yes", 9, ["--fresh", "no value"]),
        (":train 5 --hidden", 9, ["--hidden", "needs a value"]),
        (":train 5 --hidden --fresh", 9, ["--hidden", "needs a value"]),
        (":train 5 --hidden 0", 18, ["--hidden", "not 0"]),
        (":train 5 --hidden=0", 18, ["--hidden", "not 0"]),
        (":train 5 --lr fast", 14, ["--lr", "number", "'fast'"]),
        (":train 5 --lr nan", 14, ["--lr", "number"]),
        (":train 5 --lr inf", 14, ["--lr", "number"]),
        (":train 5 --sampling odd", 20, ["--sampling", "uniform, stratified", "'odd'"]),
        (":save", 6, ["name is missing"]),
        (":train --recipe cake", 16, ["--recipe", "add, long, work, columns, blog", "'cake'"]),
        (":train 5 --part head", 16, ["--part", "reader, doer", "'head'"]),
        (":train 5 --warmup -1", 18, ["--warmup", "not -1"]),
        (":models now", 8, ["'now'", "too many"]),
        (":use", 5, ["name is missing"]),
        (":use a b", 7, ["'b'", "too many"]),
        (":compare a", 11, ["b is missing"]),
        (":compare a b", 13, ["equations is missing"]),
        (":ask", 5, ["equations is missing"]),
        (":quiz 0", 6, ["not 0"]),
        (":quiz ten", 6, ["whole number"]),
        (":quiz 5 --you", 8, ["unknown option --you"]),
        (":set colour red", 5, ["'colour'"]),
        ('   :train "5 6"  ', 7, ["'5 6'"]),
    ],
)
def test_what_is_wrong_is_said_with_its_column(line: str, column: int, words: list[str]):
    error = refused(line)
    assert error.column == column
    for word in words:
        assert word in error.message


def test_a_misspelt_option_is_suggested():
    assert refused(":train 5 --fressh").hint == "did you mean --fresh?"
    assert refused(":train 5 --hiden 3").hint == "did you mean --hidden?"
    assert "train" in (refused(":train 5 --zzz").hint or "")


def test_a_misspelt_choice_is_suggested():
    assert refused(":train 5 --sampling stratifeid").hint == "did you mean stratified?"


def test_options_stand_anywhere():
    lines = [
        ":train --fresh 5 --hidden 8",
        ":train 5 --hidden=8 --fresh",
        ":train --hidden 8 5 --fresh",
    ]
    for line in lines:
        command, arguments = parse(line)
        assert command.name == "train"
        assert (arguments.integer("epochs"), arguments.integer("hidden")) == (5, 8)
        assert arguments.flag("fresh")
        assert not arguments.flag("reverse")


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("+5", 5), ("005", 5), ("100000", 100_000)])
def test_whole_numbers(text: str, value: int):
    assert parse(f":train {text}")[1].integer("epochs") == value


@pytest.mark.parametrize(
    ("text", "value"), [("0.5", 0.5), ("1e-3", 0.001), (".25", 0.25), ("2", 2.0)]
)
def test_numbers(text: str, value: float):
    assert parse(f":train 5 --lr {text}")[1].number("lr") == value


@pytest.mark.parametrize(
    "text", ["\N{ARABIC-INDIC DIGIT THREE}", "\N{SUPERSCRIPT TWO}", "0x5", "1_0", "", "--5", "5;"]
)
def test_what_looks_like_a_number_but_is_none(text: str):
    refused(f':train "{text}"')
    refused(f":train 5 --hidden={text}")


@pytest.mark.parametrize("text", ["9" * 19, "9" * 5000, "-" + "9" * 40])
def test_a_number_of_any_length_is_refused_in_time(text: str):
    assert refused(f":train {text}").column == 7


def test_a_negative_number_is_a_value_not_an_option():
    _, arguments = parse(":train 5 --range -50..50")
    assert arguments.text("range") == "-50..50"
    assert parse(":train 5 --ops -")[1].text("ops") == "-"


def test_the_last_of_an_option_given_twice_counts():
    assert parse(":train 5 --hidden 4 --hidden 6")[1].integer("hidden") == 6


def test_absent_ones_are_none_or_false():
    _, arguments = parse(":quiz")
    assert arguments.integer("n") is None
    assert arguments.text("range") is None
    assert arguments.flag("me") is False


# Quotes


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (':probe "a b"', ("a b", None)),
        (":probe 'a b'", ("a b", None)),
        (":probe 'a \"b\"' c", ('a "b"', "c")),
        (':probe "" c', ("", "c")),
        (":probe a\tb", ("a", "b")),
        (":probe a   b", ("a", "b")),
    ],
)
def test_quotes_keep_words_together(line: str, values: tuple[str, str | None]):
    arguments = read(line, Parameter("a", "first"), Parameter("b", "second"))
    assert (arguments.text("a"), arguments.text("b")) == values


def test_an_option_takes_a_quoted_value():
    arguments = read(':probe --a "x y" --b=z', Parameter("--a", "a"), Parameter("--b", "b"))
    assert (arguments.text("a"), arguments.text("b")) == ("x y", "z")


def test_a_quoted_option_value_may_follow_the_equals_sign():
    arguments = read(':probe --a="x y" c', Parameter("--a", "a"), Parameter("b", "b"))
    assert (arguments.text("a"), arguments.text("b")) == ("x y", "c")


def test_the_equals_sign_may_stand_in_the_value():
    assert read(":probe --a=x=y", Parameter("--a", "a")).text("a") == "x=y"


def test_a_required_word_may_not_be_empty_by_omission():
    with pytest.raises(UsageError, match="a is missing"):
        read(":probe   ", Parameter("a", "first", required=True))


# The rest of the line


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        (":ask 94 + 909", "94 + 909"),
        (":ask   94 + 909 = ?  ", "94 + 909 = ?"),
        (":ask -5 + 3; 1 - 2", "-5 + 3; 1 - 2"),
        (":ask --5 + 3", "--5 + 3"),
    ],
)
def test_equations_take_the_rest_of_the_line_as_typed(line: str, rest: str):
    assert parse(line)[1].texts("equations") == (rest,)


def test_equations_may_follow_other_words():
    _, arguments = parse(":compare blog mine 94 - 909; 1+2")
    assert (arguments.text("a"), arguments.text("b")) == ("blog", "mine")
    assert arguments.texts("equations") == ("94 - 909; 1+2",)


def test_words_of_the_shell_stay_apart():
    words = (Word("1 + 2", 0), Word("3+4", 0))
    arguments = bind(TABLE["ask"], CommandLine("", words), "shell")
    assert arguments.texts("equations") == ("1 + 2", "3+4")


def test_the_usage_in_a_complaint_is_that_of_the_host():
    with pytest.raises(UsageError) as caught:
        bind(TABLE["save"], CommandLine("", ()), "shell")
    assert "mathrepl save" in (caught.value.hint or "")
    assert caught.value.column is None
    assert ":save" in (refused(":save").hint or "")


def test_options_of_the_session_are_unknown_to_the_shell():
    words = (Word("5", 0), Word("--background", 0))
    assert bind(TABLE["train"], CommandLine("", words), "session").flag("background")
    with pytest.raises(UsageError, match="unknown option --background"):
        bind(TABLE["train"], CommandLine("", words), "shell")


# Bounds


def test_a_line_may_be_long_but_not_longer():
    fits = ":use " + "x" * (MAX_LINE - 5)
    assert parse(fits)[1].text("name") == "x" * (MAX_LINE - 5)
    with pytest.raises(UsageError, match="characters"):
        parse(fits + "x")


@pytest.mark.parametrize("filling", ['"', "'", "\"'", "'\"x", '" ', "--", "--a=", "="])
def test_a_line_full_of_quotes_and_dashes_is_read_in_time(filling: str):
    line = ":use " + filling * ((MAX_LINE - 5) // len(filling))
    started = time.perf_counter()
    complaint(line)
    assert time.perf_counter() - started < 2


def complaint(line: str) -> UsageError | None:
    try:
        parse(line)
    except UsageError as error:
        return error
    return None


@given(st.text(max_size=40))
def test_any_text_after_a_colon_is_a_command_or_points_at_what_is_wrong(text: str):
    error = complaint(":" + text)
    if error is None:
        assert parse(":" + text)[0] in TABLE.values()
    else:
        assert error.text == (":" + text).strip()
        assert error.column is not None


@given(
    st.sampled_from([":train 5 ", ":quiz ", ":set ", ":certify ", ":compare a b ", ":use "]),
    st.text(max_size=40),
)
def test_any_words_are_bound_or_pointed_at(start: str, text: str):
    error = complaint(start + text)
    if error is not None:
        assert error.text is not None
        assert error.column is not None
        assert 0 <= error.column <= len(error.text) + 1


@pytest.mark.parametrize(
    ("parameter", "text", "message"),
    [
        (Parameter("--n", "n", "integer", low=3), "2", "at least 3"),
        (Parameter("--n", "n", "integer", high=3), "4", "at most 3"),
        (Parameter("--n", "n", "integer", low=1, high=3), "4", "1 to 3"),
        (Parameter("--n", "n", "number", low=0, high=1), "1.5", "0 to 1"),
    ],
)
def test_bounds_are_named(parameter: Parameter, text: str, message: str):
    with pytest.raises(UsageError, match=message):
        read(f":probe --n {text}", parameter)


@pytest.mark.parametrize("value", [1, 3])
def test_bounds_are_inclusive(value: Any):
    parameter = Parameter("--n", "n", "integer", low=1, high=3)
    assert read(f":probe --n {value}", parameter).integer("n") == value


@pytest.mark.parametrize(
    "line",
    [
        ":peek 94 + 909 --unit 7",
        ":peek --unit 7 94 + 909",
        ":peek --unit=7 94 + 909",
        ":peek  94 + 909  --unit=7 ",
    ],
)
def test_options_stand_before_or_after_equations(line: str):
    arguments = parse(line)[1]
    assert arguments.texts("equations") == ("94 + 909",)
    assert arguments.integer("unit") == 7


def test_equations_after_a_number_and_before_options():
    arguments = parse(":beam 5 94 + 909 --save a.png")[1]
    assert arguments.integer("k") == 5
    assert arguments.texts("equations") == ("94 + 909",)
    assert arguments.text("save") == "a.png"


def test_two_minus_signs_before_a_number_belong_to_the_equation():
    assert parse(":peek 5 --3 --unit 1")[1].texts("equations") == ("5 --3",)
    assert parse(":ask 5 --unit 3")[1].texts("equations") == ("5 --unit 3",)


def test_an_unknown_option_after_equations_is_suggested_with_its_column():
    error = refused(":peek 94 + 909 --unti 7")
    assert error.column == 15
    assert error.hint == "did you mean --unit?"
