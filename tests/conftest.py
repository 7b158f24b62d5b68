"""Fixtures of all tests."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture(scope="session", autouse=True)
def interrupts_are_heard() -> None:
    """A shell starts background jobs with Ctrl-C ignored, and Python leaves it so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
