"""`%load_ext mathrepl` in a real IPython, and in notebooks that a kernel runs."""

from __future__ import annotations

import importlib.util
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("IPython")

from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import mathrepl.hosts.ipython
import mathrepl.session.session
from mathrepl.analysis.figure import Bar, Bars, Figure
from mathrepl.commands.spec import Arguments, Command, Context, Note, Table, Value
from mathrepl.commands.table import command_table
from mathrepl.commands.weights import CardPage
from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.render.renderer import DRAWINGS
from mathrepl.session.quiz import Score
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from mathrepl.support.plugins import note_problem
from mathrepl.training.events import Finished, Started, Stepped
from tests.kit.lab import METRICS, FakeJob, epoch_done, finished
from tests.kit.weights import tiny_weights

STARTED = Started("tiny", 10, 9, 1, 1, METRICS)
SECONDS = 120  # for a kernel to start, load TensorFlow and train, on a machine that is busy


@pytest.fixture
def _home(home: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    tiny_weights(Store(tmp_path / "data" / "weights"), "tiny")


@pytest.fixture
def shell(_home: None) -> Iterator[InteractiveShell]:
    """An IPython that has loaded the extension."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.Completer.use_jedi = False
    shell = InteractiveShell.instance(config=config)
    try:
        shell.run_line_magic("load_ext", "mathrepl")
        yield shell
        shell.run_line_magic("unload_ext", "mathrepl")
    finally:
        shell.restore_sys_module_state()
        InteractiveShell.clear_instance()


class Typed:
    """The value that a cell returned, and its output."""

    def __init__(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str):
        capsys.readouterr()
        done = shell.run_cell(cell, store_history=False)
        assert done.success, done.error_in_exec
        self.value: Any = done.result
        self.out, self.err = capsys.readouterr()


def completed(shell: InteractiveShell, text: str) -> list[str]:
    """The lines that Tab offers at the end of `text`."""
    last = len(text) - len(text.rsplit("\n", 1)[-1])
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    return [(text[: one.start] + one.text)[last:] for one in found]


# Results


def test_an_equation_gives_its_answer_drawn_once(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    typed = Typed(shell, capsys, "%math 94 + 909")
    assert isinstance(typed.value, Answer)
    assert typed.out.count("94 + 909 = 1003  right") == 1
    assert typed.err == ""


def test_an_answer_that_is_kept_is_a_value_and_shows_nothing(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    typed = Typed(shell, capsys, "a, b = 94, 909\nr = %math {a} + $b = ?")
    assert (typed.out, typed.err) == ("", "")
    r = shell.user_ns["r"]
    assert (r.network, r.truth, r.wrong_digits) == ("1003", "1003", 0)


@pytest.mark.parametrize(
    ("cell", "truths"),
    [
        ("%math 1+2; 30+40", ["3", "70"]),
        ("%%math\n1+2\n\n# talk\n30+40; 5+6\n", ["3", "70", "11"]),
        ("%%math 1+2\n842 % 37", ["3", "28"]),
    ],
)
def test_several_equations_give_their_answers(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, truths: list[str]
):
    typed = Typed(shell, capsys, cell)
    assert isinstance(typed.value, Answers)
    assert [item.truth for item in typed.value.items if isinstance(item, Answer)] == truths


def test_one_of_several_that_cannot_be_read_costs_only_itself(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    typed = Typed(shell, capsys, "%%math\n1+2\nhelp\n3+4")
    assert [type(item) for item in typed.value.items] == [Answer, Refused, Answer]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (":quiz 2", Score),
        (":card blog", CardPage),
        (":models", Table),
        (":use tiny", Note),
        (":weights output", Figure),
    ],
)
def test_the_result_of_a_command_is_its_last_value_shown_once(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, kind: type
):
    typed = Typed(shell, capsys, f"%math {line}")
    assert isinstance(typed.value, kind)
    formatted = shell.display_formatter.format(typed.value)[0]["text/plain"]
    assert typed.out.count(formatted) == 1


def test_rounds_are_shown_while_a_quiz_runs(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    typed = Typed(shell, capsys, "score = %math :quiz 2")
    assert [line[:3] for line in typed.out.splitlines()] == ["1/2", "2/2"]


def test_a_person_is_told_what_to_do_before_being_asked(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []

    def reply(prompt: str) -> str:
        told.append(capsys.readouterr().out)
        return "q"

    monkeypatch.setattr("builtins.input", reply)
    Typed(shell, capsys, "score = %math :quiz 2 --me")
    assert "you against the network" in told[0]


def test_a_cell_runs_its_lines_in_order(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    typed = Typed(shell, capsys, "%%math :use tiny\n3 + 4\n:use blog\n94 + 909\n5 + 6")
    assert [item.weights for item in typed.value.items] == ["blog", "blog"]
    order = ["now using tiny", "3 + 4 =", "now using blog", "94 + 909 ="]
    places = [typed.out.index(text) for text in order]
    assert places == sorted(places)
    assert all(typed.out.count(text) == 1 for text in order)


def test_a_saved_picture_is_still_the_result(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    pytest.importorskip("matplotlib")
    typed = Typed(shell, capsys, f"figure = %math :weights output --save {tmp_path}/w.svg")
    assert isinstance(shell.user_ns["figure"], Figure)
    assert "saved as" in typed.out


@dataclass(frozen=True)
class Foreign:
    """A value of another package, that nothing here knows how to draw."""

    count: int

    def record(self) -> dict[str, Any]:
        return {"counted": self.count}


def test_values_of_other_packages_are_drawn_key_by_key(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def count(context: Context, arguments: Arguments) -> Iterator[Value]:
        yield Foreign(1)
        yield Foreign(2)

    table = {**command_table(), "count": Command("count", "count", count)}
    monkeypatch.setattr(mathrepl.hosts.ipython, "command_table", lambda: table)
    typed = Typed(shell, capsys, "%math :count")
    assert typed.value == Foreign(2)
    assert (typed.out.count("counted 1"), typed.out.count("counted 2")) == (1, 1)


def test_a_package_that_cannot_be_used_is_told_once(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    note_problem(MathreplError("the command 'x' of y is left out"))
    assert Typed(shell, capsys, "%math 1 + 2").err == "error: the command 'x' of y is left out\n"
    assert Typed(shell, capsys, "%math 1 + 2").err == ""


# Errors


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%math 1 + x", "'x'"),
        ("%math 1 / 0", "zero"),
        ("%math", "94 + 909"),
        ("%%math\n# talk", "94 + 909"),
        ("%math help", ":help"),
        ("%math :trane 5", ":trane"),
        ("%math :use nothing", "'nothing'"),
        ("%math :quiz 0", "1 to"),
    ],
)
def test_an_error_is_one_clear_line_and_gives_none(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, message: str
):
    typed = Typed(shell, capsys, cell)
    assert typed.value is None
    assert message in typed.err
    assert typed.err.count("error: ") == 1
    assert "Traceback" not in typed.err + typed.out


def test_a_bad_settings_file_is_one_line_and_can_be_mended(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    file = tmp_path / "config" / "settings.toml"
    file.parent.mkdir()
    file.write_text("quiz = 'many'")
    typed = Typed(shell, capsys, "%math 1 + 2")
    assert typed.value is None
    assert typed.err.startswith("error: quiz in ")
    assert completed(shell, "%math :tra") == []
    file.unlink()
    assert Typed(shell, capsys, "%math 1 + 2").value.truth == "3"


def test_leaving_says_what_takes_the_magic_away(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    typed = Typed(shell, capsys, "%%math\n:quit\n1 + 2")
    assert typed.value == Note("%unload_ext mathrepl takes %math away")


# Training


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[FakeJob]:
    """The trainings started; they emit `FakeJob.script`, and none of them runs a process."""
    jobs: list[FakeJob] = []

    def launch(*arguments: Any, **more: Any) -> FakeJob:
        jobs.append(FakeJob(*arguments, **more))
        return jobs[-1]

    script = [STARTED, Stepped(1, 0.5, 0.1), epoch_done(), finished("finished")]
    monkeypatch.setattr(FakeJob, "script", script)
    monkeypatch.setattr(mathrepl.session.session, "Job", launch)
    return jobs


def test_a_training_shows_an_epoch_a_line_and_gives_what_it_came_to(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], launched: list[FakeJob]
):
    typed = Typed(shell, capsys, "done = %math :train 1 --fresh --name mine")
    assert typed.out.splitlines() == ["epoch 1/1  loss 0.5000  held-out exact 25.00%  best so far"]
    assert shell.user_ns["done"] == finished("finished", name="mine")


def test_ctrl_c_in_a_training_keeps_the_best(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    launched: list[FakeJob],
    monkeypatch: pytest.MonkeyPatch,
):
    def press() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

    script = [STARTED, epoch_done(), press, finished("stopped")]
    monkeypatch.setattr(FakeJob, "script", script)
    typed = Typed(shell, capsys, "%%math\n:use tiny\n:train 5\n1 + 2")
    assert isinstance(typed.value, Finished)  # and the lines after it are left out
    assert typed.value.outcome == "stopped"
    assert launched[0].calls[0] == "stop"


def test_a_background_training_that_ended_is_told_once(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], launched: list[FakeJob]
):
    Typed(shell, capsys, "%math :use tiny")
    assert "job 1 trains" in Typed(shell, capsys, "%math :train 5 --background").out
    assert "none better" not in Typed(shell, capsys, "%math 1 + 2").out
    launched[0].end("finished")
    assert Typed(shell, capsys, "%math 1 + 2").out.count("none better than before") == 1
    assert "none better" not in Typed(shell, capsys, "%math 1 + 2").out


def test_unloading_stops_what_still_trains(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], launched: list[FakeJob]
):
    Typed(shell, capsys, "%math :train 5 --fresh --name mine --background")
    mathrepl.hosts.ipython.unload(shell)
    assert launched[0].calls == ["stop", "wait"]


# Completion


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%math :tr", ["%math :train"]),
        ("%math :train 5 --task-s", ["%math :train 5 --task-seed"]),
        ("r = %math :use bl", ["r = %math :use blog"]),
        ("%%math\n1 + 2\n:certi", [":certify"]),
        ("%%math :certi", ["%%math :certify"]),
        ("x = 3\n%math :certi", ["%math :certify"]),
    ],
)
def test_what_tab_completes(shell: InteractiveShell, text: str, offered: list[str]):
    assert completed(shell, text) == offered


def test_tab_after_a_space_offers_the_values_alone(shell: InteractiveShell):
    offered = completed(shell, "%math :set theme ")
    assert offered == [f"%math :set theme {value}" for value in ("auto", "dark", "light")]


@pytest.mark.parametrize("text", ["x[:tr", "print(':certi", "'%math :certi", "%mathe :certi"])
def test_tab_is_left_alone_elsewhere(shell: InteractiveShell, text: str):
    assert not any("train" in one or "certify" in one for one in completed(shell, text))


# Looks


def test_html_and_text_of_an_answer(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]):
    answer = Typed(shell, capsys, "%math 94 + 909").value
    data, _ = shell.display_formatter.format(answer)
    assert set(data) == {"text/plain", "text/html"}
    assert data["text/html"].startswith("<pre style=")
    assert "1003" not in data["text/html"]  # a digit a cell
    assert "was 99% sure" in data["text/html"]


def test_a_figure_is_a_picture_where_matplotlib_is_and_html_elsewhere(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("matplotlib")
    figure = Figure("a title", (Bars("bars", (Bar("<one>", 1.0),)),))
    data, _ = shell.display_formatter.format(figure)
    assert set(data) == {"text/plain", "image/png"}
    find = importlib.util.find_spec
    monkeypatch.setattr(
        mathrepl.hosts.ipython,
        "find_spec",
        lambda name: None if name == "matplotlib" else find(name),
    )
    data, _ = shell.display_formatter.format(figure)
    assert set(data) == {"text/plain", "text/html"}
    assert "&lt;one&gt;" in data["text/html"]


def test_in_a_list_a_value_is_in_pythons_own_form(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
):
    note = Note("<talk>")
    data, _ = shell.display_formatter.format([note])
    assert data == {"text/plain": "[Note(text='<talk>', style='plain')]"}


def test_a_terminal_gets_colours(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    good = Note("saved", "good")
    assert shell.display_formatter.format(good)[0]["text/plain"] == "saved"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert shell.display_formatter.format(good)[0]["text/plain"] == "\x1b[32msaved\x1b[0m"


# Loading and unloading


@pytest.mark.usefixtures("_home")
def test_unloading_leaves_the_shell_as_it_was():
    shell = InteractiveShell.instance()
    try:

        def everything() -> tuple[Any, ...]:
            formatters = shell.display_formatter.formatters
            return (
                {kind: set(names) for kind, names in shell.magics_manager.magics.items()},
                list(shell.Completer.custom_matchers),
                {mime: dict(one.type_printers) for mime, one in formatters.items()},
            )

        before = everything()
        shell.run_line_magic("load_ext", "mathrepl")
        assert "math" in shell.magics_manager.magics["cell"]
        assert set(DRAWINGS) <= set(shell.display_formatter.formatters["text/html"].type_printers)
        shell.run_line_magic("reload_ext", "mathrepl")
        assert len(shell.Completer.custom_matchers) == 1
        shell.run_line_magic("unload_ext", "mathrepl")
        assert everything() == before
        mathrepl.hosts.ipython.unload(shell)  # of what is not there does nothing
        assert everything() == before
    finally:
        shell.restore_sys_module_state()
        InteractiveShell.clear_instance()


# A notebook


@pytest.fixture
def _kernel(_home: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of a notebook; Jupyter keeps to the folder of the test."""
    for name in ("nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(name)
    for what in ("RUNTIME", "DATA", "CONFIG"):
        monkeypatch.setenv(f"JUPYTER_{what}_DIR", str(tmp_path / "jupyter"))


CELLS = {
    "load": "%load_ext mathrepl",
    "answer": "%math 94 + 909",
    "value": "r = %math 94 + 909\nr.network, r.truth, r.wrong_digits",
    "error": "%math 1 + x",
    "cell": "%%math :use tiny\n1 + 2\n:quiz 1",
    "train": "%math :train 1 --fresh --name mine --range 0..9 --hidden 4 --examples 100",
    "figure": "%math :curve",
    "person": "%math :quiz 2 --me",
    "python": "import mathrepl\nmathrepl.Session('blog').ask('94 + 909')",
    "unload": "%unload_ext mathrepl",
    "after": "r",
}


@pytest.mark.usefixtures("_kernel")
def test_a_notebook_from_load_to_unload():
    import nbclient
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=SECONDS, kernel_name="python3").execute()
    outputs = dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))

    assert outputs["load"] == outputs["unload"] == []
    (answer,) = outputs["answer"]
    assert answer.output_type == "execute_result"
    assert answer.data["text/plain"] == "94 + 909 = 1003  right  (work)"
    assert answer.data["text/html"].startswith("<pre style=")
    assert "work was 99% sure of the whole" in answer.data["text/html"]
    assert outputs["value"][0].data["text/plain"] == "('1003', '1003', 0)"
    (error,) = outputs["error"]
    assert (error.output_type, error.name) == ("stream", "stderr")
    assert error.text.splitlines()[-1].startswith("error: 'x' stands between two numbers only")
    kinds = [one.output_type for one in outputs["cell"]]
    assert kinds == ["display_data", "display_data", "stream", "execute_result"]
    assert "now using tiny" in outputs["cell"][0].data["text/html"]
    progress, done = outputs["train"][0], outputs["train"][-1]
    assert progress.text.startswith("epoch 1/1  loss ")
    assert "\x1b" not in progress.text
    assert done.data["text/plain"].startswith("trained mine after 1 epoch: best epoch 1 kept")
    (figure,) = outputs["figure"]
    wanted = "image/png" if importlib.util.find_spec("matplotlib") else "text/html"
    assert wanted in figure.data
    assert "error: " in outputs["person"][-1].text
    assert "blog was" in outputs["python"][0].data["text/html"]
    assert outputs["after"][0].data["text/plain"].startswith("Answer(equation='94 + 909'")
    assert "text/html" not in outputs["after"][0].data


@pytest.mark.usefixtures("_kernel")
def test_interrupting_the_kernel_keeps_the_best():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.execute("%load_ext mathrepl")
        client.execute(
            "%math :train 100000 --fresh --name mine --range 0..9 --hidden 4 --examples 100"
        )
        result = ""
        interrupted = False
        while not result:
            message = client.get_iopub_msg(timeout=SECONDS)
            content = message["content"]
            assert message["msg_type"] != "error", content
            if "best so far" in content.get("text", "") and not interrupted:
                interrupted = True
                manager.interrupt_kernel()
            if message["msg_type"] == "execute_result":
                result = content["data"]["text/plain"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert result.startswith("stopped mine after ")
    assert "kept" in result
