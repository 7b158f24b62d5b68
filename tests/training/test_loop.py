"""The training loop: its metrics, its order of examples, stopping, and the same seed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mathrepl.architecture import Architecture
from mathrepl.card import Metrics
from mathrepl.codec import Floats, Indices, decode, encode_answers, encode_questions
from mathrepl.networks import KINDS

from .tiny import ARCHITECTURE, ENCODING, random_tensors

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

ALPHABET = len(ENCODING.characters)
SUMS = [(a, b) for a in range(10) for b in range(10)]
QUESTIONS = encode_questions(ENCODING, [f"{a} + {b}" for a, b in SUMS])
ANSWERS = encode_answers(ENCODING, [str(a + b) for a, b in SUMS])
TRAINED = 70  # of the 100 sums; with batches of 16 the last one holds 6


def trainer(model: Any, *, batch: int = 16, learning_rate: float = 0.02, seed: int = 0) -> Any:
    """A trainer of the first `TRAINED` sums, with the others held out."""
    from mathrepl.training.loop import Arrays, Trainer

    return Trainer(
        model,
        Arrays(QUESTIONS[:TRAINED], ANSWERS[:TRAINED]),
        Arrays(QUESTIONS[TRAINED:], ANSWERS[TRAINED:]),
        alphabet=ALPHABET,
        batch=batch,
        learning_rate=learning_rate,
        seed=seed,
    )


def real_model(*, seed: int = 0, architecture: Architecture = ARCHITECTURE) -> Any:
    """A network as a training builds it."""
    import keras

    from mathrepl.training.keras_models import build

    keras.utils.set_random_seed(seed)
    return build(architecture, ENCODING, fused=True)


def never() -> bool:
    return False


def nothing(share: float, loss: float) -> None:
    pass


def expected_metrics(probabilities: Floats, answers: Indices) -> Metrics:
    """The metrics one example and one character at a time, by their definition."""
    losses, hits, exact = [], [], []
    for rows, truth in zip(probabilities, answers, strict=True):
        losses += [-np.log(row[k]) for row, k in zip(rows, truth, strict=True)]
        hits += [row.argmax() == k for row, k in zip(rows, truth, strict=True)]
        written = decode(ENCODING, rows.argmax(-1)[None])[0]
        exact.append(written == decode(ENCODING, truth[None])[0])
    return Metrics(float(np.mean(losses)), float(np.mean(hits)), float(np.mean(exact)))


def assert_close(found: Metrics, wanted: Metrics) -> None:
    assert found.loss == pytest.approx(wanted.loss, abs=1e-5)
    assert found.accuracy == pytest.approx(wanted.accuracy, abs=1e-6)
    assert found.exact == pytest.approx(wanted.exact, abs=1e-9)


class ByFirstCharacter:
    """A stand-in for a network: probabilities (U, V) looked up by a question's first character."""

    def __init__(self, table: Floats) -> None:
        self._table = table
        self.trainable_variables: list[Any] = []

    def __call__(self, x: Any, training: bool) -> Any:
        import tensorflow as tf

        return tf.gather(tf.constant(self._table), tf.argmax(x[:, 0], -1))


class Recorder:
    """A stand-in for a network that notes every batch it is trained on."""

    def __init__(self) -> None:
        import keras

        self.bias = keras.Variable(np.zeros(ALPHABET, np.float32))
        self.trainable_variables = [self.bias]
        self.batches: list[Indices] = []

    def __call__(self, x: Any, training: bool) -> Any:
        import tensorflow as tf

        if training:
            tf.numpy_function(self._note, [x], [])
        places = tf.zeros([tf.shape(x)[0], ANSWERS.shape[1], 1])
        return tf.nn.softmax(places + self.bias.value)

    def _note(self, x: Floats) -> None:
        self.batches.append(x.argmax(-1))

    def take(self) -> list[list[str]]:
        """The questions of each batch since the last call."""
        batches = [decode(ENCODING, batch) for batch in self.batches]
        self.batches.clear()
        return batches


def peaked(*written: str) -> Floats:
    """Probabilities whose greedy reading is `written`, one text of indices for each question."""
    table = np.full((len(written), ANSWERS.shape[1], ALPHABET), 0.02, np.float32)
    for row, text in enumerate(written):
        for place, character in enumerate(text):
            table[row, place, ENCODING.characters.index(character)] = 0.76
    return table


