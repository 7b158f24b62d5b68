from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from pathlib import Path

import pytest

from mathrepl.support.atomic import TEMPORARY, write_bytes
from mathrepl.support.errors import MathreplError
from mathrepl.support.output_files import check_writable


def full_disk(*_args: object, **_kwargs: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_writes_a_new_file_and_its_directories(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"
    write_bytes(path, b"\0new\n")
    assert path.read_bytes() == b"\0new\n"
    assert list(path.parent.iterdir()) == [path]


def test_replaces_an_old_file_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a much longer old content")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failing", [(os, "fsync"), (os, "fchmod"), (Path, "replace")])
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(
    tmp_path, monkeypatch, failing, old
):
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    monkeypatch.setattr(*failing, full_disk)
    with pytest.raises(OSError, match="space"):
        write_bytes(path, b"new")
    monkeypatch.undo()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([] if old is None else [old])


def test_an_interrupted_write_leaves_the_old_file_and_no_temporary_one(tmp_path, monkeypatch):
    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, b"new")
    monkeypatch.undo()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_directory_in_the_way_is_an_os_error_and_stays(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="irectory"):
        write_bytes(tmp_path / "file", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_data_are_on_disk_before_the_rename(tmp_path, monkeypatch):
    steps = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            steps.append(("fsync", os.fstat(handle).st_size))
        real_fsync(handle)

    def replace(self: Path, target: Path) -> Path:
        steps.append(("rename", Path(self).parent))
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write_bytes(tmp_path / "file", b"12345")
    assert steps == [("fsync", 5), ("rename", tmp_path)]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_get_the_permissions_of_the_umask_which_stays_as_it_is(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        write_bytes(tmp_path / "file", b"")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_check_writable_makes_the_directory_and_leaves_nothing_in_it(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_check_writable_names_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MathreplError) as caught:
        check_writable(tmp_path / "file" / "weights")
    assert str(tmp_path / "file" / "weights") in caught.value.message
    assert "MATHREPL_DATA_DIR" in caught.value.hint


def test_check_writable_tells_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", full_disk)
    with pytest.raises(MathreplError, match="No space left"):
        check_writable(tmp_path)


def test_what_a_killed_writer_has_left_is_cleared_by_the_next_write(tmp_path):
    (tmp_path / f".other.abc{TEMPORARY}").write_bytes(b"ha")
    write_bytes(tmp_path / "file", b"")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_another_writer_or_program_works_on_stays(tmp_path):
    mine, foreign = tmp_path / f".other.abc{TEMPORARY}", tmp_path / ".other.abc.tmp"
    foreign.touch()
    with mine.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_bytes(tmp_path / "file", b"")
    assert mine.exists()
    assert foreign.exists()


def test_a_writer_whose_file_is_cleared_before_its_lock_takes_another(tmp_path, monkeypatch):
    real, cleared = fcntl.flock, []

    def late(handle: int, how: int) -> None:
        if not cleared:
            (path,) = tmp_path.glob(f"*{TEMPORARY}")
            path.unlink()
            cleared.append(path)
        real(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    write_bytes(tmp_path / "file", b"new")
    assert cleared
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"new")]


def test_a_file_is_renamed_while_its_lock_is_held(tmp_path, monkeypatch):
    """Or another process could clear it between the two."""
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        with self.open("rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_bytes(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_files_are_written_where_there_are_no_locks(tmp_path, monkeypatch):
    def unlockable(*_args: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unlockable)
    write_bytes(tmp_path / "file", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"new")]
