from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from mathrepl.commands.spec import Note, Quit, Table
from mathrepl.evaluation.certify import CertifyProgress
from mathrepl.inference.answer import record_keys
from mathrepl.render.json_lines import JsonLines, check_fields
from mathrepl.session.session import Session
from mathrepl.store.card import Metrics
from mathrepl.store.store import Store
from mathrepl.support.errors import EquationError, MathreplError, UsageError
from mathrepl.support.settings import Settings
from mathrepl.training.events import Launched, Started, Stepped, Warned
from tests.kit.lab import Lab, epoch_done, finished

pytestmark = pytest.mark.usefixtures("home")


def records(capsys) -> list[dict[str, Any]]:
    """The text on stdout: an object a line, nothing on stderr."""
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
    assert second["error"]
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
    "value", [Launched("t", 3), Stepped(1, 0.5, 1.0), CertifyProgress("t", 1, 2, 0), Quit()]
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


# Fields


def test_the_fields_are_the_keys_of_an_answer(lab: Lab):
    assert tuple(lab.session.ask("3 + 4").record()) == record_keys()


def test_named_fields_are_kept_in_their_order(lab: Lab, capsys):
    lines = JsonLines(("network", "equation"))
    answer = lab.session.ask("3 + 4")
    lines.show(answer)
    lines.show(lab.session.ask_line("3 + 4; 1 / 0"))
    lines.error(EquationError("bad", text="3 +", column=3), "3 +")
    kept = {"network": answer.network, "equation": "3 + 4"}
    one, several, refused, error = records(capsys)
    assert list(one.items()) == list(several.items()) == list(kept.items())
    # What could not be asked is never a silent gap.
    assert (refused["equation"], bool(refused["error"])) == ("1 / 0", True)
    assert error == {"equation": "3 +", "error": "bad"}


def test_fields_are_of_answers_alone(capsys):
    JsonLines(("equation",)).show(Table("title", ("a", "b"), (("1", "2"),)))
    assert records(capsys) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("equation,network", ("equation", "network")),
        (" truth , truth,", ("truth",)),
        ("error,column", ("error", "column")),
        (",".join(record_keys()), record_keys()),
    ],
)
def test_fields_are_named_with_commas(text: str, names: tuple[str, ...]):
    assert check_fields(text) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("equation,answer", "there is no field 'answer'; there are equation, network, "),
        ("equation network", "there is no field 'equation network'; there are "),
        ("", "--fields names no field; there are equation, network, "),
        (" , ", "--fields names no field; there are "),
    ],
)
def test_a_field_that_there_is_not_names_those_there_are(text: str, message: str):
    with pytest.raises(UsageError) as caught:
        check_fields(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


# Answers without remarks


@pytest.mark.parametrize("weights", ["add", "blog", "long", "work"])
def test_an_answer_is_written_as_json_writes_its_record(tmp_path: Path, weights: str, capsys):
    session = Session(Settings(weights=weights), Store(tmp_path / "nothing"))
    # Right and wrong, with notes, with a working, refused.
    asked = [f"{a} + {a * a % 89}" for a in range(0, 999, 37)] + ["1234 + 5", "0007 + 1", "1 + 0"]
    lines = JsonLines()
    for answer in session.ask_each(asked).items:
        lines.show(answer)
        assert capsys.readouterr().out == json.dumps(answer.record()) + "\n"


# Several at once


def test_what_is_shown_together_is_written_at_the_end(lab: Lab, capsys):
    lines = JsonLines()
    with lines.together():
        lines.show(lab.session.ask("3 + 4"))
        lines.error(MathreplError("no"), "3 +")
        assert records(capsys) == []
    assert [one["equation"] for one in records(capsys)] == ["3 + 4", "3 +"]
    lines.show(lab.session.ask("3 + 4"))
    assert len(records(capsys)) == 1


def test_what_was_shown_before_an_interrupt_is_written(lab: Lab, capsys):
    lines = JsonLines()
    with suppress(KeyboardInterrupt), lines.together():
        lines.show(lab.session.ask("3 + 4"))
        raise KeyboardInterrupt
    assert len(records(capsys)) == 1


def test_the_loss_of_an_epoch_that_failed_is_null(capsys):
    event = epoch_done()
    metrics = Metrics(loss=float("nan"), accuracy=0.5, exact=float("inf"))
    JsonLines().show(structs.replace(event, epoch=replace(event.epoch, training=metrics)))
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert record["epoch"]["training"] == {"loss": None, "accuracy": 0.5, "exact": None}
    assert record["epoch"]["held_out"]["loss"] == 0.5


@pytest.mark.parametrize("kind", [Note, Warned])
def test_talk_cannot_steer_the_terminal(kind: type, capsys):
    JsonLines().show(kind("saved as \x1b[31mred\x9b\u202e.png\nand more"))
    assert capsys.readouterr().err == "saved as \ufffd[31mred\ufffd\ufffd.png\nand more\n"


def test_half_a_character_is_replaced_so_that_every_reader_takes_the_line(capsys):
    """A path that is not UTF-8 has some."""
    lines = JsonLines()
    lines.show(Table("t", ("path", "b"), (("/home/\udc80/a", "\N{GRINNING FACE}"),)))
    lines.error(EquationError("no", text="1+\ud800"))
    first, second = records(capsys)
    assert first == {"path": "/home/\N{REPLACEMENT CHARACTER}/a", "b": "\N{GRINNING FACE}"}
    assert second["equation"] == "1+\N{REPLACEMENT CHARACTER}"
