"""Whole sessions at a real pseudo-terminal, with a tiny network."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.terminal import PROMPT, Terminal, card, lay_tiny


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return lay_tiny(tmp_path)


@pytest.fixture
def terminal(data: Path) -> Iterator[Terminal]:
    started = Terminal(data)
    yield started
    started.child.close(force=True)


def test_a_whole_session(terminal: Terminal, data: Path) -> None:
    before = card(data)["sha256"]
    terminal.line("3 + 4")
    terminal.see("network")
    terminal.see("sure of the whole")

    terminal.line(":quiz 5 --seed 1")
    terminal.see("5/5 ")
    terminal.see(r"network \d/5")

    terminal.line(":train 3 --examples 5000 --batch 8")
    terminal.see("epoch 1/3")
    for rows, columns in ((10, 30), (50, 200), (3, 10), (40, 100)):
        terminal.child.setwinsize(rows, columns)
        time.sleep(0.1)
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
