from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mathrepl.networks.config import Architecture
from mathrepl.store.backups import MAX_UNDO
from mathrepl.store.card import (
    MAX_CARD_BYTES,
    MAX_TRAININGS,
    Card,
    Certificate,
    Epoch,
    Metrics,
    Mistake,
    Training,
)
from mathrepl.store.pairs import MAX_WEIGHTS_BYTES, Pair, Pairs
from mathrepl.store.store import Store, bundled_directory, check_name
from mathrepl.store.tensors import dump_tensors
from mathrepl.support import atomic
from mathrepl.support.errors import WeightsError
from tests.kit.weights import TINY_ARCHITECTURE, random_tensors, tiny_card, tiny_weights

BAD_NAMES = [
    "",
    ".",
    "..",
    "../x",
    "/etc/x",
    "a/b",
    "a\\b",
    "a/../../x",
    ".hidden",
    "-x",
    "_x",
    "a\0b",
    "a b",
    "a\n",
    "na\u00efve",
    "x" * 65,
    "x.json",
    "x.safetensors",
    "~",
    "C:x",
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "bundled").mkdir()
    return Store(tmp_path / "user", tmp_path / "bundled")


def bundle(store: Store, name: str, seed: int = 0) -> Card:
    """Put weights among the bundled ones of `store`."""
    return tiny_weights(Store(store.bundled, store.user), name, seed=seed)


