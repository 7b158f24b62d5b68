from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathrepl.analysis.network import Network, network_of, rounded, shown
from mathrepl.arithmetic.skills import DOING, READING
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
        {"reader": "columns-reader", "doer": "columns"}[part],
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


def test_networks_in_columns_have_encodings_of_their_own():
    reader, doer = network(WORK, part="reader"), network(WORK, part="doer")
    assert (reader.skills, doer.skills) == (READING, DOING)
    assert reader.reverse
    assert doer.reverse
    assert reader.encoding != doer.encoding != doer.card.encoding
    assert (network().skills, network().reverse) == ("", False)


@pytest.mark.parametrize(
    ("found", "has"),
    [
        (network(), True),
        (network(DEEP), True),
        (network(ATTENTION), True),
        (network(LOOKUP), False),
        (network(WORK, part="reader"), False),
        (network(WORK, part="doer"), False),
    ],
    ids=lambda value: value.kind if isinstance(value, Network) else None,
)
def test_an_encoder_sums_up_unless_characters_are_looked_up(found: Network, has: bool):
    text = "1+2p" if found.part == "reader" else "1+2"
    assert bool(found.encoder) is has
    assert any(name.startswith("encoder") for name in found.states([text])) is has


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
    ("part", "text", "due"),
    [
        ("doer", "94+909", "1003"),
        ("doer", "744t333", "211"),
        ("doer", "905?9", "><<"),
        ("doer", "-s+", "-"),
        ("reader", "(1+2)*3g0000122", "0111000"),
    ],
)
def test_of_a_pass_the_result_of_its_rule_is_due(part: str, text: str, due: str):
    found = network(WORK, part=part)
    assert found.target(text, "7") == due
    (fact,) = found.facts(text)
    assert fact.startswith("one pass of the skill")


@pytest.mark.parametrize("question", ["1+2", "1+2+3", "1.5+2"])
def test_of_any_other_network_the_answer_is_due(question: str):
    assert network(SEQ2SEQ).target(question, "7") == "7"
    assert network(SEQ2SEQ).facts(question) == ()
