"""Grids, cell by cell, as the pixels of a file show them."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO
from math import inf, nan

import numpy as np
import pytest
from matplotlib import image as mpl_image

from mathrepl.analysis.figure import Figure, Heatmap
from mathrepl.plots.drawing import picture
from mathrepl.plots.heat import MISSING, _counted, palette
from tests.kit.plots import axes_of, pixels, texts


def colour(name, value: float) -> tuple[int, ...]:
    return tuple(int(part) for part in palette(name)(value, bytes=True)[:3])


def box(shot: np.ndarray, wanted: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns from the first to the last pixel of a colour."""
    rows, columns = np.nonzero((shot == wanted).all(axis=2))
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


@pytest.mark.parametrize("shape", [(1000, 1000), (401, 777), (1000, 999)])
def test_a_large_map_has_exactly_a_pixel_an_equation(shape):
    """A random map comes back out of the PNG cell for cell, a missing one included."""
    rng = np.random.default_rng(1)
    cells = (rng.random(shape) < 0.1).astype(float)
    cells[0, :] = cells[-1, :] = cells[:, 0] = cells[:, -1] = 1
    cells[5, 7] = nan
    heat = Heatmap("map", cells, row_range=(0, shape[0] - 1), palette="verdict")
    shot = pixels(Figure("Map", (heat,), facts=("a fact",)))
    wrong = colour("verdict", 1.0)
    # The colour bar ends in the same red, right of the grid and apart from it.
    red = (shot == wrong).all(axis=2)
    top, left = np.argwhere(red.sum(axis=1) >= shape[1])[0][0], np.nonzero(red.any(axis=0))[0][0]
    grid = shot[top : top + shape[0], left : left + shape[1]]
    assert np.array_equal((grid == wrong).all(axis=2), cells == 1)
    assert np.array_equal((grid == colour("verdict", 0.0)).all(axis=2), cells == 0)
    assert tuple(grid[5, 7]) == tuple(int(MISSING[i : i + 2], 16) for i in (1, 3, 5))


@pytest.mark.parametrize("place", [(0, 0), (123, 456), (999, 999)])
def test_a_single_wrong_equation_is_one_pixel_of_another_colour(place):
    cells = np.zeros((1000, 1000))
    cells[place] = 1
    shot = pixels(Figure("", (Heatmap("", cells, palette="verdict"),)))
    rows, columns = box(shot, colour("verdict", 0.0))
    grid = shot[rows, columns][:1000, :1000]
    different = np.argwhere((grid != colour("verdict", 0.0)).any(axis=2))
    assert different.tolist() == [list(place)]
    assert tuple(grid[place]) == colour("verdict", 1.0)


def test_the_svg_of_a_map_holds_a_pixel_an_equation_too():
    cells = np.zeros((1000, 1000))
    cells[123, 456] = 1
    svg = picture(Figure("", (Heatmap("", cells, palette="verdict"),)), "svg").decode()
    held = [
        mpl_image.imread(BytesIO(b64decode(data)))
        for data in re.findall(r"data:image/png;base64,\s*([^\"]+)", svg)
    ]
    sizes = [image.shape[:2] for image in held]
    assert (1000, 1000) in sizes
    grid = np.round(held[sizes.index((1000, 1000))][..., :3] * 255)
    # An SVG's y may run either way, so the wrong one may be counted from below.
    assert np.argwhere((grid == colour("verdict", 1.0)).all(axis=2)).tolist() in (
        [[123, 456]],
        [[999 - 123, 456]],
    )


def test_small_cells_are_square_blocks_of_one_colour():
    cells = np.array([[0.0, 1.0], [1.0, 0.0]])
    shot = pixels(Figure("", (Heatmap("", cells, palette="signed", low=-1.0),)))
    rows, columns = box(shot, colour("signed", 0.5))
    grid = shot[rows, columns][:, :96]
    assert grid.shape[:2] == (96, 96)
    assert (grid[:48, :48] == colour("signed", 0.5)).all()
    assert (grid[:48, 48:] == colour("signed", 1.0)).all()


def test_right_and_wrong_differ_in_lightness_too():
    def lightness(value: float) -> float:
        return float(np.dot(colour("verdict", value), (0.299, 0.587, 0.114)))

    assert lightness(0.0) - lightness(1.0) > 120


