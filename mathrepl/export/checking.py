"""The files of exported networks, and their comparison with numpy on a few texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathrepl.data.codec import Floats, Indices, encode_questions
from mathrepl.data.sampling import distinct
from mathrepl.data.skill_examples import skill_examples
from mathrepl.networks import Kind, Tensors, kind_of, part_tensors, parts_of
from mathrepl.store.card import Card

TOLERANCE = 1e-5
TEXTS = 32
Run = Callable[[Indices], Floats]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A file against numpy: `asked` texts, the largest difference of any probability, and the
    number of equal answers.
    """

    asked: int
    largest_difference: float
    same_answers: int

    @property
    def good(self) -> bool:
        """True if every answer is equal, and each probability within `TOLERANCE`."""
        return self.same_answers == self.asked and self.largest_difference <= TOLERANCE


@dataclass(frozen=True, slots=True)
class Exported:
    """A file of a network, and its comparison with numpy where something could run it.

    `format` is `onnx` or `keras`, `size` is in bytes.
    """

    file: str
    weights: str
    part: str
    format: str
    size: int
    comparison: Comparison | None = None

    def record(self) -> dict[str, Any]:
        return asdict(self)


def compare(card: Card, part: str, tensors: Tensors, run: Run, texts: Sequence[str]) -> Comparison:
    """The network of these weights, or `part` of them, by numpy and by `run`.

    `run` maps question indices (n, T) to probabilities (n, U, V). Outputs after an end mark
    mean nothing and are not compared.
    """
    kind = kind_of(parts_of(card.architecture)[part])
    encoding = kind.encoding(card.encoding)
    questions = encode_questions(encoding, texts)
    own = part_tensors(tensors, part)
    expected = kind.probabilities(own, card.architecture, encoding, questions)
    found = run(questions)[:, : expected.shape[1]]  # numpy stops where all answers have ended
    means = _means(kind, questions, expected)
    alike = (expected.argmax(-1) == found.argmax(-1)) | ~means
    largest = float(np.abs(expected - found)[means].max(initial=0.0))
    return Comparison(len(texts), largest, int(alike.all(1).sum()))


def _means(kind: Kind, questions: Indices, probabilities: Floats) -> NDArray[np.bool_]:
    """True for each position of the output (n, U) that means something."""
    if kind.decoder is None:  # all positions are written at once, and none reads another
        return np.ones(probabilities.shape[:2], bool)
    ends = probabilities.argmax(-1) == 0
    result: NDArray[np.bool_] = ends.cumsum(1) - ends == 0
    return result


def texts_for(card: Card, part: str) -> list[str]:
    """`TEXTS` texts that such a network reads, or fewer where its task has no more."""
    encoding = kind_of(parts_of(card.architecture)[part]).encoding(card.encoding)
    if encoding.skills:
        passes = skill_examples(encoding.skills, 10 * TEXTS, card.task.seed).held_out
        return [example.question for example in passes][:TEXTS]
    rng = random.Random(card.task.seed)
    return [example.question for example in islice(distinct(card.task, rng), TEXTS)]


def runner(data: bytes) -> Run | None:
    """A function that runs the network of an ONNX file's bytes by onnxruntime on the CPU.

    None where onnxruntime is not installed.
    """
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone; it warns of what it optimises
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    (question,) = session.get_inputs()

    def run(questions: Indices) -> Floats:
        outputs: list[Any] = session.run(None, {question.name: questions.astype(np.int64)})
        return np.asarray(outputs[0], np.float32)

    return run
