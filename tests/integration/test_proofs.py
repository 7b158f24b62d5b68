"""The bundled weights that remember symbols are proved, and a proof says what the network does."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mathrepl.arithmetic.skills import ALL
from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.data.skill_examples import skill_examples
from mathrepl.evaluation.proofs import flaw_of, prove_weights
from mathrepl.inference.decoding import written_of
from mathrepl.networks import Tensors, kind_of, part_tensors, parts_of
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from tests.kit.paths import ROOT

STORE = Store(Path("/nonexistent"))
PROVED = ("columns", "work")


@pytest.mark.parametrize("name", PROVED)
def test_bundled_weights_are_proved_and_their_card_has_the_table(name: str) -> None:
    found, tensors = STORE.load(name)
    proved, table = prove_weights(found.card, tensors)
    assert proved.proved, [(skill.skill, skill.text) for skill in proved.skills]
    assert min(skill.margin / skill.moved for skill in proved.skills) > 100
    assert flaw_of(found.card.proof, table) == ""


@cache
def short_passes(encoding: Encoding) -> tuple[list[str], list[str], np.ndarray]:
    """Passes of a few columns, their right results, and their indices."""
    examples = skill_examples(encoding.skills, 4000, 1).training
    texts = [example.question for example in examples]
    return texts, [example.answer for example in examples], encode_questions(encoding, texts)


def written(card: Card, tensors: Tensors, part: str, questions: np.ndarray) -> list[str]:
    """By the forward pass in float32."""
    kind = kind_of(parts_of(card.architecture)[part])
    own = part_tensors(tensors, part)
    found = kind.probabilities(own, card.architecture, card.encoding, questions)
    return written_of(kind.encoding(card.encoding), found)[0]


@pytest.mark.parametrize("name", PROVED)
def test_a_strong_nudge_of_any_of_50_weights_is_found_or_changes_nothing(name: str) -> None:
    found, whole = STORE.load(name)
    card = found.card
    rng = np.random.default_rng(0)
    places = [(key, i) for key, tensor in whole.items() for i in range(tensor.size)]
    failed = 0
    for at in rng.choice(len(places), 50, replace=False):
        key, i = places[at]
        part = key.split(".")[0] if "" not in parts_of(card.architecture) else ""
        tensors = {other: tensor.copy() for other, tensor in whole.items()}
        tensors[key].ravel()[i] += rng.choice([-20, 20])
        proved = prove_weights(card, tensors)[0]
        own = [skill for skill in proved.skills if skill.part == part]
        right = {skill.skill for skill in own if skill.proved}
        encoding = kind_of(parts_of(card.architecture)[part]).encoding(card.encoding)
        texts, answers, questions = short_passes(encoding)
        network = written(card, tensors, part, questions)
        for text, result, answer in zip(texts, network, answers, strict=True):
            skill = next(one for one in encoding.skills if one in text)
            if len({*text} & {*encoding.skills}) == 1 and skill in right:
                assert result == answer, (key, i, text)
        for verdict in own:
            wrong = verdict.counterexample
            if wrong is not None:
                failed += 1
                first, _, second = wrong.question.partition(verdict.skill)
                question = encode_questions(encoding, [wrong.question])
                (result,) = written(card, tensors, part, question)
                assert result != ALL[verdict.skill].run(first, second), (key, i, wrong)
    assert failed > 5


def test_the_script_of_the_documentation_checks_the_table() -> None:
    page = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.S)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "363 transitions are right\n"
