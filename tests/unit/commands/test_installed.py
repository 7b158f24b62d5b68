from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mathrepl.commands.dispatch import run_command
from mathrepl.commands.installed import TAKEN, flaw_of, installed_commands
from mathrepl.commands.spec import Arguments, Command, Note, Parameter
from mathrepl.support import plugins
from mathrepl.support.errors import MathreplError, UsageError
from mathrepl.support.plugins import COMMANDS, entry_points, take_problems
from tests.kit.lab import Lab

GOOD = Command("sums", "a summary", lambda context, arguments: Note("done"))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Lay a package of one module, and its entry point, into a folder of the import path."""
    monkeypatch.syspath_prepend(tmp_path)
    take_problems()

    def lay(name: str, code: str, value: str = "COMMANDS", group: str = COMMANDS) -> None:
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {name}:{value}\n")
        plugins._entry_points.cache_clear()

    yield lay
    for module in [name for name in sys.modules if name.startswith("pack_")]:
        del sys.modules[module]
    take_problems()
    plugins._entry_points.cache_clear()


HEAD = "from mathrepl.commands.spec import Command, Note, Parameter\n"


def command(body: str = "return Note('done')", name: object = "sums", more: str = "") -> str:
    """The code of a module with one command."""
    return (
        f"{HEAD}def run(context, arguments):\n    {body}\n"
        f"COMMANDS = (Command({name!r}, 'a summary', run{more}),)\n"
    )


def test_without_packages_there_is_nothing_and_metadata_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    info = tmp_path / "other-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[console_scripts]\nmathrepl.commands = other:main\n")
    monkeypatch.setattr("sys.path", [str(tmp_path), "/nonexistent", str(Path(__file__))])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: pytest.fail("asked"))
    assert plugins._entry_points.__wrapped__() == ()


def test_a_command_is_found_with_the_package_it_comes_from(install):
    install("pack_good", command())
    (point,) = entry_points(COMMANDS)
    assert plugins.source_of(point) == "pack_good 1.2"
    (found,) = installed_commands(["ask"])
    assert (found.name, found.summary) == ("sums", "a summary")
    assert take_problems() == []


def test_an_entry_point_may_name_one_command_or_a_list(install):
    install("pack_one", f"{HEAD}ONE = Command('one', 'it is one', lambda c, a: Note(''))\n", "ONE")
    install("pack_two", command(name="two").replace("(Command", "[Command").replace(",)\n", "]\n"))
    assert [found.name for found in installed_commands([])] == ["one", "two"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class E(BaseException): pass\nraise E('x')", "E: x"),
        ("class E(Exception):\n def __str__(self): 1 / 0\nraise E", "loaded: E"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise ValueError('a\\nb' * 1000)", "ValueError: a b"),
        ("nothing = 1", "AttributeError"),
        ("COMMANDS = 'ask'", "neither a Command nor several"),
        ("COMMANDS = ('ask',)", "it is no Command, but of type str"),
        (command(name="ask"), "the name 'ask' is taken"),
        (command(more=", aliases=('q',)"), "the name 'q' is taken"),
        (command(name="No Name"), "'No Name' is not a name"),
        (command(name=3), "TypeError"),
        (command(more=", hosts=('window',)"), "its hosts must be among session, shell"),
        (command(more=", parameters=(Parameter('--json', 'taken'),)"), "'json' is taken"),
        (command(more=", parameters=('n',)"), "a parameter is of type str"),
    ],
)
def test_a_package_that_is_no_good_costs_one_line_and_no_other_command(
    install, code: str, reason: str
):
    install("pack_bad", code)
    install("pack_good", command(name="good"))
    assert [found.name for found in installed_commands(["ask", "q"])] == ["good"]
    (problem,) = take_problems()
    assert reason in problem.message
    assert "pack_bad 1.2" in problem.message
    assert "\n" not in str(problem)
    assert len(str(problem)) < 300
    assert take_problems() == []


def test_of_two_packages_with_one_name_the_first_has_it(install):
    install("pack_b", command("return Note('b')"))
    install("pack_a", command("return Note('a')"))
    assert len(installed_commands([])) == 1
    (problem,) = take_problems()
    assert "pack_b 1.2" in problem.message


def test_the_others_of_a_package_stay_when_one_clashes(install):
    code = command() + "COMMANDS += (Command('quiz', 'a summary', run),)\n"
    install("pack_two", code)
    assert [found.name for found in installed_commands(["quiz"])] == ["sums"]
    (problem,) = take_problems()
    assert problem.message.startswith("the command 'quiz' of pack_two 1.2 is left out")


@pytest.mark.parametrize(
    ("parameters", "flaw"),
    [
        ((), None),
        ((Parameter("n", "a number", required=True), Parameter("--deep", "an option")), None),
        ((Parameter("Big", "a name"),), "cannot name a parameter"),
        ((Parameter("--n", "an option", required=True),), "cannot be required"),
        ((Parameter("fast", "a flag", "flag"),), "must start with --"),
        ((Parameter("n", "a number"), Parameter("--n", "the same")), "'n' is taken"),
        *(((Parameter(f"--{key}", "taken"),), f"{key!r} is taken") for key in sorted(TAKEN)),
        ((Parameter("a", "it"), Parameter("b", "it", required=True)), "required parameters"),
        ((Parameter("a", "it", many=True), Parameter("b", "it")), "must be the last"),
    ],
)
def test_parameters_that_the_hosts_could_not_take_are_refused(
    parameters: tuple[Parameter, ...], flaw: str | None
):
    found = flaw_of(replace(GOOD, parameters=parameters), set())
    assert found is None if flaw is None else flaw in (found or "")


@pytest.mark.parametrize("changes", [{"summary": " "}, {"summary": "a\nb"}, {"run": None}])
def test_a_command_without_a_summary_or_run_is_refused(changes: dict[str, Any]):
    assert flaw_of(replace(GOOD, **changes), set()) is not None


class Count:
    """A value of another package."""

    def __init__(self, record: Any) -> None:
        self._record = record

    def record(self) -> Any:
        return self._record


def values(lab: Lab, install, body: str) -> list[Any]:
    install("pack_run", f"from tests.unit.commands.test_installed import *\n{command(body)}")
    (found,) = installed_commands([])
    return list(run_command(lab.context, found, Arguments({})))


@pytest.mark.parametrize(
    "body", ["return Note('done')", "yield Note('done')", "return iter([Note('done')])"]
)
def test_a_command_returns_a_value_or_yields_several(tmp_path: Path, install, body: str):
    assert values(Lab(tmp_path), install, body) == [Note("done")]


def test_values_of_its_own_are_passed_on(tmp_path: Path, install):
    records = [value.record() for value in values(Lab(tmp_path), install, "yield Count({'n': 1})")]
    assert records == [{"n": 1}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("yield 1 / 0", "ZeroDivisionError: division by zero"),
        ("return 3", "TypeError: a value of type int has no record"),
        ("return None", "TypeError: a value of type NoneType has no record"),
        ("return Count([1])", "TypeError: a value of type Count has no record"),
        ("return Count({'n': object()})", "not JSON serializable"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("yield Note('a'); raise GeneratorExit", "GeneratorExit"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise BrokenPipeError", "BrokenPipeError"),
        ("raise type('E', (BaseException,), {'__str__': lambda self: 1 / 0})", "failed: E"),
    ],
)
def test_what_a_command_fails_at_is_one_line(tmp_path: Path, install, body: str, reason: str):
    with pytest.raises(MathreplError, match=r"^sums of pack_run 1\.2 failed") as caught:
        values(Lab(tmp_path), install, body)
    assert reason in caught.value.message
    assert "\n" not in caught.value.message


def test_a_host_that_ends_a_command_early_is_no_failure(tmp_path: Path, install):
    body = "try:\n        yield Note('a')\n    finally:\n        ENDED.append(1)"
    install("pack_run", f"{command(body)}ENDED = []\n")
    (found,) = installed_commands([])
    running = run_command(Lab(tmp_path).context, found, Arguments({}))
    assert next(running) == Note("a")
    running.close()
    assert sys.modules["pack_run"].ENDED == [1]


def test_what_a_package_prints_does_not_reach_stdout(tmp_path: Path, install, capsys):
    body = "print('at run'); return Note('done')"
    install("pack_run", f"print('at import')\n{command(body)}")
    (found,) = installed_commands([])
    assert list(run_command(Lab(tmp_path).context, found, Arguments({}))) == [Note("done")]
    assert capsys.readouterr() == ("", "at import\nat run\n")


def test_ctrl_c_while_a_package_is_imported_is_no_fault_of_the_package(install):
    code = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)\n"
    install("pack_slow", code)
    with pytest.raises(KeyboardInterrupt):
        installed_commands([])


def test_errors_of_mathrepl_pass_as_they_are(tmp_path: Path, install):
    with pytest.raises(UsageError, match=r"^no such thing$"):
        values(Lab(tmp_path), install, "raise UsageError('no such thing')")


def test_values_before_a_failure_are_shown(tmp_path: Path, install):
    install("pack_run", command("yield Note('first')\n    1 / 0"))
    (found,) = installed_commands([])
    running = run_command(Lab(tmp_path).context, found, Arguments({}))
    assert next(running) == Note("first")
    with pytest.raises(MathreplError, match="ZeroDivisionError"):
        next(running)
