"""The training loop: its metrics, its order of examples, stopping, and the same seed again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mathrepl.data.codec import Floats, Indices, decode, encode_answers, encode_questions
from mathrepl.networks import kind_of, part_tensors, parts_of
from mathrepl.networks.config import Architecture
from mathrepl.store.card import Metrics, TrainSettings
from tests.kit.training import ARCHITECTURE, ATTENTION, ENCODING, random_tensors

pytestmark = pytest.mark.usefixtures("tensorflow_ready")

ALPHABET = len(ENCODING.characters)
SUMS = [(a, b) for a in range(10) for b in range(10)]
QUESTIONS = encode_questions(ENCODING, [f"{a} + {b}" for a, b in SUMS])
ANSWERS = encode_answers(ENCODING, [str(a + b) for a, b in SUMS])
TRAINED = 70  # of the 100 sums; with batches of 16 the last one holds 6


def trainer(model: Any, **changes: Any) -> Any:
    """A trainer of the first `TRAINED` sums, with the others held out."""
    from mathrepl.training.keras.objectives import Arrays

    return trainer_of(
        model,
        Arrays(QUESTIONS[:TRAINED], ANSWERS[:TRAINED]),
        Arrays(QUESTIONS[TRAINED:], ANSWERS[TRAINED:]),
        **changes,
    )


def trainer_of(model: Any, training: Any, held_out: Any, **changes: Any) -> Any:
    from mathrepl.training.keras.loop import Trainer

    settings = TrainSettings(**{"epochs": 3, "batch": 16, "learning_rate": 0.02, **changes})
    return Trainer(model, training, held_out, encoding=ENCODING, settings=settings)


def real_model(*, seed: int = 0, architecture: Architecture = ARCHITECTURE, part: str = "") -> Any:
    """A network as a training builds it."""
    import keras

    from mathrepl.training.keras.models import build

    keras.utils.set_random_seed(seed)
    return build(architecture, ENCODING, part=part, fused=True)


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
    from mathrepl.training.keras.objectives import Arrays

    table = np.repeat(peaked(written), ALPHABET, axis=0)
    one = Arrays(encode_questions(ENCODING, ["1 + 1"]), encode_answers(ENCODING, [truth]))
    return trainer_of(ByFirstCharacter(table), one, one).evaluate()


@pytest.mark.usefixtures("eager")
def test_held_out_metrics_equal_an_independent_computation() -> None:
    from mathrepl.training.keras.models import load_into

    tensors = random_tensors()
    model = real_model()
    load_into(model, tensors)
    probabilities = kind_of("seq2seq").probabilities(
        tensors, ARCHITECTURE, ENCODING, QUESTIONS[TRAINED:]
    )
    metrics = trainer(model).evaluate()
    assert_close(metrics, expected_metrics(probabilities, ANSWERS[TRAINED:]))


def test_held_out_metrics_of_uneven_answers_equal_an_independent_computation() -> None:
    # By the first digit, 7 to 9 here: right for 7 + 0, 8 + 0 and 9 + 3, in its own way each.
    table = np.repeat(peaked("5\0\0"), ALPHABET, axis=0)
    for digit, written in (("7", "7\x005"), ("8", "8\0\0"), ("9", "12\0")):
        table[ENCODING.characters.index(digit)] = peaked(written)[0]
    subject = trainer(ByFirstCharacter(table))
    probabilities = table[QUESTIONS[TRAINED:, 0]]
    wanted = expected_metrics(probabilities, ANSWERS[TRAINED:])
    assert wanted.exact == 3 / 30
    assert_close(subject.evaluate(), wanted)


@pytest.mark.usefixtures("eager")
def test_held_out_examples_are_evaluated_in_batches_without_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mathrepl.training.keras import loop

    model = real_model()
    whole = trainer(model).evaluate()
    monkeypatch.setattr(loop, "EVALUATION_BATCH", 7)  # 30 examples: four batches and a rest
    assert_close(trainer(model).evaluate(), whole)


@pytest.mark.usefixtures("eager")
def test_training_metrics_equal_an_independent_computation() -> None:
    from mathrepl.training.keras.models import load_into

    tensors = random_tensors()
    model = real_model()
    load_into(model, tensors)
    probabilities = kind_of("seq2seq").probabilities(
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
    from mathrepl.training.keras.models import tensors_of

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
    from mathrepl.training.keras.objectives import Arrays

    few = Arrays(QUESTIONS[::9][:10], ANSWERS[::9][:10])
    subject = trainer_of(real_model(), few, few, batch=5, learning_rate=0.03)
    losses = []
    for number in range(1, 121):
        metrics = subject.epoch(number, should_stop=never, on_progress=nothing)
        losses.append(metrics.loss)
    assert losses[-1] < losses[0] / 20
    assert subject.evaluate().exact == 1.0


@pytest.mark.usefixtures("eager")
def test_batch_statistics_move_while_training_and_not_while_evaluating() -> None:
    from mathrepl.training.keras.models import tensors_of

    model = real_model(architecture=Architecture(hidden=8, batch_norm=True))
    subject = trainer(model)
    before = tensors_of(model)
    subject.evaluate()
    assert equal(before, tensors_of(model))
    subject.epoch(1, should_stop=never, on_progress=nothing)
    after = tensors_of(model)
    for name in before:
        assert not np.array_equal(before[name], after[name]), name


@pytest.mark.usefixtures("eager")
def test_dropout_is_off_while_evaluating() -> None:
    subject = trainer(real_model(architecture=Architecture(hidden=8, dropout=0.5)))
    assert subject.evaluate() == subject.evaluate()


# Networks that mask their padding

TEXTS = ["".join(str((7 * k + j * j) % 10) for j in range(1 + k % 6)) for k in range(90)]


def uneven(architecture: Architecture, part: str, count: int = len(TEXTS)) -> tuple[Any, Any, Any]:
    """A network of random weights, texts of 1 to 6 digits with what it writes, and how surely."""
    from mathrepl.training.keras.models import load_into
    from mathrepl.training.keras.objectives import Arrays

    model = real_model(architecture=architecture, part=part)
    tensors = part_tensors(random_tensors(architecture), part)
    load_into(model, tensors)
    questions = encode_questions(ENCODING, TEXTS[:count])
    kind = kind_of(parts_of(architecture)[part])
    probabilities = kind.probabilities(tensors, architecture, ENCODING, questions)
    answers = probabilities.argmax(-1).astype(np.int32)
    ended = np.cumsum(answers == 0, 1) > 0
    answers = np.where(ended, 0, answers)
    answers = np.pad(answers, ((0, 0), (0, ENCODING.answer_length - answers.shape[1])))
    return model, Arrays(questions, answers), probabilities


masked = pytest.mark.parametrize(
    ("architecture", "part"),
    [(ATTENTION, "")],
    ids=["attention"],
)


def counted_metrics(part: str, data: Any, probabilities: Floats) -> Metrics:
    """The metrics one example at a time, of the characters that count alone."""
    losses, hits, exact = [], [], []
    for truth, rows in zip(data.answers, probabilities, strict=True):
        length = min(int((truth > 0).sum()) + 1, len(truth))
        chosen = [(rows[k], truth[k]) for k in range(length)]
        losses.append(np.mean([-np.log(row[code]) for row, code in chosen]))
        right = [row.argmax() == code for row, code in chosen]
        hits.append(np.mean(right))
        exact.append(all(right))
    return Metrics(float(np.mean(losses)), float(np.mean(hits)), float(np.mean(exact)))


@masked
@pytest.mark.usefixtures("eager")
def test_metrics_count_what_is_no_padding(architecture: Architecture, part: str) -> None:
    model, data, probabilities = uneven(architecture, part)
    # Some are wrong in the last character, after which none is guessed from it.
    for row in range(0, len(data), 3):
        if data.answers[row, -1] or data.answers[row, -2]:
            data.answers[row, -1] = 0 if data.answers[row, -1] else 3
    still = trainer_of(model, data, data, learning_rate=1e-12)
    wanted = counted_metrics(part, data, probabilities)
    assert 0.5 < wanted.exact < 1
    assert_close(still.evaluate(), wanted)
    assert_close(still.epoch(1, should_stop=never, on_progress=nothing), wanted)


@masked
@pytest.mark.usefixtures("eager")
def test_padding_changes_neither_metrics_nor_training(
    architecture: Architecture, part: str
) -> None:
    from mathrepl.training.keras.models import tensors_of
    from mathrepl.training.keras.objectives import Arrays

    results = []
    for padding in (1, 10):  # one at least: an answer has an end
        model, data, _ = uneven(architecture, part)
        wide = ((0, 0), (0, padding))
        padded = Arrays(np.pad(data.questions, wide), np.pad(data.answers, wide))
        subject = trainer_of(model, padded, padded)
        metrics = subject.epoch(1, should_stop=never, on_progress=nothing)
        results.append((metrics, subject.evaluate(), tensors_of(model)))
    (trained, evaluated_, tensors), (trained_too, evaluated_too, tensors_too) = results
    assert_close(trained, trained_too)
    assert_close(evaluated_, evaluated_too)
    for name, tensor in tensors.items():
        np.testing.assert_allclose(tensor, tensors_too[name], atol=1e-5, err_msg=name)


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Indices, Indices]]:
    """Questions and answers of every batch that is trained on, as wide as they came."""
    import tensorflow as tf

    from mathrepl.training.keras import loop

    batches: list[tuple[Indices, Indices]] = []

    def noting(*of: Any, **options: Any) -> Any:
        objective = original(*of, **options)

        def forward(columns: Any, training: bool) -> Any:
            if training:
                tf.numpy_function(
                    lambda q, a: batches.append((q, a)), [columns[0], columns[-1]], []
                )
            return objective.forward(columns, training)

        return replace(objective, forward=forward)

    original = loop.objective_of
    monkeypatch.setattr(loop, "objective_of", noting)
    return batches


@masked
@pytest.mark.usefixtures("eager")
def test_an_epoch_batches_like_lengths_and_pads_no_further_than_needed(
    monkeypatch: pytest.MonkeyPatch, architecture: Architecture, part: str
) -> None:
    batches = recorded(monkeypatch)
    model, data, _ = uneven(architecture, part)
    subject = trainer_of(model, data, data, learning_rate=1e-12)
    seen = []
    for number in (1, 2):
        subject.epoch(number, should_stop=never, on_progress=nothing)
        assert sorted(len(questions) for questions, _ in batches) == [10, 16, 16, 16, 16, 16]
        assert len(batches[-1][0]) == 10  # the short one stays last
        visited = [text for questions, _ in batches for text in decode(ENCODING, questions)]
        assert sorted(visited) == sorted(TEXTS)
        for questions, answers in batches:
            lengths = (questions > 0).sum(1)
            assert questions.shape[1] == lengths.max()
            longest = min(int((answers > 0).sum(1).max()) + 1, ENCODING.answer_length)
            assert answers.shape[1] == (questions.shape[1] if part == "reader" else longest)
        if part == "reader":  # else the answers' lengths come first
            kinds = [{-(-len(t) // 4) for t in decode(ENCODING, q)} for q, _ in batches]
            assert sum(len(kind) > 1 for kind in kinds) <= 1
        seen.append(visited)
        batches.clear()
    assert seen[0] != seen[1]


def test_attention_learns_to_copy_with_all_that_a_training_can_do() -> None:
    from mathrepl.training.keras.objectives import Arrays

    rng = np.random.default_rng(0)
    texts = list({"".join(map(str, rng.integers(0, 10, rng.integers(1, 4)))) for _ in range(500)})
    encoding = ENCODING
    questions = encode_questions(encoding, texts)
    answers = encode_answers(replace(encoding, answer_length=5), texts)
    architecture = Architecture("attention", hidden=16, embedding=16, places=8)
    held_out = len(texts) // 5
    subject = trainer_of(
        real_model(architecture=architecture),
        Arrays(questions[held_out:], answers[held_out:]),
        Arrays(questions[:held_out], answers[:held_out]),
        epochs=40,
        batch=32,
        learning_rate=0.02,
        weight_decay=0.001,
        clip=1.0,
        schedule="cosine",
        warmup=20,
        averaging=0.95,
        offset=3,
    )
    before = subject.evaluate()
    for number in range(1, 41):
        assert subject.epoch(number, should_stop=never, on_progress=nothing) is not None
    after = subject.evaluate()
    assert before.exact < 0.1
    assert after.exact > 0.8
    assert after.loss < before.loss / 10


# Settings of a training


def one_step(**changes: Any) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Weights before and after a single step on all the sums, from random ones."""
    from mathrepl.training.keras.models import load_into, tensors_of

    model = real_model()
    load_into(model, random_tensors())
    subject = trainer(model, batch=TRAINED, **changes)
    before = tensors_of(model)
    subject.epoch(1, should_stop=never, on_progress=nothing)
    return before, tensors_of(model)


