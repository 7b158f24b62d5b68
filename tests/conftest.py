"""Fixtures of all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.lab import Lab, isolate
from tests.kit.packages import Packages
from tests.kit.paths import ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test of tests/integration and tests/robustness with the name of its folder."""
    for item in items:
        for wing in ("integration", "robustness"):
            if ROOT / "tests" / wing in item.path.parents:
                item.add_marker(wing)


@pytest.fixture(scope="session", autouse=True)
def interrupts_are_heard() -> None:
    """A shell starts background jobs with Ctrl-C ignored, and Python leaves it so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The test's own folders for data and settings, in the place of the real ones."""
    isolate(monkeypatch, tmp_path)


@pytest.fixture
def lab(home: None, tmp_path: Path) -> Lab:
    """A session with the untrained weights `tiny`, in folders of its own."""
    return Lab(tmp_path)


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Packages]:
    """The folder of packages that are installed for one test alone."""
    packages = Packages(tmp_path / "packages")
    monkeypatch.syspath_prepend(packages.folder)
    yield packages
    packages.close()
