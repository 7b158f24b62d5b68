from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mathrepl import __version__
from mathrepl.arithmetic.task import Task
from mathrepl.commands.spec import Command
from mathrepl.commands.table import command_table
from mathrepl.hosts.cli import run
from mathrepl.session.router import AUTOMATIC, FALLBACK
from mathrepl.session.session import Session
from mathrepl.store.store import Store, bundled_directory
from mathrepl.training.plan import Plan
from tests.kit.lab import files
from tests.kit.weights import tiny_weights

SHELL = [command for command in command_table().values() if "shell" in command.hosts]
PROGRAM = [sys.executable, "-m", "mathrepl"]
TIMEOUT = 60
BUNDLED = Store(Path("/nonexistent")).names()
# What `auto` answers an easy sum with: the first of its choice that is bundled.
USUAL = next((name for name in AUTOMATIC if name in BUNDLED), FALLBACK)


@pytest.fixture(autouse=True)
def _home(home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The user's weights, with an untrained `tiny` of the numbers 0..9."""
    store = Store(tmp_path / "data" / "weights")
    tiny_weights(store, "tiny")
    return store


def call(capsys, *words: str) -> tuple[int, str, str]:
    code = run(words)
    written = capsys.readouterr()
    return code, written.out, written.err


def records(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(one, dict) for one in found)
    return found


def flat(text: str) -> str:
    return " ".join(text.split())


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def start(*words: str, data: bytes = b"", **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run `mathrepl WORDS` as a process of its own."""
    return subprocess.run(
        [*PROGRAM, *words], input=data, capture_output=True, timeout=TIMEOUT, check=False, **more
    )


# Help and version


@pytest.mark.parametrize("command", SHELL, ids=lambda command: command.name)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_describes_the_command_and_every_parameter(capsys, command: Command, option: str):
    code, out, err = call(capsys, command.name, option)
    assert (code, err) == (0, "")
    text = flat(out).lower()
    assert command.summary.lower() in text
    assert f"mathrepl {command.name}" in text
    for parameter in command.parameters_for("shell"):
        assert flat(parameter.help).lower() in text
        if parameter.is_option:
            assert parameter.name in text
    for parameter in set(command.parameters) - set(command.parameters_for("shell")):
        assert parameter.name not in text


@pytest.mark.parametrize("words", [["--help"], ["-h"]])
def test_help_lists_the_commands_of_the_shell(capsys, words: list[str]):
    code, out, err = call(capsys, *words)
    assert (code, err) == (0, "")
    listed = {line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line}
    assert {command.name for command in SHELL} <= listed
    assert not listed & {"history", "quit", "use", "set", "stop"}


def test_the_version_is_that_of_the_package(capsys):
    assert call(capsys, "--version") == (0, f"mathrepl {__version__}\n", "")


# Exit codes and complaints


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("ask '3 + 4'", 0),
        ("ask 3 + 4", 0),
        ("ask '3 + 4' '5+6'", 0),
        ("ask '3 + 4; 5 + 6'", 0),
        ("quiz 2 --seed 1", 0),
        ("models", 0),
        ("card", 0),
        ("card blog", 0),
        ("certify", 0),
        ("ask '3 + 4' -w nobody", 1),
        ("ask '3 + 4' -w ../tiny", 1),
        ("card nobody", 1),
        ("undo", 1),
        ("save tiny", 1),
        ("save ../x", 1),
        ("compare tiny nobody 1+2", 1),
        ("ask '3 +'", 2),
        ("ask '1 / 0'", 2),
        ("ask '3 * 4'", 2),
        ("ask", 2),
        ("ask ''", 2),
        ("ask '3 + 4; x'", 2),
        ("compare tiny tiny 1+2", 2),
        ("quiz 0", 2),
        ("quiz x", 2),
        ("quiz --range 9..0", 2),
        ("quiz 2 3", 2),
        ("quiz --you", 2),
        ("train", 2),
        ("train 0", 2),
        ("train -3", 2),
        ("train x", 2),
        ("train 5 --hidden 9", 2),
        ("train 5 --fressh", 2),
        ("train 5 --hidden", 2),
        ("train 5 --background", 2),
        ("models --engine torch", 2),
        ("trian 5", 2),
        ("mod", 2),
        ("history", 2),
        ("use tiny", 2),
        ("'3 + 4'", 2),
        ("''", 2),
        ("--nonsense", 2),
        ("-5+3", 2),
    ],
)
def test_the_exit_code_and_one_line_where_it_is_not_0(
    capsys, monkeypatch: pytest.MonkeyPatch, store: Store, words: str, code: int
):
    monkeypatch.setenv("MATHREPL_WEIGHTS", "tiny")
    monkeypatch.setattr(Session, "train", lambda *_, **__: pytest.fail("a training was started"))
    done, out, err = call(capsys, *shlex.split(words))
    assert done == code
    if code:
        assert [line.lower().startswith("error") for line in err.splitlines()].count(True) == 1
    else:
        assert out
        assert err == ""


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("trian 5", "did you mean train?"),
        ("modles", "did you mean models?"),
        ("zzz", "mathrepl --help"),
        ("'3 + 4'", 'mathrepl ask "3 + 4"'),
        ("5 + 3", 'mathrepl ask "5 + 3"'),
        ("5 - -3 --json -w tiny", 'mathrepl ask "5 - -3"'),
        ("5 a.txt b.txt 3", 'mathrepl ask "5"'),
        ("train 5 --fressh", "did you mean --fresh?"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(capsys, words: str, hint: str):
    assert hint in call(capsys, *shlex.split(words))[2]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("use tiny", "use is a command of a session; in a shell add --weights NAME"),
        ("help", "help is a command of a session; see mathrepl --help"),
        ("history 3", "history is a command of a session; start one with mathrepl"),
        ("exit", "exit is a command of a session; start one with mathrepl"),
    ],
)
def test_a_command_of_the_session_alone_says_so(capsys, words: str, line: str):
    assert call(capsys, *words.split()) == (2, "", f"error: {line}\n")


@pytest.mark.parametrize("words", ["train", "train 5 6", "train 5 --zzz", "save", "compare a"])
def test_complaints_in_the_shell_do_not_speak_of_session_commands(capsys, words: str):
    _, _, err = call(capsys, *shlex.split(words))
    assert f":{words.split()[0]}" not in err
    assert ":help" not in err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MATHREPL_ENGINE", "torch"),
        ("MATHREPL_QUIZ", "many"),
        ("MATHREPL_THEME", "blue"),
        ("MATHREPL_NONSENSE", "1"),
    ],
)
@pytest.mark.parametrize("words", [[], ["models"], ["--json"]])
def test_a_bad_variable_is_named(
    capsys, monkeypatch: pytest.MonkeyPatch, words: list[str], variable: str, value: str
):
    monkeypatch.setenv(variable, value)
    code, out, err = call(capsys, *words)
    assert (code, out) == (2, "")
    assert variable in err


def test_a_bad_settings_file_is_named(capsys, tmp_path: Path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text("quiz = \n")
    code, out, err = call(capsys, "models")
    assert (code, out) == (2, "")
    assert "settings.toml" in flat(err)


def test_settings_and_options_choose_the_weights(
    capsys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store: Store
):
    def current(*words: str) -> str:
        _, out, _ = call(capsys, "ask", "3 + 4", "--json", *words)
        return records(out)[0]["weights"]

    assert current() == USUAL
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text('weights = "tiny"\n')
    assert current() == "tiny"
    monkeypatch.setenv("MATHREPL_WEIGHTS", "blog")
    assert current() == "blog"
    assert current("-w", "tiny") == current("--weights=tiny") == "tiny"


def test_options_before_the_command_count_too(capsys, store: Store):
    code, out, _ = call(capsys, "--weights", "tiny", "--json", "ask", "3 + 4")
    assert code == 0
    (record,) = records(out)
    assert record["weights"] == "tiny"


def test_options_after_the_command_come_before_those_in_front(capsys, store: Store):
    _, out, _ = call(capsys, "-w", "nobody", "--json", "ask", "3 + 4", "-w", "tiny")
    assert records(out)[0]["weights"] == "tiny"


def test_bad_options_before_the_command_are_refused(capsys):
    assert call(capsys, "--weights", "nobody", "ask", "3 + 4")[0] == 1
    assert call(capsys, "--engine", "torch", "ask", "3 + 4")[0] == 2


# Commands in process


def test_the_answer_of_the_readme(capsys):
    code, out, err = call(capsys, "ask", "94 + 909", "--json")
    (record,) = records(out)
    assert (code, err) == (0, "")
    assert (record["equation"], record["truth"], record["weights"]) == ("94 + 909", "1003", USUAL)
    assert record["right"] is (record["network"] == "1003")
    assert len(record["probabilities"]) == len(record["network"])
    assert all(0 < probability <= 1 for probability in record["probabilities"])


@pytest.mark.parametrize(
    "words", [["94+909"], ["  94 +909 = "], ["94 + 909 = ?"], ["94", "+", "909"]]
)
def test_one_question_in_many_spellings_has_one_answer(capsys, words: list[str]):
    _, expected, _ = call(capsys, "ask", "94 + 909", "--json")
    assert call(capsys, "ask", *words, "--json") == (0, expected, "")


def test_a_wrong_answer_says_the_truth(capsys, store: Store):
    code, out, err = call(capsys, "ask", "3 + 4", "-w", "tiny")
    assert (code, err) == (0, "")
    assert out.startswith("3 + 4 = ")
    assert "truth 7" in out
    assert out.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [["-5 + 3"], ["-5", "+", "3"], ["--", "-5 + 3"], ["-5+3"], ["- 5 + 3"]],
)
def test_an_equation_may_start_with_a_minus(capsys, store: Store, words: list[str]):
    tiny_weights(store, "minus", Task(low=-9, high=9, operations="+-"))
    code, out, _ = call(capsys, "ask", "-w", "minus", "--json", *words)
    assert code == 0
    assert records(out)[0]["equation"] == "-5 + 3"


def test_each_of_several_is_a_line_refused_ones_too(capsys):
    code, out, _ = call(capsys, "ask", "3 + 4", "1 / 0; 5+6", "x", "--json")
    assert code == 2
    found = records(out)
    assert [one["equation"] for one in found] == ["3 + 4", "1 / 0", "5 + 6", "x"]
    assert [set(one) == {"equation", "error"} for one in found] == [False, True, False, True]


@pytest.mark.parametrize(
    ("words", "equation"),
    [(["1 / 0"], "1 / 0"), (["3 +"], "3 +"), (["1", "/", "0"], "1 / 0"), (["1/0;"], "1/0")],
)
def test_an_error_in_json_names_the_equation(capsys, words: list[str], equation: str):
    code, out, _ = call(capsys, "ask", *words, "--json")
    assert code == 2
    (record,) = records(out)
    assert record["error"]
    assert record["equation"].rstrip(";") == equation


def test_an_error_points_at_the_culprit(capsys):
    code, out, err = call(capsys, "ask", "12 + x")
    assert (code, out) == (2, "")
    line, caret, message = err.splitlines()
    assert line[caret.index("^")] == "x"
    assert message.startswith("error: ")


def test_a_quiz_with_a_seed_is_the_same_again(capsys):
    def asked() -> list[str]:
        code, out, _ = call(capsys, "quiz", "5", "--seed", "8", "--json")
        assert code == 0
        *rounds, score = records(out)
        assert score["asked"] == 5
        return [one["equation"] for one in rounds]

    assert asked() == asked()


def test_a_quiz_takes_replies_from_stdin(capsys, monkeypatch: pytest.MonkeyPatch, store: Store):
    feed(monkeypatch, b"1\n2\n")
    code, out, err = call(capsys, "quiz", "5", "--me", "-w", "tiny", "--json")
    *rounds, score = records(out)
    assert code == 0
    assert [one["person"] for one in rounds] == ["1", "2"]
    assert score["early"] is True
    assert rounds[0]["equation"] in err


def test_models_card_save_certify_and_compare_work_together(capsys, store: Store):
    shipped = files(bundled_directory())
    assert call(capsys, "save", "mine", "-w", "tiny")[0] == 0
    code, out, _ = call(capsys, "certify", "mine", "--json")
    (certified,) = records(out)
    assert (code, certified["spaces"][0]["total"], certified["written"]) == (0, 100, True)
    _, out, _ = call(capsys, "card", "mine", "--json")
    assert records(out)[0]["certificates"][0]["total"] == 100
    _, out, _ = call(capsys, "models", "--json")
    listed = {one["weights"]: one for one in records(out)}
    assert listed["mine"]["certified_total"] == 100
    assert listed["tiny"]["certified_total"] is None
    assert listed["blog"]["origin"] == "bundled"
    _, out, _ = call(capsys, "compare", "mine", "tiny", "3 + 4", "--json")
    mine, tiny = records(out)
    assert (mine["network"], mine["weights"]) == (tiny["network"], "mine")
    assert files(bundled_directory()) == shipped


def test_a_damaged_card_costs_one_row_of_the_list(capsys, store: Store):
    (store.user / "bad.json").write_text("{")
    code, out, _ = call(capsys, "models", "--json")
    assert code == 0
    listed = {one["weights"]: one for one in records(out)}
    assert set(listed) == {"bad", "tiny", *BUNDLED}
    assert "bad.json" in listed["bad"]["error"]
    code, out, _ = call(capsys, "models")
    assert code == 0
    assert "unreadable" in out


def test_a_plan_from_the_shell_is_reproduced_by_its_command(
    capsys, monkeypatch: pytest.MonkeyPatch, store: Store
):
    plans: list[Plan] = []

    def keep(self: Session, plan: Plan, *, follow: bool) -> None:
        plans.append(plan)
        raise OSError("not here")

    monkeypatch.setattr(Session, "train", keep)
    for words in (
        "train 5 --fresh --name t --range -9..9 --ops +- --hidden 3 --batch-norm --lr 0.5",
        "train 7 -w tiny --name t --seed 3 --examples 50",
        "train 7 --weights=blog --range=0..99 --name small",
    ):
        assert run(shlex.split(words)) == 1
        assert run(shlex.split(plans[-1].command)[1:]) == 1
        first, second = plans[-2:]
        assert first == second
    assert [plan.source for plan in plans[::2]] == [None, "tiny", "blog"]


@pytest.mark.parametrize(
    ("typed", "wanted"), [("mathrepl mo", ["models"]), ("mathrepl card bl", ["blog"])]
)
def test_the_shell_completes_commands_and_weights(typed: str, wanted: list[str]):
    place = str(len(typed.split()) - 1)
    asks = {"_MATHREPL_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": place}
    done = start(env={**os.environ, **asks})
    assert (done.stdout.decode().split(), done.stderr) == (wanted, b"")


def test_plain_answers_of_two_networks_say_whose_they_are(capsys, store: Store):
    code, out, _ = call(capsys, "compare", "tiny", "blog", "3 + 4")
    assert (code, [line.split("  ")[-1] for line in out.splitlines()]) == (0, ["(tiny)", "(blog)"])
    assert call(capsys, "ask", "3 + 4")[1].endswith(f"  ({USUAL})\n")
    assert "(blog)" not in call(capsys, "ask", "3 + 4", "-w", "blog")[1]


# The stream in process


def test_without_a_command_stdin_is_answered(capsys, monkeypatch: pytest.MonkeyPatch):
    feed(monkeypatch, b"# sums\n94+909\n\n3 +\n:models\n")
    code, out, err = call(capsys)
    assert code == 2
    assert out.splitlines()[0].startswith("94 + 909 = ")
    assert "blog" in out
    assert err.count("error:") == 1


@pytest.mark.parametrize("words", [["--json"], ["--json", "-w", "tiny"]])
def test_the_stream_in_json(
    capsys, monkeypatch: pytest.MonkeyPatch, store: Store, words: list[str]
):
    feed(monkeypatch, b"3 + 4\n1/0\n5 + 6; x\n:q\n7 + 8\n")
    code, out, _ = call(capsys, *words)
    found = records(out)
    assert code == 2
    assert [one["equation"] for one in found] == ["3 + 4", "1/0", "5 + 6", "x"]
    assert [("error" in one) for one in found] == [False, True, False, True]
    assert found[0]["weights"] == ("tiny" if "tiny" in words else USUAL)


def test_the_stream_switches_weights(capsys, monkeypatch: pytest.MonkeyPatch, store: Store):
    feed(monkeypatch, b"3 + 4\n:use nobody\n3 + 4\n:use tiny\n3 + 4\n")
    code, out, _ = call(capsys, "--json")
    used = [one.get("weights", "error") for one in records(out)]
    assert (code, used) == (1, [USUAL, "error", USUAL, "tiny"])


def test_fields_trim_the_answers_of_a_session(
    capsys, monkeypatch: pytest.MonkeyPatch, store: Store
):
    feed(monkeypatch, b"3 + 4\n5 + 6\n3 +\n:models\n7+8; 1+1\n")
    code, out, _ = call(capsys, "--json", "--fields", "equation,truth")
    found = records(out)
    assert code == 2
    assert found[:2] == [{"equation": "3 + 4", "truth": "7"}, {"equation": "5 + 6", "truth": "11"}]
    assert list(found[2]) == ["equation", "error"]
    assert {"weights", "parameters"} <= set(found[3])
    assert [one["truth"] for one in found[-2:]] == ["15", "2"]


@pytest.mark.parametrize(
    "words",
    [
        ["ask", "3 + 4", "--json", "--fields", "truth"],
        ["--json", "--fields=truth", "ask", "3 + 4"],
        ["ask", "--json", "--fields=truth", "3", "+", "4"],
        ["--fields=equation", "ask", "3 + 4", "--json", "--fields=truth"],
    ],
)
def test_fields_trim_the_answers_of_ask(capsys, store: Store, words: list[str]):
    code, out, err = call(capsys, *words)
    assert (code, out, err) == (0, '{"truth": "7"}\n', "")


def test_fields_trim_the_answers_of_compare(capsys, store: Store):
    words = ("compare", "tiny", "blog", "3 + 4", "--json", "--fields", "weights,truth")
    code, out, _ = call(capsys, *words)
    expected = [{"weights": "tiny", "truth": "7"}, {"weights": "blog", "truth": "7"}]
    assert (code, records(out)) == (0, expected)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--fields", "equation"], "--fields goes with --json; add --json"),
        (["ask", "3 + 4", "--fields", "equation"], "--fields goes with --json; add --json"),
        (["--json", "--fields", "x"], "'x'"),
        (["ask", "1+1", "--json", "--fields", "x"], "'x'"),
        (["ask", "1+1", "--json", "--fields="], "--fields"),
        (
            ["--json", "--fields", "equation", "models"],
            "--fields",
        ),
        (["models", "--json", "--fields", "weights"], "--fields"),
    ],
)
def test_fields_that_cannot_be_are_one_line(
    capsys, monkeypatch: pytest.MonkeyPatch, words: list[str], line: str
):
    feed(monkeypatch, b"3 + 4\n")
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = call(capsys, *words)
    assert (code, out) == (2, "")
    assert line in flat(err).replace(": add --json", "; add --json")
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_an_empty_stream_is_fine(capsys, monkeypatch: pytest.MonkeyPatch, words: list[str]):
    feed(monkeypatch, b"")
    assert call(capsys, *words) == (0, "", "")


# Processes


def test_a_stream_of_all_sorts():
    lines = [
        b"94 + 909",
        b"\xff\xfe1 + 2",
        b"1" * 1_000_000,
        b"",
        b"# a comment",
        b":set quiz 3",
        b"94+909 = ?",
        b":nonsense",
        b"1;2",
        b"3 + 4\r",
    ]
    done = start("--json", data=b"\n".join(lines))
    found = records(done.stdout.decode("ascii"))
    assert done.returncode == 2
    good = [one["equation"] for one in found if "error" not in one]
    assert (good[:2], good[-1]) == (["94 + 909", "94 + 909"], "3 + 4")
    assert "UTF-8" in found[1]["error"]
    assert "characters" in found[2]["error"]
    assert "Traceback" not in done.stderr.decode()
    assert "quiz is 3" in done.stderr.decode()


def pipe(command: str, data: Path | None = None) -> tuple[list[int], str, str]:
    """Run a pipe in a real shell: exit codes of its parts, stdout, stderr."""
    program = shlex.join(PROGRAM)
    script = command.replace("mathrepl", program, 1) + '; echo "${PIPESTATUS[@]}"'
    with (data or Path(os.devnull)).open("rb") as stdin:
        done = subprocess.run(
            ["bash", "-c", script],
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
    *out, codes = done.stdout.splitlines()
    return [int(code) for code in codes.split()], "\n".join(out), done.stderr


PIPES = [
    "mathrepl | head -1",
    "mathrepl --json | head -1",
    "mathrepl quiz 3000 --json | head -1",
]


@pytest.fixture(scope="module")
def piped(tmp_path_factory) -> dict[str, tuple[list[int], str, str]]:
    """The outcome of each of PIPES, run on 2,000 equations."""
    data = tmp_path_factory.mktemp("pipes") / "equations"
    data.write_text("".join(f"{n % 1000} + {n % 7}\n" for n in range(2000)))
    return {command: pipe(command, data) for command in PIPES}


@pytest.mark.parametrize("command", PIPES)
def test_a_reader_that_leaves_ends_it_silently(piped, command: str):
    codes, out, err = piped[command]
    assert err == ""
    assert len(out.splitlines()) == 1
    assert codes[0] != 0
    assert codes[1] == 0


@pytest.mark.parametrize("command", PIPES)
def test_the_exit_code_where_nobody_reads_on(piped, command: str):
    codes, _, _ = piped[command]
    assert codes[0] == 141


def test_eight_at_once_answer_as_one_alone(tmp_path: Path):
    words = ["ask", "94 + 909; 3 + 4; 1 / 0", "--json"]
    alone = start(*words)
    running = [
        subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(8)
    ]
    for process in running:
        out, err = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, out, err) == (2, alone.stdout, b"")
    assert [one["truth"] for one in records(alone.stdout.decode())[:2]] == ["1003", "7"]


@pytest.mark.parametrize(
    ("redirect", "code"), [("<&-", 0), ("2>&-", 0), (">&-", None), ("< /dev/null", 0)]
)
def test_closed_streams_are_no_crash(redirect: str, code: int | None):
    words = "" if redirect.startswith("<") else "ask 3+4"
    done = subprocess.run(
        ["bash", "-c", f"{shlex.join(PROGRAM)} {words} {redirect}"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert "Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["--json"], ["ask", "3 + 4", "--json"]])
def test_a_full_disk_is_one_line(words: list[str]):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *words],
            input=b"3 + 4\n5 + 6\n",
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_ctrl_c_while_it_waits_for_a_line_is_130_and_silent(words: list[str]):
    with subprocess.Popen(
        [*PROGRAM, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"3 + 4\n")
        process.stdin.flush()
        assert b"3 + 4" in process.stdout.readline()
        time.sleep(0.5)  # from the answer it has to get back to waiting
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (130, b"")


INTERRUPTED_IMPORT = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "mathrepl.hosts.cli":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:  # as Python itself does here and there while it imports
                raise SyntaxError from None

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder())
from mathrepl.__main__ import main
main()
"""


def test_ctrl_c_while_the_program_is_imported_is_130_and_silent():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT],
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_words_and_output_that_are_not_utf8_are_no_crash():
    words: Sequence[str | bytes] = [*PROGRAM, "ask", b"\xff1 + 2", b"3 \xc3\x97 4", "5 + 6"]
    done = subprocess.run(
        words,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 2
    assert done.stdout.startswith(b"3 * 4 = 12")
    assert b"5 + 6 = 11" in done.stdout
    assert done.stderr.count(b"error:") == 1
    assert b"Traceback" not in done.stderr


def test_a_real_training_from_the_shell(capsys, tmp_path: Path):
    command = "train 2 --fresh --name t --range 0..9 --examples 80 --hidden 4 --json"
    done = start(*command.split())
    assert done.returncode == 0, done.stderr
    assert b"now using" not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr
    started, *epochs, end = (one for one in records(done.stdout.decode()) if "event" in one)
    assert (started["event"], started["epochs"], started["name"]) == ("Started", 2, "t")
    assert started["training_examples"] == 72
    assert started["held_out_examples"] == 8
    assert [one["event"] for one in epochs] == ["EpochDone", "EpochDone"]
    assert (end["event"], end["outcome"], end["epochs"]) == ("Finished", "finished", 2)
    assert end["saved"] is True

    _, out, _ = call(capsys, "card", "t", "--json")
    (card,) = records(out)
    assert (card["origin"], card["architecture"]["hidden"], card["task"]["high"]) == ("user", 4, 9)
    (training,) = card["trainings"]
    assert (training["examples"], training["held_out_examples"]) == (72, 8)
    assert shlex.split(training["command"])[:3] == ["mathrepl", "train", "2"]
    assert len(card["history"]) == 2

    code, out, _ = call(capsys, "ask", "3 + 4", "-w", "t", "--json")
    assert (code, records(out)[0]["truth"]) == (0, "7")
    code, out, _ = call(capsys, "certify", "t", "--json")
    (certified,) = records(out)
    assert (code, certified["spaces"][0]["total"], certified["written"]) == (0, 100, True)

    assert call(capsys, "undo", "-w", "t")[0] == 0
    store = Store(tmp_path / "data" / "weights")
    assert "t" not in store.names()
    assert "t-undone" in store.names()
    assert call(capsys, "undo", "-w", "t")[0] == 1


def test_a_question_out_of_reach_names_the_option_that_would_do(capsys):
    for words in (["3*4"], ["3*4; 1+1"], ["3*4", "1+1"], ["3*4", "1+1", "--json"]):
        code, out, err = call(capsys, "ask", "--weights", "add", *words)
        assert code == 2
        assert "try --weights work" in out + err
        assert ":use" not in out + err
