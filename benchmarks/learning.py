"""Time to 10 wrong of 20,000 unseen additions, from nothing: `python benchmarks/learning.py`.

Each recipe trains as `mathrepl train --recipe NAME` does, and after every epoch answers 20,000
additions of 0..999 drawn evenly from those that are held out. The time counts making the
examples, building and tracing, and training; not importing TensorFlow, and not the asking.
"""

from __future__ import annotations

import argparse
import random
import time
from itertools import islice

from mathrepl.arithmetic.task import Task
from mathrepl.data.sampling import Example, draw_held_out, split
from mathrepl.inference.solver import numpy_solver
from mathrepl.store.card import Card
from mathrepl.training.recipes import RECIPES

ASKED, GOOD_ENOUGH = 20_000, 10


def unseen(task: Task) -> list[Example]:
    """Held-out additions, drawn evenly whatever the recipe's training draws."""
    even = Task(seed=task.seed, spaced=task.spaced)
    return list(islice(draw_held_out(even, random.Random(1), split_seed=task.seed), ASKED))


def run(name: str, epochs: int) -> None:
    from mathrepl.training.keras.quiet import prepare_tensorflow

    prepare_tensorflow()
    import keras
    import tensorflow as tf

    from mathrepl.training.keras.loop import Trainer
    from mathrepl.training.keras.models import build, tensors_of
    from mathrepl.training.keras.objectives import arrays_of

    recipe = RECIPES[name]
    settings, encoding = next(iter(recipe.stages.values())), recipe.encoding
    asked = unseen(recipe.task)
    card = Card(name, recipe.architecture, encoding, recipe.task, 0)
    started = time.perf_counter()
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    examples = split(recipe.task, settings.examples)
    sides = [arrays_of(encoding, side) for side in (examples.training, examples.held_out)]
    trainer = Trainer(
        build(recipe.architecture, encoding, fused=True),
        *sides,
        encoding=encoding,
        settings=settings,
    )
    spent = time.perf_counter() - started
    for number in range(1, min(epochs, settings.epochs) + 1):
        began = time.perf_counter()
        trainer.epoch(number, should_stop=lambda: False, on_progress=lambda share, loss: None)
        spent += time.perf_counter() - began
        with trainer.averaged():
            solver = numpy_solver(card, tensors_of(trainer.model))
        written = solver.write([e.question for e in asked]).texts
        wrong = sum(text != e.answer for text, e in zip(written, asked, strict=True))
        print(f"{name} epoch {number:3}  {spent:6.1f} s  {wrong:6,} of {ASKED:,} wrong", flush=True)
        if wrong <= GOOD_ENOUGH:
            print(f"arrived at {GOOD_ENOUGH} wrong after {spent:.1f} s")
            return
    print(f"did not get to {GOOD_ENOUGH} wrong after {spent:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", nargs="*", default=["add", "blog"])
    parser.add_argument("--epochs", type=int, default=200, help="stop after so many")
    chosen = parser.parse_args()
    for name in chosen.recipes:
        run(name, chosen.epochs)


if __name__ == "__main__":
    main()
