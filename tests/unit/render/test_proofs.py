"""Proofs of weights as tables, and a proof that closes in while a network is trained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mathrepl.evaluation.proofs import ProvedWeights, prove_weights
from mathrepl.render.renderer import Renderer
from mathrepl.store.card import Epoch, Metrics, Proved
from mathrepl.training.events import EpochDone, Launched, Started
from tests.kit.exact import exact_card, tensors_of
from tests.kit.screens import screen


class Screen:
    """A renderer that draws into a string."""

    def __init__(self, width: int = 80, *, terminal: bool = True) -> None:
        console, self.file = screen(width, terminal=terminal)
        self.renderer = Renderer("dark", console=console)
        self.show = self.renderer.show


METRICS = Metrics(0.5, 0.75, 0.25)


def proved(change: float = 0.0) -> ProvedWeights:
    card = exact_card("exact")
    tensors = tensors_of(card)
    tensors["doer.memory.bias"][0] += change
    return prove_weights(card, tensors)[0]


def drawn(value: ProvedWeights, width: int) -> str:
    screen = Screen(width)
    screen.show(value)
    text = screen.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    return text


def test_each_skill_is_a_row():
    text = drawn(replace(proved(), card="the table is written"), 140)
    assert "comparison of two numbers" in text
    assert "14 of 14 skills proved right at every length: " in text
    assert "the table is written" in text
    narrow = drawn(proved(), 80)
    assert "comparison" not in narrow
    assert "transitions" in narrow


@pytest.mark.parametrize("width", [40, 80, 140])
def test_the_first_skills_that_go_wrong_have_a_counterexample(width: int):
    text = drawn(replace(proved(100), flaw="the table in its card is of other weights"), width)
    for piece in ("first row", "second row", "network", "truth", "goes wrong is"):
        assert piece in text.replace("\n", " ")
    assert text.count("second row") == 3
    assert "skills that go wrong too" in text
    assert "of other weights" in text.replace(" \n", " ")


def test_a_long_way_to_a_wrong_column_is_cut():
    weights = proved(100)
    skill = next(one for one in weights.skills if one.counterexample)
    wrong = skill.counterexample
    assert wrong is not None
    rows = {name: getattr(wrong, name)[0] + 30 * "1" for name in ("first", "second", "truth")}
    long = replace(wrong, **rows, network=wrong.network[0] + 30 * "1")
    text = drawn(replace(weights, skills=(replace(skill, counterexample=long),)), 80)
    assert "after 19 columns that are right" in text


def epoch(number: int, wrong: int) -> EpochDone:
    proof = Proved(wrong, 1814, 4)
    return EpochDone(number, Epoch(number, 0.1, METRICS, METRICS, "doer", proof), True, ())


def test_an_epoch_is_a_line_with_its_proof():
    screen = Screen(terminal=False)
    for event in (Launched("w", 2), Started("w", 10, 9, 1, 2, None), epoch(1, 2)):
        screen.show(event)
    assert screen.file.getvalue() == (
        "epoch 1/2  loss 0.5000  held-out exact 25.00%  "
        "proved: 1,812 of 1,814 transitions right, 4 symbols  best so far\n"
    )


def test_the_live_view_shows_the_proof_close_in():
    screen = Screen(100)
    for event in (Launched("w", 3), Started("w", 10, 9, 1, 3, None), epoch(1, 900), epoch(2, 0)):
        screen.show(event)
    live = screen.renderer._training
    assert live is not None
    screen.renderer.out.print(live._draw())
    screen.renderer.close()
    text = screen.file.getvalue()
    assert "100.00%" in text
    assert "1,814 of 1,814 transitions right, 4 symbols" in text
