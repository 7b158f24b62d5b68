"""A file that a command will write to is checked before its work, in every command that has one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mathrepl.commands import sweeping
from mathrepl.commands.table import command_table
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from tests.kit.lab import Lab

OPTIONS = ("--save", "--onnx", "--keras")
ENDINGS = {"--save": ".png", "--onnx": ".onnx", "--keras": ".keras", "file": ".html"}
WRITES = [
    (command.name, parameter.name)
    for command in command_table().values()
    for parameter in command.parameters
    if parameter.name in (*OPTIONS, "file")
]
ARGUMENTS = {"beam": "2 1 + 2", "sweep": "--epochs 1", "curve": "tiny"}


def linked(path: Path, to: str) -> Path:
    path.symlink_to(to)
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


BAD: dict[str, Callable[[Path, str], object]] = {
    "in no folder": lambda here, ending: here / "no" / f"a{ending}",
    "a folder": lambda here, ending: folder(here / f"a{ending}"),
    "a pipe": lambda here, ending: pipe(here / f"a{ending}"),
    "a device": lambda here, ending: linked(here / f"a{ending}", "/dev/null"),
    "a link to no folder": lambda here, ending: linked(here / f"a{ending}", f"no/a{ending}"),
    "a link to itself": lambda here, ending: linked(here / f"a{ending}", f"a{ending}"),
    "a name too long": lambda here, ending: here / ("a" * 300 + ending),
    "another ending": lambda here, ending: here / "a.txt",
    "a NUL": lambda here, ending: f"a\0{ending}",
    "half a character": lambda here, ending: f"a\ud800{ending}",
}


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network is asked, and none trained."""

    def work(*_args: Any, **_kwargs: Any) -> Any:
        pytest.fail("the work was begun")

    for owner, name in (
        (ActiveWeights, "solver"),
        (ActiveWeights, "models"),
        (ActiveWeights, "layers"),
        (Store, "tensors"),
        (Session, "answer"),
        (Session, "running_job"),  # a curve waits for its end
    ):
        value = property(work) if name in ("solver", "models", "running_job") else work
        monkeypatch.setattr(owner, name, value)
    monkeypatch.setattr(sweeping, "run_sweep", work)


def test_the_commands_that_write_a_file_are_known():
    assert {name for name, _ in WRITES} >= {"map", "errors", "curve", "report", "sweep", "export"}


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize(("name", "option"), WRITES)
def test_a_bad_place_is_refused_before_the_work(
    lab: Lab, tmp_path: Path, name: str, option: str, what: str
):
    here = tmp_path / "here"
    here.mkdir()
    path = BAD[what](here, ENDINGS[option])
    before = sorted(here.iterdir())
    equation = any(one.kind == "equations" for one in lab.context.commands[name].parameters)
    words = ARGUMENTS.get(name, "1 + 2" if equation else "")
    line = f":{name} {words} {'' if option == 'file' else option} {path}"
    with pytest.raises(MathreplError) as caught:
        lab.values(line)
    assert "\n" not in str(caught.value)
    assert sorted(here.iterdir()) == before