def listing(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def seed_of(store: Store, name: str) -> int:
    """The seed that the weights that load as `name` were made with; fails for any mixture."""
    found = store.find(name)
    tensors = store.tensors(found)
    for seed in range(30):
        expected = random_tensors(found.card.architecture, found.card.encoding, seed)
        if all((tensors[key] == expected[key]).all() for key in expected):
            data = dump_tensors(expected)
            assert found.card.sha256 == hashlib.sha256(data).hexdigest()
            return seed
    raise AssertionError("weights of no seed")


def forge(store: Store, card: Card, tensors: dict[str, np.ndarray]) -> None:
    """Write a pair with the right checksum, whatever is in it: `save` would refuse some."""
    data = dump_tensors(tensors)
    sha256 = hashlib.sha256(data).hexdigest()
    Pairs(store.user).write(card.name, Pair(replace(card, sha256=sha256).dump(), sha256, data))


def refused(call, *arguments) -> str:
    with pytest.raises(WeightsError) as caught:
        call(*arguments)
    return str(caught.value)


def test_round_trip(store):
    saved = tiny_weights(store, "mine", seed=3)
    found = store.find("mine")
    assert (found.card, found.origin, found.directory) == (saved, "user", store.user)
    assert found.card == replace(tiny_card("mine"), sha256=saved.sha256)
    assert seed_of(store, "mine") == 3
    assert sorted(listing(store.user)) == ["mine.json", "mine.safetensors"]


def test_a_save_replaces_the_pair_before(store):
    tiny_weights(store, "mine", seed=1)
    tiny_weights(store, "mine", seed=2)
    assert seed_of(store, "mine") == 2
    assert sorted(listing(store.user)) == ["mine.json", "mine.safetensors"]


def test_the_users_weights_come_before_the_bundled(store):
    bundle(store, "both", seed=1)
    assert store.find("both").origin == "bundled"
    assert seed_of(store, "both") == 1
    tiny_weights(store, "both", seed=2)
    assert store.find("both").origin == "user"
    assert seed_of(store, "both") == 2


def test_names_are_those_of_both_directories_sorted_and_once(store):
    assert store.names() == []
    bundle(store, "blog")
    bundle(store, "both")
    tiny_weights(store, "both")
    tiny_weights(store, "A.b-c_1")
    (store.user / ".hidden.json").write_text("{}")
    (store.user / "odd name.json").write_text("{}")
    (store.user / "lonely.safetensors").write_bytes(b"")
    assert store.names() == ["A.b-c_1", "blog", "both"]


def test_names_of_directories_that_are_none_are_empty(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert Store(tmp_path / "file", tmp_path / "absent").names() == []


def test_unknown_weights_are_refused_with_the_known_names(store):
    assert "none yet" in refused(store.find, "mine")
    bundle(store, "blog")
    assert "blog" in refused(store.find, "mine")


def test_a_pair_copied_under_another_file_name_goes_by_that_name(store):
    tiny_weights(store, "mine", seed=4)
    for suffix in (".json", ".safetensors"):
        (store.user / f"mine{suffix}").rename(store.user / f"yours{suffix}")
    assert store.find("yours").card.name == "yours"
    assert seed_of(store, "yours") == 4


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_names_that_could_leave_the_directory_are_refused_everywhere(store, tmp_path, name):
    card = tiny_weights(store, "mine")
    before = listing(tmp_path)
    found = store.find("mine")
    tensors = store.tensors(found)
    for call, *arguments in (
        (check_name, name),
        (store.find, name),
        (store.save, card.renamed(name), tensors),
        (store.save_card, card.renamed(name)),
        (store.copy, found, name),
        (store.exists_as_user, name),
        (store.backups, name),
        (store.undo, name),
    ):
        refused(call, *arguments)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("name", ["a", "0", "A.b-c_9", "x" * 64, "a..b", "json"])
def test_ordinary_names_are_kept(name):
    assert check_name(name) == name


def test_a_missing_weights_file_is_told_by_its_path(store):
    tiny_weights(store, "mine")
    (store.user / "mine.safetensors").unlink()
    message = refused(store.tensors, store.find("mine"))
    assert "missing" in message
    assert str(store.user / "mine.safetensors") in message


@pytest.mark.parametrize("place", [0, 8, 500, -1])
def test_one_flipped_bit_is_found_by_the_checksum(store, place):
    tiny_weights(store, "mine")
    path = store.user / "mine.safetensors"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    message = refused(store.tensors, store.find("mine"))
    assert "checksum" in message
    assert str(path) in message


@pytest.mark.parametrize("length", [0, 7, 100])
def test_a_truncated_weights_file_is_refused(store, length):
    tiny_weights(store, "mine")
    os.truncate(store.user / "mine.safetensors", length)
    assert "checksum" in refused(store.tensors, store.find("mine"))


def test_weights_of_other_shapes_are_refused_although_their_checksum_is_right(store):
    card = tiny_card("mine")
    tensors = random_tensors(card.architecture, card.encoding)
    tensors["output.bias"] = np.zeros(3, np.float32)
    assert "output.bias" in refused(store.save, card, tensors)
    forge(store, card, tensors)
    assert "output.bias" in refused(store.tensors, store.find("mine"))


@pytest.mark.parametrize("value", [np.nan, 3.3e38])
def test_numbers_are_refused_although_their_checksum_is_right(store, value):
    card = tiny_weights(store, "mine")
    tensors = random_tensors(card.architecture, card.encoding)
    tensors["output.bias"][0] = value
    assert "output.bias" in refused(store.save, card, tensors)
    assert store.find("mine").card == card  # and those in place stay
    forge(store, card, tensors)
    assert "output.bias" in refused(store.tensors, store.find("mine"))


def test_a_broken_card_is_refused_and_does_not_give_way_to_the_bundled_one(store):
    bundle(store, "both")
    tiny_weights(store, "both")
    (store.user / "both.json").write_text("{")
    assert str(store.user / "both.json") in refused(store.find, "both")


def test_a_directory_in_place_of_a_file_is_refused(store):
    (store.user / "mine.json").mkdir(parents=True)
    assert "mine.json" in refused(store.find, "mine")
    (store.user / "mine.json").rmdir()
    tiny_weights(store, "mine")
    (store.user / "mine.safetensors").unlink()
    (store.user / "mine.safetensors").mkdir()
    assert "mine.safetensors" in refused(store.tensors, store.find("mine"))


def test_files_of_absurd_size_are_refused_unread(store):
    tiny_weights(store, "mine")
    os.truncate(store.user / "mine.safetensors", MAX_WEIGHTS_BYTES + 1)
    assert "too large" in refused(store.tensors, store.find("mine"))
    os.truncate(store.user / "mine.json", MAX_CARD_BYTES + 1)
    assert "too large" in refused(store.find, "mine")


def test_a_checksum_cannot_lead_out_of_the_directory(store, tmp_path):
    tiny_weights(store, "mine")
    (tmp_path / "secret").write_bytes(b"secret")
    (store.user / "mine.safetensors").unlink()
    record = json.loads((store.user / "mine.json").read_bytes())
    for checksum in ("/../../../secret", "", "../" * 30):
        (store.user / "mine.json").write_text(json.dumps({**record, "sha256": checksum}))
        assert "missing" in refused(store.tensors, store.find("mine"))
    (store.user / "mine.json").write_text(json.dumps({**record, "sha256": "\0"}))
    assert "sha256" in refused(store.find, "mine")


def test_a_card_read_before_a_save_never_gets_the_weights_after_it(store):
    tiny_weights(store, "mine", seed=1)
    before = store.find("mine")
    tiny_weights(store, "mine", seed=2)
    refused(store.tensors, before)


def test_copy_keeps_everything_but_the_name(store):
    bundle(store, "blog", seed=6)
    store.copy(store.find("blog"), "mine")
    assert seed_of(store, "mine") == 6
    assert store.find("mine").card == store.find("blog").card.renamed("mine")
    assert store.find("mine").origin == "user"


def test_save_card_changes_the_card_and_leaves_the_weights(store):
    card = tiny_weights(store, "mine", seed=1)
    store.save_card(replace(card, best_epoch=7))
    assert store.find("mine").card == replace(card, best_epoch=7)
    assert seed_of(store, "mine") == 1


def test_the_bundled_directory_stands_beside_or_inside_the_package():
    assert bundled_directory().name == "weights"
    assert Store(Path("nowhere")).bundled == bundled_directory()


# Cut-off saves.
#
# A save renames three times: the pending weights into place, the card, the weights. The card's
# rename is the commit.

RENAMES = [(1, "before"), (1, "after"), (2, "before"), (2, "after"), (3, "before"), (3, "after")]
BEFORE_THE_COMMIT = RENAMES[:3]


class PowerCut(BaseException):
    pass


class Renames:
    """Raises at the chosen rename; with `dead` nothing on disk can change any more after it."""

    def __init__(self, patch, number: int, moment: str, error: BaseException, *, dead: bool):
        self.count = 0
        self.cut = False
        rename, unlink = Path.replace, Path.unlink

        def replacing(path: Path, target: Path) -> Path:
            self.count += 1
            if self.cut and dead:
                raise error
            if self.count == number and moment == "before":
                self.cut = True
                raise error
            result = rename(path, target)
            if self.count == number:
                self.cut = True
                raise error
            return result

        def unlinking(path: Path, missing_ok: bool = False) -> None:
            if self.cut and dead:
                raise error
            unlink(path, missing_ok)

        patch.setattr(Path, "replace", replacing)
        patch.setattr(Path, "unlink", unlinking)


def cut_save(
    store: Store, seed: int, number: int, moment: str, error: BaseException, *, dead: bool
):
    with pytest.MonkeyPatch.context() as patch:
        renames = Renames(patch, number, moment, error, dead=dead)
        with pytest.raises(type(error)):
            tiny_weights(store, "mine", seed=seed)
        assert renames.cut


@pytest.mark.parametrize(("number", "moment"), RENAMES)
def test_a_power_cut_in_a_save_leaves_the_old_pair_or_the_new(store, number, moment):
    tiny_weights(store, "mine", seed=1)
    cut_save(store, 2, number, moment, PowerCut(), dead=True)
    assert seed_of(store, "mine") == (1 if (number, moment) in BEFORE_THE_COMMIT else 2)
    assert store.names() == ["mine"]


@pytest.mark.parametrize(("number", "moment"), RENAMES)
def test_a_power_cut_in_a_first_save_leaves_nothing_or_the_new_pair(store, number, moment):
    cut_save(store, 2, number, moment, PowerCut(), dead=True)
    if (number, moment) in BEFORE_THE_COMMIT:
        assert "no weights" in refused(store.find, "mine")
        assert store.names() == []
    else:
        assert seed_of(store, "mine") == 2


@pytest.mark.parametrize(("number", "moment"), RENAMES)
def test_saving_goes_on_after_a_power_cut(store, number, moment):
    tiny_weights(store, "mine", seed=1)
    cut_save(store, 2, number, moment, PowerCut(), dead=True)
    tiny_weights(store, "mine", seed=3)
    assert seed_of(store, "mine") == 3


@pytest.mark.parametrize("first", RENAMES)
@pytest.mark.parametrize("second", RENAMES)
def test_a_second_power_cut_never_mixes_pairs(store, first, second):
    tiny_weights(store, "mine", seed=1)
    cut_save(store, 2, *first, PowerCut(), dead=True)
    survivor = seed_of(store, "mine")
    cut_save(store, 3, *second, PowerCut(), dead=True)
    assert seed_of(store, "mine") in {survivor, 3}


@pytest.mark.parametrize(("number", "moment"), RENAMES)
def test_an_interrupt_in_a_save_leaves_the_old_pair_or_the_new(store, number, moment):
    tiny_weights(store, "mine", seed=1)
    cut_save(store, 2, number, moment, KeyboardInterrupt(), dead=False)
    assert seed_of(store, "mine") in {1, 2}


@pytest.mark.parametrize("number", [1, 2])
def test_a_save_that_fails_leaves_the_old_pair_and_nothing_else(store, number):
    tiny_weights(store, "mine", seed=1)
    before = listing(store.user)
    cut_save(store, 2, number, "before", OSError(errno.ENOSPC, "full"), dead=False)
    assert listing(store.user) == before


def test_a_save_that_fails_at_its_last_rename_leaves_a_pair(store):
    tiny_weights(store, "mine", seed=1)
    cut_save(store, 2, 3, "before", OSError(errno.EACCES, "denied"), dead=False)
    assert seed_of(store, "mine") in {1, 2}


def test_a_first_save_on_a_full_disk_leaves_nothing(store, monkeypatch):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="full"):
            tiny_weights(store, "mine")
    assert listing(store.user) == {}


def test_a_failed_save_of_the_same_weights_after_a_power_cut_keeps_them(store):
    tiny_weights(store, "mine", seed=1)
    cut_save(store, 2, 2, "after", PowerCut(), dead=True)
    cut_save(store, 2, 2, "before", OSError(errno.ENOSPC, "full"), dead=False)
    assert seed_of(store, "mine") == 2


def test_weights_pending_by_hand_are_taken_with_the_card_that_names_them(store, tmp_path):
    old = tiny_weights(store, "mine", seed=1)
    new = tiny_weights(Store(tmp_path / "other", store.bundled), "mine", seed=2)
    data = (tmp_path / "other" / "mine.safetensors").read_bytes()
    (store.user / f".mine.{new.sha256[:16]}.pending").write_bytes(data)
    assert seed_of(store, "mine") == 1
    (store.user / "mine.json").write_bytes(new.dump())
    assert seed_of(store, "mine") == 2
    (store.user / f".mine.{new.sha256[:16]}.pending").write_bytes(data[:-1])
    assert "checksum" in refused(store.tensors, store.find("mine"))
    (store.user / "mine.json").write_bytes(old.dump())
    assert seed_of(store, "mine") == 1


# Undo.


def test_undo_puts_back_the_users_pair_and_keeps_the_undone_one(store):
    before = tiny_weights(store, "mine", seed=1)
    assert store.backups("mine").add() == 1
    tiny_weights(store, "mine", seed=2)
    undone = store.undo("mine")
    assert seed_of(store, "mine") == 1
    assert store.find("mine").card == before
    assert undone is not None
    assert seed_of(store, undone) == 2
    assert store.find(undone).card.name == undone


def test_undo_removes_weights_that_were_new(store):
    store.backups("mine").add()
    tiny_weights(store, "mine", seed=2)
    undone = store.undo("mine")
    assert not store.exists_as_user("mine")
    assert "no weights" in refused(store.find, "mine")
    assert not (store.user / "mine.safetensors").exists()
    assert seed_of(store, undone) == 2


def test_undo_uncovers_bundled_weights(store):
    bundle(store, "blog", seed=1)
    bundled = listing(store.bundled)
    store.backups("blog").add()
    tiny_weights(store, "blog", seed=2)
    undone = store.undo("blog")
    assert store.find("blog").origin == "bundled"
    assert seed_of(store, "blog") == 1
    assert seed_of(store, undone) == 2
    assert listing(store.bundled) == bundled


def test_undo_without_weights_to_undo_keeps_none(store):
    store.backups("mine").add()
    assert store.undo("mine") is None
    assert store.names() == []


def test_undo_goes_back_step_by_step(store):
    store.backups("mine").add()
    for seed in (1, 2):
        tiny_weights(store, "mine", seed=seed)
        store.backups("mine").add()
    tiny_weights(store, "mine", seed=3)
    assert store.backups("mine").last == 3
    store.undo("mine")
    assert seed_of(store, "mine") == 2
    store.undo("mine")
    assert seed_of(store, "mine") == 1
    store.undo("mine")
    assert not store.exists_as_user("mine")
    assert store.backups("mine").last is None
    assert "undo" in refused(store.undo, "mine")


def test_undo_of_one_name_leaves_another_alone(store):
    tiny_weights(store, "mine", seed=1)
    tiny_weights(store, "yours", seed=2)
    store.backups("mine").add()
    assert store.backups("yours").last is None
    refused(store.undo, "yours")
    assert seed_of(store, "yours") == 2


def test_restore_puts_back_by_number_and_forgets_it(store):
    tiny_weights(store, "mine", seed=1)
    number = store.backups("mine").add()
    tiny_weights(store, "mine", seed=2)
    store.backups("mine").restore(number)
    assert seed_of(store, "mine") == 1
    assert store.names() == ["mine"]
    assert store.backups("mine").last is None
    assert listing(store.user / ".undo") == {}


def test_restore_of_what_was_never_kept_is_refused_and_changes_nothing(store):
    tiny_weights(store, "mine", seed=1)
    refused(store.backups("mine").restore, 5)
    assert seed_of(store, "mine") == 1


def test_only_the_newest_are_kept_for_undo(store):
    tiny_weights(store, "mine", seed=1)
    numbers = [store.backups("mine").add() for _ in range(MAX_UNDO + 2)]
    assert numbers == list(range(1, MAX_UNDO + 3))
    kept = {path.stem for path in (store.user / ".undo" / "mine").iterdir()}
    assert kept == {str(number) for number in numbers[1:]}
    for _ in range(MAX_UNDO + 1):
        store.backups("mine").restore(store.backups("mine").last)
    assert store.backups("mine").last is None


def test_kept_pairs_are_no_names_of_their_own(store):
    tiny_weights(store, "mine")
    store.backups("mine").add()
    assert store.names() == ["mine"]


def test_undo_works_although_the_weights_after_the_training_are_damaged(store):
    tiny_weights(store, "mine", seed=1)
    store.backups("mine").add()
    tiny_weights(store, "mine", seed=2)
    (store.user / "mine.safetensors").write_bytes(b"damaged")
    store.undo("mine")
    assert seed_of(store, "mine") == 1


@pytest.mark.parametrize("name", ["x" * 64, "x" * 57 + "-undone", "x-undone"])
def test_undone_weights_never_take_the_place_of_the_restored_ones(store, name):
    tiny_weights(store, name, seed=1)
    store.backups(name).add()
    tiny_weights(store, name, seed=2)
    undone = store.undo(name)
    assert seed_of(store, name) == 1
    assert seed_of(store, undone) == 2


@pytest.mark.parametrize(("number", "moment"), RENAMES)
def test_a_power_cut_in_an_undo_leaves_a_pair_and_undo_can_be_repeated(store, number, moment):
    tiny_weights(store, "mine", seed=1)
    store.backups("mine").add()
    tiny_weights(store, "mine", seed=2)
    with pytest.MonkeyPatch.context() as patch:
        Renames(patch, number + 3, moment, PowerCut(), dead=True)
        with pytest.raises(PowerCut):
            store.undo("mine")
    assert seed_of(store, "mine") in {1, 2}
    store.undo("mine")
    assert seed_of(store, "mine") == 1


# The bundled directory.


def test_nothing_is_ever_written_to_the_bundled_directory(store):
    bundle(store, "blog", seed=1)
    before = listing(store.bundled)
    found = store.find("blog")
    store.tensors(found)
    store.backups("blog").add()
    store.save(found.card, store.tensors(found))
    store.save_card(replace(store.find("blog").card, best_epoch=1))
    store.copy(found, "copy")
    store.undo("blog")
    assert listing(store.bundled) == before


@pytest.mark.parametrize("method", ["save", "save_card", "copy", "remember", "remember new"])
def test_a_user_directory_that_is_the_bundled_one_is_not_written(store, tmp_path, method):
    card = bundle(store, "blog", seed=1)
    before = listing(store.bundled)
    (tmp_path / "link").symlink_to(store.bundled)
    for user in (store.bundled, tmp_path / "link"):
        same = Store(user, store.bundled)
        found = same.find("blog")
        calls = {
            "save": lambda same=same, found=found: same.save(card, same.tensors(found)),
            "save_card": lambda same=same: same.save_card(replace(card, best_epoch=9)),
            "copy": lambda same=same, found=found: same.copy(found, "copy"),
            "remember": lambda same=same: same.backups("blog").add(),
            "remember new": lambda same=same: same.backups("new").add(),
        }
        refused(calls[method])
        assert listing(store.bundled) == before


# Other processes.


def test_a_card_is_not_written_over_that_of_other_weights(store):
    """As when a session certifies weights that another has trained on meanwhile."""
    before = tiny_weights(store, "mine", seed=1)
    after = tiny_weights(store, "mine", seed=2)
    assert "another session" in refused(store.save_card, replace(before, best_epoch=7))
    assert store.find("mine").card == after
    assert seed_of(store, "mine") == 2
    store.delete("mine")
    assert "another session" in refused(store.save_card, after)
    assert not store.exists_as_user("mine")


class SavedBetween:
    """The store of a reader; whenever it has read a card, another process saves anew."""

    def __init__(self, store: Store, times: int) -> None:
        self.store = Store(store.user, store.bundled)
        self.left, self.find = times, self.store.find
        self.store.find = self.found  # type: ignore[method-assign]

    def found(self, name: str):
        found = self.find(name)
        if self.left:
            self.left -= 1
            tiny_weights(Store(self.store.user, self.store.bundled), name, seed=10 + self.left)
        return found


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_reader_gets_a_pair_although_others_save_meanwhile(store, times):
    tiny_weights(store, "mine", seed=1)
    reader = SavedBetween(store, times)
    found, tensors = reader.store.load("mine")
    expected = random_tensors(found.card.architecture, found.card.encoding, 10)
    assert all((tensors[key] == expected[key]).all() for key in expected)


def test_damaged_weights_are_read_once_and_refused(store):
    tiny_weights(store, "mine")
    (store.user / "mine.safetensors").write_bytes(b"damaged")
    reader = SavedBetween(store, 0)
    assert "checksum" in refused(reader.store.load, "mine")


def test_the_checksum_of_a_users_card(store):
    bundle(store, "blog")
    assert store.sha256("blog") == store.sha256("nobody") == ""
    assert store.sha256("mine") == ""
    saved = tiny_weights(store, "mine")
    assert store.sha256("mine") == saved.sha256
    (store.user / "mine.json").write_text("{")
    assert store.sha256("mine") == ""


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_never_ends_is_not_read(store, suffix, make):
    tiny_weights(store, "mine")
    path = store.user / f"mine{suffix}"
    path.unlink()
    make(path)
    assert "not an ordinary file" in refused(store.load, "mine")
    assert store.names() == ["mine"]


def test_only_a_file_whose_checksum_holds_is_taken_into_memory(store):
    card = tiny_weights(store, "mine", architecture=Architecture(hidden=512))
    path = store.user / "mine.safetensors"
    size = path.stat().st_size
    assert size > 10_000_000
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    tracemalloc.start()
    try:
        assert "checksum" in refused(store.read, store.find("mine"))
        assert tracemalloc.get_traced_memory()[1] < size / 4
    finally:
        tracemalloc.stop()
    assert card.sha256


@pytest.mark.parametrize(
    "left",
    [
        "7.safetensors",
        ".7.0123456789abcdef.pending",
        "..7.0123456789abcdef.pending.x.mathrepl-tmp",
        ".7.json.x.mathrepl-tmp",
    ],
)
def test_what_a_kill_has_left_among_the_kept_is_cleared_by_the_next_training(store, left):
    tiny_weights(store, "mine", seed=1)
    store.backups("mine").add()
    kept = store.user / ".undo" / "mine"
    before = sorted(path.name for path in kept.iterdir())
    (kept / left).touch()
    assert store.backups("mine").add() == 2
    assert sorted(path.name for path in kept.iterdir()) == sorted(
        [*before, "2.json", "2.safetensors"]
    )


def test_weights_that_a_kill_left_without_a_card_are_cleared_by_the_next_save_of_any(store):
    other = tiny_weights(store, "other", seed=1)
    orphan = store.user / ".gone.0123456789abcdef.pending"  # its card was never written
    at_work = store.user / ".new.0123456789abcdef.pending"
    worse = store.user / ".other.0123456789abcdef.pending"  # its card has other weights
    needed = store.user / f".other.{other.sha256[:16]}.pending"
    foreign = store.user / ".notes.pending"
    for path in (orphan, at_work, worse, needed, foreign):
        path.touch()
    with at_work.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as its saver holds it until the card is there
        tiny_weights(store, "mine", seed=2)
    assert set(store.user.glob(".*.pending")) == {at_work, needed, foreign}


@pytest.mark.parametrize("change", ["save", "save, disk full", "delete", "undo"])
def test_pending_weights_of_a_name_that_begins_with_another_stay(store, monkeypatch, change):
    card = tiny_weights(store, "net", seed=1)
    store.backups("net").add()
    at_work = store.user / ".net.v2.0123456789abcdef.pending"
    at_work.touch()
    with at_work.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as its saver holds it until the card is there
        match change:
            case "save":
                tiny_weights(store, "net", seed=2)
            case "save, disk full":
                tensors = random_tensors(card.architecture, card.encoding, 2)
                with monkeypatch.context() as patch:
                    patch.setattr(atomic, "write_bytes", disk_full)
                    with pytest.raises(OSError, match="full"):
                        store.save(card, tensors)
            case "delete":
                store.delete("net")
            case "undo":
                store.undo("net")
    assert at_work.exists()


def disk_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "disk full")


