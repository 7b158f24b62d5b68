"""The kind `gru` as mathrepl sees it; the package must be installed (`pip install -e .`)."""

from __future__ import annotations

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.training.keras.agreement import largest_difference

QUESTIONS = [f"{a} + {b}" for a in (0, 7, 58, 909) for b in (6, 94, 999)]


def test_numpy_and_keras_give_the_same_probabilities():
    for hidden, reverse in ((3, False), (16, True)):
        architecture = Architecture("gru", hidden=hidden, dropout=0.2)
        encoding = Encoding.for_task(Task(), reverse=reverse)
        assert largest_difference(architecture, encoding, QUESTIONS) < 1e-5


def test_they_do_so_for_questions_longer_than_those_of_the_training():
    architecture, encoding = Architecture("gru", hidden=8), Encoding.for_task(Task())
    assert largest_difference(architecture, encoding, ["123456 + 7890123", "1 + 2"]) < 1e-5


def test_it_says_what_it_is():
    text = "GRU(8) -> RepeatVector -> GRU(8) -> Dense, dropout 0.5"
    assert Architecture("gru", hidden=8, dropout=0.5).describe() == text
