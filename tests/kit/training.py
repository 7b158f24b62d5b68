"""Tiny tasks, networks and plans, small enough to train in a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import Floats
from mathrepl.data.encoding import Encoding
from mathrepl.networks import shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.store.card import TrainSettings
from mathrepl.training.plan import Plan

TASK = Task(high=9)
ENCODING = Encoding.for_task(TASK)
ARCHITECTURE = Architecture(hidden=8)
ATTENTION = Architecture("attention", hidden=8, embedding=5, places=4)
WORK = Architecture("work", hidden=8, symbols=3, reader_hidden=6, reader_symbols=4)
SETTINGS = TrainSettings(epochs=3, examples=80, batch=40, learning_rate=0.02)


def plan(directory: Path, *, settings: dict[str, Any] | None = None, **changes: Any) -> Plan:
    """A tiny plan that saves `tiny` under `directory`."""
    base = Plan(
        name="tiny",
        source=None,
        architecture=ARCHITECTURE,
        encoding=ENCODING,
        task=TASK,
        settings=replace(SETTINGS, **(settings or {})),
        command="train --epochs 3",
        user=directory / "user",
        bundled=directory / "bundled",
    )
    return replace(base, **changes)


def random_tensors(
    architecture: Architecture = ARCHITECTURE,
    encoding: Encoding = ENCODING,
    *,
    seed: int = 0,
    scale: float = 0.5,
) -> dict[str, Floats]:
    """Weights of every name and shape, none of them at its initial value."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes_of(architecture, encoding).items():
        if name.endswith((".gamma", ".moving_variance")):
            values = rng.uniform(0.3, 2.0, shape)
        else:
            values = rng.normal(0.0, scale, shape)
        tensors[name] = values.astype(np.float32)
    return tensors