@pytest.mark.parametrize(
    ("written", "exact", "accuracy"),
    [
        ("12\0", 1, 1),
        ("120", 0, 2 / 3),
        ("1\x002", 0, 1 / 3),
        ("13\0", 0, 2 / 3),
    ],
)
def test_exact_match_of_a_long_answer(written: str, exact: float, accuracy: float) -> None:
    found = evaluated(written, "12")
    assert (found.exact, found.accuracy) == pytest.approx((exact, accuracy))


@pytest.mark.parametrize(
    ("written", "exact", "accuracy"),
    [
        ("7\0\0", 1, 1),
        ("7\x003", 1, 2 / 3),  # what follows the first end mark is not read
        ("77\0", 0, 2 / 3),
        ("\x007\0", 0, 1 / 3),
    ],
)
def test_exact_match_ignores_what_follows_the_first_end_mark(
    written: str, exact: float, accuracy: float
) -> None:
    found = evaluated(written, "7")
    assert (found.exact, found.accuracy) == pytest.approx((exact, accuracy))


def evaluated(written: str, truth: str) -> Metrics:
    """Metrics of a network that writes `written` (padding included) where `truth` is right."""
    from mathrepl.training.loop import Arrays, Trainer

    table = np.repeat(peaked(written), ALPHABET, axis=0)
    one = Arrays(encode_questions(ENCODING, ["1 + 1"]), encode_answers(ENCODING, [truth]))
    subject = Trainer(
        ByFirstCharacter(table), one, one, alphabet=ALPHABET, batch=1, learning_rate=1.0, seed=0
    )
    metrics, indices = subject.evaluate()
    assert "".join(ENCODING.characters[k] for k in indices[0]) == written
    return metrics


def test_held_out_metrics_equal_an_independent_computation() -> None:
    from mathrepl.training.keras_models import load_into

    tensors = random_tensors()
    model = real_model()
    load_into(model, tensors)
    probabilities = KINDS["seq2seq"].probabilities(
        tensors, ARCHITECTURE, ENCODING, QUESTIONS[TRAINED:]
    )
    metrics, written = trainer(model).evaluate()
    assert_close(metrics, expected_metrics(probabilities, ANSWERS[TRAINED:]))
    np.testing.assert_array_equal(written, probabilities.argmax(-1))


def test_held_out_metrics_of_uneven_answers_equal_an_independent_computation() -> None:
    # By the first digit, 7 to 9 here: right for 7 + 0, 8 + 0 and 9 + 3, in its own way each.
    table = np.repeat(peaked("5\0\0"), ALPHABET, axis=0)
    for digit, written in (("7", "7\x005"), ("8", "8\0\0"), ("9", "12\0")):
        table[ENCODING.characters.index(digit)] = peaked(written)[0]
    subject = trainer(ByFirstCharacter(table))
    probabilities = table[QUESTIONS[TRAINED:, 0]]
    wanted = expected_metrics(probabilities, ANSWERS[TRAINED:])
    assert wanted.exact == 3 / 30
    assert_close(subject.evaluate()[0], wanted)


def test_held_out_examples_are_evaluated_in_batches_without_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mathrepl.training import loop

    model = real_model()
    whole, written = trainer(model).evaluate()
    monkeypatch.setattr(loop, "EVALUATION_BATCH", 7)  # 30 examples: four batches and a rest
    parts, written_in_parts = trainer(model).evaluate()
    assert_close(parts, whole)
    np.testing.assert_array_equal(written_in_parts, written)


def test_training_metrics_equal_an_independent_computation() -> None:
    from mathrepl.training.keras_models import load_into

    tensors = random_tensors()
    model = real_model()
    load_into(model, tensors)
    probabilities = KINDS["seq2seq"].probabilities(
        tensors, ARCHITECTURE, ENCODING, QUESTIONS[:TRAINED]
    )
    # So small a learning rate leaves the weights as they are during the epoch.
    still = trainer(model, learning_rate=1e-12)
    metrics = still.epoch(1, should_stop=never, on_progress=nothing)
    assert_close(metrics, expected_metrics(probabilities, ANSWERS[:TRAINED]))


def test_an_epoch_visits_every_example_once_the_last_partial_batch_included() -> None:
    recorder = Recorder()
    subject = trainer(recorder)
    assert subject.epoch(1, should_stop=never, on_progress=nothing) is not None
    batches = recorder.take()
    assert [len(batch) for batch in batches] == [16, 16, 16, 16, 6]
    visited = [question for batch in batches for question in batch]
    assert sorted(visited) == sorted(decode(ENCODING, QUESTIONS[:TRAINED]))


