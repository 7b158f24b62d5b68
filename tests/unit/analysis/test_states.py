from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from mathrepl.analysis import states
from mathrepl.analysis.figure import Bars, Figure, Heatmap
from mathrepl.analysis.network import Network
from mathrepl.analysis.states import follow, peek
from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import digit_positions, one_hot
from mathrepl.data.sampling import every
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import gates_of, lstm
from mathrepl.support.errors import UsageError
from tests.kit.trained import ATTENTION, DEEP, LOOKUP, SEQ2SEQ, WORK, WRITING, network

QUESTION = "3 + 4"
each_that_writes = pytest.mark.parametrize(
    ("architecture", "reverse"), WRITING.values(), ids=WRITING
)


def written(one: Network, question: str) -> str:
    """The characters in the order of writing, as shown, the first end mark included."""
    codes = one.probabilities([question])[0].argmax(-1).tolist()
    end = codes.index(0) + 1 if 0 in codes else len(codes)
    return "".join(one.character(code) for code in codes[:end])


def read(one: Network, question: str) -> str:
    """The characters in the order of reading, as shown; the seed network reads padding too."""
    text = (question[::-1] if one.reverse else question).replace(" ", "␣")
    return text.ljust(one.encoding.question_length, "■") if one.kind == "seq2seq" else text


def panel(figure, title: str) -> Heatmap:
    (found,) = [heat for heat in figure.panels if heat.title == title]
    return found


# peek


@each_that_writes
def test_columns_are_what_is_read_and_written_at_each_step(
    architecture: Architecture, reverse: bool
):
    for seed in range(3):
        one = network(architecture, reverse=reverse, seed=seed)
        figure = peek(one, QUESTION)
        for heat in figure.panels:
            expected = written if heat.title.startswith("decoder") else read
            assert "".join(heat.columns) == expected(one, QUESTION)
            assert heat.cells.shape[1] == len(heat.columns)
        assert ("last character to the first" in figure.facts[0]) is reverse


@each_that_writes
def test_every_lstm_has_its_states_and_memories_on_a_map(architecture: Architecture, reverse: bool):
    one = network(architecture, reverse=reverse)
    figure = peek(one, QUESTION)
    expected = one.states([QUESTION])
    titles = [f"{name} {what}" for name in expected for what in ("state", "memory")]
    assert [heat.title for heat in figure.panels] == titles
    for name, both in expected.items():
        for what, values in zip(("state", "memory"), both, strict=True):
            heat = panel(figure, f"{name} {what}")
            steps = heat.cells.shape[1]
            assert np.array_equal(heat.cells, values[0, :steps].T)
            assert heat.row_range == (0, values.shape[-1] - 1)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("architecture", [SEQ2SEQ, ATTENTION], ids=["seq2seq", "attention"])
def test_the_first_column_is_what_the_first_character_read_leaves(
    architecture: Architecture, reverse: bool
):
    one = network(architecture, reverse=reverse)
    name = "encoder.0.forward" if architecture.kind == "seq2seq" else "encoder.forward"
    heat = panel(peek(one, QUESTION), f"{name} state")
    first = QUESTION[-1] if reverse else QUESTION[0]
    assert heat.columns[0] == first
    expected = lstm(embedded(one, first), gates_of(one.tensors, name))[0, 0]
    assert np.abs(heat.cells[:, 0] - expected).max() < 1e-6


def embedded(one: Network, characters: str) -> np.ndarray:
    """The encoder's input of characters in the order of reading, (1, T, width)."""
    codes = np.array([[one.encoding.characters.index(c) for c in characters]])
    if one.kind == "seq2seq":
        return one_hot(one.encoding, codes)
    table = one.tensors["embedding.places.embeddings"]
    place = np.minimum(digit_positions(one.encoding, codes), len(table) - 1)
    return one.tensors["embedding.characters.embeddings"][codes] + table[place]


