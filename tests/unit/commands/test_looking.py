"""`:peek`, `:like`, `:attn`, `:step`, `:beam`, `:weights`; and `:curve` while a training runs."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import numpy as np
import pytest

from mathrepl.analysis import states
from mathrepl.analysis.figure import Bars, Figure, Progress
from mathrepl.arithmetic.task import Task
from mathrepl.commands import surveying
from mathrepl.commands.spec import Note
from mathrepl.hosts.cli import run
from mathrepl.networks import shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.session.planning import card_of, make_plan
from mathrepl.store.card import Epoch, TrainSettings
from mathrepl.support.errors import (
    DivisionByZeroError,
    EquationError,
    MathreplError,
    OutOfReachError,
    UsageError,
    WeightsError,
)
from mathrepl.training.plan import Plan
from tests.kit.exact import exact_weights
from tests.kit.lab import METRICS, FakeJob, Lab, epoch_done, files
from tests.kit.weights import tiny_weights

Found = TypeVar("Found")
ATTENTION = Architecture("attention", hidden=8, embedding=5, places=3)
LOOKUP = Architecture("attention", hidden=8, embedding=4, places=7, lookup=True)


@pytest.fixture(autouse=True)
def _home(home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The untrained weights `tiny`, and some of every other kind; `worker` is exact."""
    lab = Lab(tmp_path)
    tiny_weights(lab.store, "looker", architecture=ATTENTION, reverse=True)
    tiny_weights(lab.store, "lookup", architecture=LOOKUP, reverse=True)
    exact_weights(lab.store, "worker")
    return lab


def figure(lab: Lab, line: str) -> Figure:
    *looking, found = lab.values(line)
    assert all(isinstance(one, Progress) for one in looking)
    assert isinstance(found, Figure)
    return found


def refused(lab: Lab, line: str, kind: type[MathreplError] = UsageError) -> MathreplError:
    """The one clear error of a line, before which nothing was shown."""
    values = lab.iterate(line)
    with pytest.raises(kind) as caught:
        next(values)
    assert "\n" not in str(caught.value)
    return caught.value


LINES = [
    ("tiny", "peek 3 + 4"),
    ("tiny", "peek --layer decoder 3 + 4"),
    ("tiny", "peek 3 + 4 --unit 1"),
    ("looker", "peek 3 + 4"),
    ("worker", "peek 3+4"),
    ("worker", "peek --part reader 3*(4+5)"),
    ("tiny", "like 3 + 4 --count 3"),
    ("looker", "like 3 + 4"),
    ("looker", "attn 3 + 4"),
    ("lookup", "attn 3 + 4"),
    ("tiny", "step 3 + 4"),
    ("looker", "step 3 + 4 --force 1=2"),
    ("worker", "step 3+4"),
    ("worker", "step --skill s 3*4"),
    ("worker", "beam 3 3+4 --part reader --skill g"),
    ("tiny", "beam 3 3 + 4"),
    ("looker", "beam 3 3 + 4"),
    ("tiny", "weights"),
    ("worker", "weights doer.output"),
]
each_line = pytest.mark.parametrize(("name", "line"), LINES)
each_command = pytest.mark.parametrize(
    "line", ["peek 3 + 4", "like 3 + 4", "attn 3 + 4", "step 3 + 4", "beam 2 3 + 4", "weights"]
)


# Both hosts


