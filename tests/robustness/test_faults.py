"""Faults of the world around mathrepl: full disks, closed streams, other sessions, no memory.

What is tested elsewhere:

- saves cut off at any step, damaged files, undo after a power cut: `tests/unit/store/test_store.py`
- a disk that is full during a save, for the file itself: `tests/unit/support/test_atomic.py`; for
  a training, which tries again at every epoch, and one that runs out of memory:
  `tests/integration/keras/test_run.py`
- workers that die, are killed or do not hear, stops and drops: `tests/integration/test_job.py`
- a worker whose starter is gone or reads no more: `tests/integration/keras/test_worker.py`
- Ctrl-C in a training, a window that changes its size, a terminal of 20 columns:
  `tests/integration/test_pty.py`
- broken pipes of answers and of a quiz, eight at once, closed streams of `ask`, text that is not
  UTF-8: `tests/integration/test_cli.py`; lines of a megabyte: `tests/unit/hosts/test_stream.py`
- a history file that cannot be kept: `tests/unit/hosts/prompt/test_loop.py`
- locks of names: `tests/unit/support/test_locks.py`
- hostile files: `tests/robustness/test_hostile.py`
- kills and interrupts at random moments: `python -m tests.robustness.kill`
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import random
import re
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.data.sampling import split
from mathrepl.evaluation.certify import Certified
from mathrepl.networks.config import Architecture
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support import locks
from mathrepl.support.errors import WeightsError
from mathrepl.support.settings import Settings
from tests.kit.lab import Lab, files
from tests.kit.processes import alive, children, until
from tests.kit.terminal import Terminal, card, lay_tiny
from tests.kit.training import plan
from tests.kit.weights import tiny_weights

PROGRAM = [sys.executable, "-m", "mathrepl"]
TIMEOUT = 60
TINY = "--fresh --range 0..9 --examples 80 --hidden 4 --json"


@pytest.fixture(autouse=True)
def _home(home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHREPL_WEIGHTS", "blog")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return lay_tiny(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The user's weights, with an untrained `tiny` of the numbers 0..9, trained once before."""
    store = Store(tmp_path / "data" / "weights")
    tiny_weights(store, "tiny")
    store.backups("tiny").add()
    tiny_weights(store, "tiny", seed=1)
    return store


def start(
    *words: str, lines: str = "", before: Callable[[], None] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run `mathrepl WORDS`; `before` is called in the new process."""
    return subprocess.run(
        [*PROGRAM, *words],
        input=lines,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
        preexec_fn=before,
        **more,
    )


def pipe(command: str) -> tuple[list[int], str, str]:
    """Run a pipe in a real shell, with `mathrepl` for the program: exit codes, stdout, stderr."""
    script = command.replace("mathrepl", shlex.join(PROGRAM), 1) + '; echo "${PIPESTATUS[@]}"'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=TIMEOUT, check=True
    )
    *out, codes = done.stdout.splitlines()
    return [int(code) for code in codes.split()], "\n".join(out), done.stderr


def events(text: str) -> list[dict[str, Any]]:
    return [one for one in map(json.loads, text.splitlines()) if "event" in one]


# A disk that is full, and folders that cannot be written

LINES = """\
:save copy
94 + 909
:delete tiny
:use tiny
:certify tiny --sample 10
:undo
94 + 909
"""
WHYS = {"full": "File too large", "read-only": "Permission denied"}


def no_files() -> None:
    """No file can grow beyond 512 bytes from here on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))


def no_privileges() -> None:
    """Take from root the right to write where the permissions of a folder forbid it."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        cap_dac_override, cap_dac_read_search, pr_capbset_drop = 1, 2, 24
        for capability in (cap_dac_override, cap_dac_read_search):
            assert libc.prctl(pr_capbset_drop, capability, 0, 0, 0) == 0


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)


@pytest.mark.parametrize("how", WHYS)
def test_each_command_that_cannot_write_is_one_line_and_nothing_changes(
    tmp_path: Path, store: Store, how: str
) -> None:
    before = files(store.user)
    if how == "full":
        done = start("--json", lines=LINES, before=no_files)
    else:
        with read_only(tmp_path / "data"):
            done = start("--json", lines=LINES, before=no_privileges)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    errors = [one["error"] for one in found if "error" in one]
    assert [error.split(":")[0] for error in errors] == [
        "could not save 'copy'",
        "could not delete 'tiny'",
        "could not write the card",
        "could not undo",
    ]
    assert all(WHYS[how] in error for error in errors)
    assert [one["spaces"][0]["total"] for one in found if "spaces" in one] == [8]
    assert [one["truth"] for one in found if "truth" in one] == ["1003", "1003"]
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert files(store.user) == before


def test_a_small_disk_that_fills_up_loses_nothing(tmp_path: Path, store: Store) -> None:
    """A file system of 64 kB, mounted for one process alone."""
    script = f"""
