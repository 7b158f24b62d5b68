"""Single values as text and as HTML."""

from __future__ import annotations

import html
import re

import pytest

from mathrepl.analysis.figure import Bar, Bars, Figure
from mathrepl.commands.spec import Note, Table, Value
from mathrepl.commands.weights import CardPage
from mathrepl.inference.answer import Answers, Refused
from mathrepl.render.renderer import PAGE_WIDTH, as_html, as_text, renderer_for
from mathrepl.session.quiz import Round, Score
from mathrepl.support.errors import EquationError
from mathrepl.training.events import EpochDone, Launched, Started, Stepped
from tests.kit.answers import answer
from tests.kit.lab import METRICS, epoch_done, finished
from tests.kit.weights import tiny_card

ROUND = Round(1, 1, answer("4", "3"), 0.1)
VALUES: list[tuple[Value, str]] = [
    (answer("4", "3"), "wrong by 1"),
    (
        Answers((answer("3", "3"), Refused("<b>", EquationError("unreadable <b>")))),
        "unreadable <b>",
    ),
    (ROUND, "truth 3"),
    (Score((ROUND,), early=False, against_person=False), "network 0/1"),
    (Note("a note"), "a note"),
    (Table("a table", ("a", "b"), (("1", "2"),)), "a table"),
    (tiny_card(), "parameters"),
    (CardPage(tiny_card(), "user", "/somewhere"), "/somewhere"),
    (Figure("a figure", (Bars("bars", (Bar("one", 1.0),)),)), "a figure"),
    (finished("finished"), "none better than before"),
]


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORFGBG", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(("value", "said"), VALUES, ids=lambda v: type(v).__name__)
def test_text_without_a_terminal_is_plain(value: Value, said: str):
    text = as_text(value, "auto", terminal=False)
    assert said in text
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.split("\n"))
    assert max(len(line) for line in text.split("\n")) <= PAGE_WIDTH


@pytest.mark.parametrize(("value", "said"), VALUES, ids=lambda v: type(v).__name__)
def test_html_says_the_same_and_brings_its_own_colours(value: Value, said: str):
    page = as_html(value, "auto")
    assert said in html.unescape(re.sub("<[^>]*>", "", page))
    assert page.startswith("<pre style=")
    assert page.endswith("</pre>")
    assert "class=" not in page


def test_html_escapes_what_a_person_wrote():
    page = as_html(Refused("<b>", EquationError("no <script> here")), "auto")
    assert "no &lt;script&gt; here" in page
    assert "<script>" not in page


def test_a_terminal_and_a_page_have_colours_of_their_themes():
    good = Note("saved", "good")
    assert as_text(good, "dark", terminal=True) == "\x1b[32msaved\x1b[0m"
    assert "color: #006400" in as_html(good, "auto")
    assert as_html(good, "auto") == as_html(good, "light") != as_html(good, "dark")


def test_progress_outside_a_terminal_is_lines_even_where_colours_are_forced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as a Jupyter kernel does
    renderer = renderer_for("auto", terminal=False)
    events: list[Launched | Started | Stepped | EpochDone] = [
        Launched("tiny", 1),
        Started("tiny", 10, 9, 1, 1, METRICS),
        Stepped(1, 0.5, 0.1),
        epoch_done(),
    ]
    for event in events:
        renderer.show(event)
    renderer.close()
    written = capsys.readouterr()
    assert written.out == "epoch 1/1  loss 0.5000  held-out exact 25.00%  best so far\n"
    assert written.err == ""


def test_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]):
    renderer_for("auto", terminal=False, errors=True).error(EquationError("unreadable"))
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "error: unreadable\n")
