from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.store import changes
from mathrepl.store.store import Store
from mathrepl.support.errors import WeightsError
from tests.kit.weights import tiny_weights


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "user", tmp_path / "bundled")
    tiny_weights(Store(store.bundled, store.user), "given")
    return store


def test_what_is_saved_deleted_and_had_back_is_the_same(store: Store):
    changes.save(store, store.find("given"), "mine")
    saved = store.find("mine").card.sha256
    assert saved == store.find("given").card.sha256
    changes.delete(store, "mine")
    assert "mine" not in store.names()
    assert changes.undo(store, "mine") is None
    assert store.find("mine").card.sha256 == saved


@pytest.mark.parametrize(
    ("name", "told"), [("given", "bundled"), ("mine", "already"), ("../x", "cannot name")]
)
def test_a_name_that_is_taken_or_none_is_refused(store: Store, name: str, told: str):
    tiny_weights(store, "mine")
    before = store.find("mine").card
    with pytest.raises(WeightsError, match=told):
        changes.save(store, store.find("given"), name)
    assert store.find("mine").card == before


def test_weights_that_another_process_holds_are_left_alone(store: Store):
    tiny_weights(store, "mine")
    before = store.find("mine").card
    with store.lock("mine"):
        for change in (changes.delete, changes.undo):
            with pytest.raises(WeightsError, match="being trained"):
                change(store, "mine")
    assert store.find("mine").card == before


def test_what_the_system_refuses_is_one_line(store: Store, monkeypatch: pytest.MonkeyPatch):
    tiny_weights(store, "mine")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for method in ("copy", "delete", "undo"):
        monkeypatch.setattr(Store, method, full)
    with pytest.raises(WeightsError, match=r"could not save 'new': No space") as caught:
        changes.save(store, store.find("given"), "new")
    assert str(store.user) in (caught.value.hint or "")
    with pytest.raises(WeightsError, match=r"could not delete 'mine': No space"):
        changes.delete(store, "mine")
    with pytest.raises(WeightsError, match="could not undo: No space"):
        changes.undo(store, "mine")