def test_states_lie_within_1_and_a_map_holds_its_largest_number():
    one = network(ATTENTION)
    large = {name: tensor * np.float32(20) for name, tensor in one.tensors.items()}
    figure = peek(Network(one.card, one.part, one.kind, large), QUESTION)
    for heat in figure.panels:
        assert heat.palette == "signed"
        assert heat.low == -heat.high
        assert np.abs(heat.cells).max() <= heat.high
        if heat.title.endswith("state"):
            assert heat.high == 1.0
    assert max(heat.high for heat in figure.panels) > 1.0


@pytest.mark.parametrize(
    ("architecture", "layer", "names"),
    [
        (DEEP, "encoder", ["encoder.0", "encoder.1"]),
        (DEEP, "decoder.1", ["decoder.1"]),
        (DEEP, "encoder.1.backward", ["encoder.1"]),
        (ATTENTION, "decoder", ["decoder.0", "decoder.1"]),
        (ATTENTION, "enc", ["encoder"]),
        (LOOKUP, "decoder.0", ["decoder.0"]),
    ],
)
def test_a_layer_is_named_by_its_beginning(
    architecture: Architecture, layer: str, names: list[str]
):
    figure = peek(network(architecture), QUESTION, layer)
    found = [heat.title.rsplit(" ", 1)[0] for heat in figure.panels]
    assert all(name.startswith(layer) for name in found)
    every_one = network(architecture).states([QUESTION])
    assert found[::2] == [name for name in every_one if name.startswith(layer)]
    assert {next(n for n in names if name.startswith(n)) for name in found} == set(names)
    assert set(figure.data["layers"]) == set(found)


@pytest.mark.parametrize(
    ("architecture", "part", "layer"),
    [
        (SEQ2SEQ, "", "encoder.1"),
        (SEQ2SEQ, "", "output"),
        (LOOKUP, "", "encoder"),
        (WORK, "reader", "decoder"),
        (ATTENTION, "", "decoder.0.forward"),
    ],
)
def test_an_unknown_layer_is_refused_with_those_that_there_are(
    architecture: Architecture, part: str, layer: str
):
    one, text = network(architecture, part=part), "3+4p" if part else "3+4"
    with pytest.raises(UsageError, match="has no layer") as caught:
        peek(one, text, layer)
    assert caught.value.hint == f"its layers are {', '.join(one.states([text]))}"


def test_a_memory_of_symbols_is_seen_column_by_column():
    doer = network(WORK, part="doer")
    remembered, decided = peek(doer, "94+909").panels
    assert (remembered.title, decided.title) == ("memory state", "memory memory")
    assert remembered.columns == ("49", "90", " 9", "  ")
    assert remembered.cells.shape == decided.cells.shape == (WORK.symbols, 4)
    assert (remembered.cells.sum(0) == 1).all()
    assert (remembered.cells.argmax(0) == decided.cells.argmax(0)).all()
    record = json.loads(json.dumps(peek(doer, "94+909").record()))
    assert record["layers"]["memory"]["characters"] == ["49", "90", " 9", "  "]


def test_a_question_longer_than_those_of_the_training_is_read_to_its_end():
    one = network(SEQ2SEQ, reverse=True)
    question = "123456789 + 987654321"
    assert len(question) > one.encoding.question_length
    heat = panel(peek(one, question), "encoder.0.forward state")
    assert "".join(heat.columns) == question[::-1].replace(" ", "␣") + "■"


def test_the_record_of_peek_has_the_numbers_of_the_maps():
    figure = peek(network(ATTENTION, reverse=True), QUESTION)
    record = json.loads(json.dumps(figure.record()))
    assert (record["weights"], record["question"]) == ("tiny", QUESTION)
    for name, layer in record["layers"].items():
        for what in ("state", "memory"):
            heat = panel(figure, f"{name} {what}")
            assert layer["characters"] == list(heat.columns)
            assert np.abs(np.array(layer[what]) - heat.cells.T).max() < 1e-6


