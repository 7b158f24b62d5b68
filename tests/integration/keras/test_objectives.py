"""The inputs each kind of network gets in training, and which of its outputs count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mathrepl.data.codec import encode_answers, encode_questions
from tests.kit.training import ARCHITECTURE, ATTENTION, ENCODING, SETTINGS

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

QUESTIONS = ["12 + 9", "7", "3 + 4"]
ANSWERS = ["21", "7", ""]


def prepared(architecture: Any, **options: Any) -> tuple[Any, list[Any]]:
    """The objective of a network, and its columns for three examples."""
    from mathrepl.training.keras.models import build, objective_of
    from mathrepl.training.keras.objectives import Arrays

    objective = objective_of(build(architecture, ENCODING), ENCODING, replace(SETTINGS, **options))
    questions = encode_questions(ENCODING, QUESTIONS)
    answers = encode_answers(ENCODING, ANSWERS)
    return objective, list(objective.columns(Arrays(questions, answers)))


def text(indices: Any) -> str:
    return "".join(ENCODING.characters[k] for k in indices).replace("\0", "_")


def test_a_decoder_is_shown_its_right_characters_one_late() -> None:
    _, (questions, places, written, written_places, answers) = prepared(ATTENTION)
    width = ENCODING.answer_length
    assert [text(row) for row in answers] == [a.ljust(width, "_") for a in ANSWERS]
    assert [text(row) for row in written] == [f"_{a}".ljust(width, "_")[:width] for a in ANSWERS]
    assert text(questions[0]).startswith("12 + 9_")
    assert places[0].tolist()[:7] == [1, 2, 0, 0, 0, 1, 0]
    assert written_places.tolist()[0][:3] == [0, 1, 2]


def test_what_is_padding_does_not_count() -> None:
    objective, columns = prepared(ATTENTION)
    mask = np.asarray(objective.mask(columns))
    assert mask.sum(1).tolist() == [3, 2, 1]
    assert (np.diff(mask, axis=1) <= 0).all()  # the first so many


def test_the_seed_network_counts_its_padding_too() -> None:
    objective, columns = prepared(ARCHITECTURE)
    assert objective.mask is None
    assert len(columns) == len(objective.sides) == 2


@pytest.mark.parametrize(("architecture", "logits"), [(ARCHITECTURE, False), (ATTENTION, True)])
def test_the_loss_is_in_nats_of_the_right_character(architecture: Any, logits: bool) -> None:
    objective, columns = prepared(architecture)
    output = np.asarray(objective.forward(columns, False))
    if logits:
        output = np.exp(output) / np.exp(output).sum(-1, keepdims=True)
    rights = np.take_along_axis(output, columns[-1][..., None], -1)[..., 0]
    losses = np.asarray(objective.cross_entropy(columns, objective.forward(columns, False)))
    np.testing.assert_allclose(losses, -np.log(rights), atol=1e-5)


def shown(
    monkeypatch: pytest.MonkeyPatch, *, offset: int, training: bool, times: int
) -> tuple[list[Any], list[list[Any]]]:
    """The columns before, and what the network itself is called with each time."""
    import keras

    from mathrepl.training.keras.attention_model import AttentionSeq2Seq

    calls: list[list[Any]] = []
    objective, columns = prepared(ATTENTION, offset=offset)

    def call(self: Any, inputs: Any, training: bool = False) -> Any:
        calls.append([np.asarray(one) for one in inputs])
        return inputs[0]

    monkeypatch.setattr(AttentionSeq2Seq, "call", call)
    keras.utils.set_random_seed(0)
    for _ in range(times):
        objective.forward(columns, training)
    return columns[:4], calls


def test_random_places_are_alike_in_question_and_answer_and_keep_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns, calls = shown(monkeypatch, offset=3, training=True, times=60)
    questions, where, written, written_where = columns
    most = max(where.max(), written_where.max())
    shifts, spreads = set(), 0
    for moved in calls:
        assert (moved[0] == questions).all()
        assert (moved[2] == written).all()
        assert (moved[1][where == 0] == 0).all()
        assert (moved[3][written_where == 0] == 0).all()
        for row in range(len(QUESTIONS)):
            before = [*where[row].tolist(), *written_where[row].tolist()]
            after = [*moved[1][row].tolist(), *moved[3][row].tolist()]
            drawn = dict(zip(before, after, strict=True))
            assert [drawn[place] for place in before] == after  # one place, one draw
            told = [drawn[place] for place in sorted(set(before) - {0})]
            assert told == sorted(set(told))
            assert told[0] >= 1
            assert told[-1] <= most + 3
            steps = {place - at for at, place in drawn.items() if at}
            if len(steps) == 1:
                shifts |= steps
            else:
                spreads += 1
    assert shifts == {0, 1, 2, 3}
    assert spreads > len(calls) / 8  # half are drawn by steps, and some of those are even


@pytest.mark.parametrize(("offset", "training"), [(0, True), (3, False)])
def test_places_stay_without_an_offset_and_while_evaluating(
    monkeypatch: pytest.MonkeyPatch, offset: int, training: bool
) -> None:
    columns, (moved,) = shown(monkeypatch, offset=offset, training=training, times=1)
    for before, after in zip(columns, moved, strict=True):
        assert (before == after).all()
