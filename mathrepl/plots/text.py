"""Text for pictures: their fonts and colours, only characters that the fonts have, and lines."""

from __future__ import annotations

from functools import cache
from math import ceil
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties, findfont, get_font

from mathrepl.support.text import REPLACEMENT, printable

SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"
INK, QUIET = "#1f2328", "#59636e"
GOOD, BAD, ACCENT = "#1a7f37", "#b3001b", "#1f6fb4"

# A power of two, so that pixels over DPI and back again are exact and no cell is a pixel short.
DPI = 128

TITLE, SMALL = 13.0, 9.0  # points
WIDE = 0.64  # the width of a digit, which is wider than the usual letter, in font sizes
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


def wrapped(text: str, points: float, room: int) -> list[str]:
    """Lines of about `room` pixels, broken between words, a wider word within."""
    return wrap(drawable(text), max(1, room // px(points * WIDE))) or [""]


def say_empty(axes: Axes, what: str = "nothing to draw") -> None:
    """Write `what` into axes without data."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, what, transform=axes.transAxes, ha="center", va="center", color=QUIET)
