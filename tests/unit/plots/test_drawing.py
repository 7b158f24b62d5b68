"""Lines, bars and answers drawn, and how panels and texts are put together."""

from __future__ import annotations

from math import inf, nan
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap, Lines, Series
from mathrepl.inference.answer import Answers, Refused, compare
from mathrepl.inference.solution import Guess, Solution
from mathrepl.plots.drawing import EDGE, MOST, NARROWEST, picture
from mathrepl.plots.text import MONO, SANS, SMALL, drawable, text_width, wrapped
from mathrepl.support.errors import MathreplError
from mathrepl.support.text import cropped
from tests.kit.plots import axes_of, drawn, pixels, texts


def answer(question: str, network: str, truth: str, weights: str = "add"):
    guesses = tuple(Guess(c, 0.5, "0", 0.1) for c in network)
    solution = Solution(question, network, guesses, Guess("\n", 1.0, "0", 0.0))
    return compare(question, solution, truth, weights=weights, engine="numpy")


def test_lines_are_drawn_named_and_scaled():
    series = (Series("training", (1, 2, 3), (1.0, 0.1, 0.01)), Series("_quiet", (1, 2), (2, 3)))
    axes = axes_of(Lines("loss", series, "epoch", "loss", log=True))
    assert [line.get_xydata().tolist() for line in axes.lines] == [
        [[1, 1.0], [2, 0.1], [3, 0.01]],
        [[1, 2.0], [2, 3.0]],
    ]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "_quiet"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    assert axes.get_yscale() == "log"


def test_points_that_cannot_be_drawn_are_left_out():
    series = Series("s", (1, 2, 3, 4), (1.0, nan, inf, 0.0))
    plain, log = (axes_of(Lines("", (series,), log=log)).lines[0].get_ydata() for log in (0, 1))
    assert np.isfinite(plain).tolist() == [True, False, False, True]
    assert np.isfinite(log).tolist() == [True, False, False, False]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    ("x", "y"), [((), ()), ((1.0,), (nan,)), ((1.0, 2.0), (inf, -inf))], ids=repr
)
def test_series_without_a_point_say_so(x, y, log):
    said = texts(Figure("", (Lines("", (Series("s", x, y),), log=log),)))
    assert ("nothing above 0 to draw" if log else "nothing to draw") in said


def test_an_empty_series_beside_another_keeps_its_name():
    axes = axes_of(Lines("", (Series("none", (), ()), Series("one", (1.0,), (1.0,)))))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["none", "one"]


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [
        (None, None, False),
        (0, 1, False),
        (None, 0.05, False),
        (0.5, None, False),
        (1, 1, False),
        (0, None, True),
        (-1, 0, True),
        (0.5, None, True),
        (None, 0.05, True),
        (1, 1, True),
        (1e-3, 10, True),
    ],
)
def test_ends_that_were_asked_for_hold_and_never_turn_the_axis_over(low, high, log):
    axes = axes_of(Lines("", (Series("s", (1, 2), (0.1, 0.1)),), low=low, high=high, log=log))
    bottom, top = axes.get_ylim()
    assert bottom < top
    if low is not None and (low > 0 or not log):
        assert bottom <= low < top
    if high is not None and (low is None or high > low) and (high > 0 or not log):
        assert bottom < high <= top


def test_more_names_than_room_are_counted():
    series = tuple(Series(f"s{n}", (1.0, 2.0), (n, n + 1)) for n in range(40))
    drawing = drawn(Figure("", (Lines("", series),)))
    legend = drawing.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()][-1] == "and 26 more"
    drawing.draw_without_rendering()
    assert legend.get_window_extent().y0 >= drawing.axes[0].bbox.y0
    assert len({(line.get_color(), line.get_linestyle()) for line in drawing.axes[0].lines}) == 40


@pytest.mark.parametrize(
    ("values", "high", "lengths"),
    [
        ((0.5, 1.0), 1.0, [0.5, 1.0]),
        ((2, 8), None, [2, 8]),
        ((5, -1, nan, inf), 4, [4, 0, 0, 0]),
        ((0, 0), None, [0, 0]),
    ],
)
def test_bars_are_as_long_as_their_values(values, high, lengths):
    bars = Bars("", tuple(Bar(f"b{n}", v, f"t{n}") for n, v in enumerate(values)), high)
    axes = axes_of(bars)
    drawn_bars = axes.patches[len(values) :]
    assert [bar.get_width() for bar in drawn_bars] == lengths
    assert axes.get_xlim()[1] >= max(lengths)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [f"b{n}" for n in range(len(values))]
    assert [text.get_text() for text in axes.texts] == [f"t{n}" for n in range(len(values))]
    assert axes.yaxis_inverted()


def test_no_bars_say_so():
    assert "nothing to draw" in texts(Figure("", (Bars("", ()),)))