mount -t tmpfs -o size=64k tmpfs "$1" || exit 77
cp -r "$2"/. "$1"
i=0; while [ $i -lt 8 ]; do echo ":save copy$i"; i=$((i+1)); done > "$3"
MATHREPL_DATA_DIR="$1" {shlex.join(PROGRAM)} -w tiny < "$3"
MATHREPL_DATA_DIR="$1" {shlex.join(PROGRAM)} models --json
ls -A "$1"/weights
"""
    mount = tmp_path / "mount"
    mount.mkdir()
    places = [str(mount), str(tmp_path / "data"), str(tmp_path / "lines")]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", *places],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode in (1, 77, 127) and "saved" not in done.stdout:
        pytest.skip("no file system can be mounted here: that takes root")
    saved = set(re.findall(r"^saved as (copy\d)", done.stderr, re.MULTILINE))
    refused = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(saved) + len(refused) == 8
    assert saved
    assert refused
    assert all("could not save" in line and "No space left" in line for line in refused)
    listed = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert not [one for one in listed if "error" in one]
    assert {one["weights"] for one in listed if one["origin"] == "user"} == {"tiny", *saved}
    assert not [line for line in done.stdout.splitlines() if line.startswith(".tiny")]


def small_files() -> None:
    """No file can grow beyond 150 kB from here on, which a network of 64 units is larger than."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))


def test_a_training_on_a_disk_that_fills_up_says_so_and_leaves_the_old_weights(
    store: Store,
) -> None:
    before = files(store.user)
    words = ["train", "3", "--name", "tiny", *TINY.replace("--hidden 4", "--hidden 64").split()]
    done = start(*words, before=small_files)
    *_, end = events(done.stdout)
    warned = [line for line in done.stderr.splitlines() if line.startswith("could not")]
    assert len(warned) >= 3
    assert set(warned) == {"could not save the best weights yet: File too large"}
    assert (end["event"], end["outcome"], end["saved"]) == ("Finished", "failed", False)
    assert end["message"] == "the best weights could not be saved; free the disk"
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert files(store.user) == before