# follow


@each_that_writes
def test_a_unit_is_followed_through_every_lstm_that_has_it(
    architecture: Architecture, reverse: bool
):
    one = network(architecture, reverse=reverse)
    questions = [QUESTION, "9 + 0"]
    figure = follow(one, questions, 2)
    found = {}
    for heat in figure.panels:
        for label, row in zip(heat.rows, heat.cells, strict=True):
            found[heat.title, label] = heat.columns, row
    expected = {}
    for question in questions:
        for heat in peek(one, question).panels:
            expected[question, heat.title] = heat.columns, heat.cells[2]
    assert set(found) == set(expected)
    for key, (columns, row) in expected.items():
        assert found[key][0] == columns
        assert np.array_equal(found[key][1], row)
    assert all(np.abs(heat.cells).max() <= heat.high for heat in figure.panels)


def test_a_unit_that_only_the_wider_layer_has_is_followed_there_alone():
    figure = follow(network(ATTENTION), [QUESTION], 5)  # of 4 and of 8
    assert [heat.rows for heat in figure.panels] == [("decoder.1 state", "decoder.1 memory")]


@pytest.mark.parametrize(
    ("architecture", "part", "first"),
    [(SEQ2SEQ, "", 4), (ATTENTION, "", 8), (LOOKUP, "", 8), (WORK, "reader", 4)],
)
def test_a_unit_that_no_layer_has_is_refused(architecture: Architecture, part: str, first: int):
    one, text = network(architecture, part=part), "3+4p" if part else "3+4"
    assert follow(one, [text], first - 1).panels
    for unit in (first, 10**9):
        with pytest.raises(UsageError, match=f"has a unit {unit}") as caught:
            follow(one, [text], unit)
        assert caught.value.hint == f"take 0 to {first - 1}"


def test_the_record_of_a_followed_unit_has_a_list_for_each_layer():
    figure = follow(network(), [QUESTION, "1 + 1"], 0)
    record = json.loads(json.dumps(figure.record()))
    assert record["unit"] == 0
    assert [one["question"] for one in record["questions"]] == [QUESTION] * 2 + ["1 + 1"] * 2
    for one, heat in zip(record["questions"], figure.panels, strict=True):
        assert one["characters"] == list(heat.columns)
        assert list(one["unit"]) == list(heat.rows)
        assert np.abs(np.array(list(one["unit"].values())) - heat.cells).max() < 1e-6


# like

WITH_ENCODER = {
    "seq2seq": (SEQ2SEQ, False),
    "deep": (DEEP, False),
    "seq2seq reversed": (SEQ2SEQ, True),
    "attention": (ATTENTION, False),
    "attention reversed": (ATTENTION, True),
}


def like(one: Network, question: str, count: int, **more: int) -> Figure:
    """The figure that the looking ends in."""
    *_, found = states.like(one, question, count, **more)
    assert isinstance(found, Figure)
    return found


