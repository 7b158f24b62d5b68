"""Seconds of an epoch of the seed recipe: `python benchmarks/epoch.py ours|fit`.

`ours` is the worker's trainer; `fit` is Keras's own model, compile and fit with the same
settings (30,000 equations, a tenth held out, batch 256, Adam 0.01) and TensorFlow's defaults.
Both leave out the first epoch, which traces the graph, and report the median of five.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import encode_answers, encode_questions, one_hot
from mathrepl.data.encoding import Encoding
from mathrepl.data.sampling import split
from mathrepl.networks.config import Architecture

EPOCHS = 6
BATCH, LEARNING_RATE, EXAMPLES = 256, 0.01, 30_000


def ours() -> list[float]:
    from mathrepl.training.keras.quiet import prepare_tensorflow

    prepare_tensorflow()
    from mathrepl.store.card import TrainSettings
    from mathrepl.training.keras.loop import Trainer
    from mathrepl.training.keras.models import build
    from mathrepl.training.keras.objectives import arrays_of

    encoding, examples = Encoding.for_task(Task()), split(Task(), EXAMPLES)
    sides = [arrays_of(encoding, side) for side in (examples.training, examples.held_out)]
    trainer = Trainer(
        build(Architecture(), encoding, fused=True),
        *sides,
        encoding=encoding,
        settings=TrainSettings(EPOCHS, EXAMPLES, BATCH, LEARNING_RATE),
    )
    times = []
    for number in range(EPOCHS):
        started = time.perf_counter()
        trainer.epoch(number, should_stop=lambda: False, on_progress=lambda share, loss: None)
        trainer.evaluate()
        times.append(time.perf_counter() - started)
    return times


def fit() -> list[float]:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    from mathrepl.training.keras.models import build

    encoding, examples = Encoding.for_task(Task()), split(Task(), EXAMPLES)
    arrays = [
        (
            one_hot(encoding, encode_questions(encoding, [e.question for e in side])),
            one_hot(encoding, encode_answers(encoding, [e.answer for e in side])),
        )
        for side in (examples.training, examples.held_out)
    ]
    model = build(Architecture(), encoding)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    times = []
    for _ in range(EPOCHS):
        started = time.perf_counter()
        model.fit(*arrays[0], batch_size=BATCH, epochs=1, verbose=0, validation_data=arrays[1])
        times.append(time.perf_counter() - started)
    return times


def main() -> None:
    """Print the median seconds of an epoch."""
    times = {"ours": ours, "fit": fit}[sys.argv[1]]()
    print(f"{statistics.median(times[1:]):.4f}")


if __name__ == "__main__":
    main()
