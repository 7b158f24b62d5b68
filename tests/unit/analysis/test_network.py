from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathrepl.analysis.network import Network, network_of, rounded, shown
from mathrepl.data.codec import decode, encode_answers, encode_questions
from mathrepl.networks import kind_of, part_tensors
from mathrepl.networks.config import Architecture
from mathrepl.support.errors import UsageError
from mathrepl.training.recipes import RECIPES
from tests.kit.trained import ATTENTION, DEEP, LOOKUP, SEQ2SEQ, WORK, WRITING, network, weights
from tests.kit.weights import tiny_weights


@pytest.mark.parametrize("architecture", [SEQ2SEQ, ATTENTION, LOOKUP])
def test_a_lone_network_is_that_of_the_weights(tmp_path: Path, architecture: Architecture):
    asked = weights(tmp_path, architecture)
    found = network_of(asked)
    assert (found.card, found.part, found.kind) == (asked.card, "", architecture.kind)
    assert found.name == "tiny"
    assert set(found.tensors) == set(asked.store.tensors(asked.found))


@pytest.mark.parametrize("part", ["reader", "doer"])
def test_of_several_networks_one_is_picked(tmp_path: Path, part: str):
    asked = weights(tmp_path, WORK, task=RECIPES["work"].task, reverse=True)
    found = network_of(asked, part)
    assert (found.name, found.kind) == (
        f"tiny {part}",
        {"reader": "tagger", "doer": "attention"}[part],
    )
    tensors = part_tensors(asked.store.tensors(asked.found), part)
    assert {name: tensor.tobytes() for name, tensor in found.tensors.items()} == {
        name: tensor.tobytes() for name, tensor in tensors.items()
    }


def test_of_several_networks_the_one_that_writes_is_usual(tmp_path: Path):
    asked = weights(tmp_path, WORK, task=RECIPES["work"].task, reverse=True)
    assert network_of(asked).part == "doer"


@pytest.mark.parametrize(
    ("architecture", "part", "hint"),
    [
        (SEQ2SEQ, "reader", "leave out --part"),
        (ATTENTION, "doer", "leave out --part"),
        (WORK, "head", "its parts are reader, doer"),
        (WORK, "", "its parts are reader, doer"),
    ],
)
def test_a_part_that_there_is_not_is_refused(
    tmp_path: Path, architecture: Architecture, part: str, hint: str
):
    asked = weights(tmp_path, architecture)
    with pytest.raises(UsageError, match="tiny has no part") as caught:
        network_of(asked, part)
    assert caught.value.hint == hint


def test_the_network_follows_the_weights_in_use(tmp_path: Path):
    asked = weights(tmp_path)
    tiny_weights(asked.store, "other", architecture=ATTENTION)
    asked.use("other")
    assert (network_of(asked).name, network_of(asked).kind) == ("other", "attention")


def test_only_the_reader_reads_from_the_left_in_reversed_weights():
    assert RECIPES["work"].encoding.reverse
    reader, doer = network(WORK, part="reader"), network(WORK, part="doer")
    assert (reader.reverse, reader.encoding.reverse) == (False, False)
    assert (doer.reverse, doer.encoding.reverse) == (True, True)
    assert not network().reverse


@pytest.mark.parametrize(
    ("found", "has"),
    [
        (network(), True),
        (network(DEEP), True),
        (network(ATTENTION), True),
        (network(LOOKUP), False),
        (network(WORK, part="reader"), False),
        (network(WORK, part="doer"), True),
    ],
    ids=lambda value: value.kind if isinstance(value, Network) else None,
)
def test_an_encoder_sums_up_unless_characters_are_looked_up_or_tagged(found: Network, has: bool):
    assert bool(found.encoder) is has
    assert any(name.startswith("encoder") for name in found.states(["1+2"])) is has


@pytest.mark.parametrize(("architecture", "reverse"), WRITING.values(), ids=WRITING)
def test_probabilities_and_states_are_those_of_its_kind(architecture: Architecture, reverse: bool):
    one = network(architecture, reverse=reverse)
    texts = ["1 + 2", "9 + 0"]
    indices = encode_questions(one.card.encoding, texts)
    assert np.array_equal(one.indices(texts), indices)
    kind = kind_of(architecture.kind)
    expected = kind.probabilities(one.tensors, architecture, one.card.encoding, indices)
    assert np.array_equal(one.probabilities(texts), expected)
    states = kind.states(one.tensors, architecture, one.card.encoding, indices)
    found = one.states(texts)
    assert set(found) == set(states)
    assert all(np.array_equal(found[name][1], states[name][1]) for name in states)


@given(st.text("0123456789", max_size=2), st.booleans())
def test_what_was_written_is_read_as_a_person_reads_it(text: str, reverse: bool):
    one = network(reverse=reverse)
    codes = encode_answers(one.encoding, [text])
    assert one.read(codes[0].tolist()) == text == decode(one.encoding, codes)[0]


def test_nothing_is_read_after_an_end_mark():
    one = network()
    five = one.encoding.characters.index("5")
    assert one.read([five, 0, five]) == "5"
    assert one.read([five, five]) == "55"
    assert one.read([0, five]) == one.read([]) == ""


def test_every_character_can_be_seen_and_told_apart():
    one = network()
    signs = [one.character(index) for index in range(len(one.encoding.characters))]
    assert len(set(signs)) == len(signs)
    assert all(sign.isprintable() and not sign.isspace() for sign in signs)
    assert (shown("\0"), shown(" "), shown("7")) == ("■", "␣", "7")


def test_numbers_for_json_are_plain_and_short():
    found = rounded(np.array([[1 / 3, -0.1234567]], np.float32))
    assert found == [[0.333333, -0.123457]]
    assert type(found[0][0]) is float


@pytest.mark.parametrize(
    ("question", "truth", "written"),
    [
        ("94+909", "1003", "1003"),
        ("5-900", "-895", "-1000+105"),
        ("12*34", "408", "12*30+12*4"),
        ("842/37", "22.757", "20+(842-37*20)/37"),
        ("3/7", "0.429", "0"),
    ],
)
def test_of_a_doer_one_step_is_due(question: str, truth: str, written: str):
    doer = network(WORK, part="doer")
    assert doer.target(question, truth) == written
    assert doer.step_notes(question) == ()
    (fact,) = doer.step_facts(question)
    assert fact.startswith("one step of a working")
    assert fact.endswith(question)


@pytest.mark.parametrize("question", ["131+83-744*33", "1+2+3", "(1+2)*3", "1.5+2", "-5+3*2"])
def test_of_several_steps_nothing_is_due_and_it_says_so(question: str):
    doer = network(WORK, part="doer")
    assert doer.target(question, "7") is None
    (remark,) = doer.step_notes(question)
    assert remark.startswith(f"{question} takes several steps")
    assert ":attn" in remark
    assert doer.step_facts(question) == ()


@pytest.mark.parametrize("question", ["1+2", "1+2+3", "1.5+2"])
def test_of_any_other_network_the_answer_is_due(question: str):
    for other in (network(SEQ2SEQ), network(WORK, part="reader")):
        assert other.target(question, "7") == "7"
        assert other.step_notes(question) == ()
        assert other.step_facts(question) == ()
