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
from mathrepl.data.skill_examples import skill_examples
from mathrepl.inference.decoding import written_of
from mathrepl.networks import parts_of
from mathrepl.networks.attention import sharpness
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from tests.kit.exact import exact_card
from tests.kit.exact import tensors_of as exact_tensors_of
from tests.kit.exported import (
    ATTENTION,
    IN_COLUMNS,
    LOOKUP,
    MASKED,
    SEQ2SEQ,
    UNEVEN,
    WORK,
    Tiny,
    tiny,
)

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

TOLERANCE = 1e-5
each_network = pytest.mark.parametrize(
    ("architecture", "part"), [*SEQ2SEQ.values(), *MASKED.values()], ids=[*SEQ2SEQ, *MASKED]
)
each_masked = pytest.mark.parametrize(("architecture", "part"), MASKED.values(), ids=MASKED)
each_in_columns = pytest.mark.parametrize(
    ("architecture", "part", "passes"), IN_COLUMNS.values(), ids=IN_COLUMNS
)
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
    encoding = network.card.encoding
    assert together.shape == (80, encoding.answer_length, len(encoding.characters))
    assert np.abs(together.sum(-1) - 1).max() < TOLERANCE
    (alone,) = asked(session, network.indices(texts[41:42]))
    assert np.abs(alone - together[41]).max() < TOLERANCE


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
            assert np.abs(alone[0] - together[row]).max() < TOLERANCE


@each_in_columns
def test_onnxruntime_and_numpy_agree_in_columns(architecture, part, passes):
    network = tiny(architecture, part)
    questions = network.indices(passes)
    assert questions.shape[1] > network.encoding.question_length
    session = session_of(network.card, part, network.tensors)
    ours, theirs = network.probabilities(questions), asked(session, questions)
    assert ours.shape == theirs.shape == (len(passes), questions.shape[1] // 2, ours.shape[2])
    assert np.ptp(ours[:, 0], axis=0).max() > 100 * TOLERANCE  # the questions matter
    assert np.abs(ours - theirs).max() < TOLERANCE
    # What is remembered matters too: the second column after another first one.
    other = questions.copy()
    other[:, 1] = other[:, 1] % 7 + 1
    assert np.abs(asked(session, other)[:, 1:] - theirs[:, 1:]).max() > 10 * TOLERANCE
    for row in range(len(passes)):
        (alone,) = asked(session, np.pad(questions[row : row + 1], ((0, 0), (0, 8))))
        assert np.abs(alone[: theirs.shape[1]] - theirs[row]).max() < TOLERANCE


def test_the_file_of_exact_weights_works_out_every_pass():
    card = exact_card()
    tensors = exact_tensors_of(card)
    for part in parts_of(card.architecture):
        network = Tiny(card, part, tensors)
        examples = skill_examples(network.encoding.skills, 2000, 0).training
        questions = network.indices([example.question for example in examples])
        found = run(network, questions)
        written = written_of(network.encoding, found)[0]
        assert written == [example.answer for example in examples]


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
    card = exact_card("work")
    tensors = exact_tensors_of(card)
    for part, kind in parts_of(card.architecture).items():
        encoding = Tiny(card, part, tensors).encoding
        session = session_of(card, part, tensors)
        known = session.get_modelmeta()
        assert known.custom_metadata_map == {
            "weights": "work",
            "part": part,
            "kind": kind,
            "task": card.task.describe(),
            "alphabet": json.dumps(encoding.characters),
            "question_length": str(encoding.question_length),
            "answer_length": str(encoding.answer_length),
            "reverse": "true",
            "sha256": card.sha256,
        }
        assert "\0" not in "".join(known.custom_metadata_map.values())
        assert "two characters of each column, from the right" in known.description
        (question,), (output,) = session.get_inputs(), session.get_outputs()
        assert (question.name, question.type, question.shape) == (
            "question",
            "tensor(int64)",
            ["n", "T"],
        )
        size = ["n", "S", len(encoding.characters)]
        assert (output.name, output.type, output.shape) == ("probabilities", "tensor(float)", size)
    card, tensors = bundled("add")
    session = session_of(card, "", tensors)
    assert "in reading order" not in session.get_modelmeta().description
    size = ["n", card.encoding.answer_length, len(card.encoding.characters)]
    assert session.get_outputs()[0].shape == size


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