@pytest.mark.parametrize(
    ("low", "high", "ends"), [(-1, 3, (-3, 3)), (-5, 1, (-5, 5)), (0, 0, (0, 1))]
)
def test_signed_is_centred_at_nothing(low, high, ends):
    heat = Heatmap("", np.zeros((3, 3)), low=low, high=high, palette="signed")
    assert axes_of(heat).images[0].get_clim() == ends


def test_ticks_name_rows_columns_and_blanks():
    heat = Heatmap("", np.ones((2, 3)), ("a", " "), ("x", "y", "z"), row_axis="wrote")
    axes = axes_of(heat)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "␣"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y", "z"]
    assert axes.get_ylabel() == "wrote"


def test_many_labels_are_thinned_and_each_stays_at_its_row():
    names = tuple(f"unit {number}" for number in range(300))
    axes = axes_of(Heatmap("", np.ones((300, 4)), names))
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert 10 < len(shown) < 60
    assert shown == [names[int(place)] for place in axes.get_yticks()]


def test_long_column_labels_stand_upright_and_short_ones_never_do():
    def turned(labels: tuple[str, ...]) -> set[float]:
        axes = axes_of(Heatmap("", np.ones((90, len(labels))), columns=labels))
        return {label.get_rotation() for label in axes.get_xticklabels()}

    assert turned(("a long label", "another one")) == {90.0}
    assert turned(tuple("94 + 909 ")) == {0.0}


@pytest.mark.parametrize("ends", [(0, 999), (-999, 0), (500, -500), (7, 7)])
def test_a_range_is_told_at_the_right_rows(ends):
    first, last = ends
    count = abs(last - first) + 1
    axes = axes_of(Heatmap("", np.zeros((count, 2)), row_range=ends))
    axes.figure.draw_without_rendering()
    inside = [t for t in axes.yaxis.get_major_ticks() if min(ends) <= t.get_loc() <= max(ends)]
    assert inside
    for tick in inside:
        value = int(tick.label1.get_text().replace("\N{MINUS SIGN}", "-"))
        _, y = axes.transAxes.inverted().transform(axes.transData.transform((0, value)))
        assert (1 - y) * count == pytest.approx(abs(value - first) + 0.5)


@pytest.mark.parametrize("cells", [np.zeros((0, 5)), np.zeros((5, 0))])
def test_a_grid_without_cells_says_so(cells):
    assert "nothing to draw" in texts(Figure("", (Heatmap("", cells),)))


def test_values_without_bounds_are_drawn_at_the_ends():
    cells = np.array([[inf, -inf, 9.0, nan]])
    image = axes_of(Heatmap("", cells)).images[0].get_array()
    assert image[0, :3].tolist() == [1.0, 0.0, 1.0]
    assert image.mask[0].tolist() == [False, False, False, True]


def test_nothing_but_missing_cells_is_drawn_grey():
    shot = pixels(Figure("", (Heatmap("", np.full((5, 5), nan)),)))
    grey = tuple(int(MISSING[i : i + 2], 16) for i in (1, 3, 5))
    assert (shot == grey).all(axis=2).sum() == (5 * 48) ** 2


@pytest.mark.parametrize(
    ("ends", "counted"),
    [
        ((0, 999), ((0, 999), "a")),
        ((-(10**9) + 1, 10), ((-(10**9) + 1, 10), "a")),
        ((2**63, 2**63 + 4), ((0, 4), "a - 9223372036854775808")),
        ((-(2**63), -(2**63) - 4), ((4, 0), "a + 9223372036854775812")),
        ((10**30, 10**30 + 9), ((0, 9), "a - 100000000000…000000000000 (31 digits)")),
        (None, (None, "a")),
    ],
)
def test_far_from_nothing_an_axis_counts_from_its_least_number(ends, counted):
    assert _counted(ends, "a") == counted


def test_far_cells_are_drawn_as_near_ones_are():
    cells = np.array([[0.0, 1.0, 0.0, 1.0]], np.float32)
    near, far = (
        Heatmap("", cells, column_range=(first, first + 3), row_range=(first, first))
        for first in (0, 10**30)
    )
    shown = [axes_of(one) for one in (near, far)]
    assert [axes.get_xlim() for axes in shown] == [(-0.5, 3.5)] * 2
    assert [axes.get_ylim() for axes in shown] == [(0.5, -0.5)] * 2
