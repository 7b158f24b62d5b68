"""What a training is to do, as plain values that travel to the worker process as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mathrepl.architecture import Architecture
from mathrepl.encoding import Encoding
from mathrepl.errors import TaskError
from mathrepl.task import Task

MAX_EPOCHS = 100_000
MAX_EXAMPLES = 1_000_000
MAX_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of one run; the defaults are the seed's recipe. Raises `TaskError`."""

    epochs: int
    examples: int = 30_000
    batch: int = 256
    learning_rate: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        for what, value, low, high in (
            ("epochs", self.epochs, 1, MAX_EPOCHS),
            ("examples", self.examples, 2, MAX_EXAMPLES),
            ("batch", self.batch, 1, 1_000_000),
            ("seed", self.seed, 0, MAX_SEED),
        ):
            if not low <= value <= high:
                raise TaskError(f"{what} must be {low:,} to {high:,}, not {value:,}")
        if not 0 < self.learning_rate <= 10:
            raise TaskError(f"lr must be above 0 and at most 10, not {self.learning_rate:g}")


@dataclass(frozen=True, slots=True)
class Plan:
    """One training: which weights to start from (`source`, None for fresh ones), where to save."""

    name: str
    source: str | None
    architecture: Architecture
    encoding: Encoding
    task: Task
    settings: TrainSettings
    command: str
    user: Path
    bundled: Path

    def to_json(self) -> str:
        """One line."""
        return json.dumps(
            {
                "name": self.name,
                "source": self.source,
                "architecture": self.architecture.record(),
                "encoding": self.encoding.record(),
                "task": self.task.record(),
                "settings": asdict(self.settings),
                "command": self.command,
                "user": str(self.user),
                "bundled": str(self.bundled),
            }
        )

    @classmethod
    def from_json(cls, line: str) -> Plan:
        """Inverse of `to_json`."""
        record: dict[str, Any] = json.loads(line)
        return cls(
            name=record["name"],
            source=record["source"],
            architecture=Architecture.from_record(record["architecture"]),
            encoding=Encoding.from_record(record["encoding"]),
            task=Task.from_record(record["task"]),
            settings=TrainSettings(**record["settings"]),
            command=record["command"],
            user=Path(record["user"]),
            bundled=Path(record["bundled"]),
        )
