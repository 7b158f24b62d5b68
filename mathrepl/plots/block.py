"""A panel laid out: how many pixels it takes, and how it is drawn into its axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

INK, QUIET, FAINT = "#1f2328", "#59636e", "#d5dae0"
GOOD, BAD, ACCENT = "#1a7f37", "#b3001b", "#1f6fb4"
MISSING = "#b4b9bf"
ROUND = [1, 2, 5, 10]  # steps between the numbers of an axis, times a power of ten


@dataclass(frozen=True, slots=True)
class Block:
    """Sizes in pixels: `width` and `height` of the axes, and the room around them.

    A block that `stretches` may be made wider than `width`.
    """

    title: str
    width: int
    height: int
    draw: Callable[[Axes], None]
    left: int = 0
    right: int = 0
    bottom: int = 0
    stretches: bool = False


def say_empty(axes: Axes, what: str = "nothing to draw") -> None:
    """Write into axes without data that they have none."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, what, transform=axes.transAxes, ha="center", va="center", color=QUIET)


def plain_number(value: float, _position: object = None) -> str:
    """A tick's number, without mathtext: `parse_math` is off, which would show its dollars."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