def test_answers_are_a_table_with_refusals():
    refused = Refused("9 ^ 2", MathreplError("add has no '^'"))
    panel = Answers((answer("94 + 909", "1003", "1003"), answer("9 + 1", "1 1", "10"), refused))
    said = texts(Figure("", (panel,)))
    assert said == [
        "equation  network  truth  verdict                       sure",
        "94 + 909  1003     1003   right                         6%",
        "9 + 1     1␣1      10     wrong: '1 1' is not a number  12%",
        "9 ^ 2                     add has no '^'",
    ]


def test_answers_of_several_weights_name_them_and_many_are_counted():
    items = [answer(f"{n} + 0", str(n), str(n), f"w{n % 2}") for n in range(75)]
    said = texts(Figure("", (Answers(tuple(items)),)))
    assert said[0].startswith("weights  equation")
    assert said[1].startswith("w0       0 + 0")
    assert len(said) == 1 + 60 + 1
    assert said[-1] == "and 15 more"
    assert texts(Figure("", (Answers(()),))) == ["equation  network  truth  verdict  sure"]


def test_title_facts_and_notes_stand_around_the_panels():
    figure = Figure("A title", (), facts=("costs $5 and $6", "word " * 100), notes=("mind",))
    said = texts(figure)
    assert said[:2] == ["A title", "costs $5 and $6"]
    assert said[-1] == "! mind"
    assert " ".join(said[2:-1]).split() == ["word"] * 100
    shot = pixels(figure)
    assert (shot[:, -24:] == 255).all()
    assert (shot != 255).any()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_text_that_no_font_has_is_replaced_everywhere(kind):
    """A glyph that is missing would warn, and warnings are errors here."""
    odd = "a\tb\x1b[31m\n漢\ud800\u202e\U0001f600$x^2$"
    figure = Figure(
        odd,
        (
            Heatmap(odd, np.ones((1, 1)), (odd,), (odd,), row_axis=odd, column_axis=odd),
            Lines(odd, (Series(odd, (1, 2), (1, 2)),), odd, odd),
            Bars(odd, (Bar(odd, 1, odd),)),
            Answers((answer(odd, odd, "3", odd), Refused(odd, MathreplError(odd)))),
        ),
        facts=(odd,),
        notes=(odd,),
    )
    said = "".join(texts(figure))
    assert "a�b�[31m����" in said
    assert said.isprintable()
    file = picture(figure, kind)
    if kind == "svg":
        ElementTree.fromstring(file)  # noqa: S314 - our own file; a bad one raises


def test_small_grids_share_a_row_while_there_is_room():
    def corners(count: int) -> list[tuple[float, float]]:
        heats = tuple(Heatmap(f"head {n}", np.ones((6, 9))) for n in range(count))
        drawing = drawn(Figure("", heats))
        return [(axes.get_position().x0, axes.get_position().y1) for axes in drawing.axes]

    (x0, y0), (x1, y1), (_, y2) = corners(3)[:3]
    assert x0 < x1
    assert y0 == y1 > y2


@pytest.mark.parametrize(("count", "told"), [(MOST, False), (MOST + 1, True), (1000, True)])
def test_the_panels_of_a_file_are_bounded(count, told):
    figure = Figure("", (Bars("a panel", ()),) * count)
    said = texts(figure)
    assert said.count("a panel") == MOST
    assert (f"! only the first {MOST} of {count} panels are drawn" in said) is told


def test_no_setting_outlives_a_drawing():
    before = dict(mpl.rcParams)
    figure = Figure("", (Lines("", (Series("s", (1, 2), (1, 2)),)), Heatmap("", np.ones((2, 2)))))
    picture(figure, "svg")
    assert dict(mpl.rcParams) == before


def test_lines_break_between_words_and_within_what_is_wider():
    room = text_width("x" * 20, SMALL)
    lines = wrapped("some words and " + "x" * 50, SMALL, room)
    assert "".join(lines).replace(" ", "") == "somewordsand" + "x" * 50
    assert all(text_width(line, SMALL) <= room for line in lines)
    assert wrapped("", SMALL, room) == [""]


@pytest.mark.parametrize("word", ["word", "0123456789", "= 12 + (3"])
def test_lines_are_about_as_wide_as_their_room(word):
    width = pixels(Figure("", (), facts=((word + " ") * 80,))).shape[1] - 2 * EDGE
    assert 0.8 * NARROWEST < width <= NARROWEST


def test_text_is_kept_as_long_as_it_may_be():
    assert cropped("12345", 5) == "12345"
    assert cropped("123456", 5) == "1234…"
    known = "2 \N{MULTIPLICATION SIGN} 3 \N{MINUS SIGN} 1 ≈ 1␣■ é"
    for family in (SANS, MONO):
        assert drawable(known, family) == known
