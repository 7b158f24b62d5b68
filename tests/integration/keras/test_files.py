"""Keras files of the seed network, opened by a program that does not know mathrepl."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import encode_questions, one_hot
from mathrepl.data.questions import every_question
from mathrepl.export import checking
from mathrepl.networks.config import Architecture
from mathrepl.networks.seq2seq import probabilities
from mathrepl.store.store import Store
from tests.kit.lab import Lab
from tests.kit.training import ENCODING, random_tensors

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

TOLERANCE = 1e-5
EVERYTHING = Architecture(hidden=8, encoder_depth=2, decoder_depth=2, dropout=0.3, batch_norm=True)
ALONE = """
import sys
import keras, numpy
model = keras.models.load_model("model.keras")
numpy.save("output.npy", model.predict(numpy.load("input.npy"), verbose=0))
assert not [name for name in sys.modules if name.startswith("mathrepl")]
"""


def file_of(architecture: Architecture, encoding: Any, tensors: Any) -> bytes:
    from mathrepl.training.keras.models import build, keras_file, load_into

    model = build(architecture, encoding)
    load_into(model, tensors)
    return keras_file(model)


@pytest.mark.parametrize("architecture", [Architecture(hidden=8), EVERYTHING])
def test_a_file_read_back_gives_what_numpy_gives(architecture: Architecture) -> None:
    from mathrepl.training.keras.models import opened, predict

    tensors = random_tensors(architecture, scale=1.0)
    questions = encode_questions(ENCODING, ["1 + 2", "9 + 9", "123 + 4567", "0 + 7"])
    ours = probabilities(tensors, architecture, ENCODING, questions)
    again = opened(file_of(architecture, ENCODING, tensors))
    assert np.ptp(ours, axis=0).max() > 100 * TOLERANCE  # the questions matter
    assert np.abs(predict(again, ENCODING, questions) - ours).max() < TOLERANCE


def test_the_bundled_network_blog_is_the_same_where_only_keras_is_known(tmp_path: Path) -> None:
    store = Store(Path("/nonexistent"))
    found = store.find("blog")
    architecture, encoding = found.card.architecture, found.card.encoding
    tensors = store.tensors(found)
    texts = list(islice(every_question(Task()), 0, None, 4999))
    questions = encode_questions(encoding, texts)
    (tmp_path / "model.keras").write_bytes(file_of(architecture, encoding, tensors))
    np.save(tmp_path / "input.npy", one_hot(encoding, questions))
    command = [sys.executable, "-P", "-c", ALONE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = np.load(tmp_path / "output.npy")
    ours = probabilities(tensors, architecture, encoding, questions)
    assert np.abs(theirs - ours).max() < TOLERANCE
    assert (theirs.argmax(-1) == ours.argmax(-1)).all()


def test_the_seed_network_is_exported_for_keras_and_as_onnx(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without onnxruntime, the ONNX file is compared by the reference of onnx."""
    pytest.importorskip("onnx")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    monkeypatch.setattr(checking, "find_spec", lambda name: None)
    table = lab.value(":export tiny --keras a.keras --onnx a.onnx")
    assert sorted(path.name for path in Path().iterdir()) == ["a.keras", "a.onnx"]
    assert [row[0] for row in table.rows] == ["a.onnx", "a.keras"]
    found = table.record()[1]["comparison"]
    assert found["largest_difference"] < checking.TOLERANCE
    assert found["same_answers"] == found["asked"] == 32
