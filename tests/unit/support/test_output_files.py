"""Files that a command writes to, and bad places that are refused."""

from __future__ import annotations

import errno
import os
import resource
import tempfile
from pathlib import Path

import pytest

from mathrepl.support.errors import MathreplError
from mathrepl.support.output_files import ROOM, check_destination, check_writable, write


def refused(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_good_place_is_let_pass_and_left_alone(tmp_path: Path):
    check_destination(tmp_path / "a.b.onnx")
    check_writable(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_directory_is_refused_and_not_made(tmp_path: Path):
    with pytest.raises(MathreplError, match=r"there is no directory .*missing") as caught:
        check_destination(tmp_path / "missing" / "a.png")
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_folder_of_data_is_made(tmp_path: Path):
    check_writable(tmp_path / "data" / "weights")
    assert (tmp_path / "data" / "weights").is_dir()


def test_a_directory_is_no_file(tmp_path: Path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(MathreplError, match=r"a\.png is a directory"):
        check_destination(tmp_path / "a.png")


def test_a_directory_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    with pytest.raises(MathreplError, match=r"cannot write .*a\.png: Read-only file system"):
        check_destination(tmp_path / "a.png")
    with pytest.raises(MathreplError, match=r"cannot write to .*: Read-only file system") as caught:
        check_writable(tmp_path, "look elsewhere")
    assert "look elsewhere" in (caught.value.hint or "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_locked_directory_is_refused(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(MathreplError, match=r"cannot write .*: Permission denied"):
        check_destination(tmp_path / "a.png")


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path):
    with pytest.raises(MathreplError, match=r"cannot write .*: File name too long"):
        check_destination(tmp_path / ("a" * 300 + ".onnx"))


def test_a_disk_without_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, data: bytes) -> None:
            assert len(data) == ROOM
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(MathreplError, match="No space left"):
        check_writable(tmp_path)


def test_a_file_is_written_whole_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.onnx"
    assert write(path, b"old") == path
    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(MathreplError, match=r"cannot write .*a\.onnx: Read-only file system"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through(tmp_path: Path):
    (tmp_path / "there").mkdir()
    old, new = tmp_path / "there" / "old.png", tmp_path / "there" / "new.png"
    old.write_bytes(b"old")
    for target in (old, new):
        link = tmp_path / f"link-{target.name}"
        link.symlink_to(target)
        check_destination(link)
        assert write(link, b"data") == link
        assert link.is_symlink()
        assert target.read_bytes() == b"data"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_pipe_is_not_replaced(tmp_path: Path):
    path = tmp_path / "a.html"
    os.mkfifo(path)
    for refuses in (check_destination, lambda path: write(path, b"data")):
        with pytest.raises(MathreplError, match=r"a\.html is not an ordinary file"):
            refuses(path)
    assert path.is_fifo()


@pytest.mark.parametrize("stem", ["a" * 251, "\N{CJK UNIFIED IDEOGRAPH-65E5}" * 83])
def test_a_name_of_any_length_that_the_system_allows_is_written(tmp_path: Path, stem: str):
    check_destination(tmp_path / f"{stem}.png")
    assert write(tmp_path / f"{stem}.png", b"data").read_bytes() == b"data"


def test_a_full_disk_is_met_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM // 2, before[1]))
    try:
        with pytest.raises(MathreplError, match=r"cannot write .*a\.png: File too large"):
            check_destination(tmp_path / "a.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