def test_a_training_is_not_begun_where_nothing_can_be_written(store: Store) -> None:
    before = files(store.user)
    done = start("train", "3", "--name", "tiny", *TINY.split(), before=no_files)
    (record,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert f"{store.user}: File too large" in record["error"]
    assert files(store.user) == before


@pytest.mark.parametrize("home", [None, "/dev/null/nobody"])
def test_without_a_home_questions_are_answered_and_what_must_be_kept_is_refused(
    monkeypatch: pytest.MonkeyPatch, home: str | None, tmp_path: Path
) -> None:
    for variable in ("HOME", "MATHREPL_CONFIG_DIR", "MATHREPL_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    if home is None:  # the system's user list names one: what is asked alone must not write there
        done = start(lines="94 + 909\n:models\n:undo\n", cwd=tmp_path)
        assert done.stderr.count("error:") == 1
        assert "to undo" in done.stderr
    else:
        monkeypatch.setenv("HOME", home)
        lines = "94 + 909\n:save copy\n:train 1\n:certify blog --sample 20\n:undo\n"
        done = start(lines=lines, cwd=tmp_path)
        errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
        assert [error.split()[1] for error in errors] == ["could", "cannot", "there"]
        assert "wrong of 20" in done.stdout + done.stderr
    assert done.stdout.startswith("94 + 909 = ")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


# A clock that goes back


def test_undo_and_what_is_held_out_do_not_depend_on_any_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Task(high=99)
    expected = split(task, 500)
    store = Store(tmp_path / "weights", tmp_path / "bundled")
    now = [2_000_000_000.0]

    def back() -> float:
        now[0] -= 86_400.0
        return now[0]

    monkeypatch.setattr(time, "time", back)
    monkeypatch.setattr(time, "time_ns", lambda: int(back() * 1e9))
    checksums = []
    for seed in range(4):
        checksums.append(tiny_weights(store, "mine", seed=seed).sha256)
        store.backups("mine").add()
        for path in store.user.rglob("*"):  # everything is older than what was there before it
            os.utime(path, (back(), now[0]))
    assert split(task, 500) == expected
    tiny_weights(store, "mine", seed=9)
    for checksum in reversed(checksums):
        assert store.load("mine")
        store.undo("mine")
        assert store.find("mine").card.sha256 == checksum


# Two sessions


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.1)


def test_a_name_in_training_is_refused_to_other_sessions_until_that_ends(
    store: Store, hasty: None
) -> None:
    before = store.find("tiny").card.sha256
    command = [*PROGRAM, "train", "100000", "--name", "tiny", *TINY.split()]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    second = Session(Settings(weights="tiny"), store)
    other = replace(plan(store.user.parent), user=store.user, bundled=store.bundled)
    try:
        until(lambda: (store.user / ".locks" / "tiny").exists())
        wanted = f"process {first.pid}"
        asked = time.monotonic()
        with pytest.raises(WeightsError) as caught:
            second.train(other, follow=True)
        assert time.monotonic() - asked < 1
        assert caught.value.message.endswith(wanted)
        assert second.jobs == []
        assert "--name" in (caught.value.hint or "")
        for change in (second.undo, lambda: store.lock("tiny")):
            with pytest.raises(WeightsError) as caught:
                change()
            assert caught.value.message.endswith(wanted)
        assert first.stdout is not None
        seen = [json.loads(first.stdout.readline()) for _ in range(3)]
        assert [one["event"] for one in seen] == ["Started", "EpochDone", "EpochDone"]
        # Asking goes on all the while, with whatever has been saved by then.
        trained = second.store.load("tiny")[0].card.sha256
        assert trained != before
        assert second.ask("3 + 4").truth == "7"
        assert second.weights.changed_elsewhere() or second.card.sha256 != before
        # The session is killed: its worker, which still holds the name, ends and keeps its best.
        first.kill()
        locks.WAIT_SECONDS = 20.0
        store.lock("tiny").release()
    finally:
        first.kill()
        first.communicate()
    found, _ = store.load("tiny")
    assert found.card.trainings[-1].outcome.startswith("stopped after")
    assert second.undo()[1] == "tiny-undone"
    assert store.find("tiny").card.sha256 == before


def test_a_session_takes_up_what_another_has_saved_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hasty: None
) -> None:
    lab = Lab(tmp_path)
    stale = lab.session.card
    assert not lab.session.weights.changed_elsewhere()
    saved = tiny_weights(lab.store, "tiny", architecture=Architecture(hidden=5), seed=3)
    assert lab.session.card == stale

    def launch(number: int, what: Any, *, follow: bool) -> Any:
        raise OSError(errno.EAGAIN, f"not here: {what.architecture.hidden}")

    monkeypatch.setattr("mathrepl.session.session.Job", launch)
    values = lab.iterate(":train 5")
    assert next(values).message == (
        "another session has changed tiny since it was read here; it is taken as it is now"
    )
    with pytest.raises(OSError, match="not here: 5"):
        next(values)
    assert lab.session.card == saved
    assert not lab.session.weights.changed_elsewhere()


def test_the_first_question_after_another_session_has_saved_is_answered(tmp_path: Path) -> None:
    """The card is read when the prompt stands, the weights when they are first needed."""
    lab = Lab(tmp_path)
    assert lab.session.card.name == "tiny"
    tiny_weights(lab.store, "tiny", seed=3)
    fresh = Session(Settings(weights="tiny"), lab.store)
    assert lab.session.ask("3 + 4") == fresh.ask("3 + 4")
    assert lab.session.card == fresh.card


