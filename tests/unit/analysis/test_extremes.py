"""Whatever numbers a panel holds, integers of any size among them, it is drawn everywhere."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from mathrepl.analysis.figure import MOST, Bar, Bars, Figure, Heatmap, Lines, Panel, Series
from mathrepl.analysis.figure import drawn as kept
from mathrepl.plots.drawing import picture
from mathrepl.render.renderer import as_text

NUMBERS = (
    0,
    -1,
    2**53 + 1,
    2**63,
    -(2**64),
    10**30,
    10**400,
    -(10**400),
    1.7e308,
    -1.7e308,
    5e-324,
)
pytestmark = pytest.mark.filterwarnings("error")


def panels() -> list[Panel]:
    found: list[Panel] = [
        Bars("bars", tuple(Bar(str(number)[:9], number) for number in NUMBERS), high=high)
        for high in (None, 10**400, 2**63)
    ]
    for log, end in product((False, True), (None, *NUMBERS)):
        series = Series("one", NUMBERS, NUMBERS[::-1])
        found.append(Lines("lines", (series,), log=log, low=None, high=end))
    cells = np.array([[0.0, 1.0, 2.0]], np.float32)
    for first in NUMBERS:
        if isinstance(first, int):
            ends = first, first + 2
            found.append(Heatmap("map", cells, column_range=ends, row_range=(first, first)))
            found.append(Heatmap("map", cells.T, row_range=ends[::-1], column_axis="a", high=first))
    for low, high in product((-1.7e308, 0), (1.7e308, 10**400)):
        found.append(Heatmap("map", cells, low=low, high=high))
        found.append(Heatmap("map", cells, low=low, high=high, palette="signed"))
    return found


@pytest.mark.parametrize("number", range(len(panels())))
def test_every_panel_is_drawn(number: int) -> None:
    figure = Figure("a figure", (panels()[number],))
    assert as_text(figure, "dark", terminal=True)
    assert picture(figure, "png")


def test_usual_numbers_stay_as_they_are() -> None:
    for number in (0, 1, -1, 2**53, 0.1, 1e-99, 1e99, math.inf, -math.inf):
        assert kept(number) is number
    assert math.isnan(kept(math.nan))
    assert (kept(2**53 + 1), kept(10**400), kept(-1e300)) == (2.0**53, MOST, -MOST)
    assert isinstance(kept(2**64), float)
    assert kept(5e-324) == 0
