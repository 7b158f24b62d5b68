"""Weights by name: `NAME.safetensors` with its card `NAME.json`, the user's before the bundled.

A save can be cut off anywhere. The card is the commit record: the new weights are first laid
beside the old under a pending name that carries their hash, then the card is renamed into
place, then the weights. A reader that finds a card whose weights are still pending takes the
pending ones, so it sees the old pair or the new pair and never a mixture.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from mathrepl.store.card import MAX_CARD_BYTES, Card, checksum_in, load_card
from mathrepl.support import atomic
from mathrepl.support.errors import WeightsError
from mathrepl.support.locks import Lock, lock
from mathrepl.support.safe_text import one_line

if TYPE_CHECKING:
    from mathrepl.networks import Tensors

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PENDING = re.compile(rf"\.({_NAME.pattern})\.[0-9a-f]{{16}}\.pending")
MAX_UNDO = 20
MAX_WEIGHTS_BYTES = 2_000_000_000
LOAD_SECONDS = 5.0  # so long a reader starts over where others save in between


@dataclass(frozen=True, slots=True)
class Found:
    """A card, and where it was found: `user` or `bundled`."""

    card: Card
    origin: str
    directory: Path


AUTO = "auto"


def check_name(name: str) -> str:
    """`name` if it can name weights, else `WeightsError`; keeps paths out of names."""
    if not _NAME.fullmatch(name) or name.endswith((".json", ".safetensors")):
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
    """The user's weights directory in front of the bundled one, which is never written."""

    def __init__(self, user: Path, bundled: Path | None = None) -> None:
        self.user = user
        self.bundled = bundled_directory() if bundled is None else bundled

    def names(self) -> list[str]:
        """All names, sorted; unreadable directories count as empty."""
        found: set[str] = set()
        for directory in (self.user, self.bundled):
            try:
                found.update(p.stem for p in directory.glob("*.json") if _NAME.fullmatch(p.stem))
            except OSError:
                continue
        return sorted(found)

    def find(self, name: str) -> Found:
        """The card of `name`. Raises `WeightsError` if there is none or it is not valid."""
        check_name(name)
        for origin, directory in (("user", self.user), ("bundled", self.bundled)):
            path = directory / f"{name}.json"
            try:
                data = atomic.read_bytes(path, MAX_CARD_BYTES)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise _unreadable(path, error) from None
            return Found(replace(load_card(data, str(path)), name=name), origin, directory)
        known = ", ".join(self.names()) or "none yet"
        raise WeightsError(f"there are no weights named {name!r}", hint=f"known: {known}")

    def load(self, name: str) -> tuple[Found, Tensors]:
        """The card of `name` and its checked weights, also while another process saves new ones.

        Raises `WeightsError` as `find` and `tensors`.
        """
        found = self.find(name)
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

        card = found.card
        path = found.directory / f"{card.name}.safetensors"
        pending = self._pending(found.directory, card.name, card.sha256)
        most = min(most_bytes(card, str(path)), MAX_WEIGHTS_BYTES)
        there = False
        # The pending ones may be renamed into place after the look at those in place.
        for candidate in (path, pending, path):
            try:
                with atomic.open_ordinary(candidate, most) as file:
                    there = True
                    if hashlib.file_digest(file, "sha256").hexdigest() != card.sha256:
                        continue
                    file.seek(0)
                    check_start(file, card, str(candidate))
                    file.seek(0)
                    content = file.read(most + 1)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unreadable(candidate, error) from None
            if hashlib.sha256(content).hexdigest() == card.sha256:
                return candidate, content
        if not there:
            raise WeightsError(
                f"{path} is missing", hint="its card is there; restore it or train anew"
            )
        raise WeightsError(
            f"{path} does not match the checksum in its card",
            hint="the file is damaged or belongs to another network; restore it or train anew",
        )

    def save(self, card: Card, tensors: Tensors) -> Card:
        """Write both files into the user's directory; returns the card with its checksum.

        Raises `OSError` with the old pair intact, and `WeightsError` for a bad name or a
        user directory that is the bundled one.
        """
        from mathrepl.store.tensors import dump_tensors

        return self._commit(card, dump_tensors(tensors))

    def _commit(self, card: Card, data: bytes) -> Card:
        card = replace(card, sha256=hashlib.sha256(data).hexdigest())
        self._write_pair(card.name, card.dump(), card.sha256, data)
        return card

    def _write_pair(self, name: str, card: bytes, sha256: str, data: bytes) -> None:
        check_name(name)
        self.check_user_directory()
        pending = self._pending(self.user, name, sha256)
        with atomic.written(pending, data):
            try:
                atomic.write_bytes(self.user / f"{name}.json", card)
            except BaseException:
                # An interrupt can come after the rename: then the card counts, and so do these.
                self._clear_pending(name)
                raise
            try:
                pending.replace(self.user / f"{name}.safetensors")
            except FileNotFoundError:  # taken for a file of the same name that a kill had left
                atomic.write_bytes(self.user / f"{name}.safetensors", data)
        self._clear_pending(name)
        # Those of other names, where a kill came before their card: they may never be saved again.
        atomic.clear_abandoned(self.user, ".*.pending", self._needed)

    def _pair(self, name: str) -> tuple[bytes, str, bytes] | None:
        """The user's card of `name` as it lies there, its checksum, and the weights that have it.

        None without a whole pair. One that cannot be read here is whole all the same.
        """
        try:
            card = atomic.read_bytes(self.user / f"{name}.json", MAX_CARD_BYTES)
        except OSError:
            return None
        sha256 = checksum_in(card)
        pending = self._pending(self.user, name, sha256)
        for path in (self.user / f"{name}.safetensors", pending):
            with contextlib.suppress(OSError):
                data = atomic.read_bytes(path, MAX_WEIGHTS_BYTES)
                if hashlib.sha256(data).hexdigest() == sha256:
                    return card, sha256, data
        return None

    def _clear_pending(self, name: str) -> None:
        """Remove pending weights of `name`, but never those that the card in place needs."""
        for path in self.user.glob(f".{name}.*.pending"):
            if not self._needed(path):
                path.unlink(missing_ok=True)

    def _needed(self, pending: Path) -> bool:
        """Whether the card of that name reads these weights or may do; or the file is not ours."""
        found = _PENDING.fullmatch(pending.name)
        if found is None:
            return True
        try:
            card = atomic.read_bytes(self.user / f"{found[1]}.json", MAX_CARD_BYTES)
        except OSError as error:
            return not isinstance(error, FileNotFoundError)
        return pending == self._pending(self.user, found[1], checksum_in(card))

    @property
    def _user_is_bundled(self) -> bool:
        return self.user.resolve() == self.bundled.resolve()

    def is_writable(self, found: Found) -> bool:
        """Whether weights are the user's own; bundled ones are never written."""
        return found.origin == "user" and not self._user_is_bundled

    def check_user_directory(self) -> None:
        """Raise `WeightsError` where the user's directory is the bundled one."""
        if self._user_is_bundled:
            raise WeightsError(
                "bundled weights are never overwritten",
                hint="set MATHREPL_DATA_DIR to another folder",
            )

    def lock(self, name: str) -> Lock:
        """Keep other processes from changing `name` until it is released.

        Raises `WeightsError` where another does, or the user directory is the bundled one.
        """
        self.check_user_directory()
        return lock(self.user, check_name(name))

    def sha256(self, name: str) -> str:
        """The checksum in the user's card of `name`; empty without one."""
        path = self.user / f"{check_name(name)}.json"
        try:
            return checksum_in(atomic.read_bytes(path, MAX_CARD_BYTES))
        except OSError:
            return ""

    def save_card(self, card: Card) -> None:
        """Write a changed card of weights that are the user's already.

        Raises `OSError`, and `WeightsError` where those weights are no longer the ones in place:
        another process has saved or removed them since the card was read.
        """
        self.check_user_directory()
        if self.sha256(card.name) != card.sha256:
            raise WeightsError(
                f"{card.name} was changed by another session meanwhile",
                hint="its card was left as it is; do it again with the weights that are there now",
            )
        atomic.write_bytes(self.user / f"{card.name}.json", card.dump())

    def copy(self, found: Found, name: str) -> Card:
        """Save the weights of `found` under `name` in the user's directory."""
        return self.save(found.card.renamed(check_name(name)), self.tensors(found))

    def exists_as_user(self, name: str) -> bool:
        return (self.user / f"{check_name(name)}.json").exists()

    def remember(self, name: str) -> int:
        """Keep the user's current pair of `name` for `undo`; returns its number.

        Where the user has none (bundled or new), or a damaged one, an empty mark says that
        undo removes it.
        """
        self.check_user_directory()
        directory = self._undo_directory(name)
        numbers = self._undo_numbers(name)
        number = (numbers[-1] if numbers else 0) + 1
        for path in directory.glob("*"):  # files that a kill has left of numbers not kept
            left = path.name.lstrip(".").partition(".")[0]
            if left.isdecimal() and int(left) not in numbers:
                path.unlink(missing_ok=True)
        pair = self._pair(name)
        if pair is not None:
            Store(directory, self.bundled)._write_pair(str(number), *pair)
        else:
            atomic.write_bytes(directory / f"{number}.absent", b"")
        for old in numbers[: max(0, len(numbers) + 1 - MAX_UNDO)]:
            self.forget(name, old)
        return number

    def undo(self, name: str) -> str | None:
        """Put back what the last `remember` kept; returns the name the undone pair now has.

        Raises `WeightsError` where nothing is kept.
        """
        numbers = self._undo_numbers(name)
        if not numbers:
            raise WeightsError(
                f"there is no training of {name!r} to undo", hint="undo follows a training"
            )
        undone = None
        if self.exists_as_user(name):
            pair = self._pair(name)
            if pair is not None:  # of a damaged one there is nothing to keep
                undone = self._free_name(f"{name[:50]}-undone")
                self._write_pair(undone, *pair)
        self.restore(name, numbers[-1])
        return undone

    def _free_name(self, name: str) -> str:
        taken = self.names()
        numbered = (f"{name}-{i}" for i in count(2))
        return next(n for n in chain([name], numbered) if n not in taken)

    def is_bundled(self, name: str) -> bool:
        return (self.bundled / f"{check_name(name)}.json").exists()

    def delete(self, name: str) -> None:
        """Remove the user's pair of `name`, kept for `undo`. Raises `WeightsError`, `OSError`."""
        if not self.exists_as_user(name):
            why = "bundled weights stay" if self.is_bundled(name) else "there are none"
            raise WeightsError(f"you have no weights named {name!r} to delete: {why}")
        self.remember(name)
        self._remove(name)

    def _remove(self, name: str) -> None:
        for suffix in (".json", ".safetensors"):
            (self.user / f"{name}{suffix}").unlink(missing_ok=True)
        self._clear_pending(name)

    def restore(self, name: str, number: int) -> None:
        """Put back what `remember` kept as `number`, and forget it.

        Raises `WeightsError` where that is no longer whole, `OSError` where it cannot be written.
        """
        directory = self._undo_directory(name)
        if (directory / f"{number}.absent").exists():
            self._remove(name)
        else:
            pair = Store(directory, self.bundled)._pair(str(number))
            if pair is None:
                raise WeightsError(f"{directory / str(number)}.safetensors is missing or damaged")
            self._write_pair(name, *pair)
        self.forget(name, number)

    def forget(self, name: str, number: int) -> None:
        """Drop what `remember` kept as `number`: put back, too old, or not needed after all."""
        directory = self._undo_directory(name)
        for suffix in (".json", ".absent", ".safetensors"):
            (directory / f"{number}{suffix}").unlink(missing_ok=True)

    def last_undo(self, name: str) -> int | None:
        """The number of the newest pair kept for undo."""
        numbers = self._undo_numbers(name)
        return numbers[-1] if numbers else None

    def _undo_directory(self, name: str) -> Path:
        return self.user / ".undo" / check_name(name)

    def _undo_numbers(self, name: str) -> list[int]:
        directory = self._undo_directory(name)
        try:
            stems = {p.stem for p in directory.iterdir() if p.suffix in (".json", ".absent")}
        except OSError:
            return []
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    @staticmethod
    def _pending(directory: Path, name: str, sha256: str) -> Path:
        return directory / f".{name}.{re.sub('[^0-9a-f]', '', sha256)[:16]}.pending"


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(f"cannot read {path}: {error.strerror or error}")
