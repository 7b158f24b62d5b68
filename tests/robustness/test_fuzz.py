"""A small share of `python -m tests.robustness.fuzz`, and random sessions, the same each time."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prompt_toolkit.layout.processors import DummyProcessor

from mathrepl.commands.spec import Context, Note
from mathrepl.hosts.prompt import loop
from tests.robustness.fuzz import __main__ as fuzz
from tests.robustness.fuzz import judging, piping, prompting
from tests.robustness.fuzz.judging import Outcome
from tests.robustness.fuzz.lines import ESCAPES, KINDS, Seeded, lines, numbered, picture, tamed
from tests.robustness.fuzz.sessions import Sessions

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
SAME_EACH_TIME = settings(derandomize=True, deadline=None, suppress_health_check=QUIET)


def told(outcome: Outcome) -> list[str]:
    return [f"{ascii(one.text)[:300]}: {one.what}" for one in outcome.violations]


def many(seed: int, count: int) -> list[prompting.Numbered]:
    return [(number, *numbered(seed, number)) for number in range(count)]


# The lines


def test_every_kind_of_line_is_drawn_and_the_same_again():
    drawn = many(7, 500)
    assert {kind for _, kind, _ in drawn} == set(KINDS)
    assert drawn == many(7, 500)
    assert not any("\n" in text for _, _, text in drawn)


@pytest.mark.parametrize(
    "text",
    [
        ":train 5",
        ":t 5 --fresh",
        ":map",
        ":map 0..99",
        ":quit",
        ":q",
        ":set engine keras",
        ":certify",
        ":sweep --epochs 1",
        ":errors",
        ":quiz --me",
        ":like 1+1",
        ":peek 1+1 --save a.png",
    ],
)
def test_what_takes_long_is_refused(text: str):
    assert tamed(text).endswith("--no-such-option")


@pytest.mark.parametrize("text", ["1+1", ":map 0..3", ":quiz 3", ":train x", ":set range 0..9"])
def test_what_is_quick_is_left_as_it_is(text: str):
    assert tamed(text) == text


# The judge


@pytest.mark.parametrize("escape", [*ESCAPES, "\x07", "\x08", "\u202e", "\x9b", "\x00", "\x1bq"])
def test_what_steers_a_terminal_is_seen(escape: str):
    assert list(judging.strange(f"error: \x1b[1;31m{escape}\x1b[0m"))


def test_colours_and_a_live_drawing_are_the_products_own():
    assert not list(judging.strange("\x1b[1;31merror\x1b[0m \x1b[?25l\x1b[2K\x1b[1A\n"))


def test_an_exception_silence_and_what_is_no_json_are_seen():
    assert list(judging.failed("1", "Traceback (most recent call last):\n"))
    assert list(judging.unanswered("1+1", " \n"))
    assert not list(judging.unanswered("# 1", ""))
    assert list(judging.records("1+1", '{"a": 1}\nnone\n'))
    assert list(judging.records("1+1", '{"error": "a"}\n{"error": "b"}\n'))
    assert list(judging.records("1+1", '{"path": "\\udc80"}\n'))
    assert list(judging.unclear("1+", "error: a\nerror: b\n"))


def test_a_busy_machine_is_no_lines_fault_but_a_wait_is():
    assert judging.fair(3.0, 0.9) == 0.9
    assert judging.fair(3.0, 2.0) == 2.0
    assert judging.fair(3.0, 0.1) == 3.0
    assert judging.fair(3.0, None) == 3.0


def test_a_line_over_the_limit_is_noted_but_not_a_long_working():
    outcome = Outcome("prompt")
    outcome.timed(0.9, 0, "a")
    outcome.timed(1.5, 1, "b")
    outcome.timed(1.5, 2, "c", written=100)
    assert [number for _, number, _ in outcome.slow] == [1]
    assert (outcome.workings, outcome.slowest[1]) == (1, 1)


# The prompt


def test_lines_at_the_prompt():
    outcome = Outcome("prompt")
    prompting.run(many(1, 150), outcome, str, weights="auto")
    assert told(outcome) == []
    assert outcome.lines == 150
    assert outcome.answered > 20
    assert outcome.errors.total() > 60


def test_pictures_at_the_prompt():
    drawn = [(number, "picture", picture(Seeded(f"picture/{number}"))) for number in range(40)]
    outcome = Outcome("prompt")
    prompting.run(drawn, outcome, str, weights="auto")
    assert told(outcome) == []
    assert outcome.answered > 15


@given(st.lists(lines(), min_size=1, max_size=3))
@settings(SAME_EACH_TIME, max_examples=20)
def test_lines_at_the_prompt_that_shrink(texts: list[str]):
    outcome = Outcome("prompt")
    prompting.run([(i, "", t) for i, t in enumerate(texts)], outcome, str, weights="tiny")
    assert told(outcome) == []


def broken(context: Context, line: str) -> Any:
    if "3" in line:
        raise RuntimeError("a fault")
    if "5" in line:
        yield from ()
        return
    yield Note("\x1bc" if "7" in line else "fine")


@pytest.mark.parametrize(
    ("bad", "what"),
    [("3", "raised RuntimeError: a fault"), ("5", "no answer and no error")],
)
def test_a_fault_is_told_and_the_next_lines_still_run(
    monkeypatch: pytest.MonkeyPatch, bad: str, what: str
):
    monkeypatch.setattr("mathrepl.commands.dispatch.run_line", broken)
    outcome = Outcome("prompt")
    texts = ["1", bad, "2"]
    prompting.run([(i, "", t) for i, t in enumerate(texts)], outcome, str, weights="tiny")
    assert [(one.number, one.what) for one in outcome.violations] == [(1, what)]
    assert outcome.lines == 3


def test_a_line_that_hangs_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    def endless(context: Context, line: str) -> Any:
        while "1" in line:
            pass
        yield Note("fine")

    monkeypatch.setattr("mathrepl.commands.dispatch.run_line", endless)
    # Long enough that a busy machine draws the prompt within it.
    monkeypatch.setattr(prompting, "HANGS_AFTER", 3)
    outcome = Outcome("prompt")
    prompting.run([(0, "", "1"), (1, "", "2")], outcome, str, weights="tiny")
    assert [(one.number, one.what) for one in outcome.violations] == [(0, "cut off after 3 s")]


def test_what_the_prompt_draws_of_a_line_is_looked_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loop, "Visible", DummyProcessor)
    outcome = Outcome("prompt")
    prompting.run([(0, "", "1 \u202e+ 1")], outcome, str, weights="tiny")
    assert [one.what for one in outcome.violations] == [
        "'\\u202e' reaches the terminal, by the prompt"
    ]


# A pipe


@pytest.mark.parametrize("json", [False, True])
def test_lines_through_a_pipe(json: bool):
    outcome = Outcome("pipe")
    piping.run(many(2, 70), outcome, str, weights="auto", json=json)
    piping.run(many(3, 70), outcome, str, weights="auto", json=json, group=20)
    assert told(outcome) == []
    assert outcome.lines == 140
    assert outcome.errors.total() > 50


def test_a_process_that_does_not_start_is_a_violation(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    outcome = Outcome("pipe")
    piping.run(many(2, 3), outcome, str, weights="auto", json=False)
    (one,) = outcome.violations
    assert (one.number, one.reproduce) == (0, "0")
    assert one.what.startswith("a new process did not start: the process ended; code 1")


def test_the_command_tells_and_fails_where_a_line_did(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["fuzz", "--way", "prompt", "--lines", "3"])
    assert fuzz.main() == 0
    assert "violations 0" in capsys.readouterr().out
    monkeypatch.setattr("mathrepl.commands.dispatch.run_line", lambda context, line: iter(()))
    assert fuzz.main() == 1
    assert (
        "python -m tests.robustness.fuzz --way prompt --seed 0 --first 0" in capsys.readouterr().out
    )


# Whole sessions

TestSessions = Sessions.TestCase
TestSessions.settings = settings(SAME_EACH_TIME, max_examples=12, stateful_step_count=20)
