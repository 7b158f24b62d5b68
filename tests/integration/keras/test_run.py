"""One training from plan to weights, in this process."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mathrepl.arithmetic.skills import DOING, READING
from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import Floats
from mathrepl.data.sampling import split
from mathrepl.data.skill_examples import skill_examples
from mathrepl.inference.solver import numpy_solver
from mathrepl.networks import parameter_count
from mathrepl.networks.config import Architecture
from mathrepl.store.card import Card, Metrics
from mathrepl.store.store import Store
from mathrepl.training.events import EpochDone, Event, Finished, Started, Stepped, Warned
from mathrepl.training.plan import Plan
from mathrepl.training.recipes import RECIPES
from tests.kit.running import Ran, train
from tests.kit.training import ARCHITECTURE, ATTENTION, ENCODING, TASK, WORK, plan, random_tensors

pytestmark = pytest.mark.usefixtures("eager")

FULL_DISK = OSError(errno.ENOSPC, "No space left on device")


def weights(directory: Path) -> dict[str, bytes]:
    """Every file under a weights directory."""
    return {
        str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()
    }


def tensors(store: Store, name: str = "tiny") -> Any:
    return store.tensors(store.find(name))


def held_out_by_numpy(ran: Ran) -> Metrics:
    """Held-out metrics of the saved weights, by the numpy network and the texts it writes."""
    found = ran.store.find(ran.plan.name)
    examples = split(ran.plan.task, ran.plan.settings.examples).held_out
    solver = numpy_solver(found.card, ran.store.tensors(found))
    written = solver.write([e.question for e in examples]).texts
    losses, hits = [], []
    for solution, example in zip(
        _probabilities(found.card, ran.store.tensors(found), [e.question for e in examples]),
        examples,
        strict=True,
    ):
        padded = example.answer.ljust(found.card.encoding.answer_length, "\0")
        truth = [found.card.encoding.characters.index(c) for c in padded]
        losses += [-np.log(row[k]) for row, k in zip(solution, truth, strict=True)]
        hits += [row.argmax() == k for row, k in zip(solution, truth, strict=True)]
    exact = [text == e.answer for text, e in zip(written, examples, strict=True)]
    return Metrics(float(np.mean(losses)), float(np.mean(hits)), float(np.mean(exact)))


def _probabilities(card: Card, saved: dict[str, Floats], questions: list[str]) -> Floats:
    from mathrepl.data.codec import encode_questions
    from mathrepl.networks import kind_of

    indices = encode_questions(card.encoding, questions)
    return kind_of(card.architecture.kind).probabilities(
        saved, card.architecture, card.encoding, indices
    )


def save_untrained(store: Store, name: str = "tiny", **replaced: Floats) -> Card:
    """Random weights in the user's directory, as if a training had ended there."""
    card = Card(name, ARCHITECTURE, ENCODING, TASK, parameter_count(ARCHITECTURE, ENCODING))
    return store.save(card, random_tensors() | replaced)


def script_evaluations(monkeypatch: pytest.MonkeyPatch, results: Iterable[Metrics]) -> None:
    """Let the held-out results be these, in order; the weights are trained all the same."""
    from mathrepl.training.keras.loop import Trainer

    remaining = iter(results)

    monkeypatch.setattr(Trainer, "evaluate", lambda self: next(remaining))


def results(*figures: tuple[float, float]) -> list[Metrics]:
    """Metrics of (exact, loss) pairs."""
    return [Metrics(loss, 0.5, exact) for exact, loss in figures]