@each_line
def test_the_shell_writes_what_the_session_shows(lab: Lab, capsys, name: str, line: str):
    lab.session.use(name)
    expected = figure(lab, f":{line}")
    assert expected.title
    assert run([*shlex.split(line), "--json", "-w", name]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    assert json.loads(written.out) == json.loads(json.dumps(expected.record()))


@each_line
def test_every_figure_can_be_drawn_in_the_shell(lab: Lab, capsys, name: str, line: str):
    lab.session.use(name)
    title = figure(lab, f":{line}").title
    assert run([*shlex.split(line), "-w", name]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    assert " ".join(title.split()) in " ".join(written.out.split())


@pytest.mark.parametrize(
    "words",
    [
        ["step", "3 + 4", "--force", "1=2"],
        ["step", "--force", "1=2", "3 + 4"],
        ["step", "3", "+", "4", "--force=1=2"],
        ["step", "--force", "1=2", "3+4 = ?"],
    ],
)
def test_options_stand_before_and_after_the_equation_in_the_shell(
    lab: Lab, capsys, words: list[str]
):
    assert run([*words, "--json", "-w", "tiny"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["question"], record["characters"][0]["written"]) == ("3 + 4", "2")


@pytest.mark.parametrize(
    "line",
    [":step 3 + 4 --force 1=2", ":step --force 1=2 3 + 4", ":step --force=1=2 3+4 =", ":step 3+4"],
)
def test_options_stand_before_and_after_the_equation_in_a_session(lab: Lab, line: str):
    record = figure(lab, line).data
    assert record["question"] == "3 + 4"
    assert record["characters"][0]["forced"] is ("--force" in line)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("peek 3 + 4 --layer nothing", 2),
        ("peek 3 + 4 --unit 99", 2),
        ("peek 3 + 4 --unit x", 2),
        ("peek 3 +", 2),
        ("peek 1 / 0", 2),
        ("peek", 2),
        ("peek 3 + 4 -w nobody", 1),
        ("like 3 + 4 --count 0", 2),
        ("like '3 + 4' '5 + 6'", 2),
        ("like 3 + 4 -w lookup", 2),
        ("attn 3 + 4", 2),
        ("attn 3+4 -w worker", 2),
        ("step 3 + 4 --force x", 2),
        ("step 3 + 4 --force 9=1", 2),
        ("step 3 + 4 --part doer", 2),
        ("step 3+4 --skill +", 2),
        ("step 3+4 --skill t -w worker", 2),
        ("step 3+4 --skill + --part reader -w worker", 2),
        ("beam 3 + 4", 2),
        ("beam 3", 2),
        ("weights nothing", 2),
        ("weights output again", 2),
        ("step 3 + 4 --save x.txt", 2),
        ("step 3 + 4 --save missing/x.png", 1),
    ],
)
def test_what_is_refused_is_one_line_in_json_too(lab: Lab, capsys, words: str, code: int):
    named = [] if "-w" in words else ["-w", "tiny"]
    assert run([*shlex.split(words), *named]) == code
    written = capsys.readouterr()
    assert written.out == ""
    assert [line.startswith("error: ") for line in written.err.splitlines()].count(True) == 1
    assert run([*shlex.split(words), *named, "--json"]) == code
    written = capsys.readouterr()
    told = [*written.out.splitlines(), *written.err.splitlines()]
    assert len(told) <= 2  # words of the shell that cannot be read are complained of as talk
    assert all("error" in json.loads(line) for line in written.out.splitlines())


# Equations


@pytest.mark.parametrize("command", ["peek", "like", "attn", "step", "beam 2"])
@pytest.mark.parametrize(
    ("equation", "kind"),
    [
        ("", UsageError),
        (";", EquationError),
        ("3 +", EquationError),
        ("7", EquationError),
        ("x + 1", EquationError),
        ("1 / 0", DivisionByZeroError),
        ("3 * 4", OutOfReachError),
    ],
)
def test_an_equation_that_cannot_be_asked_is_refused(
    lab: Lab, command: str, equation: str, kind: type[MathreplError]
):
    lab.session.use("looker")
    refused(lab, f":{command} {equation}", kind)


@pytest.mark.parametrize("command", ["like", "attn", "step", "beam 2"])
def test_of_two_equations_none_is_looked_at_where_one_is_wanted(lab: Lab, command: str):
    lab.session.use("looker")
    assert "one equation at a time" in refused(lab, f":{command} 3 + 4; 5 + 6").message


@pytest.mark.parametrize("line", [":step 3 + 4;", ":step  3+4 = ?", ':step "3 + 4"', ":step 3 +4"])
def test_one_equation_in_many_spellings(lab: Lab, line: str):
    expected = figure(lab, ":step 3 + 4").data
    if '"' in line:
        # Quotes belong to the shell; the rest of a line is taken as typed.
        refused(lab, line, EquationError)
    else:
        assert figure(lab, line).data == expected


def test_several_equations_have_a_figure_each(lab: Lab):
    found = lab.values(":peek 3 + 4; 5 + 6")
    assert [one.data["question"] for one in found] == ["3 + 4", "5 + 6"]


def test_of_several_a_bad_one_is_refused_before_any_is_shown(lab: Lab):
    refused(lab, ":peek 3 + 4; 5 +", EquationError)
    refused(lab, ":peek 3 + 4; 5 * 6", OutOfReachError)


def test_looking_is_not_asking(lab: Lab):
    lab.session.use("looker")
    before = files(lab.folder)
    for line in ("peek 3 + 4", "attn 3 + 4", "step 3 + 4", "beam 2 3 + 4", "weights"):
        lab.values(f":{line}")
    assert lab.session.history == []
    assert files(lab.folder) == before


def test_in_auto_the_weights_that_fit_are_looked_into(lab: Lab):
    tiny_weights(lab.store, "add", architecture=ATTENTION, reverse=True)
    lab.session.use("auto")
    assert figure(lab, ":step 3 + 4").data["weights"] == "add"
    exact_weights(lab.store, "work")
    lab.session.refresh()
    assert figure(lab, ":step 3 * 4").data["weights"] == "work doer"
    # One network reads them all: the first one's, in its own spelling.
    found = lab.values(":peek 3 * 4; 3 + 4")
    assert [(one.data["weights"], one.data["question"]) for one in found] == [
        ("work doer", "+s+"),
        ("work doer", "3+4"),
    ]


def test_weights_in_training_are_looked_into_as_they_were_saved(lab: Lab):
    before = figure(lab, ":weights output").data
    tiny_weights(lab.store, "tiny", seed=9)
    lab.session.refresh()
    assert figure(lab, ":weights output").data != before


# peek


def test_units_are_followed_over_several_equations(lab: Lab):
    found = figure(lab, ":peek --unit 2 3 + 4; 5 + 6")
    assert [one["question"] for one in found.data["questions"]] == ["3 + 4"] * 2 + ["5 + 6"] * 2
    assert found.data["unit"] == 2
    assert figure(lab, ":peek --unit 0 3 + 4").data["unit"] == 0


@pytest.mark.parametrize("unit", ["-1", "x", "1.5", "", "4"])
def test_a_unit_that_there_is_not_is_refused(lab: Lab, unit: str):
    refused(lab, f":peek 3 + 4 --unit {unit}")


@pytest.mark.parametrize("layer", ["decode", "decoder.0", "decoder.0.forward"])
def test_the_beginning_of_a_layer_is_enough(lab: Lab, layer: str):
    found = figure(lab, f":peek 3 + 4 --layer {layer}")
    assert found.panels
    assert all(name.startswith(layer) for name in found.data["layers"])


def test_an_unknown_layer_is_told_those_that_there_are(lab: Lab):
    assert "encoder.0.forward" in (refused(lab, ":peek 3 + 4 --layer nothing").hint or "")


def test_a_part_of_weights_of_two_is_picked(lab: Lab):
    lab.session.use("worker")
    assert figure(lab, ":peek 3+4").data["weights"] == "worker doer"
    assert figure(lab, ":peek 3+4 --part doer").data["weights"] == "worker doer"
    reader = figure(lab, ":peek --part reader 3+4").data
    assert (reader["weights"], reader["question"]) == ("worker reader", "4+3p")
    assert reader["layers"]["memory"]["characters"] == ["3 ", "+ ", "4 ", "  "]


@pytest.mark.parametrize(
    ("words", "text", "written"),
    [
        ("744 * 3 --skill o", "744o333", "122"),
        ("744 * 3 --skill t", "744t333", "211"),
        ("744 * 3 --skill +", "122+2110", "2232"),
        ("5 - 900 --skill ?", "5?900", "<>>"),
        ("5 - 900 --skill -", "900-5", "895"),
        ("7*(1+2) --part reader --skill g", "7*(1+2)g0000001", "0001110"),
    ],
)
def test_the_first_pass_of_a_skill_is_looked_at(lab: Lab, words: str, text: str, written: str):
    lab.session.use("worker")
    data = figure(lab, f":step {words}").data
    assert data["question"] == text
    assert data["network"] == data["truth"]
    assert data["network"].startswith(written)


def test_a_skill_that_no_pass_has_is_refused_with_those_that_there_are(lab: Lab):
    lab.session.use("worker")
    error = refused(lab, ":step 3 + 4 --skill t")
    assert "uses no skill 't' for 3+4" in error.message
    assert error.hint == "it uses +"
    lab.session.use("tiny")
    assert "has no skills" in refused(lab, ":step 3 + 4 --skill +").message


@pytest.mark.parametrize("command", ["peek", "like", "step", "beam 2"])
def test_a_part_that_there_is_not_is_refused(lab: Lab, command: str):
    assert "reader, doer" in refused(lab, f":{command} 3 + 4 --part head").message
    assert "--part" in (refused(lab, f":{command} 3 + 4 --part doer").hint or "")


# like


def test_so_many_neighbours_are_found_as_wanted(lab: Lab):
    assert len(figure(lab, ":like 3 + 4").data["nearest"]) == 10
    assert len(figure(lab, ":like --count 3 3 + 4").data["nearest"]) == 3
    assert len(figure(lab, ":like 3 + 4 --count 1000").data["nearest"]) == 99


@pytest.mark.parametrize("count", ["0", "-1", "1001", "x"])
def test_a_count_out_of_bounds_is_refused(lab: Lab, count: str):
    refused(lab, f":like 3 + 4 --count {count}")


def test_without_an_encoder_there_are_no_neighbours(lab: Lab):
    lab.session.use("lookup")
    refused(lab, ":like 3 + 4")


# attn


def test_the_seed_network_has_no_attention(lab: Lab):
    assert "tiny" in refused(lab, ":attn 3 + 4").message


def test_a_memory_of_symbols_has_no_attention(lab: Lab):
    lab.session.use("worker")
    assert "worker doer has no attention" in refused(lab, ":attn 3 + 4").message


@pytest.mark.parametrize("reverse", [False, True])
def test_attention_stands_under_the_equation_as_it_was_typed(lab: Lab, reverse: bool):
    tiny_weights(lab.store, "other", Task(high=99), ATTENTION, reverse=reverse)
    lab.session.use("other")
    found = figure(lab, ":attn 12 + 3")
    assert found.data["read"] == list("12␣+␣3")
    assert found.data["network"] == lab.session.ask("12 + 3").network
    assert np.abs(np.array(found.data["heads"]).sum(-1) - 1).max() < 1e-5


# step and beam


@pytest.mark.parametrize("name", ["tiny", "looker", "lookup"])
def test_steps_end_in_the_answer_of_the_session(lab: Lab, name: str):
    lab.session.use(name)
    for question in ("3 + 4", "0 + 9", "12 + 3"):
        answer = lab.session.ask(question)
        data = figure(lab, f":step {question}").data
        assert (data["network"], data["truth"]) == (answer.network, answer.truth)


@pytest.mark.parametrize(
    "force", ["nonsense", "2", "=5", "2=", "0=5", "2=55", "2=x", "99=1", '""', "1" * 5000 + "=1"]
)
def test_what_forces_nothing_is_refused(lab: Lab, force: str):
    refused(lab, f":step 3 + 4 --force {force}")


def test_several_characters_are_forced(lab: Lab):
    lab.session.use("looker")
    found = figure(lab, ":step 3 + 4 --force 1=5,2=4").data["characters"]
    assert [one["written"] for one in found[:2]] == ["5", "4"]


@pytest.mark.parametrize("count", [1, 4])
def test_a_beam_has_so_many_answers(lab: Lab, count: int):
    found = figure(lab, f":beam {count} 3 + 4")
    assert len(found.data["answers"]) == count
    assert found.data["truth"] == "7"


@pytest.mark.parametrize(
    "line", [":beam", ":beam 3", ":beam x 3 + 4", ":beam 0 3+4", ":beam 9999 1+2"]
)
def test_a_beam_of_no_width_is_refused(lab: Lab, line: str):
    refused(lab, line)


# weights


@pytest.mark.parametrize("name", ["tiny", "looker", "lookup", "worker"])
def test_every_layer_that_is_suggested_can_be_drawn_and_none_is_missing(lab: Lab, name: str):
    lab.session.use(name)
    (bars,) = figure(lab, ":weights").panels
    assert isinstance(bars, Bars)
    tensors = lab.session.store.tensors(lab.session.weights.found)
    drawn = set()
    for layer in lab.session.weights.layers():
        found = figure(lab, f":weights {layer}")
        assert len(found.panels) == len(found.data["tensors"])
        drawn |= {one["name"] for one in found.data["tensors"]}
    assert drawn == set(tensors)
    card = lab.session.card  # a file keeps no order: bars stand in that of the layers
    assert [bar.label for bar in bars.bars] == list(shapes_of(card.architecture, card.encoding))
    (layer,) = [p for p in lab.context.commands["weights"].parameters if p.key == "layer"]
    assert layer.suggest is not None
    assert list(layer.suggest(lab.session, [])) == lab.session.weights.layers()


def test_an_unknown_layer_of_the_weights_is_refused(lab: Lab):
    assert "output" in (refused(lab, ":weights nothing").hint or "")


@each_command
def test_damaged_weights_are_one_error(lab: Lab, line: str):
    lab.session.use("looker")
    (lab.store.user / "looker.safetensors").write_bytes(b"")
    lab.session.refresh()
    assert "checksum" in refused(lab, f":{line}", WeightsError).message


# save


@pytest.mark.parametrize(
    ("line", "name", "start"),
    [
        ("peek 3 + 4", "a.png", b"\x89PNG"),
        ("like 3 + 4", "a.svg", b"<?xml"),
        ("attn 3 + 4", "a.SVG", b"<?xml"),
        ("step 3 + 4", "a b.svg", b"<?xml"),
        ("beam 2 3 + 4", "a.png", b"\x89PNG"),
        ("weights output", "a.svg", b"<?xml"),
    ],
)
def test_a_figure_is_saved(lab: Lab, line: str, name: str, start: bytes):
    lab.session.use("looker")
    path = lab.folder / name
    *_, shown, note = lab.values(f':{line} --save "{path}"')
    assert isinstance(shown, Figure)
    assert note == Note(f"saved as {path}", "good")
    assert path.read_bytes().startswith(start)


def test_the_last_of_several_figures_is_saved(lab: Lab):
    both, one = lab.folder / "both.svg", lab.folder / "one.svg"
    lab.values(f":peek 3 + 4; 5 + 6 --save {both}")
    lab.values(f":peek 5 + 6 --save {one}")
    assert both.read_bytes() == one.read_bytes()


def test_the_home_directory_can_be_written_with_a_tilde(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(lab.folder))
    lab.values(":step 3 + 4 --save ~/mine.svg")
    assert (lab.folder / "mine.svg").exists()


@each_command
@pytest.mark.parametrize(
    "path", ["x.txt", "x", '""', "missing/x.png", "~nobody-of-that-name/x.png", "a\0.png"]
)
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_shown(
    lab: Lab, line: str, path: str
):
    lab.session.use("looker")
    before = files(lab.folder)
    refused(lab, f":{line} --save {path}", MathreplError)
    assert files(lab.folder) == before


def test_in_json_the_note_of_a_saved_file_is_talk(lab: Lab, capsys):
    path = lab.folder / "a.svg"
    assert run(["step", "3 + 4", "--save", str(path), "-w", "tiny", "--json"]) == 0
    written = capsys.readouterr()
    assert len(written.out.splitlines()) == 1
    assert str(path) in written.err
    assert path.exists()


# Ctrl-C


def pressing(look: Callable[..., Found]) -> Callable[..., Found]:
    """The same, with Ctrl-C pressed while it works."""

    def pressed(*arguments: object) -> Found:
        os.kill(os.getpid(), signal.SIGINT)
        return look(*arguments)

    return pressed


def test_ctrl_c_ends_the_looking_after_the_figure_at_hand(lab: Lab):
    handler = signal.getsignal(signal.SIGINT)
    path = lab.folder / "a.svg"
    values = []
    for value in lab.iterate(f":peek 1 + 2; 3 + 4; 5 + 6 --save {path}"):
        values.append(value)
        if len(values) == 2:
            os.kill(os.getpid(), signal.SIGINT)
    first, second, note = values
    assert (first.data["question"], second.data["question"]) == ("1 + 2", "3 + 4")
    assert note == Note("interrupted")
    assert lab.context.interrupted
    assert not path.exists()
    assert signal.getsignal(signal.SIGINT) is handler
    assert figure(lab, ":peek 1 + 2").data == first.data


def test_ctrl_c_in_the_shell_is_exit_code_130(lab: Lab, capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "peek", pressing(states.peek))
    assert run(["peek", "1 + 2", "3 + 4", "-w", "tiny", "--json"]) == 130
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert record["question"] == "1 + 2"


def test_ctrl_c_during_one_long_look_ends_it(lab: Lab, capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "like", pressing(states.like))
    assert run(["like", "1 + 2", "-w", "tiny", "--json"]) == 130
    assert capsys.readouterr().out == ""


# curve, while a training runs


@pytest.fixture
def job(lab: Lab) -> FakeJob:
    """A training of `tiny` that runs, without any epoch yet."""
    plan = make_plan(lab.session, TrainSettings(3))
    return running(lab, plan)


def running(lab: Lab, plan: Plan) -> FakeJob:
    job = FakeJob(1, plan, follow=False)
    lab.session.jobs.append(job)  # type: ignore[arg-type]
    return job


def while_asleep(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], None]) -> None:
    """The event each time that the command waits; it may not wait longer."""
    left = list(steps)
    monkeypatch.setattr(
        surveying, "time", SimpleNamespace(sleep=lambda seconds: left.pop(0)() if seconds else None)
    )


