"""Coverage of equations by weights, and the advice on other weights that cover one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.arithmetic.parser import parse
from mathrepl.arithmetic.task import Task
from mathrepl.networks.config import Architecture
from mathrepl.session.coverage import Coverage, coverage_of, rank_of
from mathrepl.store.store import Found, Store
from mathrepl.support.errors import OutOfReachError
from tests.kit.weights import tiny_card, tiny_weights


def advice(store: Store) -> str | None:
    with pytest.raises(OutOfReachError) as caught:
        coverage_of(store.find("tiny").card, store, parse("3 * 4"))
    return caught.value.hint


def test_the_advice_reads_each_card_once_for_a_line_of_many_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "weights", tmp_path / "bundled")
    tiny_weights(store, "tiny")
    tiny_weights(store, "times", Task(high=9, operations="*"))
    card = store.find("tiny").card
    found: list[str] = []
    find = Store.find

    def counted(self: Store, name: str) -> Found:
        found.append(name)
        return find(self, name)

    monkeypatch.setattr(Store, "find", counted)
    for _ in range(100):
        with pytest.raises(OutOfReachError, match="times"):
            coverage_of(card, store, parse("3 * 4"))
    assert len(found) <= 2


def test_the_advice_follows_what_is_saved_and_deleted(tmp_path: Path) -> None:
    store = Store(tmp_path / "weights", tmp_path / "bundled")
    tiny_weights(store, "tiny")
    assert advice(store) == "no weights here can; train some for such equations"
    tiny_weights(store, "times", Task(high=9, operations="*"))
    assert advice(store) == "try :use times"
    tiny_weights(store, "times", Task(high=9, operations="-"))
    assert advice(store) == "no weights here can; train some for such equations"
    tiny_weights(store, "other", Task(high=9, operations="*"))
    assert advice(store) == "try :use other"
    store.delete("other")
    assert advice(store) == "no weights here can; train some for such equations"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("seq2seq", "1 + 2", False),
        ("seq2seq", "1 + 2 + 3", True),
        ("seq2seq", "-1 + 2", False),
        ("work", "1 + 2 + 3", False),
    ],
)
def test_only_a_network_that_writes_at_once_has_too_many_operations(
    kind: str, text: str, expected: bool
) -> None:
    card = tiny_card(task=Task(high=9), architecture=Architecture(kind, hidden=8))
    expression = parse(text)
    coverage = Coverage(text, ())
    assert rank_of(card, coverage, expression)[0] is expected
