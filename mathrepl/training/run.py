"""One training from plan to weights: examples, model, epochs, and the best kept."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.card import Card, Epoch, Metrics, Training
from mathrepl.codec import Floats, decode, encode_questions
from mathrepl.errors import MathreplError
from mathrepl.lessons import lessons
from mathrepl.networks import parameter_count, part_tensors, parts_of, prefixed
from mathrepl.plan import Plan
from mathrepl.progress import EpochDone, Event, Finished, Outcome, Sample, Started, Stepped, Warned
from mathrepl.sampling import Example, Split, split
from mathrepl.store import Store
from mathrepl.training.keras_models import build, load_into, predict, tensors_of
from mathrepl.training.loop import Trainer
from mathrepl.training.teaching import Arrays, arrays_of

SAMPLES = 6
PROGRESS_SECONDS = 0.1


def run(plan: Plan, emit: Callable[[Event], None], should_stop: Callable[[], bool]) -> None:
    """Train as planned; every outcome, failures included, ends in one `Finished`."""
    try:
        prepared = _Run(plan, emit, should_stop)
    except _FAILURES as error:
        emit(Finished("failed", plan.name, 0, False, 0, None, None, _reason(error)))
        return
    prepared.run()


_FAILURES = (MathreplError, OSError, MemoryError, tf.errors.ResourceExhaustedError)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


class _Run:
    def __init__(
        self, plan: Plan, emit: Callable[[Event], None], should_stop: Callable[[], bool]
    ) -> None:
        self.plan = plan
        self.emit = emit
        self.should_stop = should_stop
        self.store = Store(plan.user, plan.bundled)
        source = self.store.find(plan.source) if plan.source else None
        if source and (source.card.architecture, source.card.encoding) != (
            plan.architecture,
            plan.encoding,
        ):
            raise MathreplError(f"{plan.source} is no longer the network it was; try again")
        self.card = Card(
            name=plan.name,
            architecture=plan.architecture,
            encoding=plan.encoding,
            task=plan.task,
            parameters=parameter_count(plan.architecture, plan.encoding),
            trainings=source.card.trainings if source else (),
            history=source.card.history if source else (),
            best_epoch=source.card.best_epoch if source else 0,
            held_out=source.card.held_out if source else None,
        )
        self.past_epochs = self.card.history[-1].number if self.card.history else 0
        keras.utils.set_random_seed((plan.settings.seed + self.past_epochs) % 2**31)
        tf.config.experimental.enable_op_determinism()
        examples = examples_of(plan)
        self.held_out = examples.held_out
        self.encoding = plan.encoding
        if plan.part == "reader":
            self.encoding = replace(plan.encoding, reverse=False)
        self.tensors: dict[str, Floats] = {}
        for part in parts_of(plan.architecture):
            model = build(plan.architecture, plan.encoding, part=part, fused=True)
            if source:
                load_into(model, part_tensors(self.store.tensors(source), part))
            self.tensors |= _named(part, model)
            if part == plan.part:
                self.model = model
        self.trainer = Trainer(
            self.model,
            self._arrays(examples.training),
            self._arrays(examples.held_out),
            encoding=self.encoding,
            settings=plan.settings,
        )
        settings = asdict(plan.settings)
        self.training = Training(
            command=plan.command,
            **{**settings, "examples": len(examples.training)},
            held_out_examples=len(examples.held_out),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            outcome="running",
            versions=_versions(),
            part=plan.part,
        )
        self.history: list[Epoch] = []
        self.best: Metrics | None = None
        self.undo: int | None = None
        self.kept: Card | None = None
        self.unsaved: tuple[dict[str, Floats], Card] | None = None

    def run(self) -> None:
        baseline: Metrics | None = None
        outcome: Outcome = "finished"
        message = ""
        try:
            if self.plan.source:
                baseline = self.trainer.evaluate()
                self.best = baseline if np.isfinite(baseline.loss) else None
            outcome, message = self._epochs(baseline)
        except _FAILURES as error:
            outcome, message = "failed", _reason(error)
        self._close(outcome, baseline, message)

    def _epochs(self, baseline: Metrics | None) -> tuple[Outcome, str]:
        settings = self.plan.settings
        self.emit(
            Started(
                self.plan.name,
                self.card.parameters,
                len(self.trainer.training),
                len(self.trainer.held_out),
                settings.epochs,
                baseline,
            )
        )
        for index in range(1, settings.epochs + 1):
            done = self._epoch(index)
            if done is None:
                return "stopped", ""
            self.emit(done)
            if not np.isfinite([done.epoch.training.loss, done.epoch.held_out.loss]).all():
                return "failed", "the loss is no longer a number; try a smaller --lr"
        return "finished", ""

    def _epoch(self, index: int) -> EpochDone | None:
        number = self.past_epochs + index
        started = time.perf_counter()
        last_report = [started]

        def report(share: float, loss: float) -> None:
            now = time.perf_counter()
            if now - last_report[0] >= PROGRESS_SECONDS:
                last_report[0] = now
                self.emit(Stepped(index, share, loss))

        training = self.trainer.epoch(number, should_stop=self.should_stop, on_progress=report)
        if training is None:
            return None
        held_out = self.trainer.evaluate()
        seconds = round(time.perf_counter() - started, 3)
        epoch = Epoch(number, seconds, training, held_out, self.plan.part)
        self.history.append(epoch)
        saved = False
        if np.isfinite(held_out.loss) and (self.best is None or _better(held_out, self.best)):
            self.best = held_out
            saved = self._keep(epoch)
        elif self.unsaved is not None:
            self._save(*self.unsaved)
        return EpochDone(index, epoch, saved, self._samples())

    def _samples(self) -> tuple[Sample, ...]:
        """What the network now writes for a few held-out questions."""
        shown = self.held_out[:SAMPLES]
        questions = encode_questions(self.encoding, [e.question for e in shown])
        with self.trainer.averaged():
            written = predict(self.model, self.encoding, questions).argmax(-1)
        if self.plan.part == "reader":
            texts = [
                "".join(str(tag) for tag in row[: len(e.question)])
                for row, e in zip(written, shown, strict=True)
            ]
        else:
            texts = decode(self.encoding, written)
        return tuple(
            Sample(e.question, text, e.answer) for e, text in zip(shown, texts, strict=True)
        )

    def _keep(self, epoch: Epoch) -> bool:
        card = replace(
            self.card,
            trainings=(*self.card.trainings, self.training),
            history=(*self.card.history, *self.history),
            best_epoch=epoch.number,
            held_out=epoch.held_out if self.plan.part != "reader" else self.card.held_out,
        )
        with self.trainer.averaged():
            trained = _named(self.plan.part, self.model)
        return self._save({**self.tensors, **trained}, card)

    def _save(self, tensors: dict[str, Floats], card: Card) -> bool:
        try:
            if self.undo is None:
                self.undo = self.store.remember(card.name)
            self.kept = self.store.save(card, tensors)
        except OSError as error:
            # The best stays in memory, and every epoch tries again: a full disk may be emptied.
            self.unsaved = (tensors, card)
            self.emit(Warned(f"could not save the best weights yet: {error.strerror or error}"))
            return False
        self.unsaved = None
        return True

    def _close(self, outcome: Outcome, baseline: Metrics | None, message: str) -> None:
        if self.unsaved is not None:
            self._save(*self.unsaved)
        if self.unsaved is not None:
            outcome, message = "failed", "the best weights could not be saved; free the disk"
        kept = self.kept
        if kept is None and self.undo is not None:
            self.store.forget(self.plan.name, self.undo)
        if kept is not None:
            done = f"{outcome} after {len(self.history)} of {self.plan.settings.epochs} epochs"
            final = replace(
                kept,
                trainings=(*self.card.trainings, replace(self.training, outcome=done)),
                history=(*self.card.history, *self.history),
            )
            try:
                self.store.save_card(final)
            except OSError as error:
                self.emit(Warned(f"could not complete the card: {error.strerror or error}"))
        self.emit(
            Finished(
                outcome,
                self.plan.name,
                len(self.history),
                kept is not None,
                kept.best_epoch - self.past_epochs if kept else 0,
                self.best if kept else baseline,
                baseline,
                message,
                self.undo if kept else None,
            )
        )

    def _arrays(self, examples: tuple[Example, ...]) -> Arrays:
        if self.plan.part != "reader":
            return arrays_of(self.encoding, examples)
        questions = encode_questions(self.encoding, [e.question for e in examples])
        tags = np.zeros_like(questions)
        for row, example in enumerate(examples):
            tags[row, : len(example.answer)] = [int(tag) for tag in example.answer]
        return Arrays(questions, tags)


def examples_of(plan: Plan) -> Split:
    """What the plan trains on and holds out: equations, or the lessons of a part."""
    if plan.part:
        return lessons(plan.task, plan.part, plan.settings.examples)
    return split(plan.task, plan.settings.examples)


def _named(part: str, model: Any) -> dict[str, Floats]:
    return {prefixed(part, name): tensor for name, tensor in tensors_of(model).items()}


def _better(one: Metrics, other: Metrics) -> bool:
    """By held-out exact match; ties by loss."""
    return (one.exact, -one.loss) > (other.exact, -other.loss)


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("mathrepl", "tensorflow", "keras", "numpy")}
    return {"python": platform.python_version(), "machine": platform.machine(), **libraries}
