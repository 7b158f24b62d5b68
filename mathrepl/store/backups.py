"""Earlier pairs of one name, kept for `:undo` in `.undo/NAME` beside the weights.

They are numbered from 1. Where the user had no weights of the name, an empty file marks that
going back removes them.
"""

from __future__ import annotations

from pathlib import Path

from mathrepl.store.pairs import Pairs
from mathrepl.support import atomic
from mathrepl.support.errors import WeightsError

MAX_UNDO = 20


class Backups:
    """The backups of the pair `name` of `pairs`; who changes them holds the lock of the name."""

    def __init__(self, pairs: Pairs, name: str) -> None:
        self._pairs = pairs
        self._name = name
        self._kept = Pairs(pairs.directory / ".undo" / name)

    @property
    def last(self) -> int | None:
        """The number of the newest, None without any."""
        return max(self._numbers(), default=None)

    def add(self) -> int:
        """Keep the current pair; returns its number. A damaged pair counts as none.

        The oldest beyond `MAX_UNDO` are removed. Raises `OSError`.
        """
        numbers = self._numbers()
        number = max(numbers, default=0) + 1
        for path in self._kept.directory.glob("*"):  # files that a kill has left
            left = path.name.lstrip(".").partition(".")[0]
            if left.isdecimal() and int(left) not in numbers:
                path.unlink(missing_ok=True)
        pair = self._pairs.read(self._name)
        if pair is not None:
            self._kept.write(str(number), pair)
        else:
            atomic.write_bytes(self._absent(number), b"")
        for old in sorted(numbers)[: max(0, len(numbers) + 1 - MAX_UNDO)]:
            self.remove(old)
        return number

    def restore(self, number: int) -> None:
        """Put a kept pair back in place, and remove the backup.

        Raises `WeightsError` where it is missing or damaged, `OSError` where the pair cannot be
        written.
        """
        if self._absent(number).exists():
            self._pairs.remove(self._name)
        else:
            pair = self._kept.read(str(number))
            if pair is None:
                raise WeightsError(f"{self._kept.weights(str(number))} is missing or damaged")
            self._pairs.write(self._name, pair)
        self.remove(number)

    def remove(self, number: int) -> None:
        self._absent(number).unlink(missing_ok=True)
        self._kept.remove(str(number))

    def _absent(self, number: int) -> Path:
        return self._kept.directory / f"{number}.absent"

    def _numbers(self) -> set[int]:
        paths = self._kept.directory.glob("*")
        stems = {path.stem for path in paths if path.suffix in (".json", ".absent")}
        return {int(stem) for stem in stems if stem.isdecimal()}
