"""Training a Keras model on arrays. It knows indices and batches, and nothing of arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.card import Metrics
from mathrepl.codec import Indices

STEPS_A_CALL = 8  # a stop is heard between calls, within about 30 ms
EVALUATION_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Arrays:
    """Question indices (n, T) and answer indices (n, U); index 0 is the end mark."""

    questions: Indices
    answers: Indices

    def __len__(self) -> int:
        return len(self.questions)


class Trainer:
    """Adam on the mean cross-entropy of all answer characters, padding included.

    An epoch visits every example once in an order seeded by `seed` and the epoch's number.
    Steps run `STEPS_A_CALL` at a time inside one `tf.function`, which is what makes an epoch
    at least twice as fast as `model.fit` (`benchmarks/epoch.py`).
    """

    def __init__(
        self,
        model: Any,
        training: Arrays,
        held_out: Arrays,
        *,
        alphabet: int,
        batch: int,
        learning_rate: float,
        seed: int,
    ) -> None:
        self.model = model
        self.training = training
        self.held_out = held_out
        self._alphabet = alphabet
        self._batch = batch
        self._seed = seed
        self._questions = tf.constant(training.questions)
        self._answers = tf.constant(training.answers)
        self._optimizer = keras.optimizers.Adam(learning_rate)
        self._optimizer.build(model.trainable_variables)
        self._steps = tf.function(self._run_steps)
        self._evaluate = tf.function(self._evaluate_batch, reduce_retracing=True)

    def epoch(
        self,
        number: int,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[float, float], None],
    ) -> Metrics | None:
        """Train one epoch; its running metrics, or None when `should_stop` cut it off.

        `on_progress` gets the share of the epoch done and its mean loss so far.
        """
        count = len(self.training)
        order = np.random.default_rng((self._seed, number)).permutation(count).astype(np.int32)
        steps = -(-count // self._batch)
        sums = np.zeros(3)
        for first in range(0, steps, STEPS_A_CALL):
            if should_stop():
                return None
            after = min(first + STEPS_A_CALL, steps)
            sums += self._steps(tf.constant(order), tf.constant(first), tf.constant(after)).numpy()
            seen = min(after * self._batch, count)
            on_progress(after / steps, float(sums[0] / seen))
        return _metrics(sums, count)

    def evaluate(self) -> tuple[Metrics, Indices]:
        """Metrics on the held-out examples, and the greedy answers as indices (n, U)."""
        sums = np.zeros(3)
        written = []
        for first in range(0, len(self.held_out), EVALUATION_BATCH):
            part = slice(first, first + EVALUATION_BATCH)
            batch_sums, indices = self._evaluate(
                tf.constant(self.held_out.questions[part]), tf.constant(self.held_out.answers[part])
            )
            sums += batch_sums.numpy()
            written.append(indices.numpy())
        return _metrics(sums, len(self.held_out)), np.concatenate(written)

    def _run_steps(self, order: Any, first: Any, after: Any) -> Any:
        total = tf.zeros([3])
        variables = self.model.trainable_variables
        for step in tf.range(first, after):
            chosen = order[step * self._batch : (step + 1) * self._batch]
            answers = tf.gather(self._answers, chosen)
            with tf.GradientTape() as tape:
                output = self._forward(tf.gather(self._questions, chosen), training=True)
                loss = tf.reduce_mean(_cross_entropy(answers, output))
            self._optimizer.apply(tape.gradient(loss, variables), variables)
            total += _sums(answers, output)
        return total

    def _evaluate_batch(self, questions: Any, answers: Any) -> tuple[Any, Any]:
        output = self._forward(questions, training=False)
        return _sums(answers, output), tf.argmax(output, -1, output_type=tf.int32)

    def _forward(self, questions: Any, *, training: bool) -> Any:
        x = tf.one_hot(questions, self._alphabet)
        x = tf.ensure_shape(x, [None, self.training.questions.shape[1], self._alphabet])
        return self.model(x, training=training)


def _cross_entropy(answers: Any, output: Any) -> Any:
    return keras.losses.sparse_categorical_crossentropy(answers, output)


def _sums(answers: Any, output: Any) -> Any:
    """Sums over a batch: mean loss of an answer, share of its characters right, right in full.

    Right in full looks at the characters up to the first end mark, as reading the answer does.
    """
    hit = tf.equal(tf.argmax(output, -1, output_type=tf.int32), answers)
    ended = tf.cumsum(tf.cast(tf.equal(answers, 0), tf.int32), axis=1, exclusive=True) > 0
    exact = tf.reduce_all(tf.logical_or(hit, ended), -1)
    loss = tf.reduce_mean(_cross_entropy(answers, output), -1)
    share = tf.reduce_mean(tf.cast(hit, tf.float32), -1)
    return tf.stack(
        [tf.reduce_sum(loss), tf.reduce_sum(share), tf.reduce_sum(tf.cast(exact, tf.float32))]
    )


def _metrics(sums: Any, count: int) -> Metrics:
    loss, accuracy, exact = (float(s) / count for s in sums)
    return Metrics(loss, accuracy, exact)
