"""Replaces characters of a typed line that would steer the terminal."""

from __future__ import annotations

import unicodedata

from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from mathrepl.support.safe_text import REPLACEMENT

SHOWN_ANYWAY = "\xa0"  # up to here prompt_toolkit draws controls as ^[ or <9b>


class Visible(Processor):
    """Draws a replacement for characters that change how others are drawn, such as a right-to-left
    override; the line itself keeps them.
    """

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        return Transformation(
            [(one[0], _visible(one[1]), *one[2:]) for one in transformation_input.fragments]
        )


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if _is_safe(c) else REPLACEMENT for c in text)


def _is_safe(character: str) -> bool:
    if character.isprintable() or character <= SHOWN_ANYWAY:
        return True
    return unicodedata.category(character) == "Zs"  # a space of any width
