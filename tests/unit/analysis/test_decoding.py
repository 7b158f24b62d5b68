from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.analysis.decoding import Candidate, beam, likeliest, parse_forced, step
from mathrepl.analysis.figure import Bars
from mathrepl.analysis.network import Network, network_of
from mathrepl.inference.answer import Answer
from mathrepl.networks.attention import Decoder
from mathrepl.networks.config import Architecture
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.errors import UsageError
from mathrepl.support.settings import Settings
from tests.kit.trained import ATTENTION, DEEP, LOOKUP, SEQ2SEQ, WORK, WRITING, network, weights

QUESTION = "3 + 4"
each_that_writes = pytest.mark.parametrize(
    ("architecture", "reverse"), WRITING.values(), ids=WRITING
)
each_with_attention = pytest.mark.parametrize(
    ("architecture", "reverse"), [(ATTENTION, False), (ATTENTION, True), (LOOKUP, True)]
)
questions = st.builds("{} + {}".format, st.integers(0, 99), st.integers(0, 99))


def endless(one: Network, bias: float = -60.0) -> Network:
    """The same network, far from writing an end mark; or with another `bias`, near to it."""
    biases = one.tensors["output.bias"].copy()
    biases[0] = bias
    return replace(one, tensors={**one.tensors, "output.bias": biases})


# What is forced


@pytest.mark.parametrize(
    ("text", "forced"),
    [
        ("2=5", {2: "5"}),
        ("1=-", {1: "-"}),
        ("2=5,3=1", {2: "5", 3: "1"}),
        (" 2=5 , 3=1 ", {2: "5", 3: "1"}),
        ("1==", {1: "="}),
        ("3=■", {3: "\0"}),
        ("3=␣", {3: " "}),
        ("12=0", {12: "0"}),
    ],
)
def test_characters_are_forced_by_their_number(text: str, forced: Mapping[int, str]):
    assert parse_forced(text) == forced


@pytest.mark.parametrize(
    "text",
    ["", "5", "=5", "2=", "0=5", "-1=5", "2=55", "x=5", "2=5,", "2=5;3=1", "1.5=2", "٣=5", "²=5"],
)
def test_what_forces_nothing_is_refused(text: str):
    refuses(text)


def test_a_number_of_more_digits_than_python_reads_forces_nothing():
    refuses("1" * 5000 + "=5")


def refuses(text: str) -> None:
    with pytest.raises(UsageError, match="is not a forced character") as caught:
        parse_forced(text)
    assert "2=5" in (caught.value.hint or "")


@pytest.mark.parametrize("character", ["x", "*", "▒"])
@each_that_writes
def test_a_character_that_it_does_not_have_cannot_be_forced(
    architecture: Architecture, reverse: bool, character: str
):
    with pytest.raises(UsageError, match="has no character") as caught:
        step(network(architecture, reverse=reverse), QUESTION, "7", {1: character})
    assert "■␣+0123456789" in (caught.value.hint or "")


@each_that_writes
def test_nothing_is_forced_beyond_the_longest_answer(architecture: Architecture, reverse: bool):
    one = network(architecture, reverse=reverse)
    assert step(endless(one), QUESTION, "7", {3: "5"}).data["characters"][2]["forced"]
    with pytest.raises(UsageError, match="no character 4") as caught:
        step(one, QUESTION, "7", {4: "5"})
    assert caught.value.hint == "it writes at most 3"


# Step by step


@each_that_writes
def test_unforced_it_writes_what_the_session_answers(
    tmp_path: Path, architecture: Architecture, reverse: bool
):
    answers = set()
    lab = Session(Settings(), Store(tmp_path / "none"))
    for seed in range(3):
        asked = weights(tmp_path / str(seed), architecture, reverse=reverse, seed=seed)
        one = network_of(asked)
        for question in ("0 + 0", "3 + 4", "9 + 8", "8 + 9"):
            answer = lab.ask_beside(asked, question)
            assert isinstance(answer, Answer)
            figure = step(one, question, answer.truth, {})
            assert figure.data["network"] == answer.network
            assert figure.data["truth"] == answer.truth
            assert f"read {answer.network or '(nothing)'}; truth" in figure.facts[0]
            probabilities = [
                character["probabilities"][character["written"]]
                for character in figure.data["characters"]
            ]
            assert prod(probabilities) == pytest.approx(answer.confidence, abs=1e-5)
            answers.add(answer.network)
    assert len(answers) > 3


