"""Text for pictures: their fonts and colours, only characters that the fonts have, and lines."""

from __future__ import annotations

from functools import cache
from math import ceil
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from mathrepl.support.text import REPLACEMENT, printable

SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"
INK, QUIET = "#1f2328", "#59636e"
GOOD, BAD, ACCENT = "#1a7f37", "#b3001b", "#1f6fb4"

# A power of two, so that pixels over DPI and back again are exact and no cell is a pixel short.
DPI = 128

TITLE, SMALL = 13.0, 9.0  # points
ROUND = [1, 2, 5, 10]  # steps between the numbers of an axis, times a power of ten


def px(points: float) -> int:
    """`points` in pixels, rounded up."""
    return ceil(points * DPI / 72)


LINE = px(SMALL * 1.4)  # from one line to the next


def drawable(text: str, family: str = SANS) -> str:
    """`text` with every character replaced, one for one, that `family` has no glyph for."""
    glyphs = _glyphs(family)
    return "".join(c if ord(c) in glyphs else REPLACEMENT for c in printable(text))


@cache
def _glyphs(family: str) -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=family))).get_charmap())


def text_width(text: str, points: float) -> int:
    """The pixels that `text`, which must be drawable, takes at a size of `points`."""
    font = FontProperties(family=SANS, size=points)
    return px(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


def wrapped(text: str, points: float, room: int) -> list[str]:
    """Lines of about `room` pixels or less, broken between words, a wider word within."""
    line = drawable(text)
    width = max(1, text_width(line, points))
    # Wide characters may gather in one line: the average character is taken a tenth wider.
    return wrap(line, max(1, room * len(line) * 9 // (10 * width))) or [""]


def say_empty(axes: Axes, what: str = "nothing to draw") -> None:
    """Write `what` into axes without data."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, what, transform=axes.transAxes, ha="center", va="center", color=QUIET)