def test_only_the_files_of_undo_steps_are_cleared_among_them(store):
    tiny_weights(store, "mine", seed=1)
    store.backups("mine").add()
    kept = store.user / ".undo" / "mine"
    for name in ("7.notes.txt", "8", "9.json.bak", "\u0661.safetensors", "damaged-4.json"):
        (kept / name).touch()
    before = set(listing(kept))
    store.backups("mine").add()
    assert set(listing(kept)) == before | {"2.json", "2.safetensors"}


def test_pending_weights_stay_where_their_card_cannot_be_read(store):
    (store.user / "other.json").mkdir(parents=True)
    pending = store.user / ".other.0123456789abcdef.pending"
    pending.touch()
    tiny_weights(store, "mine", seed=2)
    assert pending.exists()


def test_a_saver_whose_pending_weights_were_cleared_writes_them_again(store, monkeypatch):
    write_bytes = atomic.write_bytes

    def clearing(path: Path, data: bytes) -> None:
        write_bytes(path, data)
        for pending in store.user.glob(".mine.*.pending"):
            pending.unlink()  # by another process that took it for an abandoned one

    monkeypatch.setattr(atomic, "write_bytes", clearing)
    tiny_weights(store, "mine", seed=3)
    assert seed_of(store, "mine") == 3


