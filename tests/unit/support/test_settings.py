from __future__ import annotations

import os
from pathlib import Path

import pytest

from mathrepl.support.errors import SettingsError
from mathrepl.support.setting_rows import rows
from mathrepl.support.settings import (
    MAX_FILE_BYTES,
    Settings,
    changed,
    config_directory,
    data_directory,
    load_settings,
)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of an environment without any other setting."""
    for variable in os.environ:
        if variable.startswith("MATHREPL_"):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("MATHREPL_CONFIG_DIR", str(tmp_path))
    return tmp_path / "settings.toml"


def settings_in(environment: dict[str, str]) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():
            patch.setenv(variable, value)
        return load_settings()


def test_defaults_without_a_file(file):
    assert load_settings() == Settings()
    assert not file.exists()


def test_defaults_without_a_directory(file, monkeypatch):
    monkeypatch.setenv("MATHREPL_CONFIG_DIR", str(file.parent / "absent"))
    assert load_settings() == Settings()
    file.write_text("")
    monkeypatch.setenv("MATHREPL_CONFIG_DIR", str(file))
    assert load_settings() == Settings()


def test_the_file_changes_the_defaults(file):
    file.write_text(
        'weights = "mine"\nengine = "keras"\ntheme = "light"\n'
        'editing = "vi"\nhistory = false\nquiz = 25\nsteps = false\n'
    )
    assert load_settings() == Settings("mine", "keras", "light", "vi", False, 25, False)


def test_variables_come_after_the_file(file):
    file.write_text('theme = "light"\nquiz = 25\n')
    found = settings_in({"MATHREPL_THEME": "dark", "MATHREPL_HISTORY": "off", "THEME": "x"})
    assert found == Settings(theme="dark", history=False, quiz=25)


def test_an_empty_variable_is_as_good_as_none():
    assert settings_in({"MATHREPL_QUIZ": "", "MATHREPL_WEIGHTS": ""}) == Settings()


def test_directory_variables_are_no_settings():
    found = settings_in({"MATHREPL_DATA_DIR": "/a", "MATHREPL_CONFIG_DIR": "/b"})
    assert found == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("MATHREPL_COLOUR", "red", "colour"),
        ("MATHREPL_THEME", "purple", "theme"),
        ("MATHREPL_HISTORY", "maybe", "history"),
        ("MATHREPL_QUIZ", "many", "quiz"),
        ("MATHREPL_", "x", ""),
    ],
)
def test_a_bad_variable_is_named_with_its_key(variable, value, key):
    with pytest.raises(SettingsError) as caught:
        settings_in({variable: value})
    assert variable in caught.value.message
    assert key in caught.value.message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('colour = "red"', "colour"),
        ('theme = "purple"', "theme"),
        ("theme = 1", "theme"),
        ("theme = [1]", "theme"),
        ("[theme]\na = 1", "theme"),
        ("history = 1", "history"),
        ('history = "maybe"', "history"),
        ("quiz = 0", "quiz"),
        ("quiz = -1", "quiz"),
        ("quiz = 10001", "quiz"),
        ("quiz = 1.5", "quiz"),
        ("quiz = true", "quiz"),
        ("quiz = 2020-01-01", "quiz"),
        ("quiz = 0x" + "f" * 5000, "quiz"),
        ("quiz = " + "9" * 5000, ""),
        ("weights = 5", "weights"),
        ("quiz = ", ""),
        ("quiz = 1\nquiz = 2", ""),
        ("= 1", ""),
        ("a = " + "[" * 50_000, ""),
        ("\0", ""),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_bad_file_is_named_with_its_key(file, text, key):
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(file) in caught.value.message
    assert key in caught.value.message


def test_a_file_that_is_no_text_is_refused(file):
    file.write_bytes(b"theme = '\xff'")
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        load_settings()


def test_a_huge_file_is_refused_unread(file):
    file.touch()
    os.truncate(file, MAX_FILE_BYTES + 1)
    with pytest.raises(SettingsError, match="too large"):
        load_settings()


def test_a_directory_in_place_of_the_file_is_refused(file):
    file.mkdir()
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        load_settings()


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("weights", "mine", "mine"),
        ("engine", "keras", "keras"),
        ("history", "on", True),
        ("history", "true", True),
        ("history", "1", True),
        ("history", "off", False),
        ("history", "false", False),
        ("history", "0", False),
        ("history", False, False),
        ("steps", "off", False),
        ("quiz", "1", 1),
        ("quiz", " 10000 ", 10_000),
        ("quiz", 12, 12),
    ],
)
def test_changed_reads_text_or_the_type_itself(key, value, expected):
    before = Settings()
    after = changed(before, key, value)
    assert getattr(after, key) == expected
    assert type(getattr(after, key)) is type(expected)
    assert changed(after, key, getattr(before, key)) == before == Settings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("quiz", "1.5"),
        ("quiz", "+5"),
        ("quiz", "\u0663"),
        ("quiz", "\u00b2"),
        ("quiz", "9" * 5000),
        ("quiz", 5.0),
        ("quiz", None),
        ("history", None),
        ("weights", None),
        ("theme", "Dark"),
        ("__class__", "x"),
    ],
)
def test_changed_refuses_values_out_of_bounds(key, value):
    with pytest.raises(SettingsError, match=key):
        changed(Settings(), key, value)


@pytest.mark.parametrize("key", ["engine", "theme", "editing"])
def test_choices_are_all_possible_and_named_when_refused(key):
    (choices,) = (row.choices for row in rows(Settings) if row.name == key)
    assert len(choices) > 1
    for choice in choices:
        assert getattr(changed(Settings(), key, choice), key) == choice
    with pytest.raises(SettingsError) as caught:
        changed(Settings(), key, "nonsense")
    assert all(choice in caught.value.message for choice in choices)


def test_every_setting_is_described():
    assert [row.name for row in rows(Settings) if row.help] == [*Settings.__dataclass_fields__]


@pytest.mark.parametrize(
    ("function", "variable"),
    [(config_directory, "MATHREPL_CONFIG_DIR"), (data_directory, "MATHREPL_DATA_DIR")],
)
def test_directories_are_the_platforms_unless_chosen(function, variable, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(variable, "/chosen/place")
    assert function() == Path("/chosen/place")
    monkeypatch.setenv(variable, "~/place")
    assert function() == tmp_path / "place"
    for nothing in (lambda: monkeypatch.setenv(variable, ""), lambda: monkeypatch.delenv(variable)):
        nothing()
        assert "mathrepl" in function().name
        assert function().is_absolute()


def test_a_directory_of_an_unknown_user_is_a_settings_error(monkeypatch):
    monkeypatch.setenv("MATHREPL_CONFIG_DIR", "~no-such-user-here/place")
    with pytest.raises(SettingsError, match="MATHREPL_CONFIG_DIR"):
        load_settings()


def test_a_name_that_reads_like_a_switch_stays_a_name():
    assert changed(Settings(), "weights", " on ").weights == "on"
    assert changed(Settings(), "history", " off ").history is False
