"""The network in columns: its forward pass, the list of its steps, and the bound of rounding."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

from mathrepl.arithmetic.skills import DOING, END, READING, alphabets_of
from mathrepl.arithmetic.written import Pass, pass_of
from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.data.passes import encoding_of
from mathrepl.data.skill_examples import skill_examples
from mathrepl.inference.decoding import written_of
from mathrepl.inference.passes import Asking, Lookup
from mathrepl.inference.solution import Answered
from mathrepl.networks import Tensors, kind_of
from mathrepl.networks.columns import DOER, Logits, automaton, probabilities, shapes_by, step
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import softmax
from tests.kit.exact import exact_tensors

ENCODING = encoding_of("+-?oz")
SHAPE = Architecture("columns", hidden=7, symbols=5)


def random_network(seed: int = 0, scale: float = 1.0, encoding: Encoding = ENCODING) -> Tensors:
    rng = np.random.default_rng(seed)
    return {
        name: (scale * rng.normal(size=shape)).astype(np.float32)
        for name, shape in shapes_by(DOER, SHAPE, encoding).items()
    }


def texts_of(encoding: Encoding, count: int, seed: int = 0) -> list[str]:
    return [example.question for example in skill_examples(encoding.skills, count, seed).training]


# The forward pass


def test_every_tensor_has_its_shape():
    shapes = shapes_by(DOER, SHAPE, ENCODING)
    alphabets = alphabets_of(ENCODING.skills)
    assert shapes["skill.embeddings"] == (5, 7)
    assert shapes["symbol.embeddings"] == shapes["memory.kernel"][::-1] == (5, 7)
    assert shapes["output.kernel"] == (7, len(alphabets.written))
    reader = kind_of("columns-reader").shapes(
        Architecture("work", reader_hidden=3, reader_symbols=2), ENCODING
    )
    assert reader["memory.kernel"] == (3, 2)
    assert reader["skill.embeddings"] == (len(READING), 3)


def test_probabilities_are_those_of_the_characters_that_are_written_at_each_column():
    passes = encode_questions(ENCODING, ["94+909", "7?12345678901234", "00z0"])
    states: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    found = probabilities(random_network(), ENCODING, passes, states)
    assert found.shape == (3, 15, len(ENCODING.characters))
    assert found.sum(-1) == pytest.approx(1, abs=1e-5)
    written = set(alphabets_of(ENCODING.skills).written)
    for code, character in enumerate(ENCODING.characters):
        assert (found[..., code] > 0).all() == (character in written)
    symbols, decided = states["memory"]
    assert symbols.shape == decided.shape == (3, 15, 5)
    assert (symbols.sum(-1) == 1).all()
    assert (symbols.argmax(-1) == decided.argmax(-1)).all()


def test_a_pass_starts_without_a_symbol_and_goes_on_with_the_likeliest():
    tensors, passes = random_network(3), encode_questions(ENCODING, ["94+909"])
    found = probabilities(tensors, ENCODING, passes)
    alphabets = alphabets_of(ENCODING.skills)
    symbol = np.zeros(7, np.float32)
    for t, (a, b) in enumerate([("4", "9"), ("9", "0"), (" ", "9"), (" ", " ")]):
        seen = tensors["skill.embeddings"][alphabets.names.index("+")]
        seen = seen + tensors["first.embeddings"][alphabets.first.index(a)]
        seen = seen + tensors["second.embeddings"][alphabets.second.index(b)] + symbol
        memory, logits = step(tensors, seen[None])
        wanted = softmax(logits[0])
        codes = [ENCODING.characters.index(c) for c in alphabets.written]
        assert found[0, t, codes] == pytest.approx(wanted, abs=1e-6)
        symbol = tensors["symbol.embeddings"][memory.argmax()]


def test_the_rules_are_followed_by_exact_weights():
    for names in (DOING, READING):
        encoding = encoding_of(names)
        tensors = exact_tensors(names, 5)
        examples = skill_examples(names, 600, 1).training
        passes = encode_questions(encoding, [example.question for example in examples])
        texts, sure = written_of(encoding, probabilities(tensors, encoding, passes))
        assert texts == [example.answer for example in examples]
        assert min(sure) > 0.99


def test_columns_beyond_a_pass_change_nothing_before_them():
    tensors = random_network(1)
    short = probabilities(tensors, ENCODING, encode_questions(ENCODING, ["94+909"]))
    both = probabilities(tensors, ENCODING, encode_questions(ENCODING, ["94+909", "1" * 40 + "+2"]))
    assert both[0, : short.shape[1]] == pytest.approx(short[0], abs=1e-6)


# The list of all steps


def test_the_list_of_all_steps_agrees_with_the_forward_pass_on_every_transition():
    """Every skill, symbol and column: each symbol is given as that of a network of its own."""
    tensors = random_network(2)
    listed = automaton(tensors, ENCODING)
    alphabets = listed.alphabets
    rows = (alphabets.names, alphabets.first, alphabets.second)
    k = len(tensors["symbol.embeddings"])
    assert listed.memory.values.shape == (5, k + 1, *map(len, rows[1:]), k)
    embeddings = [tensors[f"{row}.embeddings"] for row in ("skill", "first", "second")]
    symbols = np.concatenate([np.zeros((1, 7), np.float32), tensors["symbol.embeddings"]])
    grid = np.meshgrid(*(np.arange(len(e)) for e in (embeddings[0], symbols, *embeddings[1:])))
    skill, symbol, first, second = (axis.ravel() for axis in grid)
    seen = embeddings[0][skill] + embeddings[1][first] + embeddings[2][second] + symbols[symbol]
    memory, logits = step(tensors, seen)
    at = skill, symbol, first, second
    for found, asked in ((listed.memory, memory), (listed.logits, logits)):
        assert (np.abs(found.values[at] - asked) <= found.errors[at]).all()
    lead, moved = listed.memory.margins
    clear = lead[at] > moved[at]
    assert clear.mean() > 0.9
    assert (listed.following[at] == memory.argmax(-1) + 1)[clear].all()


def asking(tensors: Tensors, encoding: Encoding) -> Asking:
    """The network asked column by column, in batches whose passes are padded."""
    return Asking(encoding, lambda passes: probabilities(tensors, encoding, passes))


def sures(answered: list[Answered]) -> list[float]:
    return [one.probability for one in answered]


@pytest.mark.parametrize("names", [DOING, READING])
def test_lookups_give_what_the_forward_pass_gives_wrong_as_it_is(names: str):
    encoding = encoding_of(names)
    tensors = random_network(4, 1.5, encoding)
    lookup, asked = Lookup(automaton(tensors, encoding)), asking(tensors, encoding)
    passes = [pass_of(text, names) for text in texts_of(encoding, 3000, 5)]
    found, wanted = lookup.answer(passes), asked.answer(passes)
    assert [one.result for one in found] == [one.result for one in wanted]
    assert sures(found) == pytest.approx(sures(wanted), rel=1e-3)
    for one in passes[:60]:
        (mine, end), (other, other_end) = lookup.guesses(one), asked.guesses(one)
        assert (end is None) == (other_end is None)
        for first, second in zip((*mine, end or ()), (*other, other_end or ()), strict=True):
            assert first[::2] == second[::2]
            assert first[1::2] == pytest.approx(second[1::2], abs=1e-5)


def test_lookups_add_many_random_sums_as_the_forward_pass_does():
    """`MATHREPL_SUMS=1000000 pytest -k many_random_sums` asks for a million of them."""
    count = int(os.environ.get("MATHREPL_SUMS", "30000"))
    encoding = encoding_of("+")
    rng = np.random.default_rng(0)
    tensors = {
        name: tensor + rng.normal(0, 0.02, tensor.shape).astype(np.float32)
        for name, tensor in exact_tensors("+", 2).items()
    }
    lookup, asked = Lookup(automaton(tensors, encoding)), asking(tensors, encoding)
    draw = random.Random(0)
    for _ in range(0, count, 2000):
        pairs = [[draw.randrange(10 ** draw.randint(1, 12)) for _ in "ab"] for _ in range(2000)]
        passes = [Pass("+", str(a), str(b)) for a, b in pairs]
        found, wanted = lookup.answer(passes), asked.answer(passes)
        assert [one.result for one in found] == [str(a + b) for a, b in pairs]
        assert [one.result for one in wanted] == [str(a + b) for a, b in pairs]
        assert sures(found) == pytest.approx(sures(wanted), rel=1e-4)


# Rounding


@pytest.mark.parametrize("scale", [0.3, 1.0, 20.0])
@pytest.mark.parametrize("batch", [1, 2, 3, 17, 256])
def test_the_bound_holds_for_float32_in_every_shape_of_batch(scale: float, batch: int):
    tensors = random_network(6, scale)
    listed = automaton(tensors, ENCODING)
    rng = np.random.default_rng(batch)
    skill, first, second = (
        rng.integers(0, len(tensors[f"{row}.embeddings"]), batch)
        for row in ("skill", "first", "second")
    )
    symbol = rng.integers(0, 6, batch)
    symbols = np.concatenate([np.zeros((1, 7), np.float32), tensors["symbol.embeddings"]])
    at = skill, symbol, first, second
    parts = [
        tensors["skill.embeddings"][skill],
        tensors["first.embeddings"][first],
        tensors["second.embeddings"][second],
        symbols[symbol],
    ]
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)):  # float32 sums depend on it
        seen = sum(parts[i] for i in order)
        for found, asked in zip((listed.memory, listed.logits), step(tensors, seen), strict=True):
            assert (np.abs(found.values[at] - asked) <= found.errors[at]).all()


def test_margins_are_the_lead_over_the_next_and_what_rounding_can_take_from_it():
    logits = Logits(np.array([[5.0, 3.0, 4.5]]), np.array([[0.1, 2.0, 0.2]]))
    lead, moved = logits.margins
    # The third is nearest, but the second is so uncertain that it could come first.
    assert (lead.item(), moved.item()) == (2.0, pytest.approx(2.1))
    assert logits.best.item() == 0


def test_a_network_of_one_symbol_always_remembers_it():
    tensors = exact_tensors("ot", 1)
    assert (automaton(tensors, encoding_of("ot")).following == 1).all()


def test_the_end_mark_leads_what_is_written():
    assert alphabets_of(DOING).written[0] == END
