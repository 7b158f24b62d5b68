"""A panel's size in pixels, and the function that draws it into its axes."""

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
    """A panel to draw into axes of `width` and `height` pixels.

    A block that `stretches` may be made wider than `width`.
    """

    title: str
    width: int
    height: int
    draw: Callable[[Axes], None]
    stretches: bool = False


def say_empty(axes: Axes, what: str = "nothing to draw") -> None:
    """Write `what` into axes without data."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, what, transform=axes.transAxes, ha="center", va="center", color=QUIET)


def plain_number(value: float, _position: object = None) -> str:
    """A tick's number as plain text: `parse_math` is off, which would show mathtext's dollars."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