@pytest.mark.usefixtures("eager")
def test_weight_decay_takes_a_share_of_each_weight_a_step() -> None:
    before, plain = one_step(learning_rate=0.01)
    _, decayed = one_step(learning_rate=0.01, weight_decay=0.5)
    for name, tensor in before.items():
        np.testing.assert_allclose(
            plain[name] - decayed[name], 0.01 * 0.5 * tensor, atol=1e-5, err_msg=name
        )


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(("clip", "norm"), [(0.01, 0.01), (1000.0, None)])
def test_clip_bounds_the_norm_of_the_whole_gradient(
    monkeypatch: pytest.MonkeyPatch, clip: float, norm: float | None
) -> None:
    import keras

    from mathrepl.training.keras import loop

    # With plain descent at rate 1, what a step changes is the gradient itself.
    monkeypatch.setattr(loop, "_optimizer", lambda *_: keras.optimizers.SGD(1.0))

    def gradient(**changes: Any) -> Floats:
        before, after = one_step(**changes)
        return np.concatenate([(before[name] - after[name]).ravel() for name in before])

    whole, clipped = gradient(), gradient(clip=clip)
    length = np.linalg.norm(whole)
    assert length > 0.1
    wanted = whole if norm is None else whole * norm / length
    np.testing.assert_allclose(clipped, wanted, atol=1e-6)


