"""Locks of names: one holder at a time, in whichever process, and none after its end."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mathrepl.support import locks
from mathrepl.support.errors import WeightsError
from mathrepl.support.locks import lock


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.1)


def holder(directory: Path, more: str = "input()") -> subprocess.Popen[str]:
    """A process that has the lock of `mine` by the time this returns."""
    script = (
        "import sys; from pathlib import Path; from mathrepl.support.locks import lock\n"
        f"held = lock(Path(sys.argv[1]), 'mine'); print('held', flush=True); {more}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_another_process_is_told_who_holds_it(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        with pytest.raises(WeightsError) as caught:
            lock(tmp_path, "mine", hint="do this")
    finally:
        end(process)
    wanted = f"mine is being trained by another session, process {process.pid}"
    assert (caught.value.message, caught.value.hint) == (wanted, "do this")


def test_it_ends_with_its_holder_however_that_ends(tmp_path: Path) -> None:
    end(holder(tmp_path))
    assert (tmp_path / ".locks" / "mine").exists()
    with lock(tmp_path, "mine") as held:
        assert held.handle is not None


def test_it_is_held_on_by_a_child_that_was_given_it(tmp_path: Path) -> None:
    with lock(tmp_path, "mine") as held:
        assert held.handle is not None
        child = subprocess.Popen(["sleep", "60"], pass_fds=(held.handle,))
        os.close(held.handle)
        held.handle = None  # as when its first holder was killed
    try:
        with pytest.raises(WeightsError):
            lock(tmp_path, "mine")
    finally:
        child.kill()
        child.wait()
    lock(tmp_path, "mine").release()


def test_other_names_and_other_folders_are_free(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    others = lock(tmp_path, "yours"), lock(tmp_path / "other", "mine")
    with lock(tmp_path, "mine"), pytest.raises(WeightsError, match="in this process already"):
        lock(tmp_path, "mine")
    for held in others:
        assert held.handle is not None
        held.release()


def test_its_file_is_gone_after_the_release_and_a_second_release_is_nothing(tmp_path: Path) -> None:
    held = lock(tmp_path, "mine")
    (file,) = (tmp_path / ".locks").iterdir()
    assert file.read_text() == f"{os.getpid()}\n"
    held.release()
    held.release()
    assert list((tmp_path / ".locks").iterdir()) == []


def test_who_waits_gets_it_as_soon_as_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "WAIT_SECONDS", 30)
    held = lock(tmp_path, "mine")
    threading.Timer(0.2, held.release).start()
    began = time.monotonic()
    with lock(tmp_path, "mine") as mine:
        assert mine.handle is not None
        assert 0.1 < time.monotonic() - began < 10


def test_never_two_at_once_although_files_come_and_go(tmp_path: Path) -> None:
    """Four processes count in a file, each step read and written under the lock."""
    script = (
        "import sys; from pathlib import Path; from mathrepl.support import locks\n"
        "locks.WAIT_SECONDS = 60; locks._POLL_SECONDS = 0.0005\n"
        "folder = Path(sys.argv[1]); file = folder / 'count'\n"
        "for _ in range(200):\n"
        "    with locks.lock(folder, 'mine'):\n"
        "        file.write_text(str(int(file.read_text()) + 1))\n"
    )
    (tmp_path / "count").write_text("0")
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[1] for process in running] == [b""] * 4
    assert (tmp_path / "count").read_text() == "800"


def test_where_none_can_be_made_nobody_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lock(tmp_path / "absent", "mine").handle is None
    assert not (tmp_path / "absent").exists()
    (tmp_path / "file").write_bytes(b"")
    assert lock(tmp_path / "file", "mine").handle is None

    def unsupported(_handle: int, _how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with lock(tmp_path, "mine") as held, lock(tmp_path, "mine"):
        assert held.handle is None


@pytest.mark.parametrize("text", ["", "x\n", "\x1b[2J", "-5\n"])
def test_a_holder_that_is_no_number_is_not_told(tmp_path: Path, text: str) -> None:
    with lock(tmp_path, "mine"):
        (tmp_path / ".locks" / "mine").write_text(text)
        with pytest.raises(WeightsError) as caught:
            lock(tmp_path, "mine")
    assert re.search(r"by another session$", caught.value.message)
