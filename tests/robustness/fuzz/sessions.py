"""Whole sessions at random: commands in any order against a tiny network, beside a small model.

The model knows which weights the user has, by checksum, and what `:undo` goes back to. Trainings
are done on the spot by `InlineJob`, which saves as the worker does, without TensorFlow.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mathrepl.commands.dispatch import OK, perform, run_line
from mathrepl.commands.spec import Value
from mathrepl.inference.solver import numpy_solver
from mathrepl.networks import parameter_count
from mathrepl.render.renderer import Renderer
from mathrepl.store.card import Card
from mathrepl.store.store import AUTO, Store
from mathrepl.support.errors import MathreplError
from mathrepl.support.settings import Settings, changed
from mathrepl.training.events import Event, Finished, Started
from mathrepl.training.plan import Plan
from tests.kit.lab import METRICS, Lab, epoch_done, files
from tests.kit.weights import random_tensors
from tests.robustness.fuzz import judging
from tests.robustness.fuzz.lines import lines
from tests.robustness.fuzz.prompting import Screen

BUNDLED = ("add", "blog")
MINE = ("tiny", "a", "a.v2")  # one name begins with another
LOOKS = (
    ":models",
    ":card",
    ":history",
    ":show",
    ":help",
    ":help train",
    ":jobs",
    ":stop",
    ":weights",
    ":quiz 3",
    ":errors 5",
    ":map 0..3",
    ":map 0..3 --show size",
    ":peek 3 + 4",
    ":peek --unit 1 3 + 4; 3 + 5",
    ":like 3 + 4 --count 3",
    ":step 3 + 4",
    ":step 3 + 4 --force 1=5",
    ":beam 3 3 + 4",
    ":attn 3 + 4",
    ":curve",
    ":compare add blog 3 + 4",
    ":certify --sample 3",
)
SET = (
    ("theme", "light"),
    ("theme", "purple"),
    ("editing", "vi"),
    ("history", "off"),
    ("quiz", "3"),
    ("quiz", "0"),
    ("steps", "off"),
    ("range", "0..5"),
    ("range", "5..0"),
    ("ops", "+"),
    ("task", "reset"),
    ("weights", "nobody"),
)


class InlineJob:
    """A training that is over when it has begun: weights at random, kept as the worker keeps."""

    made = 0

    def __init__(self, number: int, plan: Plan, *, follow: bool) -> None:
        InlineJob.made += 1
        store = Store(plan.user, plan.bundled)
        count = parameter_count(plan.architecture, plan.encoding)
        card = Card(plan.name, plan.architecture, plan.encoding, plan.task, count)
        undo = store.backups(plan.name).add()
        store.save(card, random_tensors(plan.architecture, plan.encoding, InlineJob.made))
        self.number, self.plan, self.reported = number, plan, follow
        self.started = Started(plan.name, count, 9, 1, 1, METRICS)
        self.best = epoch_done()
        self.epochs = [self.best]
        self.finished = Finished("finished", plan.name, 1, True, 1, METRICS, METRICS, undo=undo)
        self.saves = 1
        self.running = False

    def events(self) -> Iterator[Event | None]:
        yield from (self.started, self.epochs[0], self.finished)

    def stop(self) -> None:
        raise AssertionError("it has ended")

    drop = stop

    def wait(self, seconds: float = 0.0) -> None:
        """It has ended."""


class Twice:
    """Draws each value on a screen, and writes its record, as the two kinds of hosts do."""

    def __init__(self) -> None:
        self.screen = Screen()
        with contextlib.redirect_stdout(self.screen):
            self._renderer = Renderer("dark", talk_on_stderr=False)
        self.values: list[Any] = []
        self.errors: list[MathreplError] = []

    def show(self, value: Value) -> None:
        self.values.append(value)
        self._renderer.show(value)
        json.dumps(value.record())

    def error(self, error: MathreplError, equation: str | None = None) -> None:
        self.errors.append(error)
        self._renderer.error(error, equation)

    def close(self) -> None:
        self._renderer.close()


class Sessions(RuleBasedStateMachine):
    """One session; after every line it must still answer, and the disk be as the model says."""

    def __init__(self) -> None:
        super().__init__()
        self._ending = contextlib.ExitStack()
        folder = self._ending.enter_context(tempfile.TemporaryDirectory(prefix="mathrepl-fuzz-"))
        self.folder = Path(folder)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MATHREPL_")}
        environment = {
            **kept,
            "MATHREPL_DATA_DIR": str(self.folder / "data"),
            "MATHREPL_CONFIG_DIR": str(self.folder / "config"),
            "TERM": "xterm-256color",
            "COLUMNS": "80",
        }
        self._ending.enter_context(mock.patch.dict(os.environ, environment, clear=True))
        self._ending.enter_context(mock.patch("mathrepl.training.job.Job", InlineJob))
        self._ending.enter_context(mock.patch("mathrepl.session.session.Job", InlineJob))
        self._ending.enter_context(contextlib.chdir(folder))

    def teardown(self) -> None:
        self._ending.close()

    @initialize()
    def begin(self) -> None:
        self.lab = Lab(self.folder)
        for seed, name in enumerate(BUNDLED, 1):
            self.lab.bundle(name, seed=seed)
        self.session = self.lab.session
        self.current = "tiny"
        self.before: dict[str, list[str | None]] = {}
        self._read()

    def _read(self) -> None:
        """Take the disk as it is."""
        self.mine = self._on_disk()

    def _on_disk(self) -> dict[str, str]:
        store = self.lab.store
        names = sorted(path.stem for path in store.user.glob("*.json"))
        return {name: store.find(name).card.sha256 for name in names}

    def do(self, line: str) -> Twice:
        """Run a line; it may be refused with one error, and nothing else may go wrong."""
        renderer = Twice()
        done = perform(self.lab.context, run_line(self.lab.context, line), renderer, line)
        assert len(renderer.errors) <= 1
        assert not done.leave
        assert (done.code == OK) or renderer.errors or renderer.values
        assert renderer.values or renderer.errors
        assert not list(judging.strange(renderer.screen.getvalue(), also="\r"))
        return renderer

    def refused(self, line: str) -> None:
        assert self.do(line).errors

    def accepted(self, line: str) -> None:
        assert not self.do(line).errors

    # What changes the weights, beside the model

    @rule(name=st.sampled_from((*MINE, *BUNDLED, "nobody", "../a")))
    def use(self, name: str) -> None:
        if name not in self.mine and name not in BUNDLED:
            self.refused(f":use {name}")
            return
        self.accepted(f":use {name}")
        self.current = name

    @rule()
    def use_auto(self) -> None:
        self.accepted(":use auto")
        self.current = "add"

    @rule(name=st.sampled_from((*MINE, "add", AUTO, "a/b")))
    def save(self, name: str) -> None:
        line = f":save {name}"
        taken = name in self.mine or name in BUNDLED or name in (AUTO, "a/b")
        if taken or not self._there():
            self.refused(line)
            return
        sha256 = self.lab.store.find(self.current).card.sha256
        self.accepted(line)
        self.mine[name] = sha256
        self.current = name

    @rule(name=st.sampled_from((*MINE, *BUNDLED, "nobody")))
    def delete(self, name: str) -> None:
        line = f":delete {name}"
        if name not in self.mine or (name == self.current and name not in BUNDLED):
            self.refused(line)
            return
        self.accepted(line)
        self._push(name)
        del self.mine[name]

    @rule(
        name=st.sampled_from((None, *MINE, "add")),
        fresh=st.booleans(),
        background=st.booleans(),
    )
    def train(self, name: str | None, fresh: bool, background: bool) -> None:
        target = name or self.current
        line = ":train 1" + (f" --name {name}" if name else "")
        line += " --fresh --hidden 4 --range 0..9 --ops +" if fresh else ""
        line += " --background" if background else ""
        if not fresh and not self._there():
            self.refused(line)
            return
        renderer = self.do(line)
        if renderer.errors:  # going on cannot change the task that was set
            assert not fresh
            assert self.session.chosen_task is not None
            return
        self._push(target)
        self.mine[target] = self._on_disk()[target]
        if not background and target != self.session.name:
            raise AssertionError("a training that was waited for is not in use")
        if not background:
            self.current = target

    @rule()
    def undo(self) -> None:
        self._undo(":undo")

    @rule(kind=st.sampled_from(("json", "safetensors")))
    def undo_past_a_damaged_step(self, kind: str) -> None:
        """The newest step is damaged: that is told, nothing changes, and there is a way past it."""
        before = self.before.get(self.current)
        if not before or before[-1] is None:
            return
        kept = self.lab.store.user / ".undo" / self.current
        newest = max(int(path.stem) for path in kept.glob("[0-9]*.json"))
        (kept / f"{newest}.{kind}").write_bytes(b"damaged")
        there = files(self.folder)
        for _ in range(2):
            self.refused(":undo")
        assert files(self.folder) == there
        before.pop()
        self._undo(":undo --skip-damaged")

    def _undo(self, line: str) -> None:
        name = self.current
        if not self.before.get(name):
            self.refused(line)
            return
        self.accepted(line)
        undone = self.mine.pop(name, None)
        if undone is not None:
            (kept,) = self._on_disk().keys() - self.mine.keys() - {name}
            assert kept.startswith(f"{name}-undone")
            self.mine[kept] = undone
        back = self.before[name].pop()
        if back is not None:
            self.mine[name] = back
        if not self._there() and "tiny" in self.mine:
            self.current = "tiny"

    def _push(self, name: str) -> None:
        self.before.setdefault(name, []).append(self.mine.get(name))

    def _there(self) -> bool:
        return self.current in self.mine or self.current in BUNDLED

    # What changes nothing on disk

    @rule(line=st.sampled_from(LOOKS))
    def look(self, line: str) -> None:
        self.do(line)

    @rule(setting=st.sampled_from(SET))
    def set(self, setting: tuple[str, str]) -> None:
        self.do(f":set {setting[0]} {setting[1]}")

    @rule(a=st.integers(0, 9), b=st.integers(0, 9))
    def ask(self, a: int, b: int) -> None:
        self.do(f"{a} + {b}; {b}*{a}; {a}/0; help")

    @rule(line=lines().filter(lambda line: line.strip() and not line.lstrip().startswith(":")))
    def ask_anything(self, line: str) -> None:
        self.do(line)

    # After every line

    @invariant()
    def the_disk_is_as_the_model_says(self) -> None:
        assert self._on_disk() == self.mine
        user = self.lab.store.user
        leftovers = [p.name for p in user.iterdir() if p.suffix not in (".json", ".safetensors")]
        assert set(leftovers) <= {".undo", ".locks"}, leftovers

    @invariant()
    @precondition(lambda self: self._there())
    def the_weights_in_use_load_and_answer(self) -> None:
        assert self.session.name == self.current
        found = self.lab.store.find(self.current)
        answer = self.session.ask("1 + 2")
        assert (answer.weights, answer.truth) == (self.current, "3")
        # Read anew from disk, they write the same, and as surely.
        (again,) = numpy_solver(found.card, self.lab.store.tensors(found)).solve(
            [answer.solution.question]
        )
        assert (again.text, again.confidence) == (answer.network, answer.confidence)

    @invariant()
    @precondition(lambda self: not self._there())
    def without_weights_there_is_one_clear_error(self) -> None:
        self.refused("1 + 2")

    @invariant()
    def the_settings_are_valid(self) -> None:
        settings = self.session.settings
        for field in fields(Settings):
            value = getattr(settings, field.name)
            assert changed(settings, field.name, value) == settings

    @invariant()
    def no_training_runs(self) -> None:
        assert self.session.running_job is None
