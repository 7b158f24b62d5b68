"""Work on text from elsewhere grows as the text does: four times as much takes about four times.

Growth is measured, not time, so that a slow machine changes nothing. Work on networks is counted
where it is done: `tests/unit/inference/test_written_solver.py`, `tests/unit/data`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from mathrepl.commands.parse import _WORD
from mathrepl.hosts.ipython import _command_before
from mathrepl.hosts.prompt.completion import CommandCompleter
from mathrepl.hosts.prompt.highlight import LineLexer
from mathrepl.hosts.prompt.parts import assemble
from tests.kit.lab import Lab

SIZE, TIMES = 5_000, 4
MOST = 9.0  # a square makes it 16
TEXTS: dict[str, Callable[[int], str]] = {
    "blanks": lambda n: " " * n + "x",
    "blanks after an equals sign": lambda n: "a =" + " " * n + "x",
    "equals signs": lambda n: "= " * (n // 2),
    "blanks after %math": lambda n: "%math :peek" + " " * n,
    "digits": lambda n: "1" * n,
    "equations": lambda n: "1 + 1; " * (n // 7),
    "letters": lambda n: ":" + "a" * n,
    "letters x": lambda n: "x" * n + " " * n,
    "words": lambda n: ":peek " + "a " * (n // 2),
    "options": lambda n: ":peek " + "--a" * (n // 3),
    "quotes": lambda n: ":peek " + '"a" ' * (n // 4),
    "open quotes": lambda n: ":peek " + '"a' * (n // 2) + "'",
    "quotes in quotes": lambda n: ":peek " + "'a\"" * (n // 3) + "b",
    "parentheses": lambda n: "(" * n,
    "lines": lambda n: "%%math\n" + "1 + 1\n" * (n // 6),
}


def seconds(work: Callable[[str], object], text: str) -> float:
    """The least of several: what else the machine does only adds."""
    taken = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(3):
            work(text)
        taken.append(time.process_time() - started)
    return min(taken) + 1e-4


def growth(work: Callable[[str], object], make: Callable[[int], str]) -> float:
    return seconds(work, make(TIMES * SIZE)) / seconds(work, make(SIZE))


each_text = pytest.mark.parametrize("make", TEXTS.values(), ids=TEXTS)


@each_text
def test_tab_in_ipython(make: Callable[[int], str]) -> None:
    def command(text: str) -> object:
        context = SimpleNamespace(text_until_cursor=text, full_text=text, cursor_line=0)
        return _command_before(context)

    assert growth(command, make) < MOST


@each_text
def test_tab_and_colours_at_the_prompt(tmp_path: Path, make: Callable[[int], str]) -> None:
    parts = assemble(Lab(tmp_path).session)
    completer, lexer = CommandCompleter(lambda: parts), LineLexer(lambda: parts)

    def complete(text: str) -> object:
        return list(completer.get_completions(Document(text), CompleteEvent()))

    def colour(text: str) -> object:
        return lexer.lex_document(Document(text))(0)

    assert growth(complete, make) < MOST
    assert growth(colour, make) < MOST


@each_text
def test_the_words_of_a_command(make: Callable[[int], str]) -> None:
    assert growth(lambda text: _WORD.findall(text), make) < MOST
