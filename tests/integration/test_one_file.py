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

    def run(self, *words: str, typed: str = "", **environment: str) -> str:
        """What `mathrepl WORDS` writes, errors included; it must not fail."""
        return self.python("-m", "mathrepl", *words, typed=typed, **environment)

    def python(self, *words: str, typed: str = "", **environment: str) -> str:
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
        assert done.returncode == 0, done.stdout
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


@pytest.mark.parametrize(
    ("source", "example", "wanted"),
    [
        (
            "A = (\n    1,\n)\n",
            "x = 1\nA = (\n    ...,\n    2,\n    3,\n)\n",
            "x = 1\nA = (\n    1,\n    2,\n    3,\n)\n",
        ),
        (
            "A = f({\n    'a': 1,\n})\n",
            "A = {\n    ...: ...,\n    'b': 2,\n}\n",
            "A = f({\n    'a': 1,\n    'b': 2,\n})\n",
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
