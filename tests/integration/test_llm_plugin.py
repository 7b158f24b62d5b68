"""`llm` itself asks: in process, and as a program."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from mathrepl.store.store import Store
from tests.kit.weights import tiny_weights

llm = pytest.importorskip("llm", reason="llm is not installed; it is in the extra `hosts`")
if "mathrepl" not in {point.name for point in entry_points(group="llm")}:
    pytest.skip("mathrepl is not installed, so llm cannot find it", allow_module_level=True)

PROGRAM = Path(sysconfig.get_path("scripts")) / "llm"


@pytest.fixture(autouse=True)
def _home(home: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "llm"))
    monkeypatch.delenv("LLM_LOAD_PLUGINS", raising=False)


@pytest.fixture
def model() -> llm.Model:
    return llm.get_model("mathrepl")


def test_an_equation_is_answered(model):
    assert model.prompt("94 + 909").text() == "1003"


def test_a_wrong_answer_says_the_truth(model, tmp_path: Path):
    tiny_weights(Store(tmp_path / "data" / "weights"), "tiny")
    wrong = model.prompt("3 + 4", weights="tiny").text()
    assert "(wrong" in wrong
    assert wrong.endswith("; the truth is 7)")


def test_a_working_comes_line_by_line_and_the_answer_last(model):
    chunks = list(model.prompt("131 + 83 - 744*33", weights="work"))
    assert "".join(chunks).splitlines()[0] == "= 131+83-744*33"
    assert all(chunk.endswith("\n") for chunk in chunks[:-1])
    assert len(chunks) >= 5
    assert chunks[-1] == "-24338"


def test_several_equations_are_answered_a_line_each(model):
    text = model.prompt("1+2; x\n30 + 40;", weights="add").text()
    first, second, third = text.splitlines()
    assert (first, third) == ("1 + 2 = 3", "30 + 40 = 70")
    assert second.startswith("x: 'x' stands between two numbers only")


def test_digits_stand_over_the_truth(model):
    rows = model.prompt("94 + 909", weights="add", digits="1").text().splitlines()
    shown = {row.split()[1]: row for row in rows if row.startswith("│")}
    assert {"network", "truth", "match", "sure"} <= set(shown)
    assert shown["truth"].replace("│", "").split() == ["truth", "1", "0", "0", "3", "■"]


@pytest.mark.parametrize("text", ["hello", "94 +", "1 / 0", "", " ; ", "94", "\x1b[31m"])
def test_what_is_no_equation_is_an_error_of_the_model_in_one_line(model, text: str):
    with pytest.raises(llm.ModelError) as caught:
        model.prompt(text).text()
    assert str(caught.value).isprintable()
    assert caught.value.__cause__ is None


def test_unknown_weights_are_an_error_of_the_model(model):
    with pytest.raises(llm.ModelError, match="'nobody'"):
        model.prompt("1 + 2", weights="nobody").text()


def test_bad_settings_are_an_error_of_the_model(model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MATHREPL_QUIZ", "many")
    with pytest.raises(llm.ModelError, match="MATHREPL_QUIZ"):
        model.prompt("1 + 2").text()


def test_each_prompt_of_a_conversation_stands_alone(model):
    conversation = model.conversation()
    assert [conversation.prompt(text).text() for text in ("1 + 2", "3 + 4")] == ["3", "7"]


def start(*words: str, data: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        input=data,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **more},
    )


def test_the_program_lists_it_with_its_options():
    listed = start("models", "list", "--options", "-m", "mathrepl")
    assert "Mathrepl: mathrepl" in listed.stdout
    assert "Name of the weights to ask" in listed.stdout
    assert "digits: boolean" in listed.stdout


def test_the_program_answers():
    done = start("-m", "mathrepl", "94 + 909", "-o", "weights", "blog")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1003\n", "")


def test_the_program_fails_in_one_line():
    done = start("-m", "mathrepl", "hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: 'h' cannot stand in an equation")
    assert done.stderr.count("\n") == 1


def test_a_chat_goes_on_after_what_is_no_equation():
    done = start("chat", "-m", "mathrepl", data="94 + 909\nhello\n3 + 4\nexit\n")
    assert (done.returncode, done.stderr) == (0, "")
    answers = [line.removeprefix("> ") for line in done.stdout.splitlines() if line[:2] == "> "]
    assert (answers[0], answers[2]) == ("1003", "7")
    assert answers[1].startswith("error: 'h' cannot stand in an equation")


def test_importing_the_plugin_loads_nothing_heavy():
    code = (
        "import sys, llm\nbefore = set(sys.modules)\nimport mathrepl.hosts.llm_plugin\n"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['mathrepl', 'mathrepl.hosts', 'mathrepl.hosts.llm_plugin']\n"
