"""Weights by name: the user's before the bundled ones, which are never written."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from mathrepl.networks import Tensors
from mathrepl.store.backups import Backups
from mathrepl.store.card import MAX_CARD_BYTES, Card, load_card
from mathrepl.store.pairs import MAX_WEIGHTS_BYTES, NAME, Pair, Pairs
from mathrepl.support import atomic
from mathrepl.support.errors import WeightsError, in_one_line
from mathrepl.support.locks import Lock, lock
from mathrepl.support.text import one_line

AUTO = "auto"
LOAD_SECONDS = 5.0  # the time a reader starts over where others save in between


@dataclass(frozen=True, slots=True)
class Found:
    """A card, and the place where it was found: `user` or `bundled`."""

    card: Card
    origin: str
    directory: Path


def check_name(name: str) -> str:
    """`name` if it can name weights, else `WeightsError`; keeps paths out of names."""
    if not NAME.fullmatch(name) or name.endswith((".json", ".safetensors")):
        raise WeightsError(
            f"{one_line(repr(name), 80)} cannot name weights",
            hint="use letters, digits, - _ and . (at most 64, a letter or digit first)",
        )
    if name == AUTO:
        raise WeightsError(
            f"{name!r} is not the name of weights, it chooses among them", hint="take another name"
        )
    return name


def bundled_directory() -> Path:
    """`weights/` as shipped: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "weights"
    return inside if inside.is_dir() else package.parent / "weights"


