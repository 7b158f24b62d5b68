"""A session with two untrained weights, and a keyboard that is a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.input import PipeInput, create_pipe_input

from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from tests.kit.weights import tiny_weights


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("MATHREPL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATHREPL_CONFIG_DIR", str(tmp_path / "config"))
    store = Store(tmp_path / "weights", tmp_path / "bundled")
    tiny_weights(store, "tiny")
    tiny_weights(store, "other", seed=1)
    return Session(Settings(weights="tiny"), store)


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe:
        yield pipe
