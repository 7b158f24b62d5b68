from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.arithmetic.skills import LINE
from mathrepl.data.encoding import Encoding
from mathrepl.data.sampling import every, split
from mathrepl.networks import parts_of, shapes_of
from mathrepl.store.card import load_card
from mathrepl.training.recipes import RECIPES
from tests.kit.paths import ROOT

BUNDLED = ROOT / "weights"


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains_each_of_its_networks_once(name: str):
    recipe = RECIPES[name]
    parts = list(recipe.stages)
    assert sorted(parts) == sorted(parts_of(recipe.architecture))
    assert shapes_of(recipe.architecture, recipe.encoding)


@pytest.mark.parametrize("name", ["add", "blog"])
def test_every_equation_of_the_task_fits_the_encoding(name: str):
    recipe = RECIPES[name]
    assert recipe.encoding.fits(recipe.task)
    assert split(recipe.task, 100).held_out


def test_every_character_of_a_line_is_in_the_encoding_of_work():
    assert set(LINE) < set(RECIPES["work"].encoding.characters[1:])


def test_add_is_every_sum_of_three_digits_written_from_the_last():
    task = RECIPES["add"].task
    assert sum(1 for _ in every(task)) == 1_000_000
    assert RECIPES["add"].encoding == Encoding.for_task(task, reverse=True)


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.json")), ids=lambda path: path.stem)
def test_bundled_weights_are_what_their_recipe_makes(path: Path):
    card = load_card(path.read_bytes(), path.name)
    recipe = RECIPES[path.stem]
    assert card.task == recipe.task
    assert card.architecture == recipe.architecture
    assert card.encoding == recipe.encoding
    made = [
        (t.part, t.epochs, t.examples + t.held_out_examples, t.learning_rate)
        for t in card.trainings
    ]
    settings = list(recipe.stages.items())
    assert made == [(part, s.epochs, s.examples, s.learning_rate) for part, s in settings]
