"""The bottom line says what is loaded, and fits the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.hosts.prompt.parts import Parts, assemble
from mathrepl.hosts.prompt.toolbar import toolbar
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from tests.kit.weights import tiny_weights


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    store = Store(tmp_path / "weights", tmp_path / "bundled")
    tiny_weights(store, "tiny")
    return assemble(Session(Settings(weights="tiny"), store))


def shown(parts: Parts | None, text: str = "", width: int = 80) -> str:
    return "".join(fragment[1] for fragment in toolbar(parts, text, width))


def test_it_names_weights_and_task(parts: Parts) -> None:
    assert shown(parts) == " tiny · a + b, 0..9"


def test_it_tells_that_weights_are_chosen_for_each_question(parts: Parts) -> None:
    tiny_weights(parts.session.store, "add", Task(high=9))
    parts.session.use("auto")
    assert shown(parts) == " auto (add) · a + b, 0..9"


def test_it_tells_engine_and_next_task_where_they_differ(parts: Parts) -> None:
    parts.session.weights.set_engine("keras")
    parts.session.chosen_task = Task(high=99)
    assert shown(parts) == " tiny · a + b, 0..9 · keras · next: a + b, 0..99"


def test_it_explains_the_command_being_typed(parts: Parts) -> None:
    assert shown(parts, ":train 5").startswith(" :train [EPOCHS] [options]  train the network")
    assert ":quiz" in shown(parts, ":qu")
    assert ":quit" in shown(parts, ":qu")
    assert "no such command" in shown(parts, ":zzz")


@pytest.mark.parametrize("width", [10, 20, 40])
def test_it_fits(parts: Parts, width: int) -> None:
    assert len(shown(parts, "", width)) <= width
    assert len(shown(parts, ":train", width)) <= width


def test_it_says_that_weights_are_missing(tmp_path: Path) -> None:
    session = Session(Settings(), Store(tmp_path / "weights", tmp_path / "bundled"))
    assert "no weights" in shown(assemble(session))


def test_it_says_that_things_are_loading() -> None:
    assert shown(None) == " loading …"
