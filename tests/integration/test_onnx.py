"""The ONNX graphs, run by onnxruntime, against the numpy networks."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.sampling import distinct
from mathrepl.networks import parts_of
from mathrepl.networks.attention import sharpness
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from tests.kit.exported import ATTENTION, LOOKUP, MASKED, SEQ2SEQ, UNEVEN, WORK, Tiny, tiny

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

TOLERANCE = 1e-5
each_network = pytest.mark.parametrize(
    ("architecture", "part"), [*SEQ2SEQ.values(), *MASKED.values()], ids=[*SEQ2SEQ, *MASKED]
)
each_masked = pytest.mark.parametrize(("architecture", "part"), MASKED.values(), ids=MASKED)
each_direction = pytest.mark.parametrize("reverse", [False, True], ids=["reading", "reversed"])


def session_of(card: Card, part: str, tensors):
    from mathrepl.export.model import onnx_file

    return onnxruntime.InferenceSession(
        onnx_file(card, part, tensors), providers=["CPUExecutionProvider"]
    )


def asked(session, questions: Indices) -> Floats:
    (output,) = session.run(["probabilities"], {"question": questions.astype(np.int64)})
    return output


def run(network: Tiny, questions: Indices) -> Floats:
    return asked(session_of(network.card, network.part, network.tensors), questions)


@each_network
@each_direction
def test_onnxruntime_and_numpy_agree_on_texts_of_different_lengths(architecture, part, reverse):
    network = tiny(architecture, part, reverse=reverse)
    questions = network.indices(UNEVEN)
    assert questions.shape[1] > network.card.encoding.question_length
    ours, theirs = network.probabilities(questions), run(network, questions)
    assert np.ptp(ours[:, 0], axis=0).max() > 100 * TOLERANCE  # the questions matter
    if network.kind == "seq2seq":
        means = np.ones(ours.shape[:2], bool)
    else:
        means = network.means(questions, ours)
    # Few end marks come by chance: several characters a row are compared.
    assert means.sum() > 2 * len(UNEVEN)
    difference = np.abs(ours - theirs[:, : ours.shape[1]])[means]
    assert difference.max() < TOLERANCE
    assert (ours.argmax(-1) == theirs[:, : ours.shape[1]].argmax(-1))[means].all()


@each_network
def test_one_question_is_a_batch_and_so_are_many(architecture, part):
    network = tiny(architecture, part)
    texts = [f"{a} + {b}" for a in range(0, 60, 3) for b in (0, 7, 88, 999)]
    session = session_of(network.card, network.part, network.tensors)
    together = asked(session, network.indices(texts))
    width = 2 if network.kind == "tagger" else len(network.card.encoding.characters)
    steps = network.indices(texts).shape[1]
    if network.kind != "tagger":
        steps = network.card.encoding.answer_length
    assert together.shape == (80, steps, width)
    assert np.abs(together.sum(-1) - 1).max() < TOLERANCE
    (alone,) = asked(session, network.indices(texts[41:42]))
    questions = network.indices(texts)[41:42]
    if network.kind == "tagger":
        alone, row = alone[: (questions > 0).sum()], together[41, : (questions > 0).sum()]
    else:
        row = together[41]
    assert np.abs(alone - row).max() < TOLERANCE


@each_masked
def test_no_answer_depends_on_the_padding(architecture, part):
    network = tiny(architecture, part)
    session = session_of(network.card, network.part, network.tensors)
    questions = network.indices(UNEVEN)
    together = asked(session, questions)
    for row, text in enumerate(UNEVEN):
        one = questions[row : row + 1]
        for padded in (one[:, : len(text)], np.pad(one, ((0, 0), (0, 9)))):
            alone = asked(session, padded)
            seen = len(text) if network.kind == "tagger" else alone.shape[1]
            assert np.abs(alone[0, :seen] - together[row, :seen]).max() < TOLERANCE


@each_masked
def test_an_empty_text_is_one_end_mark(architecture, part):
    network = tiny(architecture, part)
    questions = np.zeros((1, 1), np.int32)
    ours, theirs = network.probabilities(questions), run(network, questions)
    assert np.abs(ours[:, 0] - theirs[:, 0]).max() < TOLERANCE


def test_the_seed_network_reads_its_padding_here_as_in_numpy():
    network = tiny(*SEQ2SEQ["seq2seq"])
    questions = network.indices(["1 + 2"])
    padded = np.pad(questions, ((0, 0), (0, 5)))
    ours, theirs = network.probabilities(padded), run(network, padded)
    assert np.abs(ours - network.probabilities(questions)).max() > 10 * TOLERANCE
    assert np.abs(ours - theirs).max() < TOLERANCE


def test_longer_questions_are_looked_up_more_sharply():
    network = tiny(LOOKUP, reverse=True)
    texts = ["1 + 2", "123456789012345 + 987654321098765"]
    questions = network.indices(texts)
    sharper = sharpness((questions > 0).sum(1), network.card.encoding)
    assert sharper[0] == 1
    assert sharper[1] > 1.5
    ours, theirs = network.probabilities(questions), run(network, questions)
    means = network.means(questions, ours)
    assert np.abs(ours - theirs[:, : ours.shape[1]])[means].max() < TOLERANCE
    # A graph of another usual length is told apart, so the sharpening is what agrees.
    longer = replace(network.card.encoding, question_length=40)
    other = replace(network, card=replace(network.card, encoding=longer))
    unlike = np.abs(run(other, questions)[:, : ours.shape[1]] - ours)[means]
    assert unlike.max() > 10 * TOLERANCE


def test_the_places_of_digits_are_counted_in_the_graph():
    network = tiny(ATTENTION)
    without = {**network.tensors}
    name = "embedding.places.embeddings"
    without[name] = np.repeat(without[name][:1], len(without[name]), axis=0)
    questions = network.indices(["12 + 34567"])
    ours = network.probabilities(questions)
    assert np.abs(run(network, questions)[:, : ours.shape[1]] - ours).max() < TOLERANCE
    other = run(replace(network, tensors=without), questions)[:, : ours.shape[1]]
    assert np.abs(other - ours).max() > 10 * TOLERANCE


def test_all_rounds_are_run_though_every_answer_has_ended():
    network = tiny(ATTENTION)
    ends = {**network.tensors}
    ends["output.bias"] = ends["output.bias"] + 50 * np.eye(len(ends["output.bias"]))[0]
    network = replace(network, tensors={k: v.astype(np.float32) for k, v in ends.items()})
    questions = network.indices(UNEVEN)
    assert network.probabilities(questions).shape[1] == 1
    output = run(network, questions)
    assert output.shape[1] == network.card.encoding.answer_length
    assert (output.argmax(-1) == 0).all()


@cache
def bundled(name: str):
    store = Store(Path("/nonexistent"))
    found = store.find(name)
    return found.card, store.tensors(found)


def answered(session, texts: list[str]) -> list[str]:
    """Answers by what the file alone says of itself, as another program would write them."""
    known = session.get_modelmeta().custom_metadata_map
    alphabet, backwards = json.loads(known["alphabet"]), json.loads(known["reverse"])
    rows = np.zeros((len(texts), int(known["question_length"])), np.int64)
    for row, text in zip(rows, texts, strict=True):
        text = text[::-1] if backwards else text
        row[: len(text)] = [alphabet.index(character) for character in text]
    (output,) = session.run(None, {"question": rows})
    answers = []
    for row in output.argmax(-1):
        text = "".join(alphabet[index] for index in row).split("\0")[0]
        answers.append(text[::-1] if backwards else text)
    return answers


def test_the_bundled_network_add_answers_alike_within_1e_5():
    card, tensors = bundled("add")
    session = session_of(card, "", tensors)
    sums = list(islice(distinct(card.task, random.Random(1)), 200))
    network = Tiny(card, "", tensors)
    texts = [one.question for one in sums]
    questions = network.indices(texts)
    ours, theirs = network.probabilities(questions), asked(session, questions)
    means = network.means(questions, ours)
    assert np.abs(ours - theirs[:, : ours.shape[1]])[means].max() < TOLERANCE
    # `add` is right in every sum: so must its file be, read by its metadata alone.
    assert answered(session, texts) == [one.answer for one in sums]


def test_the_file_says_what_it_is():
    card, tensors = bundled("work")
    for part in parts_of(card.architecture):
        session = session_of(card, part, tensors)
        known = session.get_modelmeta()
        assert known.custom_metadata_map == {
            "weights": "work",
            "part": part,
            "kind": {"reader": "tagger", "doer": "attention"}[part],
            "task": card.task.describe(),
            "alphabet": json.dumps(card.encoding.characters),
            "question_length": str(card.encoding.question_length),
            "answer_length": str(card.encoding.answer_length),
            "reverse": "true" if part == "doer" else "false",
            "sha256": card.sha256,
        }
        assert "\0" not in "".join(known.custom_metadata_map.values())
        assert ("in reading order" in known.description) == (part == "reader")
        (question,), (output,) = session.get_inputs(), session.get_outputs()
        assert (question.name, question.type, question.shape) == (
            "question",
            "tensor(int64)",
            ["n", "T"],
        )
        size = ["n", "T", 2] if part == "reader" else ["n", 84, len(card.encoding.characters)]
        assert (output.name, output.type, output.shape) == ("probabilities", "tensor(float)", size)


@each_network
def test_the_versions_are_pinned_and_equal_weights_give_equal_bytes(architecture, part):
    from mathrepl.export.model import onnx_file

    network = tiny(architecture, part)
    data = onnx_file(network.card, part, network.tensors)
    assert data == onnx_file(network.card, part, network.tensors)
    model = onnx.load_from_string(data)
    assert model.ir_version == 8
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    other = tiny(architecture, part, seed=1)
    assert data != onnx_file(other.card, part, other.tensors)


def test_an_unknown_part_is_no_network():
    from mathrepl.export.model import metadata, onnx_file

    network = tiny(WORK, "doer")
    with pytest.raises(KeyError):
        onnx_file(network.card, "head", network.tensors)
    with pytest.raises(KeyError):
        metadata(network.card, "head")