def fail_saves(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the first saves of `tiny` meet a full disk."""
    original = Store.save
    left = [times]

    def save(self: Store, card: Card, tensors: Any) -> Card:
        if card.name == "tiny" and left[0] > 0:
            left[0] -= 1
            raise FULL_DISK
        return original(self, card, tensors)

    monkeypatch.setattr(Store, "save", save)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tensorflow_ready: None) -> Ran:
    """A training long enough to learn something, as the worker runs it."""
    settings = {"epochs": 60, "learning_rate": 0.05, "examples": 100, "batch": 16}
    return train(
        plan(
            tmp_path_factory.mktemp("whole"),
            settings=settings,
            architecture=Architecture(hidden=16),
        )
    )


def test_a_training_starts_runs_its_epochs_and_finishes(whole: Ran) -> None:
    kinds = [type(e) for e in whole.events if not isinstance(e, Stepped)]
    assert kinds == [Started, *[EpochDone] * 60, Finished]
    assert [e.index for e in whole.epochs] == list(range(1, 61))
    assert [e.epoch.number for e in whole.epochs] == list(range(1, 61))
    examples = split(TASK, 100)
    assert whole.started == Started(
        "tiny",
        parameter_count(Architecture(hidden=16), ENCODING),
        len(examples.training),
        len(examples.held_out),
        60,
        None,
    )
    end = whole.finished
    assert (end.outcome, end.name, end.epochs, end.saved) == ("finished", "tiny", 60, True)
    assert (end.message, end.baseline, end.undo) == ("", None, 1)


def test_steps_are_reported_within_their_epoch(whole: Ran) -> None:
    done = 0
    for event in whole.events:
        if isinstance(event, Stepped):
            assert event.epoch == done + 1
            assert 0 < event.share <= 1
            assert event.loss > 0
        elif isinstance(event, EpochDone):
            done = event.index
    assert any(isinstance(e, Stepped) for e in whole.events)


def test_the_best_epoch_by_exact_match_then_loss_is_kept(whole: Ran) -> None:
    history = [e.epoch for e in whole.epochs]
    best = max(history, key=lambda e: (e.held_out.exact, -e.held_out.loss))
    assert best.held_out.exact > 0
    card = whole.store.find("tiny").card
    assert (card.best_epoch, card.held_out) == (best.number, best.held_out)
    assert (whole.finished.best_epoch, whole.finished.held_out) == (best.number, best.held_out)
    assert [e.epoch.number for e in whole.epochs if e.best][-1] == best.number


def test_the_saved_weights_are_as_good_as_their_card_says(whole: Ran) -> None:
    card = whole.store.find("tiny").card
    computed = held_out_by_numpy(whole)
    assert card.held_out is not None
    assert computed.exact == pytest.approx(card.held_out.exact, abs=1e-9)
    assert computed.accuracy == pytest.approx(card.held_out.accuracy, abs=1e-6)
    assert computed.loss == pytest.approx(card.held_out.loss, abs=1e-4)


def test_the_card_tells_the_whole_training(whole: Ran) -> None:
    card = whole.store.find("tiny").card
    assert card.history == tuple(e.epoch for e in whole.epochs)
    assert (card.task, card.encoding, card.architecture) == (
        whole.plan.task,
        whole.plan.encoding,
        whole.plan.architecture,
    )
    (training,) = card.trainings
    assert training.outcome == "finished after 60 of 60 epochs"
    assert (training.command, training.epochs, training.batch) == ("train --epochs 3", 60, 16)
    assert (training.learning_rate, training.seed) == (0.05, 0)
    assert training.examples == whole.started.training_examples
    assert training.held_out_examples == whole.started.held_out_examples
    assert set(training.versions) == {
        "python", "machine", "mathrepl", "tensorflow", "keras", "numpy",
    }  # fmt: skip


def test_samples_are_held_out_questions_with_their_truth(whole: Ran) -> None:
    held_out = split(TASK, 100).held_out
    right = 0
    for done in whole.epochs:
        assert [(s.question, s.truth) for s in done.samples] == [
            (e.question, e.answer) for e in held_out[: len(done.samples)]
        ]
        assert len(done.samples) == min(6, len(held_out))
        right += sum(s.network == s.truth for s in done.samples)
    assert right > 0


def test_the_samples_show_what_the_saved_weights_write(whole: Ran) -> None:
    found = whole.store.find("tiny")
    (done,) = (e for e in whole.epochs if e.epoch.number == found.card.best_epoch)
    solver = numpy_solver(found.card, whole.store.tensors(found))
    written = solver.write([s.question for s in done.samples]).texts
    assert written == [s.network for s in done.samples]


def test_the_same_plan_gives_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    architecture = Architecture(hidden=8, dropout=0.2)

    def checksum(name: str, seed: int) -> str:
        settings = {"epochs": 2, "seed": seed}
        ran = train(plan(tmp_path / name, settings=settings, architecture=architecture))
        return ran.store.find("tiny").card.sha256

    assert checksum("one", 1) == checksum("again", 1)
    assert checksum("one", 1) != checksum("other", 2)


def test_the_best_is_chosen_by_exact_match_and_ties_by_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = [(0.1, 1.0), (0.3, 2.0), (0.3, 1.5), (0.3, 1.7), (0.3, 1.5), (0.2, 0.1)]
    script_evaluations(monkeypatch, results(*figures))
    ran = train(plan(tmp_path / "six", settings={"epochs": 6}))
    assert [e.best for e in ran.epochs] == [True, True, True, False, False, False]
    card = ran.store.find("tiny").card
    assert (card.best_epoch, card.held_out) == (3, Metrics(1.5, 0.5, 0.3))
    assert [e.number for e in card.history] == [1, 2, 3, 4, 5, 6]
    assert ran.finished.best_epoch == 3

    # The weights are those after the third epoch, not those of the end.
    script_evaluations(monkeypatch, results(*figures))
    three = train(plan(tmp_path / "three", settings={"epochs": 3}))
    assert three.store.find("tiny").card.sha256 == card.sha256


def test_an_epoch_announced_as_best_is_on_disk_by_then(tmp_path: Path) -> None:
    what = plan(tmp_path)
    store = Store(what.user, what.bundled)

    def check(event: Event) -> None:
        if isinstance(event, EpochDone) and event.best:
            card = store.find("tiny").card
            assert (card.best_epoch, card.history[-1]) == (event.epoch.number, event.epoch)
            assert card.trainings[-1].outcome == "running"
            store.tensors(store.find("tiny"))

    assert any(e.best for e in train(what, listen=check).epochs)


def test_going_on_starts_from_the_weights_and_never_saves_worse_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = plan(tmp_path, source="tiny", settings={"epochs": 4})
    store = Store(what.user, what.bundled)
    save_untrained(store)
    before = weights(what.user)
    baseline = (0.5, 1.0)
    worse = [(0.4, 0.1), (0.5, 1.0), (0.5, 1.1), (0.0, 9.0)]
    script_evaluations(monkeypatch, results(baseline, *worse))
    ran = train(what)
    assert ran.started.baseline == Metrics(1.0, 0.5, 0.5)
    assert not any(e.best for e in ran.epochs)
    assert weights(what.user) == before
    assert ran.finished == Finished(
        "finished", "tiny", 4, False, 0, ran.started.baseline, ran.started.baseline
    )


def test_going_on_with_a_ruinous_learning_rate_keeps_weights_as_good_as_before(
    tmp_path: Path, whole: Ran
) -> None:
    found = whole.store.find("tiny")
    what = plan(
        tmp_path,
        source="tiny",
        architecture=found.card.architecture,
        settings={"epochs": 3, "learning_rate": 10.0, "examples": 100},
    )
    store = Store(what.user, what.bundled)
    store.save(found.card, whole.store.tensors(found))
    ran = train(what)
    baseline = ran.started.baseline
    assert baseline is not None
    assert baseline.exact == found.card.held_out.exact  # type: ignore[union-attr]
    assert baseline.loss == pytest.approx(found.card.held_out.loss, abs=1e-5)  # type: ignore[union-attr]
    assert min(e.epoch.held_out.exact for e in ran.epochs) < baseline.exact  # it was ruinous
    assert held_out_by_numpy(ran).exact >= baseline.exact


def test_going_on_continues_the_history_and_remembers_the_old_weights(
    tmp_path: Path, whole: Ran
) -> None:
    first = train(plan(tmp_path, settings={"epochs": 2}))
    old = first.store.find("tiny").card
    old_weights = tensors(first.store)
    ran = train(plan(tmp_path, source="tiny", settings={"epochs": 2}, command="train more"))
    card = ran.store.find("tiny").card
    assert ran.finished.saved
    assert [e.epoch.number for e in ran.epochs] == [3, 4]
    assert [e.index for e in ran.epochs] == [1, 2]
    assert [e.number for e in card.history] == [1, 2, 3, 4]
    assert card.history[:2] == old.history
    assert [t.command for t in card.trainings] == ["train --epochs 3", "train more"]
    assert ran.finished.undo == 2
    ran.store.backups("tiny").restore(2)
    assert ran.store.find("tiny").card == old
    for name, tensor in tensors(ran.store).items():
        np.testing.assert_array_equal(tensor, old_weights[name])


def test_bundled_weights_are_gone_on_from_without_being_changed(tmp_path: Path) -> None:
    what = plan(tmp_path, source="tiny")
    save_untrained(Store(what.bundled, tmp_path / "none"))
    bundled = weights(what.bundled)
    ran = train(what)
    assert ran.finished.saved
    assert weights(what.bundled) == bundled
    assert ran.store.find("tiny").origin == "user"
    ran.store.backups("tiny").restore(ran.finished.undo or 0)
    assert ran.store.find("tiny").origin == "bundled"


def test_other_weights_can_be_the_source(tmp_path: Path) -> None:
    what = plan(tmp_path, source="origin")
    store = Store(what.user, what.bundled)
    save_untrained(store, "origin")
    before = tensors(store, "origin")
    ran = train(what)
    assert ran.started.baseline is not None
    assert ran.store.find("tiny").card.best_epoch == ran.finished.best_epoch > 0
    for name, tensor in tensors(store, "origin").items():
        np.testing.assert_array_equal(tensor, before[name])


def test_a_stop_before_the_first_epoch_saves_nothing(tmp_path: Path) -> None:
    what = plan(tmp_path)
    ran = train(what, stop_when=lambda _: True)
    assert [type(e) for e in ran.events] == [Started, Finished]
    assert ran.finished == Finished("stopped", "tiny", 0, False, 0, None, None)
    assert not what.user.exists()


def test_a_stop_keeps_the_best_so_far(tmp_path: Path) -> None:
    what = plan(tmp_path, settings={"epochs": 50})
    ran = train(what, stop_when=lambda ran: len(ran.epochs) == 2)
    assert (ran.finished.outcome, ran.finished.epochs, ran.finished.saved) == ("stopped", 2, True)
    card = ran.store.find("tiny").card
    assert card.trainings[-1].outcome == "stopped after 2 of 50 epochs"
    assert len(card.history) == 2
    assert card.best_epoch == ran.finished.best_epoch
    assert held_out_by_numpy(ran).exact == pytest.approx(card.held_out.exact)  # type: ignore[union-attr]


def test_a_stop_that_tensorflow_does_not_hear_ends_the_training_with_its_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the first tracing, or a long evaluation: here the second epoch never ends."""
    from mathrepl.training.keras.loop import Trainer
    from mathrepl.training.keras.run import run

    ran = Ran(plan(tmp_path))
    stop, left = threading.Event(), threading.Event()
    real = Trainer.epoch
    seconds: list[float] = []

    def busy(trainer: Trainer, number: int, **told: Any) -> Metrics | None:
        if number < 2:
            return real(trainer, number, **told)
        asked = time.monotonic()
        stop.set()
        assert left.wait(30)
        seconds.append(time.monotonic() - asked)
        return Metrics(0.1, 1.0, 1.0)

    monkeypatch.setattr(Trainer, "epoch", busy)
    run(ran.plan, ran.events.append, stop.is_set, left.set)
    assert seconds[0] < 1
    end = ran.finished
    assert (end.outcome, end.epochs, end.saved, end.best_epoch) == ("stopped", 1, True, 1)
    card = ran.store.find("tiny").card
    assert card.trainings[-1].outcome == "stopped after 1 of 3 epochs"
    assert [epoch.number for epoch in card.history] == [1]
    ran.store.tensors(ran.store.find("tiny"))


def test_a_stop_while_a_training_is_prepared_ends_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mathrepl.training.keras import run as running

    ran = Ran(plan(tmp_path))
    left = threading.Event()

    def endless(_plan: Plan) -> Any:
        assert left.wait(30)
        raise MemoryError

    monkeypatch.setattr(running, "examples_of", endless)
    running.run(ran.plan, ran.events.append, lambda: True, left.set)
    first = ran.events[0]
    assert isinstance(first, Finished)
    assert (first.outcome, first.saved) == ("stopped", False)


def test_a_save_that_fails_warns_and_is_tried_again_at_every_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = results((0.5, 1.0))
    script_evaluations(monkeypatch, best)
    first = train(plan(tmp_path / "first", settings={"epochs": 1}))

    script_evaluations(monkeypatch, [*best, *results((0.1, 1.0), (0.1, 1.0), (0.1, 1.0))])
    fail_saves(monkeypatch, times=2)
    ran = train(plan(tmp_path / "full", settings={"epochs": 4}))
    assert len(ran.warnings) == 2
    assert all("No space left on device" in w for w in ran.warnings)
    assert (ran.finished.outcome, ran.finished.saved, ran.finished.best_epoch) == (
        "finished",
        True,
        1,
    )
    # What is saved late is the best of then, not the weights of now.
    card = ran.store.find("tiny").card
    assert card.sha256 == first.store.find("tiny").card.sha256
    assert card.held_out == best[0]
    assert [e.number for e in card.history] == [1, 2, 3, 4]


def test_a_save_that_fails_until_the_last_epoch_is_tried_once_more_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_saves(monkeypatch, times=2)
    ran = train(plan(tmp_path, settings={"epochs": 2}))
    assert len(ran.warnings) == 2
    assert (ran.finished.outcome, ran.finished.saved) == ("finished", True)
    assert held_out_by_numpy(ran).exact == pytest.approx(ran.finished.held_out.exact)  # type: ignore[union-attr]


def test_an_epoch_that_could_not_be_saved_is_not_announced_as_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`best` says that an epoch's weights were saved; others read the weights again on it."""
    script_evaluations(monkeypatch, results((0.5, 1.0), (0.1, 1.0), (0.1, 1.0)))
    fail_saves(monkeypatch, times=1)
    what = plan(tmp_path)
    on_disk: list[bool] = []

    def note(event: Event) -> None:
        if isinstance(event, EpochDone):
            on_disk.append(Store(what.user, what.bundled).exists_as_user("tiny"))

    ran = train(what, listen=note)
    assert on_disk == [False, True, True]
    assert not ran.epochs[0].best


def test_a_disk_that_stays_full_fails_the_training_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_saves(monkeypatch, times=99)
    what = plan(tmp_path)
    ran = train(what)
    assert (ran.finished.outcome, ran.finished.saved, ran.finished.held_out) == (
        "failed",
        False,
        None,
    )
    assert "could not be saved" in ran.finished.message
    assert Store(what.user, what.bundled).names() == []


def test_a_card_that_could_not_be_read_again_fails_the_training_clearly(tmp_path: Path) -> None:
    what = plan(tmp_path, command="x" * 10_001)
    ran = train(what)
    assert (ran.finished.outcome, ran.finished.saved) == ("failed", False)
    assert ran.finished.message.startswith("tiny was not saved, as it could not be read again")
    assert "at most 10,000 printable characters" in ran.finished.message
    assert Store(what.user, what.bundled).names() == []
    assert Store(what.user, what.bundled).backups("tiny").last is None


def test_a_training_that_saved_nothing_leaves_nothing_to_undo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = plan(tmp_path, source="tiny", settings={"epochs": 1})
    store = Store(what.user, what.bundled)
    save_untrained(store)
    before = weights(what.user)
    fail_saves(monkeypatch, times=99)
    ran = train(what)
    assert not ran.finished.saved
    assert store.backups("tiny").last is None
    assert weights(what.user) == before


def poison(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[Any], None]) -> None:
    """Do something to the trainer before its epoch of that number."""
    from mathrepl.training.keras.loop import Trainer

    original = Trainer.epoch

    def epoch(self: Any, now: int, **options: Any) -> Any:
        if now == number:
            act(self)
        return original(self, now, **options)

    monkeypatch.setattr(Trainer, "epoch", epoch)


