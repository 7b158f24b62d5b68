"""Rows of the table of kinds, changed for one test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mathrepl.networks.kinds import BUILT_IN


def change_rows(monkeypatch: pytest.MonkeyPatch, *names: str, **changes: Any) -> None:
    """Give the built-in rows of these names other fields; without names all rows."""
    rows = {name: replace(BUILT_IN[name], **changes) for name in names or BUILT_IN}
    monkeypatch.setattr("mathrepl.networks.plugin_kinds.BUILT_IN", {**BUILT_IN, **rows})
