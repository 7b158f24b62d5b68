"""Proofs: what holds, what is found wrong and by which pass, and brute force beside them."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest

from mathrepl.arithmetic.skills import ALL, DOING, END, READING, columns_of
from mathrepl.arithmetic.written import Pass
from mathrepl.data.passes import encoding_of
from mathrepl.inference.passes import Lookup
from mathrepl.networks.columns import automaton
from mathrepl.networks.proof import MAX_WAYS, Proof, prove
from tests.kit.exact import Tensors, exact_tensors, rectangles


def proof_of(tensors: Tensors, names: str) -> Proof:
    return prove(automaton(tensors, encoding_of(names)))


def wrong_at(names: str, skill: str, state: int, first: str, second: str) -> Tensors:
    """Exact weights that write another character in one column, and in others like it."""
    tensors = exact_tensors(names, 4)
    (unit,) = (
        i
        for i, one in enumerate(rectangles(names))
        if one.skill == skill
        and state in one.states
        and first in one.first
        and second in one.second
    )
    tensors["output.kernel"][unit] = np.roll(tensors["output.kernel"][unit], 1)
    return tensors


@pytest.mark.parametrize("names", ["+", "+-?zs", DOING, READING])
def test_exact_weights_are_proved(names: str):
    proof = proof_of(exact_tensors(names, 4), names)
    assert proof.holds
    assert proof.wrong == 0
    assert [one.skill for one in proof.skills] == list(names)
    for one in proof.skills:
        skill = ALL[one.skill]
        assert one.transitions == len(one.pairs) * len(skill.columns())
        assert one.pairs[0] == (0, 0)
        assert one.margin > one.moved > 0
        assert not one.wrongs
        # A symbol stands for each state that can be reached, beside none at the start.
        assert {state for _, state in one.pairs} <= set(range(len(skill.states)))
    assert proof.transitions == sum(one.transitions for one in proof.skills)


def test_a_wrong_transition_is_found_with_a_shortest_pass():
    proof = proof_of(wrong_at("+", "+", 1, "9", "9"), "+")
    assert not proof.holds
    (skill,) = proof.skills
    first = skill.wrongs[0]
    assert len(first.columns) == 2
    assert first.columns[1] == ("9", "9")
    a, b = first.columns[0]
    assert int(a) + int(b) > 9
    assert first.right == "9"
    assert first.written != "9"


def test_a_wrong_first_column_is_a_pass_of_one():
    proof = proof_of(wrong_at("+-", "-", 0, "7", "3"), "+-")
    plus, minus = proof.skills
    assert plus.holds
    assert ("7", "3") in [wrong.columns[-1] for wrong in minus.wrongs]
    assert min(len(wrong.columns) for wrong in minus.wrongs) == 1
    assert {wrong.right for wrong in minus.wrongs if wrong.columns[-1] == ("7", "3")} == {"4"}
    assert len(minus.wrongs) <= MAX_WAYS


def test_the_pass_of_a_wrong_transition_goes_wrong_when_it_is_run():
    names = "+-?"
    for seed in range(12):
        tensors = nudged(exact_tensors(names, 3), seed)
        listed = automaton(tensors, encoding_of(names))
        lookup = Lookup(listed)
        for skill in prove(listed).skills:
            for wrong in skill.wrongs[:3]:
                first, second = ("".join(row)[::-1] for row in zip(*wrong.columns, strict=True))
                place = len(wrong.columns) - 1
                guesses = lookup.guesses(Pass(skill.skill, first, second))[0][::-1]
                found = guesses[place].character if place < len(guesses) else END
                assert found == wrong.written != wrong.right


def test_the_blank_column_ends_a_pass_and_nothing_is_asked_after_it():
    """A network that goes astray after the end of a pass is proved all the same."""
    tensors = exact_tensors("?", 6)
    proof = proof_of(tensors, "?")
    # After the end the memory is that of the state before it, so no pair has a fourth symbol.
    assert {symbol for symbol, _ in proof.skills[0].pairs} == {0, 1, 2, 3}


@pytest.mark.parametrize("skill", ["g", "k", "l"])
def test_the_end_of_a_pass_is_asked_of_every_skill(skill: str):
    """The second row of these skills has no blank but the one after the pass."""
    tensors = wrong_at(READING, skill, 0, " ", " ")
    (found,) = (one for one in proof_of(tensors, READING).skills if one.skill == skill)
    assert not found.holds
    assert (" ", " ") in [wrong.columns[-1] for wrong in found.wrongs]
    assert {wrong.right for wrong in found.wrongs} == {END}


def test_a_lead_that_rounding_could_take_is_not_enough():
    tensors = exact_tensors("+", 2)
    for name in ("memory.kernel", "output.kernel"):
        tensors[name] *= np.float32(1e-9)
    tensors["output.bias"][:] = 5  # the same for all, so that rounding is larger than any lead
    proof = proof_of(tensors, "+")
    assert not proof.holds
    assert proof.skills[0].narrow > 0
    assert proof.skills[0].margin <= proof.skills[0].moved


# Weights changed by hand


def nudged(tensors: Tensors, seed: int) -> Tensors:
    """One number of the weights changed strongly."""
    rng = random.Random(seed)
    name = rng.choice(sorted(tensors))
    changed = {key: tensor.copy() for key, tensor in tensors.items()}
    flat = changed[name].reshape(-1)
    flat[rng.randrange(len(flat))] += rng.choice((-30, 30))
    return changed


@pytest.mark.parametrize("seed", range(50))
def test_a_proof_of_changed_weights_fails_or_holds_truly(seed: int):
    """Beside brute force: every pass of up to two columns, which reach every pair that matters."""
    tensors = nudged(exact_tensors("+", 2), seed)
    listed = automaton(tensors, encoding_of("+"))
    proof = prove(listed)
    lookup = Lookup(listed)
    numbers = [str(n) for n in range(100)] + [f"0{n}" for n in range(10)]
    wrong = 0
    for a, b in product(numbers, numbers):
        (found,) = lookup.answer([Pass("+", a, b)])
        wrong += found.result != ALL["+"].run(a, b)
    if proof.holds:
        assert wrong == 0
    else:
        ways = [one for one in proof.skills[0].wrongs if len(one.columns) <= 2]
        assert wrong or not ways or all(" " in "".join(way.columns[0]) for way in ways)


def test_columns_of_a_wrong_pass_are_those_that_a_pass_has():
    proof = proof_of(wrong_at("+", "+", 0, "5", "5"), "+")
    wrong = proof.skills[0].wrongs[0]
    first, second = ("".join(row)[::-1] for row in zip(*wrong.columns, strict=True))
    assert list(columns_of(first, second))[: len(wrong.columns)] == list(wrong.columns)