def forget_numbers(trainer: Any) -> None:
    bias = trainer.model.get_layer("output").layer.bias
    bias.assign(np.full(bias.shape, np.nan, np.float32))


def test_a_loss_that_is_no_number_fails_the_training_and_keeps_the_best_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, 3, forget_numbers)
    ran = train(plan(tmp_path, settings={"epochs": 9}))
    end = ran.finished
    assert (end.outcome, end.epochs, end.saved) == ("failed", 3, True)
    assert "no longer a number" in end.message
    assert "--lr" in end.message
    assert [np.isfinite(e.epoch.training.loss) for e in ran.epochs] == [True, True, False]
    assert not ran.epochs[-1].best
    card = ran.store.find("tiny").card
    assert card.best_epoch == end.best_epoch <= 2
    assert card.trainings[-1].outcome == "failed after 3 of 9 epochs"
    assert all(np.isfinite(t).all() for t in tensors(ran.store).values())


def test_going_on_to_a_loss_that_is_no_number_fails_and_leaves_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = plan(tmp_path, source="tiny")
    save_untrained(Store(what.user, what.bundled))
    before = weights(what.user)
    poison(monkeypatch, 1, forget_numbers)
    ran = train(what)
    assert (ran.finished.outcome, ran.finished.saved) == ("failed", False)
    assert ran.finished.epochs == 1
    assert "no longer a number" in ran.finished.message
    assert weights(what.user) == before


