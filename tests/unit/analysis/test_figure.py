from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap, Lines, Progress, Series

PANELS = (
    Heatmap("heat", np.zeros((2, 3), np.float32)),
    Lines("lines", (Series("loss", (1.0, 2.0), (0.5, 0.25)),)),
    Bars("bars", (Bar("a", 0.5),)),
)
FIGURE = Figure("of something", PANELS, ("a fact",), ("mind this",), {"weights": "tiny", "n": 3})


def test_a_record_has_the_title_the_data_and_what_to_mind():
    assert json.loads(json.dumps(FIGURE.record())) == {
        "figure": "of something",
        "weights": "tiny",
        "n": 3,
        "notes": ["mind this"],
    }


def test_a_figure_without_data_still_has_a_record():
    assert Figure("empty", ()).record() == {"figure": "empty", "notes": []}


def test_a_live_figure_is_the_same_but_for_being_live():
    live = FIGURE.as_live()
    assert (live.live, FIGURE.live) == (True, False)
    for name in (field.name for field in fields(Figure) if field.name != "live"):
        assert getattr(live, name) is getattr(FIGURE, name)
    assert live.record() == FIGURE.record()


def test_a_figure_and_its_panels_cannot_be_changed():
    for value, name in [(FIGURE, "title"), *((panel, "title") for panel in PANELS)]:
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, "another")


def test_figures_do_not_share_their_data():
    assert Figure("a", ()).data is not Figure("b", ()).data


def test_progress_says_how_much_of_what():
    assert Progress("asking", 3, 7).record() == {"looking": "asking", "done": 3, "of": 7}
