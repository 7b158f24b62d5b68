"""Typed lines, kept in a file, or in memory where the file cannot be written."""

from __future__ import annotations

import contextlib
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

MAX_HISTORY_BYTES = 5_000_000


class CarefulFileHistory(FileHistory):
    """A history file that drops an entry where the disk is full, and raises nothing."""

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            super().store_string(string.encode("utf-8", "replace").decode("utf-8"))


def open_history(path: Path, *, keep: bool) -> tuple[History, str | None]:
    """The history, and the reason where `path` cannot keep it."""
    if not keep:
        return InMemoryHistory(), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            size = file.tell()
        if size > MAX_HISTORY_BYTES:
            path.replace(path.with_suffix(".old"))
    except OSError as error:
        return InMemoryHistory(), f"the history is not kept: {error.strerror or error}: {path}"
    return CarefulFileHistory(str(path)), None
