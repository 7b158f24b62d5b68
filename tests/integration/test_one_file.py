"""A command, a setting of training and a kind of network are each added by one file.

The examples are those of CONTRIBUTING.md, applied to a copy of the package: what is tested is
what a contributor reads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.examples import apply_examples, copied_package, merged


class Copy:
    """A copy of the package, to which the examples under a heading were added."""

    def __init__(self, folder: Path, heading: str) -> None:
        self.folder = copied_package(folder)
        self.touched = apply_examples(heading, folder)
        own = {k: v for k, v in os.environ.items() if not k.startswith("MATHREPL_")}
        data = {"MATHREPL_DATA_DIR": str(folder / "data"), "MATHREPL_CONFIG_DIR": str(folder)}
        self.environment = {**own, **data, "PYTHONPATH": str(folder), "COLUMNS": "100"}

    def run(self, *words: str, typed: str = "", code: int = 0, **environment: str) -> str:
        """The output of `mathrepl WORDS`, errors included; it must end with this code."""
        return self.python("-m", "mathrepl", *words, typed=typed, code=code, **environment)

    def python(self, *words: str, typed: str = "", code: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment | environment,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def completed(self, typed: str) -> list[str]:
        """The words that the shell's completion offers for the last of those typed."""
        words, place = f"mathrepl {typed}", str(len(typed.split()))
        asks = {"_MATHREPL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": place}
        return self.run(**asks).split()


PROMPT = """
import sys
from pathlib import Path
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from mathrepl.hosts.prompt.completion import CommandCompleter
from mathrepl.hosts.prompt.parts import assemble
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings

parts = assemble(Session(Settings(), Store(Path("/nonexistent"))))
completer = CommandCompleter(lambda: parts)
for line in sys.stdin.read().splitlines():
    print(*(one.text for one in completer.get_completions(Document(line), CompleteEvent())))
"""


def test_a_command_is_a_function_and_a_row(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "Add a command")
    assert copy.touched == ["mathrepl/commands/asking.py"]
    session = copy.run(typed=":help\n:help digits\n:digits 94 + 909\n")
    assert session.count("count the digits of an answer") == 2
    assert ":digits EQUATION" in session
    assert "94 + 909   4" in session
    assert copy.python("-c", PROMPT, typed=":dig") == "digits\n"
    helped = copy.run("digits", "--help")
    assert "Count the digits of an answer" in helped
    assert "--json" in helped
    record = json.loads(copy.run("digits", "94", "+", "909", "--json"))
    assert record == {"equation": "94 + 909", "digits": "4"}
    assert copy.completed("digi") == ["digits"]


TRAINING = """
from dataclasses import asdict, replace
from pathlib import Path
from mathrepl.commands.options import plan_of
from mathrepl.commands.parse import parse_command
from mathrepl.commands.table import command_table
from mathrepl.session.session import Session
from mathrepl.store.card import Training, load_card
from mathrepl.store.store import Store
from mathrepl.support.errors import TaskError
from mathrepl.support.settings import Settings
from mathrepl.training.plan import Plan

session = Session(Settings(weights="blog"), Store(Path("/nonexistent")))
assert session.card.trainings[0].noise == 0.0  # written before there was such a setting

def plan(options):
    _, arguments = parse_command(f":train 3 --name own {options}", command_table(), "session")
    return plan_of(session, arguments)

fresh = plan("--fresh --noise 0.25")
assert fresh.settings.noise == 0.25
assert Plan.from_json(fresh.to_json()) == fresh
assert " --noise 0.25 " in fresh.command
told = {"command": fresh.command, "started": "2026-01-01", "outcome": "finished"}
training = Training(**asdict(fresh.settings), held_out_examples=100, **told)
card = replace(session.card, trainings=(training,))
assert load_card(card.dump(), 'here').trainings[0].noise == 0.25
assert b'"noise": 0.25' in card.dump()
try:
    plan("--noise 1")
except TaskError as error:
    print(error.message)
"""


def test_a_setting_of_training_is_a_field_with_its_row(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "Add a setting of training")
    assert copy.touched == ["mathrepl/store/card.py"]
    assert "share of the targets made wrong" in " ".join(copy.run("train", "--help").split())
    assert "--noise" in copy.run(typed=":help train\n")
    assert copy.completed("train --noi") == ["--noise"]
    assert copy.python("-c", PROMPT, typed=":train --noi") == "--noise\n"
    refused = "noise must be at least 0 and below 1, not 1.0"
    assert copy.python("-c", TRAINING) == f"{refused}\n"
    assert refused in copy.run("sweep", "--epochs", "3", "--set", "noise=0,1", code=2)


NETWORK = """
from pathlib import Path
import numpy as np
from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks import parameter_count, shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.store.card import Card
from mathrepl.store.store import Store

store, architecture, task = Store(Path("data/weights")), Architecture("bag", hidden=7), Task(high=9)
encoding, rng = Encoding.for_task(task), np.random.default_rng(0)
tensors = {
    name: rng.normal(size=shape).astype(np.float32)
    for name, shape in shapes_of(architecture, encoding).items()
}
count = parameter_count(architecture, encoding)
store.save(Card("mine", architecture, encoding, task, count), tensors)
"""


def test_a_kind_of_network_is_a_module_and_a_row(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "Add a kind of network")
    assert copy.touched == ["mathrepl/networks/kinds.py"]
    assert copy.python("-c", NETWORK) == ""
    record = json.loads(copy.run("ask", "3 + 4", "--weights", "mine", "--json"))
    assert record["truth"] == "7"
    assert 0 < record["confidence"] < 1
    assert "Bag(7) -> Dense" in copy.run("card", "mine")
    card = json.loads(copy.run("card", "mine", "--json"))
    assert card["architecture"] == {"kind": "bag", "hidden": 7}
    assert "bag" in copy.run("train", "--help")
    assert copy.completed("train --kind ba") == ["bag"]
    assert "hidden" in copy.run("weights", "--weights", "mine")


@pytest.mark.parametrize(
    ("source", "example", "wanted"),
    [
        (
            "A = (\n    1,\n)\n",
            "x = 1\nA = (\n    ...,\n    2,\n    3,\n)\n",
            "x = 1\nA = (\n    1,\n    2,\n    3,\n)\n",
        ),
        (
            "A: M[a, b] = f({\n    'a': 1,\n})\n",
            "A = {\n    ...: ...,\n    'b': 2,\n}\n",
            "A: M[a, b] = f({\n    'a': 1,\n    'b': 2,\n})\n",
        ),
        (
            "@d\nclass A:\n    'Text.'\n\n    a: int = 1\n\n    def f(self): ...\n",
            "class A:\n    ...\n    b: int = 2\n",
            "@d\nclass A:\n    'Text.'\n\n    a: int = 1\n    b: int = 2\n\n    def f(self): ...\n",
        ),
    ],
)
def test_the_rows_of_an_example_follow_those_that_are_there(
    source: str, example: str, wanted: str
) -> None:
    assert merged(source, example) == wanted
