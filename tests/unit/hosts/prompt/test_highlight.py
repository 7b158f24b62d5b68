"""Colours while typing never change the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import TransformationInput

from mathrepl.hosts.prompt.highlight import LineLexer, Visible, style
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


def drawn(text: str) -> list[tuple[str, str]]:
    control = BufferControl(Buffer())
    fragments = [("class:number", text), ("", "!")]
    asked = TransformationInput(control, Document(text), 0, lambda i: i, fragments, 80, 24)
    return [(style, shown) for style, shown, *_ in Visible().apply_transformation(asked).fragments]


@pytest.mark.parametrize(
    "character",
    ["\u202e", "\u2066", "\u200b", "\u200f", "\u2028", "\ufeff", "\ud800", "\U000e0041"],
)
def test_what_changes_how_others_are_drawn_is_replaced_one_for_one(character: str) -> None:
    assert drawn(f"1{character}2") == [("class:number", "1\N{REPLACEMENT CHARACTER}2"), ("", "!")]


@pytest.mark.parametrize(
    "text",
    [
        "94 + 909",
        "12 \u00d7 3",
        "\u65e5\u672c",
        "\U0001f600",
        "1\u0301",
        "1\u00a0+\u30002",
        "\x1b\x9b\x00",
    ],
)
def test_all_else_is_drawn_as_it_is_typed(text: str) -> None:
    assert drawn(text) == [("class:number", text), ("", "!")]