class Store:
    """The user's weights directory in front of the bundled one.

    `copy`, `delete` and `undo` lock the name themselves, and raise `WeightsError` where another
    process holds it or the system refuses. `save`, `save_card` and `backups` are for callers that
    hold the lock, and raise `OSError`.
    """

    def __init__(self, user: Path, bundled: Path | None = None) -> None:
        self.user = user
        self.bundled = bundled_directory() if bundled is None else bundled
        self._pairs = Pairs(user)

    def names(self) -> list[str]:
        """All names, sorted; unreadable directories count as empty."""
        found: set[str] = set()
        for directory in (self.user, self.bundled):
            with suppress(OSError):
                found.update(p.stem for p in directory.glob("*.json") if NAME.fullmatch(p.stem))
        return sorted(found)

    def find(self, name: str) -> Found:
        """The card of `name`. Raises `WeightsError` if there is none or it is not valid."""
        check_name(name)
        for origin, directory in (("user", self.user), ("bundled", self.bundled)):
            path = directory / f"{name}.json"
            reading = in_one_line(WeightsError, f"cannot read {path}")
            with reading, suppress(FileNotFoundError, NotADirectoryError):
                card = load_card(atomic.read_bytes(path, MAX_CARD_BYTES), str(path))
                return Found(replace(card, name=name), origin, directory)
        known = ", ".join(self.names()) or "none yet"
        raise WeightsError(f"there are no weights named {name!r}", hint=f"known: {known}")

    def load(self, name: str, found: Found | None = None) -> tuple[Found, Tensors]:
        """The card of `name` and its checked weights, also while another process saves new ones.

        `found` is the card, if it was read already. Raises `WeightsError` as `find` and `tensors`.
        """
        found = found or self.find(name)
        deadline = time.monotonic() + LOAD_SECONDS
        while True:
            try:
                return found, self.tensors(found)
            except WeightsError:
                again = self.find(name)
                if again.card.sha256 == found.card.sha256 or time.monotonic() > deadline:
                    raise
                found = again

    def tensors(self, found: Found) -> Tensors:
        """The checked weights of a card. Raises `WeightsError` saying what does not fit."""
        from mathrepl.store.tensors import read_tensors

        path, content = self.read(found)
        return read_tensors(content, found.card, str(path))

    def read(self, found: Found) -> tuple[Path, bytes]:
        """The file of a card's weights whose checksum holds, and its bytes.

        Raises `WeightsError` where it is missing, damaged, or larger than such weights can be.
        Only a file whose checksum holds is taken into memory.
        """
        from mathrepl.store.tensors import check_start, most_bytes

        card, pairs = found.card, Pairs(found.directory)
        path = pairs.weights(card.name)
        most = min(most_bytes(card, str(path)), MAX_WEIGHTS_BYTES)
        there = False
        # The pending ones may be renamed into place after the look at those in place.
        for place in (path, pairs.pending(card.name, card.sha256), path):
            reading = in_one_line(WeightsError, f"cannot read {place}")
            with (
                reading,
                suppress(FileNotFoundError),
                atomic.open_ordinary(place, most) as file,
            ):
                there = True
                if hashlib.file_digest(file, "sha256").hexdigest() != card.sha256:
                    continue
                file.seek(0)
                check_start(file, card, str(place))
                file.seek(0)
                content = file.read(most + 1)
                if hashlib.sha256(content).hexdigest() == card.sha256:
                    return place, content
        if not there:
            raise WeightsError(
                f"{path} is missing", hint="its card is there; restore it or train anew"
            )
        raise WeightsError(
            f"{path} does not match the checksum in its card",
            hint="the file is damaged or belongs to another network; restore it or train anew",
        )

    def exists_as_user(self, name: str) -> bool:
        return self._pairs.card(check_name(name)).exists()

    def is_bundled(self, name: str) -> bool:
        return Pairs(self.bundled).card(check_name(name)).exists()

    def is_writable(self, found: Found) -> bool:
        """True for weights of the user's own; bundled ones are never written."""
        return found.origin == "user" and not self._user_is_bundled

    def sha256(self, name: str) -> str:
        """The checksum in the user's card of `name`; empty without one."""
        return self._pairs.sha256(check_name(name))

    @property
    def _user_is_bundled(self) -> bool:
        return self.user.resolve() == self.bundled.resolve()

    def check_user_directory(self) -> None:
        """Raise `WeightsError` where the user's directory is the bundled one."""
        if self._user_is_bundled:
            raise WeightsError(
                "bundled weights are never overwritten",
                hint="set MATHREPL_DATA_DIR to another folder",
            )

    def _check_changeable(self, name: str) -> str:
        self.check_user_directory()
        return check_name(name)

    def lock(self, name: str) -> Lock:
        """Keep other processes from changing `name` until the lock is released.

        Raises `WeightsError` where another does, or the user directory is the bundled one.
        """
        return lock(self.user, self._check_changeable(name))

    def backups(self, name: str) -> Backups:
        """The earlier pairs of `name`. Raises `WeightsError` for a bad name, as `save` does."""
        return Backups(self._pairs, self._check_changeable(name))

    def save(self, card: Card, tensors: Tensors) -> Card:
        """Write both files into the user's directory; returns the card with its checksum.

        Raises `OSError` with the old pair intact, and `WeightsError` for a bad name, a user
        directory that is the bundled one, and a pair that `load` would refuse.
        """
        from mathrepl.store.tensors import dump_tensors, read_tensors

        data = dump_tensors(tensors)
        card = replace(card, sha256=hashlib.sha256(data).hexdigest())
        name = self._check_changeable(card.name)
        dumped = _dumped(card)
        with _unreadable(card):
            read_tensors(data, card, str(self._pairs.weights(name)))
        self._pairs.write(name, Pair(dumped, card.sha256, data))
        return card

    def put(self, name: str, card: bytes, weights: bytes) -> None:
        """Write a pair that another machine has made, once it is checked as on reading.

        Raises what `save` raises, and `WeightsError` where the two do not fit.
        """
        from mathrepl.store.tensors import read_tensors

        known = load_card(card, f"the card of {name}").renamed(name)
        if hashlib.sha256(weights).hexdigest() != known.sha256:
            raise WeightsError(f"the weights of {name} do not match the checksum in their card")
        self.save(known, read_tensors(weights, known, f"the weights of {name}"))

    def save_card(self, card: Card) -> None:
        """Write a changed card of weights that are the user's already.

        Raises `OSError`, and `WeightsError` for a card that `find` would refuse, and where those
        weights are no longer the ones in place: another process has saved or removed them since
        the card was read.
        """
        name = self._check_changeable(card.name)
        if self.sha256(name) != card.sha256:
            raise WeightsError(
                f"{name} was changed by another session meanwhile",
                hint="its card was left as it is; do it again with the weights that are there now",
            )
        atomic.write_bytes(self._pairs.card(name), _dumped(card))

    def copy(self, found: Found, name: str) -> Card:
        """Save the weights of `found` in the user's directory under a name that nothing has yet."""
        self._check_changeable(name)
        with in_one_line(WeightsError, f"could not save {name!r}", f"free or unlock {self.user}"):
            self.user.mkdir(parents=True, exist_ok=True)  # a lock needs it
            with self.lock(name):
                if name in self.names():
                    raise WeightsError(
                        f"you have weights named {name!r} already"
                        if self.exists_as_user(name)
                        else f"{name!r} is the name of bundled weights",
                        hint="choose another name",
                    )
                return self.save(found.card.renamed(name), self.tensors(found))

    def delete(self, name: str) -> None:
        """Remove the user's pair of `name`, kept for `undo`."""
        with in_one_line(WeightsError, f"could not delete {name!r}"), self.lock(name):
            if not self.exists_as_user(name):
                why = "bundled weights stay" if self.is_bundled(name) else "there are none"
                raise WeightsError(f"you have no weights named {name!r} to delete: {why}")
            with self.backups(name).kept():
                self._pairs.remove(name)

    def undo(self, name: str, *, skip_damaged: bool = False) -> str | None:
        """Put back the newest backup of `name`; returns the name that the undone pair now has.

        Where that backup is damaged, nothing is changed, or with `skip_damaged` the newest whole
        one is put back and the damaged ones after it are set aside.
        """
        with in_one_line(WeightsError, "could not undo"), self.lock(name):
            backups = self.backups(name)
            number, damaged = backups.newest_whole(skip_damaged=skip_damaged)
            undone, before = None, self._pairs.state(name)
            pair = self._pairs.read(name)
            if pair is not None:  # of a damaged one there is nothing to keep
                taken, free = self.names(), f"{name[:50]}-undone"
                numbered = (f"{free}-{i}" for i in count(2))
                undone = next(n for n in chain([free], numbered) if n not in taken)
                self._pairs.write(undone, pair)
            try:
                backups.restore(number)
            except BaseException:
                if undone is not None and self._pairs.state(name) == before:
                    self._pairs.remove(undone)  # each try would leave another copy
                raise
            for one in damaged:
                backups.set_aside(one)
            return undone


def _dumped(card: Card) -> bytes:
    """The bytes of a card. Raises `WeightsError` if the reader would refuse them."""
    data = card.dump()
    with _unreadable(card):
        load_card(data, f"the card of {card.name}")
    return data


@contextmanager
def _unreadable(card: Card) -> Iterator[None]:
    """Say of an error of reading that it kept a card or weights from being written."""
    try:
        yield
    except WeightsError as error:
        raise WeightsError(
            f"{card.name} was not saved, as it could not be read again: {error.message}",
            hint="what is on disk is as before",
        ) from None
