"""What the prompt draws of a line: nothing that steers a terminal."""

from __future__ import annotations

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import TransformationInput

from mathrepl.hosts.prompt.visible import Visible


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
