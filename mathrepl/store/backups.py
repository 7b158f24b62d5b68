"""Earlier pairs of one name, kept for `:undo` in `.undo/NAME` beside the weights.

They are numbered from 1. Where the user had no weights of the name, an empty file marks that
going back removes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mathrepl.store.pairs import Pairs
from mathrepl.support import atomic
from mathrepl.support.errors import Advice, Run, WeightsError

MAX_UNDO = 20
_KEPT = re.compile(r"([1-9][0-9]*)\.(json|safetensors|absent)")


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

    def newest_whole(self, *, skip_damaged: bool) -> tuple[int, list[int]]:
        """The number of the newest that `restore` can put back, and those of the damaged after it.

        Raises `WeightsError` where there is none, and where damaged ones are not to be skipped.
        """
        numbers = sorted(self._numbers(), reverse=True)
        whole = next((number for number in numbers if self._is_whole(number)), None)
        damaged = [number for number in numbers if whole is None or number > whole]
        if not numbers:
            raise WeightsError(
                f"there is no training of {self._name!r} to undo", hint="undo follows a training"
            )
        if whole is None:
            raise WeightsError(
                f"every undo step of {self._name!r} is missing or damaged",
                hint=f"nothing was changed; restore the files in {self._kept.directory}",
            )
        if damaged and not skip_damaged:
            raise WeightsError(
                f"the newest undo step of {self._name!r} is missing or damaged: "
                f"{self._kept.card(str(damaged[0]))} or its weights",
                hint=Advice(
                    "to go back to the one before it, ",
                    Run("undo", "--skip-damaged", weights=self._name),
                ),
            )
        return whole, damaged

    def _is_whole(self, number: int) -> bool:
        return self._absent(number).exists() or self._kept.read(str(number)) is not None

    def add(self) -> int:
        """Keep the current pair; returns its number. A damaged pair counts as none.

        Of those there were, the oldest beyond `MAX_UNDO` are removed, and not one more: the new one
        may be removed again. Raises `OSError`.
        """
        numbers = self._numbers()
        number = max(numbers, default=0) + 1
        for found in self._files():  # weights that a kill has left without their card
            if int(found[1]) not in numbers:
                (self._kept.directory / found[0]).unlink(missing_ok=True)
        self._kept.clear_abandoned()
        pair = self._pairs.read(self._name)
        if pair is not None:
            self._kept.write(str(number), pair)
        else:
            atomic.write_bytes(self._absent(number), b"")
        for old in sorted(numbers)[: max(0, len(numbers) - MAX_UNDO)]:
            self.remove(old)
        return number

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the current pair while the block changes it.

        A block that fails and changes nothing leaves no backup: repeated, it would push out the
        oldest ones. Raises `OSError`.
        """
        before = self._pairs.state(self._name)
        number = self.add()
        try:
            yield
        except BaseException:
            if self._pairs.state(self._name) == before:
                self.remove(number)
            raise

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

    def set_aside(self, number: int) -> None:
        """Take a damaged backup out of the order. Its files stay, under names with `damaged-`.

        Raises `OSError`.
        """
        for found in self._files():
            if int(found[1]) == number:
                path = self._kept.directory / found[0]
                path.replace(path.with_name(f"damaged-{path.name}"))

    def remove(self, number: int) -> None:
        self._absent(number).unlink(missing_ok=True)
        self._kept.remove(str(number))

    def _absent(self, number: int) -> Path:
        return self._kept.directory / f"{number}.absent"

    def _numbers(self) -> set[int]:
        return {int(found[1]) for found in self._files() if found[2] != "safetensors"}

    def _files(self) -> list[re.Match[str]]:
        """The names of the files of backups; a name is matched whole, so no others are."""
        names = (path.name for path in self._kept.directory.glob("*"))
        return [found for found in map(_KEPT.fullmatch, names) if found is not None]