def summary(one: Network, question: str) -> np.ndarray:
    """The final states of the encoder's last layer, by running each LSTM over one text alone."""
    x = embedded(one, read(one, question).replace("␣", " ").replace("■", "\0"))
    depth = one.card.architecture.encoder_depth
    names = [f"encoder.{i}" for i in range(depth)] if one.kind == "seq2seq" else ["encoder"]
    for name in names:
        forward = lstm(x, gates_of(one.tensors, f"{name}.forward"))
        backward = lstm(x[:, ::-1], gates_of(one.tensors, f"{name}.backward"))
        left = np.concatenate([forward[0, -1], backward[0, -1]])
        x = np.concatenate([forward, backward[:, ::-1]], -1)
        if f"{name}.norm.gamma" in one.tensors:
            gamma, beta, mean, variance = (
                one.tensors[f"{name}.norm.{part}"]
                for part in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            x = (x - mean) / np.sqrt(variance + 0.001) * gamma + beta
    return left


@pytest.mark.parametrize(("architecture", "reverse"), WITH_ENCODER.values(), ids=WITH_ENCODER)
def test_neighbours_are_those_of_brute_force(architecture: Architecture, reverse: bool):
    one = network(architecture, reverse=reverse)
    texts = [example.question for example in every(one.card.task)]
    codes = {text: summary(one, text) for text in texts}
    away = {
        text: float(np.linalg.norm(codes[text] - codes[QUESTION]))
        for text in texts
        if text != QUESTION
    }
    expected = sorted(away, key=lambda text: away[text])
    nearest = like(one, QUESTION, 200).data["nearest"]
    assert len(nearest) == 99
    distances = [away[found["equation"]] for found in nearest]
    assert distances == pytest.approx([away[text] for text in expected], rel=1e-4)
    assert {found["equation"] for found in nearest} == set(expected)
    # In units of the distance between any two.
    usual = np.mean([np.linalg.norm(codes[a] - codes[b]) for a, b in combinations(texts, 2)])
    for found in nearest:
        assert found["distance"] == pytest.approx(away[found["equation"]] / usual, rel=0.2)


def test_neighbours_come_nearest_first_with_what_the_network_answers():
    one = network(ATTENTION, reverse=True)
    figure = like(one, QUESTION, 7)
    nearest = figure.data["nearest"]
    assert len(nearest) == 7
    assert [found["distance"] for found in nearest] == sorted(f["distance"] for f in nearest)
    for found in nearest:
        codes = one.probabilities([found["equation"]])[0].argmax(-1).tolist()
        assert found["network"] == one.read(codes)
    (bars,) = figure.panels
    assert isinstance(bars, Bars)
    assert [bar.label for bar in bars.bars] == [found["equation"] for found in nearest]
    assert [bar.value for bar in bars.bars] == sorted((b.value for b in bars.bars), reverse=True)
    assert all(0 <= bar.value <= 1 for bar in bars.bars)
    json.dumps(figure.record())


@pytest.mark.parametrize("batch", [1, 7, 99])
def test_batches_do_not_change_the_neighbours(monkeypatch: pytest.MonkeyPatch, batch: int):
    one = network()
    expected = like(one, QUESTION, 20).data["nearest"]
    monkeypatch.setattr(states, "BATCH", batch)
    found = like(one, QUESTION, 20).data["nearest"]
    assert [one["equation"] for one in found] == [one["equation"] for one in expected]


def test_no_more_than_the_sample_is_compared_and_it_says_so():
    one = network()
    found = like(one, QUESTION, 100, sample=12)
    assert found.data["sample"] == len(found.data["nearest"]) == 12
    assert found.facts == ("of 12 equations of a + b, 0..9",)
    assert found.data == like(one, QUESTION, 100, sample=12).data


def test_an_equation_outside_the_task_has_neighbours_too():
    found = like(network(), "123 + 4", 3)
    assert found.data["sample"] == 100
    assert len(found.data["nearest"]) == 3


@pytest.mark.parametrize(
    ("architecture", "part"), [(LOOKUP, ""), (WORK, "reader")], ids=["lookup", "reader"]
)
def test_a_network_without_an_encoder_has_no_neighbours(architecture: Architecture, part: str):
    with pytest.raises(UsageError, match="has no encoder"):
        like(network(architecture, part=part), "3+4p" if part else "3+4", 5)


def test_the_only_equation_of_a_task_has_no_neighbours():
    with pytest.raises(UsageError, match=r"no other equations of a \+ b, 5\.\.5"):
        like(network(task=Task(low=5, high=5)), "5 + 5", 5)


def test_progress_comes_before_the_figure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "BATCH", 40)
    *looking, figure = states.like(network(), QUESTION, 5)
    assert [(one.done, one.total) for one in looking] == [(0, 99), (40, 99), (80, 99)]
    assert isinstance(figure, Figure)
