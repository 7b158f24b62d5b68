"""Horizontal bars, each with its text at the right."""

from __future__ import annotations

from math import isfinite

from matplotlib.axes import Axes

from mathrepl.analysis.figure import Bars
from mathrepl.plots.block import ACCENT, FAINT, INK, Block, say_empty
from mathrepl.plots.text import SMALL, drawable, px
from mathrepl.support.safe_text import cropped

WIDTH = 560  # pixels
ROW = px(SMALL * 1.9)
LABEL, TEXT = 40, 60  # characters of a bar's label, and of its text


def bars_block(bars: Bars) -> Block:
    """Lay out bars, the first on top; a negative or infinite value has no length."""
    if not bars.bars:
        return Block(bars.title, WIDTH, 3 * ROW, say_empty, stretches=True)
    labels = [drawable(cropped(bar.label, LABEL)) for bar in bars.bars]
    texts = [drawable(cropped(bar.text, TEXT)) for bar in bars.bars]
    lengths = [max(0.0, bar.value) if isfinite(bar.value) else 0.0 for bar in bars.bars]
    full = max(lengths) if bars.high is None else bars.high
    full = full if full > 0 else 1.0
    lengths = [min(length, full) for length in lengths]

    def draw(axes: Axes) -> None:
        places = range(len(lengths))
        backgrounds = axes.barh(places, [full] * len(lengths), height=0.62, color=FAINT, alpha=0.4)
        axes.barh(places, lengths, height=0.62, color=ACCENT)
        axes.bar_label(backgrounds, texts, padding=6, color=INK, annotation_clip=False)
        axes.set_xlim(0, full)
        axes.set_ylim(len(lengths) - 0.5, -0.5)
        axes.set_yticks(places, labels)
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
        axes.spines[:].set_visible(False)

    return Block(bars.title, WIDTH, ROW * len(lengths), draw, stretches=True)
