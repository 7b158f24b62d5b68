"""Drawings looked at: their pixels, their texts, their axes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from matplotlib import image as mpl_image
from matplotlib import style
from matplotlib.figure import Figure as Drawing
from matplotlib.text import Text

from mathrepl.analysis.figure import Figure
from mathrepl.plots import drawing
from mathrepl.plots.drawing import STYLE, picture


def pixels(figure: Figure) -> np.ndarray:
    """The PNG's colours: (height, width, 3), 0 to 255."""
    image = mpl_image.imread(BytesIO(picture(figure, "png")))
    return np.round(image[..., :3] * 255).astype(int)


def drawn(figure: Figure) -> Drawing:
    with style.context(["default", STYLE]):
        return drawing.drawn(figure)


def texts(figure: Figure) -> list[str]:
    """All lines that are written in a drawing, top and bottom included."""
    seen = drawn(figure)
    seen.draw_without_rendering()
    return [line for text in seen.findobj(Text) for line in text.get_text().splitlines()]


def axes_of(panel):
    return drawn(Figure("", (panel,))).axes[0]