def test_weights_that_could_not_be_read_again_fail_the_training_and_keep_the_best_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grow(trainer: Any) -> None:
        bias = trainer.model.get_layer("output").layer.bias
        bias.assign(np.full(bias.shape, 1e30, np.float32))

    script_evaluations(monkeypatch, [Metrics(1.0, 0.5, 0.1 * epoch) for epoch in range(1, 9)])
    poison(monkeypatch, 3, grow)
    ran = train(plan(tmp_path, settings={"epochs": 5}))
    assert (ran.finished.outcome, ran.finished.saved) == ("failed", True)
    assert "output.bias holds 1e+30" in ran.finished.message
    assert ran.store.find("tiny").card.best_epoch == 2
    assert all(np.abs(t).max() < 100 for t in tensors(ran.store).values())


def test_a_training_that_runs_out_of_memory_says_so_in_one_line_and_keeps_its_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(trainer: Any) -> None:
        import tensorflow as tf

        raise tf.errors.ResourceExhaustedError(None, None, "Graph execution error:\n\nDetected at")

    poison(monkeypatch, 2, run_out)
    ran = train(plan(tmp_path))
    assert (ran.finished.outcome, ran.finished.saved) == ("failed", True)
    assert ran.finished.message.startswith("there was not enough memory; take a smaller --batch")
    assert ran.finished.message.isprintable()