def rates(**changes: Any) -> list[float]:
    """The learning rate of each step of a training of ten steps, and of one more."""
    subject = trainer(real_model(), batch=TRAINED, epochs=10, learning_rate=0.5, **changes)
    found = []
    for number in range(1, 11):
        found.append(float(subject._optimizer.learning_rate))
        subject.epoch(number, should_stop=never, on_progress=nothing)
    return [*found, float(subject._optimizer.learning_rate)]


@pytest.mark.usefixtures("eager")
def test_the_learning_rate_is_constant_or_a_cosine_after_steps_up() -> None:
    assert rates() == pytest.approx([0.5] * 11)
    fall = [0.5 * (1 + np.cos(np.pi * step / 10)) / 2 for step in range(11)]
    assert rates(schedule="cosine") == pytest.approx(fall, abs=1e-6)
    up = [0.5 * step / 4 for step in range(4)]
    down = [0.5 * (1 + np.cos(np.pi * step / 6)) / 2 for step in range(7)]
    assert rates(schedule="cosine", warmup=4) == pytest.approx([*up, *down], abs=1e-6)


@pytest.mark.usefixtures("eager")
def test_a_warmup_longer_than_the_training_still_trains() -> None:
    found = rates(schedule="cosine", warmup=100)
    assert found == pytest.approx([0.5 * step / 100 for step in range(11)])


