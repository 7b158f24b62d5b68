"""Whole sessions at a real pseudo-terminal, with a tiny network."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.networks.config import Architecture
from mathrepl.store.store import Store
from tests.kit.weights import tiny_weights

PROMPT = "math> "


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose weights `tiny` are an untrained network for a + b, 0..99."""
    store = Store(tmp_path / "weights", tmp_path / "bundled")
    tiny_weights(store, "tiny", Task(high=99), Architecture(hidden=8))
    return tmp_path


class Terminal:
    """mathrepl at a pseudo-terminal of a given size."""

    def __init__(self, data: Path, columns: int = 100, **environment: str) -> None:
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("MATHREPL_")},
            "MATHREPL_DATA_DIR": str(data),
            "MATHREPL_CONFIG_DIR": str(data / "config"),
            "MATHREPL_WEIGHTS": "tiny",
            "TERM": "xterm-256color",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            **environment,
        }
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "mathrepl"],
            env=env,
            dimensions=(40, columns),
            encoding="utf-8",
            timeout=60,
        )
        self.child.expect_exact(PROMPT)

    def line(self, text: str) -> None:
        self.child.send(text + "\r")

    def see(self, pattern: str) -> None:
        self.child.expect(pattern)

    def until(self, text: str, pattern: str) -> None:
        """Repeat a line until it prints `pattern`."""
        for _ in range(100):
            self.line(text)
            if self.child.expect([pattern, pexpect.TIMEOUT], timeout=0.3) == 0:
                return
        raise AssertionError(f"{text} never printed {pattern}")

    def interrupt(self) -> None:
        self.child.sendintr()

    def leave(self) -> int | None:
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def terminal(data: Path) -> Iterator[Terminal]:
    started = Terminal(data)
    yield started
    started.child.close(force=True)


def card(data: Path) -> dict[str, object]:
    record: dict[str, object] = json.loads((data / "weights" / "tiny.json").read_bytes())
    return record


def test_a_whole_session(terminal: Terminal, data: Path) -> None:
    before = card(data)["sha256"]
    terminal.line("3 + 4")
    terminal.see("network")
    terminal.see("sure of the whole")

    terminal.line(":quiz 5 --seed 1")
    terminal.see("5/5 ")
    terminal.see(r"network \d/5")

    terminal.line(":train 3 --examples 5000 --batch 8")
    terminal.see("epoch 2/3")
    terminal.interrupt()
    terminal.see("stopped tiny after 1 epoch")
    stopped = card(data)
    assert stopped["sha256"] != before
    assert stopped["best_epoch"] == 1

    terminal.line(":train 2 --background --lr 0.003 --examples 5000 --batch 8")
    terminal.see("job 2 trains tiny for 2 epochs")
    terminal.line("5 + 6")
    terminal.see("sure of the whole")
    terminal.until(":jobs", "1/2")
    terminal.line("7 + 8")
    terminal.see("sure of the whole")
    terminal.until(":jobs", "finished   2/2")
    assert card(data)["sha256"] != stopped["sha256"]

    terminal.line(":undo")
    terminal.see("tiny is back as it was before")
    assert card(data)["sha256"] == stopped["sha256"]
    terminal.line(":undo")
    terminal.see("tiny is back as it was before")
    assert card(data)["sha256"] == before

    terminal.line(":quit")
    assert terminal.leave() == 0


def test_a_second_interrupt_drops_what_was_learnt(terminal: Terminal, data: Path) -> None:
    before = card(data)["sha256"]
    terminal.line(":train 50 --examples 5000 --batch 8")
    terminal.see("epoch 2/50")
    terminal.interrupt()
    terminal.see("again drops")
    terminal.interrupt()
    terminal.see("dropped after")
    assert card(data)["sha256"] == before
    terminal.line("3 + 4")
    terminal.see("sure of the whole")


def test_leaving_with_a_training_running_asks_first(terminal: Terminal) -> None:
    terminal.line(":train 50 --background --examples 5000 --batch 8")
    terminal.see("job 1 trains")
    terminal.see(PROMPT)
    terminal.child.sendeof()
    terminal.see(re.escape("leave? [y/N]"))
    terminal.line("n")
    terminal.see(PROMPT)
    terminal.line(":q")
    terminal.see(re.escape("leave? [y/N]"))
    terminal.line("y")
    assert terminal.leave() == 0


def test_a_window_of_20_columns_without_colour(data: Path) -> None:
    terminal = Terminal(data, columns=20, NO_COLOR="1")
    terminal.line("3 + 4")
    terminal.see("network")
    terminal.see("truth")
    shown = terminal.child.before
    terminal.line(":quit")
    assert terminal.leave() == 0
    assert not re.search(r"\x1b\[(?:\d+;)*3[0-7]m", shown)


def test_closing_the_terminal_keeps_the_best_and_leaves_no_worker(data: Path) -> None:
    terminal = Terminal(data)
    terminal.line(":train 500 --examples 5000 --batch 8")
    terminal.see("epoch 2/500")
    workers = _children(terminal.child.pid)
    assert workers
    terminal.child.kill(signal.SIGKILL)
    terminal.child.close(force=True)
    deadline = 100
    while any(_alive(pid) for pid in workers) and deadline:
        deadline -= 1
        signal.sigtimedwait([], 0.1)
    assert not any(_alive(pid) for pid in workers)
    kept = card(data)
    assert kept["best_epoch"] >= 1  # type: ignore[operator]
    store = Store(data / "weights", data / "bundled")
    store.tensors(store.find("tiny"))


def _children(parent: int) -> list[int]:
    """Process ids whose parent is `parent`, from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
