"""The interactive loop on a pipe instead of a keyboard, without a screen."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from prompt_toolkit.input import PipeInput
from prompt_toolkit.output import DummyOutput

from mathrepl.hosts.prompt.loop import Repl
from mathrepl.hosts.prompt.parts import Parts, assemble
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from mathrepl.support.plugins import note_problem, take_problems
from mathrepl.support.settings import Settings
from tests.kit.prompt import CTRL_C, CTRL_D, TAB, UP, run


def test_a_line_is_answered(
    session: Session, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    run(session, keyboard, "3 + 4\r")
    assert [asked.answer.equation for asked in session.history] == ["3 + 4"]
    assert "3 + 4 = " in capsys.readouterr().out


def test_ctrl_c_clears_the_line_and_the_session_goes_on(
    session: Session, keyboard: PipeInput
) -> None:
    run(session, keyboard, f"1 + 1{CTRL_C}2 + 2\r")
    assert [asked.answer.equation for asked in session.history] == ["2 + 2"]


def waits_for_parts() -> bool:
    """True while the main thread waits for the thread that loads."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_code is Repl.parts.fget.__code__:  # type: ignore[attr-defined]
            return True
        frame = frame.f_back
    return False


def test_ctrl_c_while_the_parts_are_loaded_costs_the_line_and_not_the_session(
    session: Session, keyboard: PipeInput
) -> None:
    def load() -> Parts:
        deadline = time.monotonic() + 30
        while not waits_for_parts() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)  # the next line has to wait too
        return assemble(session)

    keyboard.send_text(f"1 + 1\r2 + 2\r{CTRL_D}")
    assert Repl(session.settings, load, input=keyboard, output=DummyOutput()).run() == 0
    assert [asked.answer.equation for asked in session.history] == ["2 + 2"]


def test_errors_leave_the_session_alive(
    session: Session, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["1 +", ":nonsense", ":train 0", ":use nobody", "9 * 9", "((((", "5 + 5"]
    run(session, keyboard, "".join(line + "\r" for line in lines))
    assert [asked.answer.equation for asked in session.history] == ["5 + 5"]
    assert capsys.readouterr().out.count("error: ") == len(lines) - 1
    assert session.name == "tiny"


def test_what_is_wrong_with_a_plugin_is_told_once_at_the_first_line(
    session: Session, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    take_problems()
    note_problem(MathreplError("the command 'quiz' of another 1.0 is left out"))
    run(session, keyboard, "3 + 4\r5 + 6\r")
    out = capsys.readouterr().out
    assert out.count("error: the command 'quiz' of another 1.0 is left out") == 1
    assert out.index("error: ") < out.index("3 + 4 = ")


def test_quit_leaves_at_once(session: Session, keyboard: PipeInput) -> None:
    run(session, keyboard, ":quit\r1 + 1\r")
    assert not session.history


def test_lines_are_kept_in_a_file_for_the_next_session(
    session: Session, keyboard: PipeInput, tmp_path: Path
) -> None:
    run(session, keyboard, "3 + 4\r")
    assert "+3 + 4" in (tmp_path / "history").read_text(encoding="utf-8")
    keyboard.send_text(f"{UP}\r{CTRL_D}")
    parts = assemble(session)
    Repl(session.settings, lambda: parts, input=keyboard, output=DummyOutput()).run()
    assert [asked.answer.equation for asked in session.history] == ["3 + 4", "3 + 4"]


def test_a_history_that_cannot_be_kept_costs_one_line(
    session: Session,
    keyboard: PipeInput,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "history").mkdir()
    run(session, keyboard, "3 + 4\r")
    assert len(session.history) == 1
    assert capsys.readouterr().out.count("the history is not kept") == 1


def test_tab_completes_a_command(
    session: Session, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    run(session, keyboard, f":us{TAB}other\r")
    assert session.name == "other"
    assert "now using other" in capsys.readouterr().out


def test_switching_weights_takes_effect(session: Session, keyboard: PipeInput) -> None:
    run(session, keyboard, ":use other\r3 + 4\r")
    assert session.history[0].answer.weights == "other"


def test_settings_change_within_the_session(session: Session, keyboard: PipeInput) -> None:
    run(session, keyboard, ":set theme light\r:set editing vi\r")
    assert (session.settings.theme, session.settings.editing) == ("light", "vi")


def test_missing_weights_are_an_error_for_each_question_and_no_more(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keyboard: PipeInput,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MATHREPL_DATA_DIR", str(tmp_path))
    empty = Session(Settings(), Store(tmp_path / "weights", tmp_path / "bundled"))
    run(empty, keyboard, "1 + 1\r:models\r")
    out = capsys.readouterr().out
    assert out.count("'blog'") == 1
    assert "no weights yet" in out


@pytest.mark.parametrize("typed", ["help", "QUIT", "?"])
def test_a_command_without_its_colon_is_recognised(
    session: Session, keyboard: PipeInput, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    run(session, keyboard, f"{typed}\r1 + 1\r")
    assert "commands take a colon" in capsys.readouterr().out
    assert len(session.history) == 1