def test_certificates_do_not_go_into_the_card_of_weights_that_others_have_saved(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    lab.session.ask("3 + 4")
    saved = tiny_weights(lab.store, "tiny", seed=3)
    told: list[Any] = []
    try:
        for value in lab.iterate(":certify"):
            told.append(value)
    except WeightsError as error:
        told.append(error)
    assert "changed by another session" in str(told.pop())
    assert isinstance(told[-1], Certified)
    assert not told[-1].written
    assert lab.store.load("tiny")[0].card == saved
    # Now that it has been told, the same again is about the weights that are there.
    assert lab.values(":certify")[-1].written
    assert lab.store.load("tiny")[0].card.certificates[0].weights_sha256 == saved.sha256


# Many processes on one data directory

READER = """
import sys
from pathlib import Path
from mathrepl.store.store import Store
store, seen = Store(Path(sys.argv[1])), set()
while not Path(sys.argv[2]).exists():
    found, tensors = store.load("mine")
    seen.add(float(tensors["output.bias"][0]))
    assert len(tensors) > 5
    Path(sys.argv[3]).touch()
print(len(seen))
"""


def test_eight_readers_get_whole_pairs_while_one_saves_again_and_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "data" / "weights")
    tiny_weights(store, "mine")
    done = tmp_path / "done"
    command = [sys.executable, "-c", READER, str(store.user), str(done)]
    started = [tmp_path / f"started-{number}" for number in range(8)]
    readers = [
        subprocess.Popen(
            [*command, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for path in started
    ]
    began, seed = time.monotonic(), 0
    latest = began + TIMEOUT / 2
    while time.monotonic() < min(began + 1.0, latest):
        if not all(path.exists() for path in started):
            began = time.monotonic()  # a second of saves after all have read once
        seed += 1
        tiny_weights(store, "mine", seed=seed)
        time.sleep(random.uniform(0, 0.02))
    done.touch()
    told = [reader.communicate(timeout=TIMEOUT) for reader in readers]
    assert [err for _, err in told] == [""] * 8
    assert sum(int(out) for out, _ in told) > 8
    assert store.names() == sorted({"mine", *Store(Path(os.devnull)).names()})


def test_eight_first_starts_at_once_save_under_one_name_and_one_wins(tmp_path: Path) -> None:
    assert not (tmp_path / "data").exists()
    command = [*PROGRAM, "save", "mine"]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    told = [process.communicate(timeout=TIMEOUT) for process in running]
    codes = sorted(process.returncode for process in running)
    assert codes == [0] + [1] * 7, told
    lines = [err for _, err in told if err.startswith("error")]
    assert len(lines) == 7
    assert all("mine" in line and line.count("\n") == 1 for line in lines)
    Store(tmp_path / "data" / "weights").load("mine")


# Memory


def little_memory() -> None:
    """No process has more than 1 GB of addresses from here on; TensorFlow needs more."""
    resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))


def test_a_training_that_gets_no_memory_is_one_line_and_questions_are_answered(
    store: Store,
) -> None:
    before = files(store.user)
    lines = "94 + 909\n:train 5\n94 + 909\n"
    done = start("-w", "tiny", "--json", lines=lines, before=little_memory)
    (end,) = [one for one in events(done.stdout) if one["event"] == "Finished"]
    assert (end["outcome"], end["saved"]) == ("failed", False)
    assert end["message"].startswith("the training process ")
    assert end["message"].isprintable()
    assert done.stdout.count('"truth": "1003"') == 2
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert files(store.user) == before


# Terminals and pipes


def test_a_terminal_that_is_closed_in_a_training(data: Path) -> None:
    terminal = Terminal(data)
    terminal.line(":train 500 --background --examples 5000 --batch 8")
    terminal.until(":jobs", "1/500")
    before = card(data)["sha256"]
    workers = children(terminal.child.pid)
    assert workers
    os.close(terminal.child.child_fd)  # the window is closed: the system sends SIGHUP
    terminal.child.child_fd = -1
    until(lambda: not any(alive(pid) for pid in workers))
    until(lambda: not alive(terminal.child.pid), 20)
    store = Store(data / "weights", data / "bundled")
    found, _ = store.load("tiny")
    assert found.card.trainings[-1].outcome.startswith("stopped after")
    assert before
    store.lock("tiny").release()


PIPES = [
    ("mathrepl errors --json -w tiny | head -1", (0, 141)),
    ("mathrepl errors --json -w tiny | true", (141,)),
    ("mathrepl models 2>&1 | true", (141,)),
    ("mathrepl ask 3+ 2>&1 | true", (2, 141)),
    ("mathrepl --help | true", (141,)),
    ("mathrepl --version | true", (141,)),
]


@pytest.mark.parametrize(("command", "codes"), PIPES, ids=[command for command, _ in PIPES])
def test_a_pipe_that_nobody_reads_is_silent(
    store: Store, command: str, codes: tuple[int, ...]
) -> None:
    found, out, err = pipe(command)
    assert err == ""
    assert found[0] in codes
    assert len(out.splitlines()) == (1 if "head" in command else 0)


def test_a_training_with_every_stream_closed_or_unread_keeps_its_best(store: Store) -> None:
    command = f"mathrepl train 100000 --name tiny {TINY} <&- 2>&- | head -2"
    found, out, err = pipe(command)
    assert (found, err) == ([141, 0], "")
    assert [one["event"] for one in events(out)] == ["Started", "EpochDone"]
    with store.lock("tiny"):
        card, _ = store.load("tiny")
    assert card.card.trainings[-1].outcome.startswith("stopped after")
    assert np.isfinite(card.card.held_out.loss if card.card.held_out else np.nan)


@pytest.mark.parametrize("redirect", ["> /dev/full", ">&-", "<&- >&- 2>&-"])
def test_output_that_goes_nowhere_is_no_crash(redirect: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    found, out, err = pipe(f"mathrepl ask '94 + 909' {redirect}")
    assert out == ""
    assert "Traceback" not in err
    assert found == [1 if "full" in redirect else 0]
