"""Colours of a line while it is typed, and signs for characters that would steer the terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from mathrepl.support.text import REPLACEMENT

if TYPE_CHECKING:
    from mathrepl.hosts.prompt.parts import Parts

_EQUATION = re.compile(
    r"(?P<number>[0-9.]+(?:[_,][0-9.]+)*)|(?P<operator>[-+*/%^=?;]+|[xX](?=\s*[0-9.(]))"
    r"|(?P<paren>[()]+)|(?P<space>\s+)|(?P<bad>.)"
)
_COMMAND = re.compile(r"(?P<option>--\S+)|(?P<number>\b[0-9.]+\b)|(?P<plain>\s+|\S+?(?=\s|$)|.)")

SHOWN_ANYWAY = "\xa0"  # up to here prompt_toolkit draws controls as ^[ or <9b>

_DARK = {
    "number": "ansibrightcyan",
    "operator": "ansiyellow",
    "paren": "ansibrightblack",
    "bad": "ansired underline",
    "command": "ansigreen bold",
    "option": "ansicyan",
    "prompt": "ansigreen bold",
    "bottom-toolbar": "noreverse",
    "toolbar.quiet": "ansibrightblack",
    "toolbar.name": "bold",
    "toolbar.good": "ansigreen",
}
_LIGHT = {
    **_DARK,
    "number": "#005f87",
    "operator": "#8a5a00",
    "paren": "#606060",
    "bad": "#b00000 underline",
    "command": "#006400 bold",
    "option": "#005f87",
    "prompt": "#006400 bold",
    "toolbar.quiet": "#606060",
    "toolbar.good": "#006400",
}


@cache  # called many times a key press; prompt_toolkit would merge each new object anew
def style(*, light: bool) -> Style:
    return Style.from_dict(_LIGHT if light else _DARK)


class LineLexer(Lexer):
    """Colours numbers, operations and unreadable characters, and commands by whether they exist."""

    def __init__(self, loaded: Callable[[], Parts | None]) -> None:
        self._loaded = loaded

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines = document.lines

        def line(number: int) -> StyleAndTextTuples:
            text = lines[number] if number < len(lines) else ""
            if not text or self._loaded() is None:
                return [("", text)]
            return self._command(text) if text.lstrip().startswith(":") else _equation(text)

        return line

    def _command(self, text: str) -> StyleAndTextTuples:
        head = re.match(r"\s*:\s*\S*", text)
        assert head is not None  # noqa: S101 - the caller saw the colon
        name = head.group().strip()[1:].strip()
        parts = self._loaded()
        commands = parts.commands if parts else ()
        known = any(n.startswith(name) for c in commands for n in (c.name, *c.aliases))
        rest = [(f"class:{m.lastgroup}", m.group()) for m in _COMMAND.finditer(text, head.end())]
        return [("class:command" if known else "class:bad", head.group()), *rest]


def _equation(text: str) -> StyleAndTextTuples:
    from mathrepl.arithmetic.parser import readable

    # Look-alikes of + - * / count as the signs themselves; each is one character, too.
    found = _EQUATION.finditer(readable(text))
    return [(f"class:{m.lastgroup}", text[m.start() : m.end()]) for m in found]


class Visible(Processor):
    """Draws a replacement for characters that change how others are drawn, such as a right-to-left
    override; the line itself keeps them.
    """

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        return Transformation(
            [(one[0], _visible(one[1]), *one[2:]) for one in transformation_input.fragments]
        )


def _visible(text: str) -> str:
    # A space of any width is shown as it is.
    unsafe = {c for c in text if c > SHOWN_ANYWAY and unicodedata.category(c) != "Zs"}
    return "".join(REPLACEMENT if c in unsafe and not c.isprintable() else c for c in text)
