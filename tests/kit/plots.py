"""Drawings looked at: their pixels, their texts, their axes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from matplotlib import image as mpl_image
from matplotlib.text import Text

from mathrepl.analysis.figure import Figure
from mathrepl.plots.drawing import drawn, picture


def pixels(figure: Figure) -> np.ndarray:
    """The PNG's colours: (height, width, 3), 0 to 255."""
    image = mpl_image.imread(BytesIO(picture(figure, "png")))
    return np.round(image[..., :3] * 255).astype(int)


def texts(figure: Figure) -> list[str]:
    """All lines that are written in a drawing, top and bottom included."""
    drawing = drawn(figure)
    drawing.draw_without_rendering()
    return [line for text in drawing.findobj(Text) for line in text.get_text().splitlines()]


def axes_of(panel):
    return drawn(Figure("", (panel,))).axes[0]