def test_a_saver_keeps_its_pending_weights_locked_until_they_are_in_place(store, monkeypatch):
    replace_path = Path.replace
    seen = []

    def replacing(self: Path, target: Path) -> Path:
        if target.name in ("mine.json", "mine.safetensors"):
            (pending,) = store.user.glob(".mine.*.pending")
            with pending.open("rb") as file, pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            seen.append(target.name)
        return replace_path(self, target)

    monkeypatch.setattr(Path, "replace", replacing)
    tiny_weights(store, "mine", seed=1)
    assert seen == ["mine.json", "mine.safetensors"]


def test_deleting_weights_leaves_no_pending_ones(store):
    card = tiny_weights(store, "mine", seed=1)
    path = store.user / "mine.safetensors"
    path.rename(store.user / f".mine.{card.sha256[:16]}.pending")  # as a kill leaves them
    store.delete("mine")
    assert [path.name for path in store.user.iterdir() if path.is_file()] == []
    store.undo("mine")
    assert seed_of(store, "mine") == 1


def test_weights_that_are_renamed_into_place_while_they_are_looked_for_are_found(
    store, monkeypatch, tmp_path
):
    tiny_weights(store, "mine", seed=1)
    new = tiny_weights(Store(tmp_path / "other", store.bundled), "mine", seed=2)
    pending = store.user / f".mine.{new.sha256[:16]}.pending"
    pending.write_bytes((tmp_path / "other" / "mine.safetensors").read_bytes())
    (store.user / "mine.json").write_bytes(new.dump())
    opened = atomic.open_ordinary

    def slowly(path: Path, most: int):
        file = opened(path, most)
        if path.suffix == ".safetensors" and pending.exists():
            pending.replace(path)  # the saver goes on
        return file

    monkeypatch.setattr(atomic, "open_ordinary", slowly)
    assert seed_of(store, "mine") == 2


