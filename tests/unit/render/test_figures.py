"""Figures as wholes: their parts in order, on terminals with more and with fewer colours."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap, Lines, Series
from mathrepl.inference.answer import Answers, Refused
from mathrepl.render.figures import (
    PAGE_HEIGHT,
    PAGE_WIDTH,
    bar_of,
    depth_of,
    draw_bars,
    draw_figure,
)
from mathrepl.support.errors import EquationError
from tests.kit.screens import screen

MAP = Heatmap("map", np.ones((300, 300), dtype=np.float32), row_range=(0, 299), palette="verdict")
FIGURE = Figure(
    "everything",
    (
        MAP,
        Lines("loss", (Series("training", (1.0, 2.0), (0.5, 0.25)),)),
        Bars("next", (Bar("1", 0.75, "75%"),)),
        Answers((Refused("4 +", EquationError("a number is missing")),)),
    ),
    facts=("300 wrong of 90,000",),
    notes=("small network",),
)


def text(figure: Figure, *args: int, **how: object) -> str:
    console, file = screen(*args, **how)  # type: ignore[arg-type]
    console.print(draw_figure(figure, console))
    return file.getvalue()


def test_panels_facts_and_notes_stand_in_order() -> None:
    lines = text(FIGURE).splitlines()
    pieces = ("everything", "map", "loss", "next", "300 wrong of 90,000", "! small network")
    places = [lines.index(piece) for piece in pieces]
    assert places == sorted(places)
    missing = next(i for i, line in enumerate(lines) if "a number is missing" in line)
    assert places[3] < missing < places[4]
    assert lines[places[2] - 1] == lines[places[3] - 1] == ""
    assert "0 of 0 right" not in lines


@pytest.mark.parametrize("width", [20, 21, 40, 80, 140, 200])
@pytest.mark.parametrize("system", [None, "standard", "256", "truecolor"])
def test_no_line_is_wider_than_the_window(width: int, system: str | None) -> None:
    console, file = screen(width, color_system=system)
    for line in console.render_lines(draw_figure(FIGURE, console), pad=False):
        assert sum(cell_len(segment.text) for segment in line) <= width
    assert file.getvalue() == ""


@pytest.mark.parametrize(
    ("how", "depth"),
    [
        ({"color_system": None}, "none"),
        ({"color_system": "standard"}, "none"),
        ({"color_system": "truecolor", "no_color": True}, "none"),
        ({"color_system": "256"}, "256"),
        ({"color_system": "truecolor"}, "truecolor"),
    ],
)
def test_cells_are_coloured_only_where_there_are_colours(
    how: dict[str, object], depth: str
) -> None:
    console, _ = screen(**how)  # type: ignore[arg-type]
    assert depth_of(console) == depth
    assert ("▀" in text(FIGURE, **how)) == (depth != "none")


def test_a_pipe_gets_a_page() -> None:
    map_only = Figure("map", (MAP,))
    lines = text(map_only, 500, 5, terminal=False).splitlines()
    picture = [line for line in lines if "█" in line and "wrong" not in line]
    assert PAGE_HEIGHT / 2 < len(picture) < PAGE_HEIGHT
    assert PAGE_WIDTH / 2 < max(map(len, picture)) < PAGE_WIDTH


def test_texts_cannot_steer_the_terminal() -> None:
    bad = "\x1b[2J"
    drawn = text(Figure(bad, (Bars(bad, (Bar(bad, 1.0, bad),)),), (bad,), (bad,)))
    assert "\x1b[2J" not in drawn
    assert drawn.count("\N{REPLACEMENT CHARACTER}") == 6


def bars(drawn: Bars, width: int = 60) -> list[str]:
    console, file = screen(width)
    console.print(draw_bars(drawn, width))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_a_bar_ends_at_an_eighth_of_a_cell() -> None:
    assert bar_of(0.0, 10) == ""
    assert bar_of(1.0, 10) == "█" * 10
    assert bar_of(0.5, 1) == "▌"
    assert bar_of(9 / 32, 4) == "█▏"
    assert bar_of(1e-9, 10) == "▏"


def test_labels_are_aligned_and_texts_stand_behind() -> None:
    drawn = Bars("title", (Bar("a", 1.0, "50%"), Bar("long", 2.0), Bar("none", 0.0, "0%")))
    assert bars(drawn) == ["title", f"a    {'█' * 20} 50%", f"long {'█' * 40}", "none  0%"]


def test_a_full_bar_is_the_largest_or_what_is_given() -> None:
    assert bars(Bars("", (Bar("a", 0.5),), high=1.0)) == [f"a {'█' * 20}"]
    assert bars(Bars("", (Bar("a", 5.0), Bar("b", -1.0)), high=1.0)) == [f"a {'█' * 40}", "b"]
    assert bars(Bars("", (Bar("a", float("nan")), Bar("b", 0.0)))) == ["a", "b"]
    assert bars(Bars("none", ())) == ["none"]


def test_in_a_narrow_window_a_bar_stands_under_its_label() -> None:
    drawn = Bars("", (Bar("a long label", 1.0, "50%"), Bar("b", 2.0, "100%")))
    assert bars(drawn, 20) == ["a long label 50%", "█" * 10, "b 100%", "█" * 20]
