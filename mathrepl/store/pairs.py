"""Pairs of files in one directory: `NAME.safetensors` with its card `NAME.json`, saved as one.

A save can be cut off anywhere. The card is the commit record: the new weights are first laid
beside the old under a pending name that carries their hash, then the card is renamed into
place, then the weights. A reader that finds a card whose weights are still pending takes the
pending ones, so it sees the old pair or the new pair and never a mixture.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from mathrepl.store.card import MAX_CARD_BYTES, readable
from mathrepl.support import atomic

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PENDING = re.compile(rf"\.({NAME.pattern})\.[0-9a-f]{{16}}\.pending")
MAX_WEIGHTS_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A card and its weights as bytes; `sha256` is the checksum of the weights in the card."""

    card: bytes
    sha256: str
    weights: bytes


class Pairs:
    """The pairs of a directory, by checked names."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def card(self, name: str) -> Path:
        return self.directory / f"{name}.json"

    def weights(self, name: str) -> Path:
        return self.directory / f"{name}.safetensors"

    def pending(self, name: str, sha256: str) -> Path:
        """The place of weights with that checksum until their card is in place."""
        return self.directory / f".{name}.{re.sub('[^0-9a-f]', '', sha256)[:16]}.pending"

    def state(self, name: str) -> tuple[int, int] | None:
        """A value that changes whenever the card of `name` is written or removed."""
        try:
            found = self.card(name).lstat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def sha256(self, name: str) -> str:
        """The checksum in the card of `name`; empty without a card."""
        try:
            return checksum_in(atomic.read_bytes(self.card(name), MAX_CARD_BYTES))
        except OSError:
            return ""

    def read(self, name: str) -> Pair | None:
        """The pair of `name`, None where it is missing or damaged.

        A pair of a kind or a rule that is not installed is whole all the same.
        """
        try:
            card = atomic.read_bytes(self.card(name), MAX_CARD_BYTES)
        except OSError:
            return None
        sha256 = checksum_in(card)
        for path in (self.weights(name), self.pending(name, sha256)):
            with contextlib.suppress(OSError):
                weights = atomic.read_bytes(path, MAX_WEIGHTS_BYTES)
                if hashlib.sha256(weights).hexdigest() == sha256:
                    return Pair(card, sha256, weights)
        return None

    def write(self, name: str, pair: Pair) -> None:
        """Write both files. Raises `OSError` with the old pair intact."""
        pending = self.pending(name, pair.sha256)
        with atomic.written(pending, pair.weights):
            try:
                atomic.write_bytes(self.card(name), pair.card)
            except BaseException:
                # An interrupt can come after the rename: then the card counts, and so do these.
                if not self._needed(pending):
                    pending.unlink(missing_ok=True)
                raise
            try:
                pending.replace(self.weights(name))
            except FileNotFoundError:  # taken for a file of the same name that a kill had left
                atomic.write_bytes(self.weights(name), pair.weights)
        self.clear_abandoned()

    def remove(self, name: str) -> None:
        self.card(name).unlink(missing_ok=True)
        self.weights(name).unlink(missing_ok=True)
        self.clear_abandoned()

    def clear_abandoned(self) -> None:
        """Remove pending weights of any name that a kill left before their card.

        A name may contain what separates it from the hash, so no pattern of one name is looked
        for: that of `net` would match the weights of `net.v2`, which another process may be saving.
        """
        atomic.clear_abandoned(self.directory, ".*.pending", self._needed)

    def _needed(self, pending: Path) -> bool:
        """True for weights that their card needs or may need, and for files of other programs."""
        found = _PENDING.fullmatch(pending.name)
        if found is None:
            return True
        try:
            card = atomic.read_bytes(self.card(found[1]), MAX_CARD_BYTES)
        except OSError as error:
            return not isinstance(error, FileNotFoundError)
        return pending == self.pending(found[1], checksum_in(card))


def checksum_in(data: bytes) -> str:
    """The checksum of weights that a card's bytes name, empty if there is none.

    The rest may be invalid, so a pair of files can be recognised as complete even if its kind of
    network is not installed.
    """
    try:
        record = json.loads(data) if readable(data) else None
    except (ValueError, RecursionError):
        return ""
    found = record.get("sha256") if isinstance(record, dict) else None
    return found if isinstance(found, str) else ""