@pytest.mark.parametrize("key", ["architecture", "task"])
@pytest.mark.parametrize("pending", [False, True])
def test_weights_of_a_package_that_is_gone_come_back_byte_for_byte(store, key, pending):
    tiny_weights(store, "mine")
    card, weights = store.user / "mine.json", store.user / "mine.safetensors"
    record = json.loads(card.read_text())
    record[key] |= {"kind": "gone"} if key == "architecture" else {"rule": "gone"}
    card.write_text(json.dumps(record))
    if pending:  # as a kill in a save leaves them
        weights.rename(Pairs(store.user).pending("mine", record["sha256"]))
    with pytest.raises(WeightsError):
        store.load("mine")
    before = card.read_bytes()
    data = dump_tensors(random_tensors(TINY_ARCHITECTURE, tiny_card().encoding))
    store.delete("mine")
    assert not card.exists()
    assert store.undo("mine") is None
    assert (card.read_bytes(), weights.read_bytes()) == (before, data)
    # A training of the same name takes its place, and gives it back too.
    number = store.backups("mine").add()
    tiny_weights(store, "mine", seed=1)
    store.backups("mine").restore(number)
    assert (card.read_bytes(), weights.read_bytes()) == (before, data)


def test_what_is_kept_and_was_damaged_since_is_refused_and_changes_nothing(store):
    tiny_weights(store, "mine")
    number = store.backups("mine").add()
    tiny_weights(store, "mine", seed=1)
    before = store.find("mine").card
    (store.user / ".undo" / "mine" / f"{number}.safetensors").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="missing or damaged"):
        store.backups("mine").restore(number)
    assert store.find("mine").card == before
    assert store.backups("mine").last == number


