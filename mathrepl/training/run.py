"""One training from plan to weights: examples, model, epochs, and the best kept."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf

from mathrepl.card import Card, Epoch, Metrics, Training
from mathrepl.codec import Floats, decode, encode_answers, encode_questions
from mathrepl.errors import MathreplError
from mathrepl.networks import parameter_count
from mathrepl.plan import Plan
from mathrepl.progress import EpochDone, Event, Finished, Outcome, Sample, Started, Stepped, Warned
from mathrepl.sampling import Example, split
from mathrepl.store import Store
from mathrepl.training.keras_models import build, load_into, tensors_of
from mathrepl.training.loop import Arrays, Trainer

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
        )
        self.past_epochs = self.card.history[-1].number if self.card.history else 0
        keras.utils.set_random_seed((plan.settings.seed + self.past_epochs) % 2**31)
        tf.config.experimental.enable_op_determinism()
        examples = split(plan.task, plan.settings.examples)
        self.held_out = examples.held_out
        self.model = build(plan.architecture, plan.encoding, fused=True)
        if source:
            load_into(self.model, self.store.tensors(source))
        self.trainer = Trainer(
            self.model,
            self._arrays(examples.training),
            self._arrays(examples.held_out),
            alphabet=len(plan.encoding.characters),
            batch=plan.settings.batch,
            learning_rate=plan.settings.learning_rate,
            seed=plan.settings.seed,
        )
        self.training = Training(
            command=plan.command,
            epochs=plan.settings.epochs,
            examples=len(examples.training),
            held_out_examples=len(examples.held_out),
            batch=plan.settings.batch,
            learning_rate=plan.settings.learning_rate,
            seed=plan.settings.seed,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            outcome="running",
            versions=_versions(),
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
                baseline = self.trainer.evaluate()[0]
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
        held_out, written = self.trainer.evaluate()
        epoch = Epoch(number, round(time.perf_counter() - started, 3), training, held_out)
        self.history.append(epoch)
        saved = False
        if np.isfinite(held_out.loss) and (self.best is None or _better(held_out, self.best)):
            self.best = held_out
            saved = self._keep(epoch)
        elif self.unsaved is not None:
            self._save(*self.unsaved)
        texts = decode(self.plan.encoding, written[:SAMPLES])
        samples = tuple(
            Sample(e.question, text, e.answer)
            for e, text in zip(self.held_out, texts, strict=False)
        )
        return EpochDone(index, epoch, saved, samples)

    def _keep(self, epoch: Epoch) -> bool:
        card = replace(
            self.card,
            trainings=(*self.card.trainings, self.training),
            history=(*self.card.history, *self.history),
            best_epoch=epoch.number,
            held_out=epoch.held_out,
        )
        return self._save(tensors_of(self.model), card)

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
                kept.held_out if kept else baseline,
                baseline,
                message,
                self.undo if kept else None,
            )
        )

    def _arrays(self, examples: tuple[Example, ...]) -> Arrays:
        return Arrays(
            encode_questions(self.plan.encoding, [e.question for e in examples]),
            encode_answers(self.plan.encoding, [e.answer for e in examples]),
        )


def _better(one: Metrics, other: Metrics) -> bool:
    """By held-out exact match; ties by loss."""
    return (one.exact, -one.loss) > (other.exact, -other.loss)


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("mathrepl", "tensorflow", "keras", "numpy")}
    return {"python": platform.python_version(), "machine": platform.machine(), **libraries}
