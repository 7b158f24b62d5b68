"""Training a Keras model on arrays of indices, without knowledge of arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.data.codec import Indices
from mathrepl.data.encoding import Encoding
from mathrepl.store.card import Metrics, TrainSettings
from mathrepl.training.keras.models import objective_of
from mathrepl.training.keras.objectives import Arrays

STEPS_A_CALL = 8  # a stop takes effect between calls, within about 30 ms
EVALUATION_BATCH = 4096
LENGTH_STEP = 4  # batches hold examples whose lengths differ by less than this


class Trainer:
    """Trains with Adam or AdamW on the mean cross-entropy of the answers' characters.

    An epoch visits every example once in an order seeded by `seed` and the epoch's number.
    Steps run `STEPS_A_CALL` at a time inside one `tf.function`, which is what makes an epoch
    at least twice as fast as `model.fit` (`benchmarks/epoch.py`). Examples of unlike lengths
    are batched with their like, and padded no further than their batch needs.
    """

    def __init__(
        self,
        model: Any,
        training: Arrays,
        held_out: Arrays,
        *,
        encoding: Encoding,
        settings: TrainSettings,
    ) -> None:
        self.model = model
        self.training = training
        self.held_out = held_out
        self._settings = settings
        self._objective = objective_of(model, encoding, settings)
        self._columns, self._held_out_columns = (
            [tf.Variable(_compact(column)) for column in self._objective.columns(arrays)]
            for arrays in (training, held_out)
        )
        self._lengths = None if self._objective.mask is None else _lengths(training)
        self._steps_an_epoch = -(-len(training) // settings.batch)
        self._optimizer = _optimizer(settings, self._steps_an_epoch)
        self._optimizer.build(model.trainable_variables)
        averaged = model.trainable_variables if settings.averaging else []
        self._averages = [tf.Variable(variable) for variable in averaged]
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
        rng = np.random.default_rng((self._settings.seed, number))
        order, lengths = self._batches(rng.permutation(count).astype(np.int32), rng)
        sums = np.zeros(3)
        for first in range(0, self._steps_an_epoch, STEPS_A_CALL):
            if should_stop():
                return None
            after = min(first + STEPS_A_CALL, self._steps_an_epoch)
            sums += self._steps(
                tf.constant(order), tf.constant(lengths), tf.constant(first), tf.constant(after)
            ).numpy()
            seen = min(after * self._settings.batch, count)
            on_progress(after / self._steps_an_epoch, float(sums[0] / seen))
        return _metrics(sums, count)

    def replace(self, rows: Indices, arrays: Arrays) -> None:
        """Put other examples of the same lengths in the place of training examples `rows` (n,)."""
        for variable, column in zip(self._columns, self._objective.columns(arrays), strict=True):
            variable.scatter_nd_update(rows[:, None], tf.cast(column, variable.dtype))

    def evaluate(self) -> Metrics:
        """Metrics on the held-out examples, of the averaged weights where weights are averaged.

        An answer counts as right in full when every character is the likeliest one after the
        right characters before it, which is when greedy decoding writes the whole answer.
        """
        sums = np.zeros(3)
        lengths = _lengths(self.held_out)
        order = np.argsort(lengths.sum(1), kind="stable").astype(np.int32)
        with self.averaged():
            for first in range(0, len(order), EVALUATION_BATCH):
                rows = order[first : first + EVALUATION_BATCH]
                longest = tf.constant(lengths[rows].max(0))
                sums += self._evaluate(tf.constant(rows), longest).numpy()
        return _metrics(sums, len(self.held_out))

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the averaged weights into the model for a while, where weights are averaged."""
        variables = self.model.trainable_variables if self._averages else []
        trained = [variable.numpy() for variable in variables]
        for variable, average in zip(variables, self._averages, strict=True):
            variable.assign(average)
        try:
            yield
        finally:
            for variable, value in zip(variables, trained, strict=True):
                variable.assign(value)

    def _batches(self, order: Indices, rng: np.random.Generator) -> tuple[Indices, Indices]:
        """Examples in batch order, and the lengths (steps, 2) that each batch is cut to."""
        steps, batch = self._steps_an_epoch, self._settings.batch
        if self._lengths is None:
            width = [[column.shape[1] for column in self._columns]]
            return order, np.repeat(np.array(width, np.int32), steps, axis=0)
        lengths = self._lengths[order]
        alike = np.lexsort((-(-lengths[:, 0] // LENGTH_STEP), -(-lengths[:, 1] // LENGTH_STEP)))
        order = order[alike]
        starts = np.arange(steps) * batch
        longest = np.maximum.reduceat(self._lengths[order], starts, axis=0)
        # The short last batch stays last; the others are shuffled.
        full = rng.permutation(len(order) // batch)
        mixed = np.concatenate([full, np.arange(len(full), steps)])
        rows = np.concatenate([order[k * batch : (k + 1) * batch] for k in mixed])
        return rows.astype(np.int32), longest[mixed].astype(np.int32)

    def _run_steps(self, order: Any, lengths: Any, first: Any, after: Any) -> Any:
        total = tf.zeros([3])
        variables = self.model.trainable_variables
        batch, objective = self._settings.batch, self._objective
        for step in tf.range(first, after):
            rows = order[step * batch : (step + 1) * batch]
            columns = self._gather(self._columns, rows, lengths[step])
            with tf.GradientTape() as tape:
                output = objective.forward(columns, True)
                losses = objective.cross_entropy(columns, output)
                if objective.mask is None:
                    loss = tf.reduce_mean(losses)
                else:
                    weights = objective.mask(columns)
                    loss = tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)
            gradients = tape.gradient(loss, variables)
            if self._settings.clip:
                gradients, _ = tf.clip_by_global_norm(gradients, self._settings.clip)
            self._optimizer.apply(gradients, variables)
            self._average()
            total += self._sums(columns, output, losses)
        return total

    def _gather(self, columns: list[Any], rows: Any, lengths: Any) -> list[Any]:
        """The rows of a batch, cut to its lengths where padding does not count."""
        found = []
        for column, side in zip(columns, self._objective.sides, strict=True):
            taken = tf.cast(tf.gather(column, rows), tf.int32)
            if self._lengths is None:
                taken = tf.ensure_shape(taken, [None, column.shape[1]])
            else:
                taken = taken[:, : lengths["qa".index(side)]]
            found.append(taken)
        return found

    def _average(self) -> None:
        if not self._averages:
            return
        steps = tf.cast(self._optimizer.iterations, tf.float32)
        # Early on the average spans fewer steps, or it would hold on to the random start.
        keep = tf.minimum(self._settings.averaging, steps / (steps + 10.0))
        for average, variable in zip(self._averages, self.model.trainable_variables, strict=True):
            average.assign(average * keep + variable * (1.0 - keep))

    def _evaluate_batch(self, rows: Any, lengths: Any) -> Any:
        columns = self._gather(self._held_out_columns, rows, lengths)
        output = self._objective.forward(columns, False)
        return self._sums(columns, output, self._objective.cross_entropy(columns, output))

    def _sums(self, columns: Any, output: Any, losses: Any) -> Any:
        """Sums over a batch: mean loss of an answer, share of characters right, right in full.

        Right in full looks at the characters up to the first end mark, as reading the answer
        does, or at those that count.
        """
        answers = columns[-1]
        written = self._objective.outputs(output)
        hit = tf.equal(tf.argmax(written, -1, output_type=tf.int32), answers)
        if self._objective.mask is None:
            ended = tf.cumsum(tf.cast(tf.equal(answers, 0), tf.int32), axis=1, exclusive=True) > 0
            loss = tf.reduce_mean(losses, -1)
            share = tf.reduce_mean(tf.cast(hit, tf.float32), -1)
        else:
            weights = self._objective.mask(columns)
            ended = tf.equal(weights, 0.0)
            counted = tf.reduce_sum(weights, -1)
            loss = tf.reduce_sum(losses * weights, -1) / counted
            share = tf.reduce_sum(tf.cast(hit, tf.float32) * weights, -1) / counted
        exact = tf.cast(tf.reduce_all(tf.logical_or(hit, ended), -1), tf.float32)
        return tf.stack([tf.reduce_sum(one) for one in (loss, share, exact)])


def _optimizer(settings: TrainSettings, steps_an_epoch: int) -> Any:
    rate: Any = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0,
            max(1, settings.epochs * steps_an_epoch - settings.warmup),
            warmup_target=settings.learning_rate,
            warmup_steps=settings.warmup,
        )
    if settings.weight_decay:
        return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    return keras.optimizers.Adam(rate)


def _lengths(arrays: Arrays) -> Indices:
    """Characters of each question, and of each answer with its end mark, (n, 2)."""
    questions, answers = ((side > 0).sum(1) for side in (arrays.questions, arrays.answers))
    answers = np.minimum(answers + 1, arrays.answers.shape[1])
    return np.stack([questions, answers], 1).astype(np.int32)


def _compact(column: Indices) -> Any:
    """On TensorFlow's side, in bytes where the alphabet and the lengths allow."""
    return tf.constant(column.astype(np.uint8) if column.max(initial=0) < 256 else column)


def _metrics(sums: Any, count: int) -> Metrics:
    return Metrics(*(float(one) / count for one in sums))