# Changes that lock the name themselves.


def test_what_is_saved_deleted_and_had_back_is_the_same(store):
    bundle(store, "given")
    store.copy(store.find("given"), "mine")
    saved = store.find("mine").card.sha256
    assert saved == store.find("given").card.sha256
    store.delete("mine")
    assert "mine" not in store.names()
    assert store.undo("mine") is None
    assert store.find("mine").card.sha256 == saved


@pytest.mark.parametrize(
    ("name", "told"), [("given", "bundled"), ("mine", "already"), ("../x", "cannot name")]
)
def test_a_name_that_is_taken_or_none_is_refused(store, name, told):
    bundle(store, "given")
    tiny_weights(store, "mine")
    before = store.find("mine").card
    with pytest.raises(WeightsError, match=told):
        store.copy(store.find("given"), name)
    assert store.find("mine").card == before


def test_weights_that_another_process_holds_are_left_alone(store):
    bundle(store, "given")
    tiny_weights(store, "mine")
    before = store.find("mine").card
    with store.lock("mine"):
        for change in (store.delete, store.undo):
            with pytest.raises(WeightsError, match=r"^mine "):
                change("mine")
    assert store.find("mine").card == before


def test_what_the_system_refuses_is_one_line(store, monkeypatch):
    bundle(store, "given")
    tiny_weights(store, "mine")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store.backups("mine").add()
    monkeypatch.setattr(atomic, "written", full)
    with pytest.raises(WeightsError, match=r"could not save 'new': No space") as caught:
        store.copy(store.find("given"), "new")
    assert str(store.user) in (caught.value.hint or "")
    with pytest.raises(WeightsError, match=r"could not delete 'mine': No space"):
        store.delete("mine")
    with pytest.raises(WeightsError, match="could not undo: No space"):
        store.undo("mine")


