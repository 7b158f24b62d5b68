from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mathrepl.certify import Certifying
from mathrepl.commands.spec import Note, Quit, Table
from mathrepl.errors import EquationError, MathreplError
from mathrepl.jsonlines import JsonLines
from mathrepl.progress import Launched, Started, Stepped, Warned
from tests.commands import Lab, epoch_done, finished, isolate


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def records(capsys) -> list[dict[str, Any]]:
    """What stands on stdout: an object a line, nothing on stderr."""
    written = capsys.readouterr()
    assert written.err == ""
    assert written.out == "" or written.out.endswith("\n")
    found = [json.loads(line) for line in written.out.splitlines()]
    assert all(isinstance(one, dict) for one in found)
    return found


def show(lab: Lab, line: str) -> None:
    lines = JsonLines()
    for value in lab.iterate(line):
        lines.show(value)
    lines.close()


def test_an_answer_is_one_object(lab: Lab, capsys):
    show(lab, "3 + 4 = ?")
    (record,) = records(capsys)
    answer = lab.session.history[-1].answer
    assert record["equation"] == "3 + 4"
    assert (record["network"], record["truth"]) == (answer.network, "7")
    assert record["right"] is (answer.network == "7")
    assert record["weights"] == "tiny"
    assert len(record["probabilities"]) == len(answer.network)
    assert all(0 <= probability <= 1 for probability in record["probabilities"])
    assert record["notes"] == []


def test_several_are_an_object_each_in_order(lab: Lab, capsys):
    show(lab, "3 + 4; 1 / 0; 50 + 6")
    first, second, third = records(capsys)
    assert [one["equation"] for one in (first, second, third)] == ["3 + 4", "1 / 0", "50 + 6"]
    assert set(second) == {"equation", "error"}
    assert "division by zero" in second["error"]
    assert third["notes"]


def test_a_table_is_an_object_a_row(lab: Lab, capsys):
    show(lab, ":models")
    show(lab, ":show")
    model, *settings = records(capsys)
    assert (model["weights"], model["current"], model["origin"]) == ("tiny", True, "user")
    assert {"key": "quiz", "value": "10"}.items() <= {
        key: value for row in settings if row["key"] == "quiz" for key, value in row.items()
    }.items()


def test_an_empty_table_writes_nothing(capsys):
    JsonLines().show(Table("title", ("a", "b"), ()))
    assert records(capsys) == []


def test_a_quiz_is_an_object_a_round_and_the_score(lab: Lab, capsys):
    show(lab, ":quiz 3 --seed 1")
    *rounds, score = records(capsys)
    assert [one["number"] for one in rounds] == [1, 2, 3]
    assert score["asked"] == 3
    assert score["right"] == sum(one["right"] for one in rounds)


def test_a_certification_is_its_outcome_alone(lab: Lab, capsys):
    show(lab, ":certify")
    (record,) = records(capsys)
    (space,) = record["spaces"]
    assert (record["weights"], record["written"]) == ("tiny", True)
    assert (space["space"], space["total"]) == ("a + b, 0..9", 100)
    assert space["exact"] == 1 - space["wrong"] / 100


@pytest.mark.parametrize(
    "value", [Launched("t", 3), Stepped(1, 0.5, 1.0), Certifying("t", 1, 2, 0), Quit()]
)
def test_progress_and_leaving_are_left_out(value: Any, capsys):
    JsonLines().show(value)
    assert records(capsys) == []


@pytest.mark.parametrize("value", [Note("talk"), Warned("talk")])
def test_talk_goes_to_stderr(value: Any, capsys):
    JsonLines().show(value)
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "talk\n")


def test_a_training_is_its_start_its_epochs_and_its_end(capsys):
    lines = JsonLines()
    for event in (
        Launched("t", 1),
        Started("t", 10, 9, 1, 1, None),
        Stepped(1, 0.5, 2.0),
        epoch_done(),
        finished("finished", saved=True),
    ):
        lines.show(event)
    started, epoch, end = records(capsys)
    assert [one["event"] for one in (started, epoch, end)] == ["Started", "EpochDone", "Finished"]
    assert (started["training_examples"], started["held_out_examples"]) == (9, 1)
    assert (epoch["index"], epoch["epoch"]["held_out"]["exact"]) == (1, 0.25)
    assert (end["outcome"], end["saved"]) == ("finished", True)


def test_an_error_names_the_equation_and_the_column(capsys):
    lines = JsonLines()
    error = EquationError("a number is missing", text="3 +", column=3, hint="finish it")
    lines.error(error, "3 +")
    lines.error(error)
    lines.error(MathreplError("no"), "3 +")
    first, second, third = records(capsys)
    assert first == {"equation": "3 +", "error": "a number is missing; finish it", "column": 3}
    assert second == {
        "equation": "3 +",
        "error": "a number is missing; finish it",
        "column": 3,
    }
    assert third == {"equation": "3 +", "error": "no"}


@pytest.mark.parametrize("text", ["\n", "\u2028", "\x1b[31m", "\ufffd", "é", '"', "\x00"])
def test_no_text_breaks_the_line_or_leaves_ascii(text: str, capsys):
    JsonLines().error(MathreplError("bad"), f"1{text}2")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.strip().isprintable()
    assert out.isascii()
    assert json.loads(out)["equation"] == f"1{text}2"


def test_each_object_is_written_at_once(monkeypatch: pytest.MonkeyPatch, lab: Lab):
    class Watched:
        text = ""
        flushed = ""

        def write(self, text: str) -> None:
            self.text += text

        def flush(self) -> None:
            self.flushed = self.text

    watched = Watched()
    monkeypatch.setattr("sys.stdout", watched)
    JsonLines().show(lab.session.ask("3 + 4"))
    assert json.loads(watched.flushed)["truth"] == "7"