def test_weights_that_are_changed_from_outside_in_a_training_are_kept_for_undo_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a program that heeds no lock: two sessions of ours cannot."""
    what = plan(tmp_path, source="tiny", settings={"epochs": 4})
    store = Store(what.user, what.bundled)
    before = save_untrained(store)
    best = [Metrics(9 - n, 0.5, 0.1) for n in range(5)]  # each epoch is better than the last
    script_evaluations(monkeypatch, best)
    outside: list[str] = []

    def interfere(event: Event) -> None:
        if isinstance(event, EpochDone) and event.index == 2:
            bias = np.full(len(ENCODING.characters), 7, np.float32)
            outside.append(save_untrained(store, **{"output.bias": bias}).sha256)

    ran = train(what, listen=interfere)
    warned = [event.message for event in ran.events if isinstance(event, Warned)]
    assert warned == ["tiny was changed from outside; undo goes back to that"]
    assert ran.finished.outcome == "finished"
    assert store.find("tiny").card.best_epoch == 4
    store.undo("tiny")
    assert store.find("tiny").card.sha256 == outside[0]
    assert tensors(store)["output.bias"][0] == 7
    store.undo("tiny")
    assert store.find("tiny").card == before


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(errno.EIO, "Input/output error")], ids=["memory", "disk"]
)
def test_an_error_after_the_first_save_tells_that_weights_were_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def raise_it(trainer: Any) -> None:
        raise error

    poison(monkeypatch, 2, raise_it)
    ran = train(plan(tmp_path))
    assert ran.epochs[0].best
    assert ran.store.exists_as_user("tiny")
    end = ran.finished
    assert end.outcome == "failed"
    assert end.message
    assert (end.saved, end.best_epoch, end.undo) == (True, 1, 1)


def test_a_source_that_is_not_there_fails_with_its_name(tmp_path: Path) -> None:
    ran = train(plan(tmp_path, source="nowhere"))
    assert [type(e) for e in ran.events] == [Finished]
    assert ran.finished.outcome == "failed"
    assert "nowhere" in ran.finished.message


def test_a_source_with_damaged_weights_fails_and_is_left_as_it_is(tmp_path: Path) -> None:
    what = plan(tmp_path, source="tiny")
    save_untrained(Store(what.user, what.bundled))
    (what.user / "tiny.safetensors").write_bytes(b"rubbish")
    before = weights(what.user)
    ran = train(what)
    assert ran.finished.outcome == "failed"
    assert "checksum" in ran.finished.message
    assert weights(what.user) == before


def test_a_task_with_too_few_equations_fails_with_advice(tmp_path: Path) -> None:
    ran = train(plan(tmp_path, task=Task(high=0)))
    assert ran.finished.outcome == "failed"
    assert "too few equations" in ran.finished.message


# Other kinds and parts


MANY = {
    "weight_decay": 0.1,
    "clip": 1.0,
    "schedule": "cosine",
    "warmup": 2,
    "averaging": 0.9,
    "offset": 2,
}


def test_an_attention_network_is_trained_and_saved_as_good_as_its_card_says(tmp_path: Path) -> None:
    ran = train(plan(tmp_path, architecture=ATTENTION, settings={"epochs": 2, **MANY}))
    assert (ran.finished.outcome, ran.finished.saved) == ("finished", True)
    found = ran.store.find("tiny")
    (training,) = found.card.trainings
    assert {key: getattr(training, key) for key in MANY} == MANY
    assert found.card.parameters == parameter_count(ATTENTION, ENCODING)
    # The samples and the saved weights are of the averaged network.
    (done,) = (e for e in ran.epochs if e.epoch.number == found.card.best_epoch)
    solver = numpy_solver(found.card, ran.store.tensors(found))
    written = solver.write([s.question for s in done.samples]).texts
    assert written == [s.network for s in done.samples]
    held_out = split(TASK, ran.plan.settings.examples).held_out
    written = solver.write([e.question for e in held_out]).texts
    exact = np.mean([w == e.answer for w, e in zip(written, held_out, strict=True)])
    assert found.card.held_out is not None
    assert found.card.held_out.exact == pytest.approx(exact)


def work_plan(directory: Path, part: str, **changes: Any) -> Plan:
    recipe = RECIPES["work"]
    settings = {"epochs": 1, "examples": 100, "batch": 45, **changes.pop("settings", {})}
    return plan(
        directory,
        architecture=WORK,
        encoding=recipe.encoding,
        task=recipe.task,
        settings=settings,
        part=part,
        **changes,
    )


READER_EPOCHS = 3


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, tensorflow_ready: None) -> tuple[Ran, Ran, Any]:
    """A doer trained from nothing, a reader after it, and the tensors between."""
    directory = tmp_path_factory.mktemp("two")
    doer = train(work_plan(directory, "doer"))
    between = tensors(doer.store)
    settings = {"epochs": READER_EPOCHS, "learning_rate": 0.03, "batch": 15}
    reader = train(work_plan(directory, "reader", source="tiny", settings=settings))
    return doer, reader, between


def test_each_part_is_trained_alone_and_saved_beside_the_other(two: tuple[Ran, Ran, Any]) -> None:
    doer, reader, between = two
    assert doer.finished.saved
    assert reader.finished.saved
    for name, tensor in tensors(reader.store).items():
        assert np.array_equal(tensor, between[name]) == name.startswith("doer."), name


def test_the_card_tells_which_part_was_trained(two: tuple[Ran, Ran, Any]) -> None:
    _, reader, _ = two
    card = reader.store.find("tiny").card
    assert [training.part for training in card.trainings] == ["doer", "reader"]
    assert [epoch.number for epoch in card.history] == list(range(1, READER_EPOCHS + 2))
    assert [epoch.part for epoch in card.history] == ["doer", *["reader"] * READER_EPOCHS]
    assert card.best_epoch == reader.finished.best_epoch + 1
    assert card.held_out == reader.finished.held_out


def test_each_epoch_tells_how_far_the_proof_is(two: tuple[Ran, Ran, Any]) -> None:
    for ran in two[:2]:
        proofs = [done.epoch.proof for done in ran.epochs]
        assert all(proof is not None for proof in proofs)
        for proof in proofs:
            assert 0 < proof.wrong <= 2 * proof.transitions
            assert 0 < proof.symbols <= 1 + max(WORK.symbols, WORK.reader_symbols)
        best = [done.epoch.proof.wrong for done in ran.epochs if done.best]
        assert best == sorted(best, reverse=True)  # what is proved counts first


def test_the_samples_are_what_the_saved_network_writes(two: tuple[Ran, Ran, Any]) -> None:
    doer, reader, _ = two
    found = reader.store.find("tiny")
    solver = numpy_solver(found.card, tensors(reader.store))
    for ran, part in ((doer, "doer"), (reader, "reader")):
        *_, done = (done for done in ran.epochs if done.best)  # its weights were saved
        samples = done.samples
        assert len(samples) == 6
        written = solver.part(part)([s.question for s in samples]).texts
        # Training goes on over the padding, a pass ends with its blank column.
        assert all(s.network.endswith(text) for s, text in zip(samples, written, strict=True))


def test_the_passes_held_out_of_a_part_are_never_trained_on(two: tuple[Ran, Ran, Any]) -> None:
    for ran in two[:2]:
        skills = {"doer": DOING, "reader": READING}[ran.plan.part]
        examples = skill_examples(skills, 100, ran.plan.task.seed)
        assert ran.started.training_examples == len(examples.training) == 90
        assert ran.started.held_out_examples == len(examples.held_out) == 10