def test_the_order_of_an_epoch_follows_from_the_seed_and_its_number() -> None:
    def order(subject: Any, recorder: Recorder, number: int) -> list[list[str]]:
        subject.epoch(number, should_stop=never, on_progress=nothing)
        return recorder.take()

    one, again, other = Recorder(), Recorder(), Recorder()
    first, second = trainer(one, seed=1), trainer(again, seed=1)
    third = trainer(other, seed=2)
    orders = [order(first, one, number) for number in (1, 2)]
    assert orders[0] != orders[1]
    # A training that goes on takes up the order where an uncut one would be.
    assert order(second, again, 2) == orders[1]
    assert order(third, other, 1) != orders[0]


def test_progress_runs_to_the_whole_epoch_and_its_mean_loss() -> None:
    reports: list[tuple[float, float]] = []
    still = trainer(real_model(), batch=4, learning_rate=1e-12)
    metrics = still.epoch(1, should_stop=never, on_progress=lambda *report: reports.append(report))
    assert [share for share, _ in reports] == pytest.approx([8 / 18, 16 / 18, 1.0])
    assert reports[-1][1] == pytest.approx(metrics.loss)
    # Weights that stand still have about the same mean loss on any part of the epoch.
    assert [loss for _, loss in reports] == pytest.approx([metrics.loss] * 3, rel=0.1)


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_stop_cuts_the_epoch_off_and_gives_none(calls: int) -> None:
    """Batches of 4 make 18 steps, 8 a call; the stop comes before the call of that number."""
    recorder = Recorder()
    reports: list[float] = []
    asked = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > calls

    subject = trainer(recorder, batch=4)
    result = subject.epoch(1, should_stop=stop, on_progress=lambda share, _: reports.append(share))
    assert result is None
    assert reports == pytest.approx([8 * n / 18 for n in range(1, calls + 1)])
    assert len(recorder.take()) == 8 * calls


def trained(seed: int, *, network_seed: int, architecture: Architecture) -> dict[str, Floats]:
    """The weights after two epochs."""
    from mathrepl.training.keras_models import tensors_of

    model = real_model(seed=network_seed, architecture=architecture)
    subject = trainer(model, seed=seed)
    for number in (1, 2):
        assert subject.epoch(number, should_stop=never, on_progress=nothing) is not None
    return tensors_of(model)


def equal(one: dict[str, Floats], other: dict[str, Floats]) -> bool:
    return all(one[name].tobytes() == other[name].tobytes() for name in one | other)


def test_the_same_seed_gives_the_same_weights_to_the_bit_and_another_seed_others() -> None:
    architecture = Architecture(hidden=8, dropout=0.2)
    weights = trained(3, network_seed=3, architecture=architecture)
    assert equal(weights, trained(3, network_seed=3, architecture=architecture))
    # The order of the examples alone makes other weights.
    assert not equal(weights, trained(4, network_seed=3, architecture=architecture))


def test_a_few_examples_are_learnt_by_heart() -> None:
    from mathrepl.training.loop import Arrays, Trainer

    few = Arrays(QUESTIONS[::9][:10], ANSWERS[::9][:10])
    subject = Trainer(
        real_model(), few, few, alphabet=ALPHABET, batch=5, learning_rate=0.03, seed=0
    )
    losses = []
    for number in range(1, 121):
        metrics = subject.epoch(number, should_stop=never, on_progress=nothing)
        losses.append(metrics.loss)
    assert losses[-1] < losses[0] / 20
    assert subject.evaluate()[0].exact == 1.0


def test_batch_statistics_move_while_training_and_not_while_evaluating() -> None:
    from mathrepl.training.keras_models import tensors_of

    model = real_model(architecture=Architecture(hidden=8, batch_norm=True))
    subject = trainer(model)
    before = tensors_of(model)
    subject.evaluate()
    assert equal(before, tensors_of(model))
    subject.epoch(1, should_stop=never, on_progress=nothing)
    after = tensors_of(model)
    for name in before:
        assert not np.array_equal(before[name], after[name]), name


def test_dropout_is_off_while_evaluating() -> None:
    subject: Callable[[], tuple[Metrics, Indices]] = trainer(
        real_model(architecture=Architecture(hidden=8, dropout=0.5))
    ).evaluate
    assert subject()[0] == subject()[0]
