"""`:set`, `:show`, `:help` and `:quit`."""

from __future__ import annotations

from dataclasses import fields

import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.commands.configuring import HelpPage
from mathrepl.commands.spec import Note, Quit, Table
from mathrepl.commands.table import command_table
from mathrepl.support.errors import MathreplError, TaskError, UsageError, WeightsError
from mathrepl.support.settings import Settings
from tests.kit.lab import Lab, files
from tests.kit.weights import tiny_weights

pytestmark = pytest.mark.usefixtures("home")


def shown(lab: Lab) -> dict[str, str]:
    """The output of `:show`, by key."""
    return {key: value for key, value, _ in lab.value(":show").rows}


# set and show


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("quiz", "25", 25),
        ("theme", "light", "light"),
        ("editing", "vi", "vi"),
        ("history", "off", False),
        ("history", "true", True),
        ("steps", "off", False),
        ("engine", "numpy", "numpy"),
        ("decimals", "0", 0),
        ("decimals", "50", 50),
        ("decimals", "auto", "auto"),
    ],
)
def test_a_setting_is_changed_for_this_session(lab: Lab, key: str, text: str, value: object):
    before = files(lab.folder)
    note = lab.value(f":set {key} {text}")
    assert isinstance(note, Note)
    assert getattr(lab.session.settings, key) == value
    assert shown(lab)[key] == str(value).lower()
    assert files(lab.folder) == before