# A change that fails leaves what was there, and no copy that would push out others.


@pytest.mark.parametrize("times", [1, 3])
def test_changes_that_fail_leave_no_steps_and_no_copies(store, monkeypatch, times):
    tiny_weights(store, "mine", seed=1)
    store.backups("mine").add()
    tiny_weights(store, "mine", seed=2)
    before = listing(store.user)
    replace_path, unlink = Path.replace, Path.unlink

    def replacing(self: Path, target: Path) -> Path:
        if target == store.user / "mine.json":
            disk_full()
        return replace_path(self, target)

    def unlinking(self: Path, *, missing_ok: bool = False) -> None:
        if self == store.user / "mine.json":
            disk_full()
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "replace", replacing)
    monkeypatch.setattr(Path, "unlink", unlinking)
    for _ in range(times):
        assert "disk full" in refused(store.delete, "mine")
        assert "disk full" in refused(store.undo, "mine")
    assert listing(store.user) == before


def test_changes_that_fail_push_out_no_older_steps(store, monkeypatch):
    tiny_weights(store, "mine", seed=1)
    for _ in range(MAX_UNDO + 5):
        store.backups("mine").add()
    unlink = Path.unlink

    def unlinking(self: Path, *, missing_ok: bool = False) -> None:
        if self == store.user / "mine.json":
            disk_full()
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlinking)
    for _ in range(3):
        assert "disk full" in refused(store.delete, "mine")
        assert len(list((store.user / ".undo" / "mine").glob("*.json"))) == MAX_UNDO


def test_a_change_that_fails_after_it_was_made_keeps_its_step(store):
    card = tiny_weights(store, "mine", seed=1)

    def interrupted() -> None:
        with store.backups("mine").kept():
            store.save(card, random_tensors(card.architecture, card.encoding, 2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seed_of(store, "mine") == 2
    store.undo("mine")
    assert seed_of(store, "mine") == 1


# Undo steps that are damaged.


def three_steps(store: Store, *damaged: int) -> Path:
    """Weights of seed 4 with steps 1 to 3 of those seeds, some of them damaged."""
    for seed in (1, 2, 3):
        tiny_weights(store, "mine", seed=seed)
        store.backups("mine").add()
    tiny_weights(store, "mine", seed=4)
    kept = store.user / ".undo" / "mine"
    for number in damaged:
        (kept / f"{number}.safetensors").write_bytes(b"damaged")
    return kept


@pytest.mark.parametrize("damaged", [(3,), (2, 3), (1, 2, 3)])
def test_a_damaged_step_is_told_before_anything_is_changed(store, damaged):
    kept = three_steps(store, *damaged)
    before = listing(store.user)
    for _ in range(3):
        message = refused(store.undo, "mine")
        assert "damaged" in message
        assert str(kept) in message
        assert (":undo --skip-damaged" in message) == (1 not in damaged)
    assert listing(store.user) == before


@pytest.mark.parametrize("damaged", [(3,), (2, 3)])
def test_older_steps_can_be_reached_past_damaged_ones(store, damaged):
    kept = three_steps(store, *damaged)
    store.undo("mine", skip_damaged=True)
    seed = 3 - len(damaged)
    assert seed_of(store, "mine") == seed
    aside = {path.name for path in kept.glob("damaged-*")}
    assert aside == {f"damaged-{n}.{kind}" for n in damaged for kind in ("json", "safetensors")}
    for older in range(seed - 1, 0, -1):
        store.undo("mine")
        assert seed_of(store, "mine") == older
    assert "no training" in refused(store.undo, "mine")


def test_where_no_step_is_whole_none_is_skipped(store):
    three_steps(store, 1, 2, 3)
    before = listing(store.user)
    with pytest.raises(WeightsError, match="every undo step"):
        store.undo("mine", skip_damaged=True)
    assert listing(store.user) == before


def test_without_damage_skipping_changes_nothing(store):
    three_steps(store)
    store.undo("mine", skip_damaged=True)
    assert seed_of(store, "mine") == 3


# What is written can be read.

SOUND = Metrics(0.5, 0.5, 0.5)
TRAINING = Training(command="train", held_out_examples=9, started="", outcome="")


@st.composite
def cards(draw: st.DrawFn, *, sound: bool) -> Card:
    """Cards of a tiny network with any trainings, epochs, measurements and mistakes.

    The values of `sound` ones are such as a training and a certificate make.
    """
    shares, losses, counts = st.floats(0, 1), st.floats(0, 99), st.integers(0, 10**9)
    texts = st.sampled_from(["x", "1 + 2", "y" * 9_999, "\u00e9" * 2_000])
    if not sound:
        shares, losses, counts = st.floats(), st.floats(width=32), st.integers()
        texts |= st.text()
    metrics = st.builds(Metrics, losses, shares, shares)
    epochs = st.builds(Epoch, counts, losses, metrics, metrics, texts)
    trainings = st.builds(
        Training,
        epochs=counts,
        learning_rate=losses,
        command=texts,
        held_out_examples=counts,
        started=texts,
        outcome=texts,
        versions=st.dictionaries(texts, texts, max_size=2),
        part=texts,
    )
    mistakes = st.builds(Mistake, texts, texts, texts, shares)
    certificates = st.builds(
        Certificate,
        space=texts,
        command=texts,
        sampled=st.booleans(),
        total=st.just(9),
        wrong=st.integers(0, 9),
        wrong_operand_below_100=counts,
        wrong_one_digit=counts,
        weights_sha256=texts,
        date=texts,
        seconds=losses,
        classes=st.dictionaries(
            texts, st.dictionaries(texts, st.tuples(counts, counts), max_size=2), max_size=2
        ),
        mistakes=st.tuples(mistakes).map(lambda some: some * 300),
    )
    many = st.sampled_from([1, 1, 1, 1, 1_500])
    past = draw(st.lists(trainings, max_size=2).map(tuple)) * draw(many)
    return replace(
        tiny_card("mine"),
        trainings=tuple(replace(one, seed=number) for number, one in enumerate(past)),
        history=draw(st.lists(epochs, max_size=2).map(tuple)) * draw(many),
        best_epoch=draw(counts),
        held_out=draw(st.none() | metrics),
        certificates=draw(st.lists(certificates, max_size=2).map(tuple)),
    )


@pytest.mark.parametrize("sound", [True, False])
@given(data=st.data(), whole=st.booleans())
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.reuse, Phase.generate),  # to shrink cards of 3 MB would take minutes
)
def test_any_card_is_written_so_that_it_can_be_read_or_not_at_all(sound, data, whole):
    card = data.draw(cards(sound=sound))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "user", Path(folder) / "bundled")
        saved = tiny_weights(store, "mine", seed=1)
        tensors = random_tensors(card.architecture, card.encoding, 2 if whole else 1)
        before = listing(store.user)
        try:
            if whole:
                store.save(card, tensors)
            else:
                store.save_card(replace(card, sha256=saved.sha256))
        except WeightsError as error:
            assert not sound
            assert "not saved" in error.message  # noqa: PT017
            assert listing(store.user) == before
        found, read = store.load("mine")
        if sound:
            assert found.card.held_out == card.held_out
            assert found.card.history[-1:] == card.history[-1:]
            assert found.card.trainings[-1:] == card.trainings[-1:]
        store.save(found.card, read)  # what was read can be written again


