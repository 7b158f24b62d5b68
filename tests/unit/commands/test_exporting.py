"""`:export`, from the line to the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mathrepl.commands.exporting import check_path, path_of_part
from mathrepl.commands.spec import Table
from mathrepl.export import checking
from mathrepl.support import libraries
from mathrepl.support.errors import MathreplError, UsageError, WeightsError
from tests.kit.exported import ATTENTION, WORK
from tests.kit.lab import Lab
from tests.kit.lab import files as files_in
from tests.kit.weights import tiny_weights

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = Lab(tmp_path / "lab")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    return lab


@pytest.fixture
def work(lab: Lab) -> Lab:
    """With untrained weights of two networks besides, `mine`."""
    from mathrepl.training.recipes import RECIPES

    tiny_weights(lab.store, "mine", RECIPES["work"].task, WORK, reverse=True)
    return lab


# what is refused, before anything is written


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (":export", UsageError, "there is no file to export to"),
        (":export tiny", UsageError, "there is no file to export to"),
        (":export tiny --onnx a.pdf", UsageError, "end it in .onnx"),
        (":export tiny --keras a.onnx", UsageError, "end it in .keras"),
        (":export tiny --onnx no/a.onnx", MathreplError, "directory no"),
        (":export tiny --keras no/a.keras", MathreplError, "directory no"),
        (":export nobody --onnx a.onnx", WeightsError, "'nobody'"),
        (":export tiny --onnx a.pdf --keras a.keras", UsageError, "end it in .onnx"),
        (":export mine --keras a.keras", UsageError, "write ONNX instead, with --onnx FILE"),
        (":export mine --onnx a.onnx --keras a.keras", UsageError, "mine is of kind work"),
    ],
)
def test_what_cannot_be_exported_is_one_line(work: Lab, line: str, kind: type, message: str):
    with pytest.raises(kind) as caught:
        work.values(line)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files_in(Path()) == {}


def test_the_kind_attention_is_no_keras_file(lab: Lab):
    tiny_weights(lab.store, "looks", architecture=ATTENTION)
    with pytest.raises(UsageError, match="looks is of kind attention"):
        lab.values(":export looks --keras a.keras")


def test_a_missing_extra_is_named(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    with pytest.raises(MathreplError, match=r"writing a\.onnx needs onnx; pip install") as caught:
        lab.values(":export tiny --onnx a.onnx")
    assert caught.value.exit_code == 1
    assert files_in(Path()) == {}


# names of files


def test_a_good_place_is_let_pass_and_left_alone(tmp_path: Path):
    check_path(tmp_path / "a.b.onnx", ".onnx")
    check_path(tmp_path / "a.keras", ".keras")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.keras", "a.ONNX", "a.onnx.txt", ".onnx"])
def test_another_ending_is_refused(tmp_path: Path, name: str):
    with pytest.raises(UsageError, match="is not a name of such a file") as caught:
        check_path(tmp_path / name, ".onnx")
    assert caught.value.hint == "end it in .onnx"


def test_a_bad_place_is_refused(tmp_path: Path):
    with pytest.raises(MathreplError, match="missing"):
        check_path(tmp_path / "missing" / "a.onnx", ".onnx")


def test_a_part_has_a_file_of_its_own():
    assert path_of_part(Path("x/my.work.onnx"), "doer") == Path("x/my.work-doer.onnx")
    assert path_of_part(Path("x/add.onnx"), "") == Path("x/add.onnx")


# ONNX


def test_the_current_weights_are_written_and_compared(lab: Lab):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    table = lab.value(":export --onnx a.onnx")
    assert isinstance(table, Table)
    (size,) = (len(data) for data in files_in(Path()).values())
    ((file, network, told, difference, same),) = table.rows
    assert (file, network, told, same) == ("a.onnx", "tiny", f"{size:,} bytes", "32 of 32")
    assert table.footer == ""
    (record,) = table.record()
    assert json.loads(json.dumps(record)) == record
    found = record["comparison"]
    assert found["largest_difference"] < checking.TOLERANCE
    assert float(difference) == pytest.approx(found["largest_difference"], rel=0.1)
    assert (record["format"], record["size"], found["asked"]) == ("onnx", size, 32)


def test_weights_of_two_networks_make_two_files(work: Lab):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    table = work.value(":export mine --onnx w.onnx")
    assert set(files_in(Path())) == {"w-reader.onnx", "w-doer.onnx"}
    assert [row[:2] for row in table.rows] == [
        ("w-reader.onnx", "mine reader"),
        ("w-doer.onnx", "mine doer"),
    ]
    assert [row[-1] for row in table.rows] == ["32 of 32", "32 of 32"]
    assert work.session.name == "tiny"


def test_a_file_is_replaced(lab: Lab):
    pytest.importorskip("onnx")
    Path("a.onnx").write_bytes(b"old")
    lab.value(":export tiny --onnx a.onnx")
    assert Path("a.onnx").read_bytes() != b"old"


def test_without_onnxruntime_it_is_written_and_not_compared(lab: Lab, monkeypatch):
    pytest.importorskip("onnx")
    monkeypatch.setattr(checking, "find_spec", lambda name: None)
    table = lab.value(":export tiny --onnx a.onnx")
    assert set(files_in(Path())) == {"a.onnx"}
    assert table.rows[0][-2:] == ("-", "-")
    assert table.record()[0]["comparison"] is None
    assert table.footer == "not compared with numpy: that needs onnxruntime"


def test_a_file_that_differs_is_told(lab: Lab, monkeypatch):
    pytest.importorskip("onnx")
    monkeypatch.setattr(checking, "runner", lambda data: len)
    monkeypatch.setattr(checking, "compare", lambda *_: checking.Comparison(32, 0.25, 30))
    table = lab.value(":export tiny --onnx a.onnx")
    assert table.rows[0][-2:] == ("2.5e-01", "30 of 32")
    assert table.footer == "a file differs from numpy by more than it should"