@pytest.mark.usefixtures("eager")
def test_averaged_weights_are_measured_and_the_trained_ones_go_on() -> None:
    from mathrepl.training.keras.models import load_into, tensors_of

    model = real_model()
    subject = trainer(model, batch=TRAINED, averaging=0.5)
    wanted = tensors_of(model)
    for number in range(1, 21):
        subject.epoch(number, should_stop=never, on_progress=nothing)
        keep = min(0.5, number / (number + 10))
        wanted = {
            name: keep * wanted[name] + (1 - keep) * now for name, now in tensors_of(model).items()
        }
    trained = tensors_of(model)
    measured = subject.evaluate()
    assert equal(trained, tensors_of(model))
    with subject.averaged():
        averaged = tensors_of(model)
    assert equal(trained, tensors_of(model))
    for name, tensor in averaged.items():
        np.testing.assert_allclose(tensor, wanted[name], atol=1e-5, err_msg=name)
    assert not equal(trained, averaged)

    load_into(model, averaged)
    assert_close(trainer(model).evaluate(), measured)


@pytest.mark.usefixtures("eager")
def test_without_averaging_the_trained_weights_are_measured() -> None:
    from mathrepl.training.keras.models import tensors_of

    model = real_model()
    subject = trainer(model)
    subject.epoch(1, should_stop=never, on_progress=nothing)
    trained = tensors_of(model)
    with subject.averaged():
        assert equal(trained, tensors_of(model))


@pytest.mark.usefixtures("eager")
def test_weights_are_put_back_even_where_measuring_fails() -> None:
    from mathrepl.training.keras.models import tensors_of

    model = real_model()
    subject = trainer(model, averaging=0.9)
    subject.epoch(1, should_stop=never, on_progress=nothing)
    trained = tensors_of(model)
    with pytest.raises(RuntimeError), subject.averaged():
        raise RuntimeError
    assert equal(trained, tensors_of(model))


@pytest.mark.usefixtures("eager")
def test_attention_trains_alike_from_the_same_seed() -> None:
    from mathrepl.training.keras.models import tensors_of

    def weights(seed: int) -> dict[str, Floats]:
        model = real_model(seed=seed, architecture=ATTENTION)
        subject = trainer(model, averaging=0.9, offset=2)
        subject.epoch(1, should_stop=never, on_progress=nothing)
        return tensors_of(model)

    first = weights(0)
    assert equal(first, weights(0))
    assert not equal(first, weights(1))
