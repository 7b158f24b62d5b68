"""Paths as they are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.support.errors import SettingsError, UsageError
from mathrepl.support.paths import directory_from, path_from


def test_a_tilde_is_a_home(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/there")
    assert path_from("~/a.png") == Path("/there/a.png")
    assert path_from("a~.png") == Path("a~.png")


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "~no_body/a"])
def test_what_no_file_can_be_called_is_refused(text: str):
    with pytest.raises(UsageError):
        path_from(text)
    with pytest.raises(SettingsError, match="MATHREPL_DATA_DIR names no directory"):
        directory_from(text, "MATHREPL_DATA_DIR")


@pytest.mark.parametrize("named", [None, 5, b"a", True])
def test_a_directory_is_text_or_a_path(named: object):
    with pytest.raises(SettingsError, match="data_dir must be text or a Path"):
        directory_from(named, "data_dir")


def test_a_directory_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert directory_from("a", "x") == directory_from(Path("a"), "x") == tmp_path / "a"


def test_a_relative_directory_needs_a_folder_to_start_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert directory_from("/a", "x") == Path("/a")
    with pytest.raises(SettingsError, match="x is 'a', and the folder that it starts from is gone"):
        directory_from("a", "x")
