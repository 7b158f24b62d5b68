"""Files that networks are exported to, and bad places that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.export import files
from mathrepl.export.files import (
    Comparison,
    Exported,
    check_onnx,
    check_path,
    path_of_part,
)
from mathrepl.support.errors import MathreplError, UsageError


def test_a_good_place_is_let_pass_and_left_alone(tmp_path: Path):
    check_path(tmp_path / "a.b.onnx", ".onnx")
    check_path(tmp_path / "a.keras", ".keras")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.keras", "a.ONNX", "a.onnx.txt", ".onnx"])
def test_another_ending_is_refused(tmp_path: Path, name: str):
    with pytest.raises(UsageError, match="is no name of such a file") as caught:
        check_path(tmp_path / name, ".onnx")
    assert caught.value.hint == "end it in .onnx"


def test_a_bad_place_is_refused(tmp_path: Path):
    with pytest.raises(MathreplError, match="missing"):
        check_path(tmp_path / "missing" / "a.onnx", ".onnx")


def test_onnx_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    with pytest.raises(MathreplError, match=r"writing a\.onnx needs onnx;") as caught:
        check_onnx(Path("there/a.onnx"))
    assert caught.value.hint == "pip install 'mathrepl[onnx]'"


def test_a_part_has_a_file_of_its_own():
    assert path_of_part(Path("x/my.work.onnx"), "doer") == Path("x/my.work-doer.onnx")
    assert path_of_part(Path("x/add.onnx"), "") == Path("x/add.onnx")


def test_the_record_of_a_file():
    plain = {"file": "a.onnx", "weights": "a", "part": "", "format": "onnx", "size": 3}
    assert Exported("a.onnx", "a", "", "onnx", 3).record() == {**plain, "comparison": None}
    asked = Exported("a.onnx", "a", "", "onnx", 3, Comparison(4, 0.5, 2)).record()
    assert asked["comparison"] == {"asked": 4, "largest_difference": 0.5, "same_answers": 2}
