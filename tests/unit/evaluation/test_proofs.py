"""Proofs of weights, against brute force by the forward pass, and the table in a card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mathrepl.arithmetic.skills import ALL, END
from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import encode_questions
from mathrepl.evaluation.proofs import flaw_of, prove_weights
from mathrepl.inference.decoding import written_of
from mathrepl.networks import kind_of
from mathrepl.store.card import load_card
from mathrepl.support.errors import UsageError
from tests.kit.exact import exact_card, tensors_of
from tests.kit.weights import random_tensors, tiny_card

CARD = exact_card("exact", Task(operations="+-"))
TENSORS = tensors_of(CARD)
SHORT = [(f"{a}+{b}", str(a + b)) for a in range(0, 1000, 29) for b in (*range(20), 99, 907, 999)]


def written(tensors, texts: list[str]) -> list[str]:
    """By the forward pass in float32."""
    questions = encode_questions(CARD.encoding, texts)
    kind = kind_of("columns")
    found = kind.probabilities(tensors, CARD.architecture, CARD.encoding, questions)
    return written_of(CARD.encoding, found)[0]


def proof_of(tensors):
    return prove_weights(CARD, tensors)[0]


def test_weights_that_are_right_are_proved():
    proved, table = prove_weights(CARD, TENSORS)
    assert proved.proved
    total, sign = proved.skills[0], proved.skills[-1]
    assert (total.skill, total.pairs, total.symbols, total.transitions) == ("+", 3, 3, 363)
    assert total.margin == 12
    assert 0 < total.moved < 1e-2
    assert (sign.skill, sign.pairs, sign.transitions) == ("s", 2, 18)
    assert [row.state for row in table.skills[0].pairs] == [0, 0, 1]
    assert written(TENSORS, [text for text, _ in SHORT]) == [right for _, right in SHORT]


def test_a_strong_nudge_of_any_of_50_weights_is_found_or_changes_nothing():
    rng = np.random.default_rng(0)
    texts, rights = zip(*SHORT, strict=True)
    places = [(name, i) for name, tensor in TENSORS.items() for i in range(tensor.size)]
    failed = 0
    for at in rng.choice(len(places), 50, replace=False):
        name, i = places[at]
        tensors = {key: tensor.copy() for key, tensor in TENSORS.items()}
        tensors[name].ravel()[i] += rng.choice([-20, 20])
        proved = proof_of(tensors)
        if proved.skills[0].proved:
            assert written(tensors, list(texts)) == list(rights), (name, i)
        for skill in proved.skills:
            wrong = skill.counterexample
            if wrong is not None:
                failed += 1
                rule = ALL[skill.skill]
                first, _, second = wrong.question.partition(skill.skill)
                (network,) = written(tensors, [wrong.question])
                assert network != rule.run(first, second), wrong
                assert wrong.network[1:] == wrong.truth[1:]
                assert wrong.network[0] != wrong.truth[0]
    assert failed > 5


def test_a_counterexample_is_the_shortest():
    tensors = dict(TENSORS)
    tensors["memory.bias"] = TENSORS["memory.bias"] + np.float32([0, 100, 0])  # always a carry
    wrong = proof_of(tensors).skills[0].counterexample
    assert wrong is not None
    assert len(wrong.first) == len(wrong.second) == len(wrong.network) == len(wrong.truth) == 2


@pytest.mark.parametrize("size", [1e20, 1e37])
def test_what_float32_cannot_hold_is_not_proved(size: float):
    tensors = {key: tensor * np.float32(size) for key, tensor in TENSORS.items()}
    proved = proof_of(tensors)
    assert not proved.proved
    assert not any(skill.wrong for skill in proved.skills)
    assert "rounding of float32" in proved.skills[0].text


def test_a_lead_within_the_rounding_is_not_proved():
    tensors = dict(TENSORS)
    tensors["output.kernel"] = TENSORS["output.kernel"] * np.float32(1e-4)
    tensors["output.bias"] = TENSORS["output.bias"] + np.float32(1000)
    assert proof_of(tensors).skills[0].narrow == 363


@pytest.mark.parametrize("kind", ["seq2seq", "attention"])
def test_a_memory_of_real_numbers_is_refused(kind: str):
    architecture = replace(tiny_card().architecture, kind=kind)
    card = tiny_card(architecture=architecture)
    with pytest.raises(UsageError, match="there is no finite machine in it; try :prove work"):
        prove_weights(card, random_tensors(architecture, card.encoding))


def table():
    return prove_weights(replace(CARD, sha256="a" * 64), TENSORS)[1]


def test_the_table_is_read_again_from_a_card_and_has_no_flaw():
    card = replace(CARD, sha256="a" * 64, proof=table())
    again = load_card(card.dump(), "here").proof
    assert again == card.proof
    assert len(card.dump()) < 7_000
    assert flaw_of(again, table()) == ""
    assert END not in again.skills[0].pairs[0].written


def changed(**changes):
    """The table, the second row of whose first skill is changed."""
    whole = table()
    skill = whole.skills[0]
    row = replace(skill.pairs[1], **changes)
    pairs = (skill.pairs[0], row, *skill.pairs[2:])
    return replace(whole, skills=(replace(skill, pairs=pairs), *whole.skills[1:]))


@pytest.mark.parametrize("field", ["margin", "moved"])
def test_margins_of_another_processor_are_the_same_and_others_are_a_flaw(field: str):
    whole = table()
    skill = whole.skills[0]
    for factor, message in ((1 + 1e-13, ""), (1.01, "the margins in its card's table are not")):
        other = replace(skill, **{field: getattr(skill, field) * factor})
        flaw = flaw_of(replace(whole, skills=(other, *whole.skills[1:])), whole)
        assert flaw.startswith(message)
        assert bool(flaw) == bool(message)


def test_every_flaw_of_a_table_is_found():
    whole = table()
    skill = whole.skills[0]
    row = skill.pairs[1]
    fewer = replace(whole, skills=(replace(skill, pairs=skill.pairs[:2]), *whole.skills[1:]))
    flaws = {
        "other weights": replace(whole, weights_sha256="b" * 64),
        "is answered by '7' instead of '3'": changed(written=row.written[:15] + "7" * 106),
        "not a transition for each column": changed(written=row.written[:-1]),
        "leads out of the table": fewer,
        "there is no start": replace(whole, skills=(replace(skill, pairs=skill.pairs[1:]),)),
        "not what the network does": replace(whole, skills=whole.skills[:1]),
        "not those of a skill": replace(whole, skills=(replace(skill, skill="~"),)),
        "no table": None,
    }
    for message, kept in flaws.items():
        assert message in flaw_of(kept, whole), message
    more = replace(skill, pairs=(*skill.pairs, replace(row, symbol=9, state=9)))
    flaw = flaw_of(replace(whole, skills=(more, *whole.skills[1:])), whole)
    assert "symbol 9 and state 9, there is not a transition for each column" in flaw
