"""Colours while typing never change the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.document import Document

from mathrepl.hosts.prompt.highlight import LineLexer, style
from mathrepl.hosts.prompt.parts import assemble
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings

PARTS = assemble(Session(Settings(), Store(Path("/nonexistent"), Path("/nonexistent"))))


def lexed(text: str) -> list[tuple[str, str]]:
    line = LineLexer(lambda: PARTS).lex_document(Document(text))(0)
    return [(fragment[0], fragment[1]) for fragment in line]


@given(st.text(st.characters(exclude_characters="\n\r"), max_size=40))
def test_the_text_stays_as_typed(text: str) -> None:
    assert "".join(part for _, part in lexed(text)) == text


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("94 + 909", ("class:number", "94")),
        ("94 + 909", ("class:operator", "+")),
        ("94 × 909", ("class:operator", "×")),  # noqa: RUF001
        ("94 & 909", ("class:bad", "&")),
        (":train 50", ("class:command", ":train")),
        (":zzz 50", ("class:bad", ":zzz")),
        (":train 5 --fresh", ("class:option", "--fresh")),
    ],
)
def test_pieces_have_their_class(text: str, fragment: tuple[str, str]) -> None:
    assert fragment in lexed(text)


def test_before_loading_text_is_plain() -> None:
    line = LineLexer(lambda: None).lex_document(Document("1 + 1"))(0)
    assert line == [("", "1 + 1")]


def test_a_style_is_made_once() -> None:
    """prompt_toolkit asks for it many times a key, and reads another object anew."""
    assert style(light=True) is style(light=True)
    assert style(light=True) is not style(light=False)
