"""Tab and paste at the prompt."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput
from prompt_toolkit.keys import Keys

from mathrepl.hosts.prompt.completion import MAX_TYPED, key_bindings
from mathrepl.session.session import Session
from tests.kit.prompt import TAB, run


def equations(session: Session) -> list[str]:
    return [asked.answer.equation for asked in session.history]


@pytest.mark.parametrize(
    ("pasted", "asked"),
    [
        ("1+2\n3+4\n5+6", ["1 + 2", "3 + 4", "5 + 6"]),
        ("1+2\r\n\r\n3+4\r\n", ["1 + 2", "3 + 4"]),
        ("1+2", ["1 + 2"]),
    ],
)
def test_pasted_lines_are_answered_one_by_one(
    session: Session, keyboard: PipeInput, pasted: str, asked: list[str]
) -> None:
    run(session, keyboard, f"\x1b[200~{pasted}\x1b[201~\r")
    assert equations(session) == asked


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
def test_the_line_end_of_one_pasted_line_is_no_part_of_it(
    session: Session, keyboard: PipeInput, tmp_path: Path, end: str
) -> None:
    run(session, keyboard, f"\x1b[200~1 + 2{end}\x1b[201~ + 3\r")
    assert (tmp_path / "history").read_text(encoding="utf-8").endswith("\n+1 + 2 + 3\n")


def test_tab_finishes_a_word_that_has_one_completion(session: Session, keyboard: PipeInput) -> None:
    run(session, keyboard, f":us{TAB}oth{TAB}\r")
    assert session.name == "other"


@pytest.mark.parametrize(
    ("typed", "pasted", "taken"),
    [
        (0, MAX_TYPED, True),
        (0, MAX_TYPED + 1, False),
        (MAX_TYPED, 1, False),
        (5, 1_000_000, False),
    ],
)
def test_a_paste_is_taken_as_long_as_the_line_can_be_drawn(
    typed: int, pasted: int, taken: bool
) -> None:
    buffer = Buffer(document=Document("1" * typed))
    (paste,) = key_bindings().get_bindings_for_keys((Keys.BracketedPaste,))
    paste.handler(SimpleNamespace(data="2" * pasted, current_buffer=buffer))
    assert len(buffer.text) == typed + (pasted if taken else 0)
    assert (buffer.validation_error is None) is taken
    if not taken:
        assert buffer.validation_error.message == (
            f"a line holds 50,000 characters, and the paste {pasted:,}; use mathrepl < FILE"
        )
