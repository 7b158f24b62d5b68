"""The bar over a slow command, on windows of all widths."""

from __future__ import annotations

import pytest
from rich.text import Text

from mathrepl.analysis.figure import Progress
from mathrepl.evaluation.certify import CertifyProgress
from mathrepl.render import progress
from mathrepl.render.progress import ProgressView
from tests.kit.screens import screen

LONG = "work: 1..3 of + - * /, 0..999, with parentheses and signs"
WAITS = (Progress(LONG, 2, 500), CertifyProgress(LONG, 2, 500, 1, "a + b", 2, 3))


def test_a_wait_shows_a_bar_once_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    console, file = screen()
    view = ProgressView(console)
    view.show(Progress("asking", 1, 2000))
    assert file.getvalue() == ""
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    view.show(Progress("asking", 1000, 2000))
    view.close()
    assert "asking 1,000/2,000" in file.getvalue()


@pytest.mark.parametrize("width", range(10, 120, 7))
@pytest.mark.parametrize("wait", WAITS, ids=("a look", "a certification"))
def test_a_wait_is_one_line_with_room_for_an_echo(
    monkeypatch: pytest.MonkeyPatch, width: int, wait: Progress | CertifyProgress
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    console, file = screen(width)
    view = ProgressView(console)
    view.show(wait)
    view.close()
    lines = [line for line in Text.from_ansi(file.getvalue()).plain.splitlines() if line.strip()]
    assert len({line.rstrip() for line in lines}) == 1
    assert "2/500" in lines[0] or (width < 24 and isinstance(wait, CertifyProgress))
    assert len(lines[0].rstrip()) <= width - len("^C")


def test_time_left_is_that_of_the_space_at_the_pace_of_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    console, file = screen()
    now = [0.0]
    monkeypatch.setattr(console, "get_time", lambda: now[0])
    view = ProgressView(console)

    def shown(done: int, number: int) -> str:
        file.truncate(file.seek(0))
        view.show(CertifyProgress("w", done, 1000, 0, "a + b", number, 2))
        assert view._line is not None
        view._line.refresh()
        return Text.from_ansi(file.getvalue()).plain

    # 900 were asked before it was stopped, and went on
    assert "left" not in shown(900, 1)
    for now[0], done in ((1.0, 910), (2.0, 920)):
        text = shown(done, 1)
    assert "w 1/2 920/1,000" in text
    assert "0:08 left" in text
    assert "left" not in shown(0, 2)
    view.close()


def test_a_wait_is_silent_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    console, file = screen(terminal=False)
    view = ProgressView(console)
    view.show(Progress("asking", 1, 2))
    view.close()
    assert file.getvalue() == ""
