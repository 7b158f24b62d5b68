"""`:models`, `:use`, `:card` and `:save`; certify is in `tests/unit/evaluation/test_certify.py`."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mathrepl.arithmetic.task import Task
from mathrepl.commands.spec import Note, Table
from mathrepl.commands.weights import CardPage
from mathrepl.store.card import Certificate, Metrics
from mathrepl.support import atomic
from mathrepl.support.errors import OutOfReachError, UsageError, WeightsError
from tests.kit.lab import Lab, files
from tests.kit.weights import tiny_weights

CERTIFICATES = (
    Certificate("a + b, 0..9", "c", False, 100, 7, 7, 3, "", "2026-01-01"),
    Certificate("beyond", "c", True, 20, 9, 0, 1, "", "2026-01-01"),
)


pytestmark = pytest.mark.usefixtures("home")


# models


def test_the_list_has_the_users_and_the_bundled(lab: Lab):
    lab.bundle("shipped", task=Task(high=99))
    card = lab.store.find("tiny").card
    metrics = Metrics(0.1, 0.9, 0.875)
    lab.store.save_card(replace(card, held_out=metrics, certificates=CERTIFICATES))
    table = lab.value(":models")
    assert isinstance(table, Table)
    shipped, tiny = table.rows
    assert shipped[:4] == ("", "shipped", "a + b, 0..99", "-")
    assert shipped[-1] == "bundled"
    assert tiny[:5] == ("*", "tiny", "a + b, 0..9", "87.50%", "16 wrong of 120 in 2 spaces")
    assert tiny[-2:] == (f"{card.parameters:,}", "user")
    shipped, tiny = table.record()
    assert tiny["held_out_exact"] == 0.875
    assert (tiny["certified_wrong"], tiny["certified_total"]) == (16, 120)
    assert tiny["certified"] == [
        {"space": "a + b, 0..9", "wrong": 7, "total": 100},
        {"space": "beyond", "wrong": 9, "total": 20},
    ]
    assert shipped["certified"] == []
    assert (tiny["current"], shipped["current"]) == (True, False)


def test_one_certificate_is_told_without_a_count_of_spaces(lab: Lab):
    lab.store.save_card(replace(lab.store.find("tiny").card, certificates=CERTIFICATES[:1]))
    (tiny,) = lab.value(":models").rows
    assert tiny[4] == "7 wrong of 100"


def test_the_mark_follows_use(lab: Lab):
    tiny_weights(lab.store, "other")
    assert [row[:2] for row in lab.value(":models").rows] == [("", "other"), ("*", "tiny")]
    lab.value(":use other")
    assert [row[:2] for row in lab.value(":models").rows] == [("*", "other"), ("", "tiny")]


def test_damaged_weights_are_not_listed_as_healthy(lab: Lab):
    tiny_weights(lab.store, "zoo")
    (lab.store.user / "zoo.safetensors").write_bytes(b"short")
    table = lab.value(":models")
    assert [row[2] for row in table.rows] == ["a + b, 0..9", "unreadable"]
    assert "checksum" in table.footer


def test_deleted_weights_are_gone_and_can_be_taken_back(lab: Lab):
    tiny_weights(lab.store, "zoo")
    before = lab.store.find("zoo").card
    assert "zoo is deleted" in lab.value(":delete zoo").text
    assert lab.store.names() == ["tiny"]
    lab.store.undo("zoo")
    assert lab.store.find("zoo").card == before


def test_weights_in_use_or_bundled_are_not_deleted(lab: Lab):
    lab.bundle("shipped")
    with pytest.raises(UsageError, match="in use"):
        lab.values(":delete tiny")
    with pytest.raises(WeightsError, match="bundled weights stay"):
        lab.values(":delete shipped")
    with pytest.raises(WeightsError, match="there are none"):
        lab.values(":delete nobody")
    assert lab.store.names() == ["shipped", "tiny"]


def test_deleting_what_hides_bundled_weights_shows_them_again(lab: Lab):
    lab.bundle("shipped", seed=5)
    bundled = lab.store.find("shipped").card.sha256
    tiny_weights(lab.store, "shipped", seed=6)
    lab.value(":use shipped")
    assert "the bundled one answers again" in lab.value(":delete shipped").text
    assert lab.session.card.sha256 == bundled


@pytest.mark.parametrize("content", [b"{", b"", b"[]", b'{"format": 1}', b"\xff\xfe", b"{}"])
def test_a_damaged_card_costs_its_row_only(lab: Lab, content: bytes):
    tiny_weights(lab.store, "zoo")
    (lab.store.user / "bad.json").write_bytes(content)
    table = lab.value(":models")
    bad, tiny, zoo = table.rows
    assert (bad[1], bad[2]) == ("bad", "unreadable")
    assert "bad.json" in table.footer
    assert "\n" not in table.footer
    assert (tiny[1], zoo[1]) == ("tiny", "zoo")
    record = lab.value(":models").record()[0]
    assert set(record) == {"weights", "error"}


def test_a_damaged_card_of_the_current_weights_does_not_keep_from_the_list(lab: Lab):
    tiny_weights(lab.store, "other")
    (lab.store.user / "tiny.json").write_text("{")
    assert [row[1] for row in lab.value(":models").rows] == ["other", "tiny"]
    lab.value(":use other")
    assert lab.value("3 + 4").weights == "other"


def test_files_that_are_no_cards_are_not_listed(lab: Lab):
    (lab.store.user / "notes.txt").write_text("x")
    (lab.store.user / "-odd name.json").write_text("{")
    lab.store.backups("tiny").add()
    assert [row[1] for row in lab.value(":models").rows] == ["tiny"]


def test_without_any_the_list_says_how_to_get_some(lab: Lab):
    for path in lab.store.user.iterdir():
        path.unlink()
    note = lab.value(":models")
    assert isinstance(note, Note)
    assert ":train" in note.text


# use


def test_use_tells_what_is_now_in_use(lab: Lab):
    tiny_weights(lab.store, "wide", Task(high=99))
    note = lab.value(":use wide")
    assert "wide" in note.text
    assert "0..99" in note.text
    assert lab.value("3 + 4").weights == "wide"


@pytest.mark.parametrize("name", ["nobody", "../tiny", "tiny.json", ".", "bad"])
def test_a_failed_use_keeps_the_weights(lab: Lab, name: str):
    before = lab.value("3 + 4")
    tiny_weights(lab.store, "bad")
    (lab.store.user / "bad.safetensors").write_bytes(b"cut off")
    with pytest.raises(WeightsError):
        lab.values(f":use {name}")
    assert lab.value("3 + 4") == before
    assert lab.value(":models").rows[-1][:2] == ("*", "tiny")


def test_use_of_an_unknown_name_lists_the_known(lab: Lab):
    with pytest.raises(WeightsError) as caught:
        lab.values(":use nobody")
    assert "tiny" in (caught.value.hint or "")


def test_use_of_auto_says_what_it_chooses_from(lab: Lab):
    tiny_weights(lab.store, "add", Task(high=9))
    lab.bundle("work", task=Task(high=99, operations="+-"))
    assert lab.value(":use auto").text.endswith(": work, add")
    assert lab.value("3 + 4").weights == "work"
    assert lab.value("3 - 4").weights == "work"
    assert [row[:2] for row in lab.value(":models").rows] == [
        ("", "add"),
        ("", "tiny"),
        ("*", "work"),
    ]
    lab.value(":use tiny")
    with pytest.raises(OutOfReachError):
        lab.value("3 - 4")


@pytest.mark.parametrize("line", [":save auto", ":card auto"])
def test_auto_is_no_name_of_weights(lab: Lab, line: str):
    with pytest.raises(WeightsError, match="auto"):
        lab.values(line)


# card


def test_the_card_is_that_of_the_current_or_the_named_weights(lab: Lab):
    shipped = lab.bundle("shipped", task=Task(high=99))
    page = lab.value(":card")
    assert isinstance(page, CardPage)
    assert (page.card, page.origin) == (lab.session.card, "user")
    assert Path(page.path) == lab.store.user / "tiny.json"
    page = lab.value(":card shipped")
    assert (page.card, page.origin) == (shipped, "bundled")
    assert lab.session.name == "tiny"


def test_the_record_of_a_card_is_the_card(lab: Lab):
    record = lab.value(":card").record()
    card = lab.session.card
    assert (record["name"], record["sha256"]) == ("tiny", card.sha256)
    assert record["task"]["high"] == 9
    assert record["origin"] == "user"


@pytest.mark.parametrize("name", ["nobody", "../tiny"])
def test_an_unknown_card_is_an_error(lab: Lab, name: str):
    with pytest.raises(WeightsError):
        lab.values(f":card {name}")


# save


def test_save_goes_on_with_the_copy(lab: Lab):
    before = lab.value("3 + 4")
    note = lab.value(":save mine")
    assert "mine" in note.text
    assert lab.session.name == "mine"
    assert replace(lab.value("3 + 4"), weights="tiny") == before
    assert lab.store.find("mine").card.sha256 == lab.store.find("tiny").card.sha256


@pytest.mark.parametrize("name", ["tiny", '""', "../x", "'a b'", "x.safetensors"])
def test_a_save_under_a_bad_name_changes_nothing(lab: Lab, name: str):
    before = files(lab.folder)
    with pytest.raises(WeightsError):
        lab.values(f":save {name}")
    assert files(lab.folder) == before
    assert lab.session.name == "tiny"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_save_that_cannot_write_is_one_error(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, code: int
):
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(atomic, "write_bytes", refuse)
    with pytest.raises(WeightsError, match=os.strerror(code)):
        lab.values(":save mine")
    assert lab.session.name == "tiny"
    assert lab.store.names() == ["tiny"]


def test_damaged_weights_are_not_saved_again(lab: Lab):
    (lab.store.user / "tiny.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match="checksum"):
        lab.values(":save mine")
    assert lab.store.names() == ["tiny"]