def test_the_keras_engine_is_loaded_when_it_is_chosen(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    loaded: list[str] = []
    monkeypatch.setattr(
        type(lab.session.weights), "models", property(lambda self: loaded.append("models"))
    )
    first, last = lab.values(":set engine keras")
    assert "loading TensorFlow" in first.text
    assert loaded == ["models"]
    assert last.text == "engine is keras for this session"
    assert lab.session.weights.engine == shown(lab)["engine"] == "keras"


@pytest.mark.parametrize(
    "line",
    [
        ":set quiz 0",
        ":set quiz 10001",
        ":set quiz many",
        ":set quiz -1",
        ":set quiz 1.5",
        ":set theme blue",
        ":set editing nano",
        ":set history maybe",
        ":set steps maybe",
        ":set engine torch",
        ":set quiz",
        ":set range",
        ":set task",
        ":set colour red",
        ":set range 9..0",
        ":set range x",
        ":set ops %",
        ":set operations 0",
        ":set operations 3..2",
        ":set decimals 51",
        ":set decimals -1",
        ":set decimals 1.5",
        ":set decimals x",
        ":set task_decimals 51",
        ":set task_decimals x",
        ":set sampling odd",
        ":set task_seed -1",
        ":set spaces maybe",
        ":set quiz 3 4",
    ],
)
def test_a_bad_value_changes_nothing(lab: Lab, line: str):
    before = (lab.session.settings, lab.session.task, shown(lab))
    with pytest.raises(UsageError):
        lab.values(line)
    assert (lab.session.settings, lab.session.task, shown(lab)) == before
    assert lab.session.chosen_task is None


def test_setting_the_weights_is_using_them(lab: Lab):
    tiny_weights(lab.store, "other", seed=3)
    lab.value(":set weights other")
    assert lab.value("3 + 4").weights == "other"
    assert shown(lab)["weights"] == "other"


def test_setting_the_weights_to_auto_is_shown_as_that(lab: Lab):
    lab.bundle("blog", task=Task(high=9))
    lab.value(":set weights auto")
    assert lab.value("3 + 4").weights == "blog"
    assert shown(lab)["weights"] == "auto"


@pytest.mark.parametrize(
    ("line", "shown_"), [(":steps off", False), (":steps on", True), (":steps", True)]
)
def test_steps_shows_or_hides_workings(lab: Lab, line: str, shown_: bool):
    note = lab.value(line)
    assert lab.session.settings.steps is shown_
    assert note.text.endswith("are shown" if shown_ else "are not shown")


def test_steps_takes_nothing_else(lab: Lab):
    with pytest.raises(UsageError, match="maybe"):
        lab.values(":steps maybe")


def test_setting_weights_that_do_not_load_changes_nothing(lab: Lab):
    before = (lab.session.settings, shown(lab), lab.value("3 + 4"))
    with pytest.raises(WeightsError):
        lab.values(":set weights nobody")
    assert (lab.session.settings, shown(lab), lab.value("3 + 4")) == before


@pytest.mark.parametrize(
    ("line", "task"),
    [
        (":set range 0..99", Task(high=99)),
        (":set range 50", Task(high=50)),
        (":set range -5..5", Task(low=-5, high=5)),
        (":set ops +-", Task(high=9, operations="+-")),
        (':set ops "- +"', Task(high=9, operations="+-")),
        (":set operations 1..3", Task(high=9, most=3)),
        (":set operations 2", Task(high=9, fewest=2, most=2)),
        (":set task_decimals 2", Task(high=9, decimals=2)),
        (":set sampling stratified", Task(high=9, sampling="stratified")),
        (":set task_seed 7", Task(high=9, seed=7)),
        (":set spaces off", Task(high=9, spaced=False)),
    ],
)
def test_a_part_of_the_next_task_is_set_and_taken_back(lab: Lab, line: str, task: Task):
    lab.value(line)
    assert lab.session.task == task
    assert lab.session.card.task == Task(high=9)
    note = lab.value(":set task reset")
    assert "0..9" in note.text
    assert lab.session.task == Task(high=9)
    assert lab.session.chosen_task is None


def test_parts_of_the_task_add_up_and_are_shown(lab: Lab):
    for line in (":set range -9..9", ":set ops +-", ":set operations 1..2", ":set task_seed 3"):
        lab.value(line)
    assert lab.session.task == Task(low=-9, high=9, operations="+-", most=2, seed=3)
    found = shown(lab)
    assert (found["range"], found["ops"]) == ("-9..9", "+-")
    assert (found["operations"], found["task_seed"]) == ("1..2", "3")


def test_what_is_shown_can_be_set_again(lab: Lab):
    lab.value(":set range -9..9")
    lab.value(":set operations 1..2")
    task, settings = lab.session.task, lab.session.settings
    for key, value in shown(lab).items():
        lab.value(f":set {key} {value}")
    assert (lab.session.task, lab.session.settings) == (task, Settings(weights="tiny"))
    assert settings == lab.session.settings


def test_an_impossible_task_is_refused(lab: Lab):
    lab.value(":set ops /")
    with pytest.raises(TaskError, match="divides by zero"):
        lab.values(":set range 0..0")
    assert lab.session.task == Task(high=9, operations="/")


def test_set_alone_shows(lab: Lab):
    assert lab.value(":set") == lab.value(":show")


def test_show_has_every_setting_and_says_where_to_keep_them(lab: Lab):
    table = lab.value(":show")
    assert {f.name for f in fields(Settings)} <= {row[0] for row in table.rows}
    assert all(all(row) for row in table.rows)
    assert str(lab.folder / "config" / "settings.toml") in table.footer
    lab.value(":set range 0..5")
    assert "--fresh" in lab.value(":show").footer


def test_show_speaks_of_the_weights_and_engine_in_use(lab: Lab):
    tiny_weights(lab.store, "other")
    lab.value(":use other")
    assert shown(lab)["weights"] == "other"
    lab.session.weights.set_engine("keras")
    assert shown(lab)["engine"] == "keras"


def test_show_works_without_weights(lab: Lab):
    (lab.store.user / "tiny.json").unlink()
    assert shown(lab)["quiz"] == "10"


# help


def test_help_lists_every_command_of_the_host(lab: Lab):
    table = lab.value(":help")
    assert isinstance(table, Table)
    assert [row[1] for row in table.rows] == [c.summary for c in command_table().values()]
    for row, name in zip(table.rows, command_table(), strict=True):
        assert row[0].startswith(f":{name}")


@pytest.mark.parametrize("name", list(command_table()))
def test_help_on_a_command_describes_all_its_parameters(lab: Lab, name: str):
    page = lab.value(f":help {name}")
    assert isinstance(page, HelpPage)
    command = command_table()[name]
    assert page.command is command
    record = page.record()
    assert (record["command"], record["summary"]) == (name, command.summary)
    assert record["parameters"] == {p.name: p.help for p in command.parameters}
    assert record["usage"].startswith(f":{name}")


@pytest.mark.parametrize(
    ("line", "name"),
    [(":help :train", "train"), (":h tr", "train"), (":? q", "quit"), (":help ?", "help")],
)
def test_help_takes_colons_prefixes_and_aliases(lab: Lab, line: str, name: str):
    assert lab.value(line).command.name == name


@pytest.mark.parametrize(
    ("line", "words"),
    [(":help trian", ":trian"), (":help s", "could be"), (":help 94", "unknown")],
)
def test_help_on_no_command_is_an_error(lab: Lab, line: str, words: str):
    with pytest.raises(UsageError, match=words):
        lab.values(line)


# quit


@pytest.mark.parametrize("line", [":quit", ":q", ":exit", " :q "])
def test_quit_leaves(lab: Lab, line: str):
    assert lab.value(line) == Quit()


def test_quit_takes_no_words(lab: Lab):
    with pytest.raises(MathreplError, match="too many"):
        lab.values(":q now")
