"""Text as a picture can show it: only glyphs the fonts have, and measured before it is drawn."""

from __future__ import annotations

from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from mathrepl.support.safe_text import REPLACEMENT, printable

SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"

# A power of two, so that pixels over DPI and back again are exact and no cell is a pixel short.
DPI = 128

TITLE, SMALL = 13.0, 9.0  # points


def px(points: float) -> int:
    """Pixels of `points`, rounded up."""
    return -int(-points * DPI // 72)


def drawable(text: str, family: str = SANS) -> str:
    """`text` with every character replaced, one for one, that `family` has no glyph for."""
    glyphs = _glyphs(family)
    return "".join(c if ord(c) in glyphs else REPLACEMENT for c in printable(text))


@cache
def _glyphs(family: str) -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=family))).get_charmap())


def text_width(text: str, points: float, family: str = SANS) -> int:
    """Pixels that `text`, which must be drawable, takes at a size of `points`."""
    font = FontProperties(family=family, size=points)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return px(width)


def wrapped(text: str, points: float, room: int) -> list[str]:
    """Lines of at most `room` pixels, broken between words, a word alone where it is wider."""
    lines: list[str] = []
    for word in drawable(text).split(" "):
        for piece in _pieces(word, points, room):
            joined = f"{lines[-1]} {piece}" if lines else piece
            if lines and text_width(joined, points) <= room:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, points: float, room: int) -> list[str]:
    if text_width(word, points) <= room:
        return [word]
    # A word wider than the room is broken where its average character says it ends.
    most = max(1, room * len(word) // text_width(word, points))
    return [word[start : start + most] for start in range(0, len(word), most)]
