"""One training from plan to weights: examples, model, epochs, and the best kept."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mathrepl.data.codec import Floats, decode, encode_questions
from mathrepl.data.sampling import Split, split
from mathrepl.data.skill_examples import skill_examples
from mathrepl.networks import kind_of, parameter_count, part_tensors, parts_of, prefixed
from mathrepl.networks.plugin_kinds import version_of_kind
from mathrepl.networks.proof import Proof
from mathrepl.store.card import Card, Epoch, Metrics, Proved, Training
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from mathrepl.training.events import (
    EpochDone,
    Event,
    Finished,
    Outcome,
    Sample,
    Started,
    Stepped,
    Warned,
)
from mathrepl.training.keras.layers import IndexedModel
from mathrepl.training.keras.loop import Trainer
from mathrepl.training.keras.models import build, load_into, predict, tensors_of
from mathrepl.training.keras.objectives import arrays_of
from mathrepl.training.keras.proving import ATTEMPT, counts, is_enough, prove_model, teach
from mathrepl.training.plan import Plan

SAMPLES = 6
PROGRESS_SECONDS = 0.1
HEAR_SECONDS = 0.3


def run(
    plan: Plan,
    emit: Callable[[Event], None],
    should_stop: Callable[[], bool],
    leave: Callable[[], None] | None = None,
) -> None:
    """Train as planned; every outcome, failures included, ends in one `Finished`.

    A stop takes effect between steps, but TensorFlow can take seconds for the first, or for an
    evaluation. With `leave`, which ends the process, another thread then stops it.
    """
    training = _Run(plan, emit, should_stop)
    if leave is not None:
        threading.Thread(target=_leave_unheard, args=(training, leave), daemon=True).start()
    training.run()


def _leave_unheard(training: _Run, leave: Callable[[], None]) -> None:
    """Wait for a stop, and close the training if it does not close itself soon."""
    while not training.should_stop():
        time.sleep(0.02)
    time.sleep(HEAR_SECONDS)
    training.close("stopped")
    leave()


_FAILURES = (MathreplError, OSError, MemoryError, tf.errors.ResourceExhaustedError)


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
        return "there was not enough memory; take a smaller --batch, --hidden or --examples"
    return str(error) or type(error).__name__


class _Run:
    """One training; `close` may come from another thread, at any time."""

    def __init__(
        self, plan: Plan, emit: Callable[[Event], None], should_stop: Callable[[], bool]
    ) -> None:
        self.plan = plan
        self.emit = emit
        self.should_stop = should_stop
        self.store = Store(plan.user, plan.bundled)
        self.history: list[Epoch] = []
        self.best: Metrics | None = None
        self.baseline: Metrics | None = None
        self.proof: Proof | None = None
        self.best_proof: Proved | None = None
        self.undo: int | None = None
        self.kept: Card | None = None
        self.unsaved: tuple[dict[str, Floats], Card] | None = None
        self._keeping = threading.RLock()  # held while the best changes, and kept at the end
        self._closed = False

    def run(self) -> None:
        outcome: Outcome = "finished"
        message = ""
        try:
            self._prepare()
            if self.plan.source:
                self.baseline = self.trainer.evaluate()
                self.best = self.baseline if np.isfinite(self.baseline.loss) else None
                before = prove_model(self.model, self.kind, self.encoding)
                self.best_proof = None if before is None else counts(before)
            outcome, message = self._epochs()
        except _FAILURES as error:
            outcome, message = "failed", _reason(error)
        self.close(outcome, message)

    def _prepare(self) -> None:
        """Make the model, its examples and its card."""
        plan = self.plan
        self.on_disk = self.store.sha256(plan.name)
        source, tensors = self.store.load(plan.source) if plan.source else (None, {})
        shape = plan.architecture, plan.encoding
        if source and (source.card.architecture, source.card.encoding) != shape:
            raise MathreplError(f"{plan.source} is no longer the network it was; try again")
        self.card = Card(plan.name, *shape, plan.task, parameter_count(*shape))
        if source:
            kept = ("trainings", "history", "best_epoch", "held_out")
            past = {name: getattr(source.card, name) for name in kept}
            self.card = replace(self.card, **past)
        self.past_epochs = self.card.history[-1].number if self.card.history else 0
        keras.utils.set_random_seed((plan.settings.seed + self.past_epochs) % 2**31)
        tf.config.experimental.enable_op_determinism()
        examples = examples_of(plan)
        self.held_out = examples.held_out
        kinds = parts_of(plan.architecture)
        self.kind = kind_of(kinds[plan.part])
        self.encoding = self.kind.encoding(plan.encoding)
        self.tensors: dict[str, Floats] = {}
        for part in kinds:
            model = build(*shape, part=part, fused=True)
            if source:
                load_into(model, part_tensors(tensors, part))
            self.tensors |= _named(part, model)
            if part == plan.part:
                self.model = model
        self.arrays = (
            arrays_of(self.encoding, examples.training),
            arrays_of(self.encoding, examples.held_out),
        )
        self.attempt = plan.settings.epochs
        if self.kind.automaton is not None and not plan.settings.taught:
            self.attempt = min(self.attempt, ATTEMPT)
        self.learnt = 1.0 if source else 0.0
        self._begin()
        settings = asdict(plan.settings)
        self.training = Training(
            command=plan.command,
            **{**settings, "examples": len(examples.training)},
            held_out_examples=len(examples.held_out),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            outcome="running",
            versions=_versions() | version_of_kind(plan.architecture.kind),
            part=plan.part,
        )

    def _begin(self) -> None:
        """A trainer of the model as it is."""
        settings = replace(self.plan.settings, epochs=self.attempt)
        self.trainer = Trainer(self.model, *self.arrays, encoding=self.encoding, settings=settings)

    def _begin_anew(self, index: int) -> None:
        """Another attempt from other random weights, after one that is not proved."""
        seed = (self.plan.settings.seed + self.past_epochs + index) % 2**31
        self.emit(Warned(f"not proved after {self.attempt} epochs; another attempt begins"))
        keras.utils.set_random_seed(seed)
        shape = self.plan.architecture, self.plan.encoding
        self.model = build(*shape, part=self.plan.part, fused=True)
        self._begin()

    def _epochs(self) -> tuple[Outcome, str]:
        settings = self.plan.settings
        self.emit(
            Started(
                self.plan.name,
                self.card.parameters,
                len(self.trainer.training),
                len(self.trainer.held_out),
                settings.epochs,
                self.baseline,
            )
        )
        for index in range(1, settings.epochs + 1):
            share = (index - 1) % self.attempt / self.attempt
            if index > 1 and not share and not self.learnt:
                self._begin_anew(index)
            if isinstance(self.model, IndexedModel):
                self.model.begin(max(self.learnt, share))
            done = self._epoch(index)
            if done is None:
                return "stopped", ""
            self.emit(done)
            if is_enough(self.proof, self.plan.settings):
                return "finished", ""
            if not np.isfinite([done.epoch.training.loss, done.epoch.held_out.loss]).all():
                return "failed", "the loss is no longer a number; try a smaller --lr"
        return "finished", ""

    def _epoch(self, index: int) -> EpochDone | None:
        number = self.past_epochs + index
        started = reported = time.perf_counter()

        def report(share: float, loss: float) -> None:
            nonlocal reported
            now = time.perf_counter()
            if now - reported >= PROGRESS_SECONDS:
                reported = now
                self.emit(Stepped(index, share, loss))

        training = self.trainer.epoch(number, should_stop=self.should_stop, on_progress=report)
        if training is None:
            return None
        held_out = self.trainer.evaluate()
        self.proof = prove_model(self.model, self.kind, self.encoding)
        proof = None if self.proof is None else counts(self.proof)
        seconds = round(time.perf_counter() - started, 3)
        epoch = Epoch(number, seconds, training, held_out, self.plan.part, proof)
        if self.proof is not None:
            teach(self.trainer, self.proof, self.encoding, number)
        saved = False
        with self._keeping:
            if self._closed:
                return None
            self.history.append(epoch)
            if np.isfinite(held_out.loss) and self._is_best(epoch):
                self.best, self.best_proof = held_out, proof
                saved = self._keep(epoch)
            elif self.unsaved is not None:
                self._save(*self.unsaved)
        return EpochDone(index, epoch, saved, self._samples())

    def _is_best(self, epoch: Epoch) -> bool:
        """True if an epoch's weights are the best so far: a proof counts before its metrics."""
        if self.best is None:
            return True
        wrong, least = (proof.wrong if proof else 0 for proof in (epoch.proof, self.best_proof))
        if epoch.proof and self.best_proof and wrong != least:
            return wrong < least
        return is_enough(self.proof, self.plan.settings) or _better(epoch.held_out, self.best)

    def _samples(self) -> tuple[Sample, ...]:
        """The network's present output for a few held-out questions."""
        shown = self.held_out[:SAMPLES]
        questions = encode_questions(self.encoding, [e.question for e in shown])
        with self.trainer.averaged():
            written = predict(self.model, self.encoding, questions).argmax(-1)
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
            held_out=epoch.held_out,
        )
        with self.trainer.averaged():
            trained = _named(self.plan.part, self.model)
        return self._save({**self.tensors, **trained}, card)

    def _save(self, tensors: dict[str, Floats], card: Card) -> bool:
        try:
            on_disk = self.store.sha256(card.name)
            changed = on_disk != self.on_disk  # by a program that ignores locks
            if self.undo is None or changed:
                number = self.store.backups(card.name).add()
                self.undo = number if self.undo is None else self.undo
                self.on_disk = on_disk
            if changed:
                self.emit(Warned(f"{card.name} was changed from outside; undo goes back to that"))
            self.kept = self.store.save(card, tensors)
            self.on_disk = self.kept.sha256
        except OSError as error:
            # The best stays in memory, and every epoch tries again: a full disk may be emptied.
            self.unsaved = (tensors, card)
            self.emit(Warned(f"could not save the best weights yet: {error.strerror or error}"))
            return False
        self.unsaved = None
        return True

    def close(self, outcome: Outcome, message: str = "") -> None:
        """Complete the card and report the end; the first of two threads does, the other waits."""
        with self._keeping:
            if not self._closed:
                self._closed = True
                self._close(outcome, message)

    def _close(self, outcome: Outcome, message: str) -> None:
        if self.unsaved is not None and not self._save(*self.unsaved):
            outcome, message = "failed", "the best weights could not be saved; free the disk"
        kept = self.kept
        if kept is None and self.undo is not None:
            self.store.backups(self.plan.name).remove(self.undo)
        if kept is not None:
            done = f"{outcome} after {len(self.history)} of {self.plan.settings.epochs} epochs"
            final = replace(
                kept,
                trainings=(*self.card.trainings, replace(self.training, outcome=done)),
                history=(*self.card.history, *self.history),
            )
            try:
                self.store.save_card(final)
            except (OSError, MathreplError) as error:
                why = (error.strerror if isinstance(error, OSError) else None) or error
                self.emit(Warned(f"could not complete the card: {why}"))
        self.emit(
            Finished(
                outcome,
                self.plan.name,
                len(self.history),
                kept is not None,
                kept.best_epoch - self.past_epochs if kept else 0,
                self.best if kept else self.baseline,
                self.baseline,
                message,
                self.undo if kept else None,
            )
        )


def examples_of(plan: Plan) -> Split:
    """The examples of a plan, trained and held out: equations, or the examples of a part."""
    kind = kind_of(parts_of(plan.architecture)[plan.part])
    if kind.automaton is not None:
        skills = kind.encoding(plan.encoding).skills
        return skill_examples(skills, plan.settings.examples, plan.task.seed)
    return split(plan.task, plan.settings.examples)


def _named(part: str, model: Any) -> dict[str, Floats]:
    return {prefixed(part, name): tensor for name, tensor in tensors_of(model).items()}


def _better(one: Metrics, other: Metrics) -> bool:
    """True if `one` has the higher held-out exact match; ties are broken by loss."""
    return (one.exact, -one.loss) > (other.exact, -other.loss)


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("mathrepl", "tensorflow", "keras", "numpy")}
    return {"python": platform.python_version(), "machine": platform.machine(), **libraries}