def epochs(found: Figure) -> list[int]:
    (network,) = found.data["networks"]
    return [one["number"] for one in network["epochs"]]


def test_a_curve_is_drawn_anew_after_each_epoch(
    lab: Lab, job: FakeJob, monkeypatch: pytest.MonkeyPatch
):
    while_asleep(
        monkeypatch,
        lambda: None,
        lambda: job.epochs.append(epoch_done(1)),
        lambda: None,
        lambda: job.epochs.append(epoch_done(2)),
        lambda: job.end("finished", saved=True),
    )
    note, *live, last = lab.values(":curve")
    assert isinstance(note, Note)
    assert "Ctrl-C stops looking, not the training" in note.text
    assert [epochs(one) for one in live] == [[], [1], [1, 2]]
    assert all(one.live for one in live)
    assert not last.live
    assert last.record() == figure(lab, ":curve tiny").record()


def test_a_curve_while_training_goes_on_from_the_history_of_the_card(
    lab: Lab, job: FakeJob, monkeypatch: pytest.MonkeyPatch
):
    card = lab.store.find("tiny").card
    history = tuple(Epoch(number, 0.1, METRICS, METRICS) for number in (1, 2))
    lab.store.save_card(replace(card, history=history))
    job.epochs += [epoch_done(2), epoch_done(3)]  # the second is in the card already
    assert [one.number for one in card_of(lab.store, job, "tiny").history] == [1, 2, 3]
    while_asleep(monkeypatch, lambda: job.end("stopped"))
    _, live, _ = lab.values(":curve")
    assert epochs(live) == [1, 2, 3]


