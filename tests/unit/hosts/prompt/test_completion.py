"""Completion comes from the command table and the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from mathrepl.hosts.prompt.completion import CommandCompleter, suggestions
from mathrepl.hosts.prompt.parts import Parts, assemble
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from mathrepl.training.recipes import RECIPES
from tests.kit.lab import Lab
from tests.kit.weights import tiny_weights


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    store = Store(tmp_path / "weights", tmp_path / "bundled")
    tiny_weights(store, "alpha")
    tiny_weights(store, "beta")
    return assemble(Session(Settings(weights="alpha"), store))


def complete(parts: Parts | None, text: str) -> list[str]:
    completer = CommandCompleter(lambda: parts)
    return [c.text for c in completer.get_completions(Document(text), CompleteEvent())]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (":tr", ["train"]),
        (":use ", ["auto", "alpha", "beta"]),
        (":use b", ["beta"]),
        (":compare alpha b", ["beta"]),
        (":train 5 --fr", ["--fresh"]),
        (":train 5 --sampling ", ["uniform", "stratified", "carries"]),
        (":train --recipe ", list(RECIPES)),
        (":set eng", ["engine"]),
        (":set engine ", ["numpy", "keras"]),
        (":set weights a", ["auto", "alpha"]),
        (":steps ", ["on", "off", "all"]),
        (":help qui", ["quiz", "quit"]),
        (":card ", ["alpha", "beta"]),
        ("94 + ", []),
        (":nonsense ", []),
    ],
)
def test_completions(parts: Parts, typed: str, expected: list[str]) -> None:
    assert complete(parts, typed) == expected


def test_a_bare_colon_offers_every_command(parts: Parts) -> None:
    offered = complete(parts, ":")
    assert offered == [n for n, c in parts.context.commands.items() if "session" in c.hosts]


def test_an_option_is_offered_once(parts: Parts) -> None:
    assert "--fresh" not in complete(parts, ":train 5 --fresh --")
    assert "--name" in complete(parts, ":train 5 --fresh --")


def test_nothing_is_offered_before_the_table_is_loaded() -> None:
    assert complete(None, ":tr") == []


def test_layers_of_weights_that_cannot_be_read_are_none(parts: Parts) -> None:
    (parts.session.store.user / "alpha.json").write_text("{}")
    parts.session.refresh()
    assert complete(parts, ":weights o") == []
    assert complete(parts, ":use a") == ["auto", "alpha"]


@pytest.mark.parametrize(
    ("text", "word", "offered"),
    [
        (":certi", "certi", ["certify"]),
        (":train 5 --task-s", "--task-s", ["--task-seed"]),
        (":set theme ", "", ["auto", "dark", "light"]),
        (":use ti", "ti", ["tiny"]),
        ("1 + 2", "", []),
        (":nothing x", "", []),
    ],
)
def test_the_word_to_be_replaced_and_what_could_stand_for_it(
    lab: Lab, text: str, word: str, offered: list[str]
):
    assert suggestions(lab.session, text) == (word, offered)