@each_that_writes
def test_the_probabilities_of_each_character_sum_to_1(architecture: Architecture, reverse: bool):
    figure = step(network(architecture, reverse=reverse), QUESTION, "7", {})
    for character in figure.data["characters"]:
        assert sum(character["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert "".join(character["probabilities"]) == "■␣+0123456789"


@each_that_writes
def test_bars_are_the_five_likeliest_and_mark_the_written_one(
    architecture: Architecture, reverse: bool
):
    figure = step(network(architecture, reverse=reverse), QUESTION, "7", {})
    for number, (panel, character) in enumerate(
        zip(figure.panels, figure.data["characters"], strict=True), 1
    ):
        assert isinstance(panel, Bars)
        assert panel.title == f"character {number}: {character['written']}"
        ranked = sorted(character["probabilities"].items(), key=lambda item: -item[1])
        assert [bar.value for bar in panel.bars] == pytest.approx(
            [p for _, p in ranked[:5]], abs=1e-6
        )
        assert panel.bars[0].label == f"{character['written']} ◂"
        assert sum("◂" in bar.label for bar in panel.bars) == 1


def test_it_ends_with_the_end_mark_or_where_there_is_no_room():
    full = step(endless(network()), QUESTION, "7", {})
    assert len(full.panels) == len(full.data["network"]) == 3
    empty = step(endless(network(), 60), QUESTION, "7", {})
    assert [panel.title for panel in empty.panels] == ["character 1: ■"]
    assert "(nothing)" in empty.facts[0]


def test_a_right_answer_is_called_right():
    one = network()
    text = step(one, QUESTION, "7", {}).data["network"]
    assert step(one, QUESTION, text, {}).facts[0].endswith("; right")
    assert step(one, QUESTION, text + "0", {}).facts[0].endswith(f"; truth {text}0")


@pytest.mark.parametrize("reverse", [False, True])
def test_what_is_written_is_told_in_the_order_of_writing(reverse: bool):
    figure = step(endless(network(reverse=reverse)), QUESTION, "7", {})
    written = [character["written"] for character in figure.data["characters"]]
    assert f"it writes {' '.join(written)}, read" in figure.facts[0]
    read = "".join(written).replace("␣", " ")
    assert figure.data["network"] == (read[::-1] if reverse else read)


# Forced


def rows(figure) -> np.ndarray:
    return np.array([list(c["probabilities"].values()) for c in figure.data["characters"]])


@pytest.mark.parametrize("architecture", [SEQ2SEQ, DEEP])
@pytest.mark.parametrize("reverse", [False, True])
def test_the_seed_network_goes_on_as_if_nothing_was_forced_and_says_so(
    architecture: Architecture, reverse: bool
):
    one = endless(network(architecture, reverse=reverse))
    free = step(one, QUESTION, "7", {})
    figure = step(one, QUESTION, "7", {1: "+"})
    assert np.array_equal(rows(figure), rows(free))
    assert [c["written"] for c in figure.data["characters"]] == [
        "+",
        *(c["written"] for c in free.data["characters"][1:]),
    ]
    assert any("stays the same" in note for note in figure.notes)
    assert f"unforced it writes {free.data['network']}" in figure.facts


@each_with_attention
@pytest.mark.parametrize("number", [1, 2])
def test_attention_writes_on_after_what_was_forced(
    architecture: Architecture, reverse: bool, number: int
):
    one = endless(network(architecture, reverse=reverse))
    free = step(one, QUESTION, "7", {})
    character = next(c for c in "42" if c != free.data["characters"][number - 1]["written"])
    figure = step(one, QUESTION, "7", {number: character})
    assert np.array_equal(rows(figure)[:number], rows(free)[:number])
    assert np.abs(rows(figure)[number:] - rows(free)[number:]).max(-1).min() > 1e-4
    found = figure.data["characters"]
    assert [c["forced"] for c in found] == [k == number - 1 for k in range(3)]
    assert found[number - 1]["written"] == character
    assert figure.panels[number - 1].title == f"character {number}: {character}, forced"
    assert not any("stays the same" in note for note in figure.notes)
    assert f"unforced it writes {free.data['network']}" in figure.facts
    decoder = Decoder(one.tensors, one.card.architecture, one.encoding, one.indices([QUESTION]))
    forced, _ = decoder.greedily({number - 1: one.encoding.characters.index(character)})
    assert np.abs(rows(figure) - forced[0]).max() < 1e-6


def test_an_unlikely_forced_character_is_marked_only_where_it_is_among_the_likeliest():
    one = endless(network(ATTENTION))
    likely = step(one, QUESTION, "7", {}).data["characters"][0]["probabilities"]
    for character, shown in ((min(likely, key=likely.get), 0), (max(likely, key=likely.get), 1)):
        forced = parse_forced(f"1={character}")
        panel = step(one, QUESTION, "7", forced).panels[0]
        assert sum("◂" in bar.label for bar in panel.bars) == shown


@each_that_writes
def test_a_forced_end_mark_ends_the_answer(architecture: Architecture, reverse: bool):
    one = endless(network(architecture, reverse=reverse))
    figure = step(one, QUESTION, "7", {2: "\0"})
    assert len(figure.panels) == 2
    assert len(figure.data["network"]) == 1


@each_that_writes
def test_what_is_forced_after_the_end_was_not_written_and_it_says_so(
    architecture: Architecture, reverse: bool
):
    one = endless(network(architecture, reverse=reverse), 60)
    figure = step(one, QUESTION, "7", {3: "5", 2: "4"})
    assert len(figure.panels) == 1
    assert figure.data["network"] == ""
    assert any(
        "nothing was written at" in note and {"2", "3"} <= set(note) for note in figure.notes
    )


@each_that_writes
def test_a_record_of_steps_is_json(architecture: Architecture, reverse: bool):
    record = json.loads(
        json.dumps(step(network(architecture, reverse=reverse), QUESTION, "7", {1: "2"}).record())
    )
    assert (record["weights"], record["question"], record["truth"]) == ("tiny", QUESTION, "7")
    assert record["characters"][0]["forced"] is True


# The likeliest answers


def all_answers(one: Network, question: str) -> dict[str, float]:
    """The probability of every text that could be written, end marks included."""
    length, alphabet = one.encoding.answer_length, len(one.encoding.characters)
    paths = np.array(list(product(range(1, alphabet), repeat=length)))
    if one.kind == "seq2seq":
        table = one.probabilities([question])[0].astype(float)
        steps = [np.repeat(table[k][None], len(paths), 0) for k in range(length)]
    else:
        indices = np.repeat(one.indices([question]), len(paths), 0)
        decoder = Decoder(one.tensors, one.card.architecture, one.encoding, indices)
        state, written, steps = decoder.start, np.zeros(len(paths), np.int32), []
        for k in range(length):
            state, output, _ = decoder.step(state, written)
            steps.append(output.astype(float))
            written = paths[:, k].astype(np.int32)
    found: dict[str, float] = {}
    each, before = np.arange(len(paths)), np.ones(len(paths))
    for k in range(length):
        for path, p in zip(paths[:, :k].tolist(), before * steps[k][:, 0], strict=True):
            found[one.read(path)] = p
        before = before * steps[k][each, paths[:, k]]
    return found | {one.read(p): b for p, b in zip(paths.tolist(), before, strict=True)}


def check_against(expected: Mapping[str, float], found: list, count: int) -> None:
    """The best `count` of `expected`, in order; ties may stand either way."""
    best = sorted(expected.values(), reverse=True)[:count]
    assert [one.probability for one in found] == pytest.approx(best, rel=1e-4)
    for one in found:
        assert one.probability == pytest.approx(expected[one.text], rel=1e-4)
    assert len({one.text for one in found}) == len(found)


def test_every_answer_of_brute_force_has_its_share():
    for architecture in (SEQ2SEQ, ATTENTION):
        found = all_answers(network(architecture), QUESTION)
        assert len(found) == 1 + 12 + 12**2 + 12**3
        assert sum(found.values()) == pytest.approx(1, abs=1e-5)


@given(question=questions, seed=st.integers(0, 50), count=st.integers(1, 60), reverse=st.booleans())
@settings(max_examples=15, deadline=None)
def test_the_likeliest_of_the_seed_network_are_exact(
    question: str, seed: int, count: int, reverse: bool
):
    one = network(seed=seed, reverse=reverse)
    check_against(all_answers(one, question), likeliest(one, question, count), count)


@pytest.mark.parametrize("architecture", [SEQ2SEQ, ATTENTION], ids=["seq2seq", "attention"])
def test_all_answers_are_found_where_so_many_are_asked_for(architecture: Architecture):
    one = network(architecture, answer_length=2)
    expected = all_answers(one, QUESTION)
    found = likeliest(one, QUESTION, 1000)
    assert len(found) == len(expected) == 1 + 12 + 12**2
    check_against(expected, found, 1000)


@each_with_attention
def test_a_beam_that_is_wide_enough_is_exact_for_attention(
    architecture: Architecture, reverse: bool
):
    one = network(architecture, reverse=reverse)
    # 4 * 40 hold all 12 + 12^2 prefixes of two characters.
    check_against(all_answers(one, QUESTION), likeliest(one, QUESTION, 40), 40)


@given(question=questions, seed=st.integers(0, 50), count=st.integers(1, 8))
@settings(max_examples=15, deadline=None)
def test_the_best_of_attention_is_at_least_as_likely_as_the_greedy_answer(
    question: str, seed: int, count: int
):
    one = network(ATTENTION, seed=seed, reverse=True)
    codes = one.probabilities([question])[0]
    best = codes.argmax(-1).tolist()
    end = best.index(0) + 1 if 0 in best else len(best)
    greedy = prod(float(p) for p in codes.max(-1)[:end])
    found = likeliest(one, question, count)
    probabilities = [one.probability for one in found]
    assert probabilities[0] >= greedy * (1 - 1e-5)
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) <= 1 + 1e-5
    assert len({one.text for one in found}) == len(found) == count
    expected = all_answers(one, question)
    for written in found:
        assert written.probability == pytest.approx(expected[written.text], rel=1e-4)


@pytest.mark.parametrize("architecture", [SEQ2SEQ, ATTENTION], ids=["seq2seq", "attention"])
def test_answers_that_fill_all_places_are_among_the_likeliest(architecture: Architecture):
    found = likeliest(endless(network(architecture)), QUESTION, 5)
    assert {len(one.text) for one in found} == {3}
    assert len(found) == 5


@pytest.mark.parametrize("architecture", [SEQ2SEQ, ATTENTION], ids=["seq2seq", "attention"])
def test_a_network_that_is_wholly_sure_has_one_answer(architecture: Architecture):
    one = network(architecture)
    bias = np.full_like(one.tensors["output.bias"], -1e6)
    bias[one.encoding.characters.index("5")] = 1e6
    one = replace(one, tensors={**one.tensors, "output.bias": bias})
    assert likeliest(one, QUESTION, 5) == [Candidate("555", 1.0)]


@each_that_writes
def test_a_beam_tells_what_it_found_and_where_the_truth_stands(
    architecture: Architecture, reverse: bool
):
    one = network(architecture, reverse=reverse)
    found = likeliest(one, QUESTION, 4)
    truth = found[2].text
    figure = beam(one, QUESTION, truth, 4)
    answers = figure.data["answers"]
    assert [(a["network"], a["probability"]) for a in answers] == [
        (one.text, one.probability) for one in found
    ]
    assert [a["right"] for a in answers] == [False, False, True, False]
    (bars,) = figure.panels
    assert [bar.value for bar in bars.bars] == [one.probability for one in found]
    assert [bar.label.endswith(" ✓") for bar in bars.bars] == [False, False, True, False]
    assert len(figure.facts) == 1
    assert f"{sum(one.probability for one in found):.2%}" in figure.facts[0]
    json.dumps(figure.record())


def test_a_beam_without_the_truth_says_so():
    figure = beam(network(), QUESTION, "123456", 2)
    assert "the truth 123456 is not among them" in figure.facts


# What a network in columns is asked


def test_a_pass_is_measured_by_its_rule():
    doer = network(WORK, part="doer")
    figure = step(doer, "94+909", "1003", {})
    assert figure.data["network"] == doer.read(
        doer.probabilities(["94+909"])[0].argmax(-1).tolist()
    )
    assert figure.data["truth"] == "1003"
    assert figure.facts[0].endswith(("; truth 1003", "; right"))
    assert "one pass of the skill +: sum of two digits" in figure.facts
    found = beam(doer, "744o333", "2232", 3)
    assert (found.data["truth"], len(found.data["answers"])) == ("122", 3)
    assert "one pass of the skill o: ones of a product of two digits" in found.facts


def test_the_rows_of_a_mirrored_skill_are_told_to_be_turned_round():
    figure = step(network(WORK, part="reader"), "3*)2+1(p", "", {})
    assert figure.data["truth"] == "2210000"
    assert figure.facts[-1].endswith("the first closing parenthesis, its rows turned round")


# Shares


def test_what_is_not_all_or_nothing_does_not_look_like_it():
    texts = [
        bar.text
        for panel in step(endless(network(SEQ2SEQ)), QUESTION, "7", {}).panels
        if isinstance(panel, Bars)
        for bar in panel.bars
        if 0 < bar.value < 1
    ]
    assert texts
    assert not {"0.00%", "100.00%"} & set(texts)