def test_ctrl_c_stops_looking_and_not_the_training(
    lab: Lab, job: FakeJob, monkeypatch: pytest.MonkeyPatch
):
    handler = signal.getsignal(signal.SIGINT)
    job.epochs.append(epoch_done(1))
    while_asleep(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGINT))
    _, live, last = lab.values(":curve")
    assert (live.live, last.live) == (True, False)
    assert epochs(last) == [1]
    assert job.running
    assert job.calls == []
    assert not lab.context.interrupted
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_curve_of_other_weights_does_not_wait_for_the_training(lab: Lab, job: FakeJob):
    found = figure(lab, ":curve looker")
    assert not found.live
    assert [one["weights"] for one in found.data["networks"]] == ["looker"]


def test_a_curve_of_several_is_live_where_one_is_in_training(
    lab: Lab, job: FakeJob, monkeypatch: pytest.MonkeyPatch
):
    while_asleep(monkeypatch, lambda: job.end("finished"))
    _, live, last = lab.values(":curve looker tiny")
    for found in (live, last):
        assert [one["weights"] for one in found.data["networks"]] == ["looker", "tiny"]


def test_a_training_from_nothing_has_a_curve_before_anything_is_saved(
    lab: Lab, job: FakeJob, monkeypatch: pytest.MonkeyPatch
):
    lab.session.jobs.clear()
    new = running(lab, replace(job.plan, name="new", source=None))
    new.epochs.append(epoch_done(1))
    while_asleep(monkeypatch, lambda: tiny_weights(lab.store, "new") and new.end("finished"))
    _, live, _ = lab.values(":curve")
    assert [one["weights"] for one in live.data["networks"]] == ["new"]
    assert epochs(live) == [1]


def test_a_curve_of_unknown_weights_is_refused(lab: Lab):
    refused(lab, ":curve nobody", WeightsError)


def test_a_picture_is_written_before_its_figure_is_shown(lab: Lab):
    path = lab.folder / "a.svg"
    for value in lab.iterate(f":map 0..2 --save {path}"):
        if isinstance(value, Figure):
            assert path.exists()
            return
    pytest.fail("no figure")
