"""The modules that importing mathrepl may load, and the import contracts of pyproject.toml."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.paths import ROOT

HEAVY = (
    "tensorflow",
    "keras",
    "rich",
    "prompt_toolkit",
    "typer",
    "numpy",
    "matplotlib",
    "IPython",
    "onnx",
    "onnxruntime",
)


def loaded_by(statement: str) -> set[str]:
    """Top-level modules of HEAVY that a fresh interpreter has after `statement`."""
    report = f"import json, sys\nprint(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    code = f"{statement}\n{report}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import mathrepl", set()),
        ("import mathrepl; mathrepl.Session", set()),
        ("from mathrepl import *", set()),
        (
            "import mathrepl.session.session, mathrepl.commands.dispatch, mathrepl.commands.table",
            set(),
        ),
        ("import mathrepl.hosts.cli, mathrepl.hosts.stream, mathrepl.render.json_lines", set()),
        ("import mathrepl.hosts.prompt.loop", {"prompt_toolkit"}),
        ("import mathrepl.render.renderer", {"rich"}),
        ("import mathrepl.inference.solver, mathrepl.store.tensors", {"numpy"}),
        ("import mathrepl.hosts.subcommands", {"typer", "rich"}),
    ],
)
def test_a_module_loads_only_its_own_room(statement: str, allowed: set[str]) -> None:
    assert loaded_by(statement) <= allowed


def test_importing_mathrepl_loads_nothing_of_it_yet() -> None:
    code = "import sys, mathrepl\nprint([m for m in sys.modules if m.startswith('mathrepl')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['mathrepl']\n"


def test_importing_mathrepl_takes_no_time_of_its_own() -> None:
    code = (
        "import time, numpy\n"
        "start = time.perf_counter()\n"
        "import mathrepl\n"
        "print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-c", code]
    # The best of three: a busy machine may hold up any one of them.
    seconds = [float(subprocess.check_output(command, text=True)) for _ in range(3)]
    assert min(seconds) < 0.03


def test_a_session_from_python_answers_without_tensorflow() -> None:
    ask = "import mathrepl\nmathrepl.Session(data_dir='/nonexistent').ask('94 + 909')"
    assert loaded_by(ask) == {"numpy"}


def test_a_session_answers_without_tensorflow() -> None:
    ask = (
        "from mathrepl.session.session import Session\n"
        "from mathrepl.support.settings import Settings\n"
        "from mathrepl.store.store import Store\n"
        "from pathlib import Path\n"
        "Session(Settings(), Store(Path('/nonexistent'))).ask('94 + 909')\n"
    )
    assert loaded_by(ask) == {"numpy"}


def test_import_contracts_are_kept() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    if not command[0].exists():
        pytest.skip("import-linter is not installed; it is in the extra `dev`")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_prompt_is_shown_without_msgspec() -> None:
    code = "import sys, mathrepl.hosts.prompt.loop\nprint('msgspec' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