def test_the_card_after_thousands_of_trainings_can_be_read(store):
    training = replace(TRAINING, command="c" * 900)
    past = tuple(replace(training, epochs=n, part="d" if n % 2 else "r") for n in range(1, 3_000))
    past = (replace(training, part="long ago"), *past)
    card = replace(tiny_card("mine"), trainings=past, history=(Epoch(1, 1.0, SOUND, SOUND),) * 4000)
    kept = store.find(store.save(card, random_tensors(card.architecture, card.encoding)).name).card
    assert MAX_TRAININGS / 2 < len(kept.trainings) <= MAX_TRAININGS
    assert len(kept.history) == 4000
    # The first, the newest, and the last of each part stay: the next of a part begins with it.
    assert kept.trainings[0] == past[0]
    assert kept.trainings[-100:] == past[-100:]
    longer = replace(card, trainings=tuple(replace(one, command="c" * 9_999) for one in past))
    store.save(longer, random_tensors(card.architecture, card.encoding))
    assert 100 < len(store.find("mine").card.trainings) < MAX_TRAININGS


@pytest.mark.parametrize(
    "changes",
    [
        {"held_out": Metrics(float("nan"), 0.5, 0.5)},
        {"held_out": Metrics(0.5, float("nan"), 0.5)},
        {"held_out": Metrics(0.5, 0.5, 1.5)},
        {"history": (Epoch(1, 1.0, SOUND, Metrics(0.5, -0.1, 0.5)),)},
        {"history": (Epoch(1, float("inf"), SOUND, SOUND),)},
        {"history": (Epoch(1, -1.0, SOUND, SOUND),)},
        {"history": (Epoch(-1, 1.0, SOUND, SOUND),)},
        {"best_epoch": 10**18},
        {"trainings": (Training(command="a\nb", held_out_examples=1, started="", outcome=""),)},
        {
            "trainings": (
                Training(command="x" * 10_001, held_out_examples=1, started="", outcome=""),
            )
        },
    ],
    ids=str,
)
def test_a_card_that_could_not_be_read_is_not_written(store, changes):
    saved = tiny_weights(store, "mine", seed=1)
    before = listing(store.user)
    spoilt = replace(saved, **changes)
    for write in (
        lambda: store.save_card(spoilt),
        lambda: store.save(spoilt, random_tensors(saved.architecture, saved.encoding, 2)),
    ):
        assert refused(write).startswith("mine was not saved, as it could not be read again: ")
    assert listing(store.user) == before


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_could_not_be_read_are_not_written(store, value):
    saved = tiny_weights(store, "mine", seed=1)
    before = listing(store.user)
    tensors = random_tensors(saved.architecture, saved.encoding, 2)
    tensors["output.bias"][0] = value
    assert "finite" in refused(store.save, saved, tensors)
    assert listing(store.user) == before


def test_a_pair_from_elsewhere_is_checked_before_it_is_written(store):
    saved = tiny_weights(store, "mine", seed=1)
    card, weights = (
        (store.user / f"mine{suffix}").read_bytes() for suffix in (".json", ".safetensors")
    )
    store.put("other", card, weights)
    assert seed_of(store, "other") == 1
    assert store.find("other").card == replace(saved, name="other")
    before = listing(store.user)
    assert "checksum" in refused(store.put, "other", card, weights[:-1])
    assert "not a model card" in refused(store.put, "other", card[:-9], weights)
    assert listing(store.user) == before
