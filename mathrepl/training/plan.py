"""What a training is to do, as plain values that travel to the worker process as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import MAX_PLACES, Architecture
from mathrepl.support.errors import TaskError

MAX_EPOCHS = 100_000
MAX_EXAMPLES = 1_000_000
MAX_SEED = 2**31 - 1
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of one run; the defaults are the seed's recipe. Raises `TaskError`.

    `weight_decay` is AdamW's, `clip` bounds the gradients' global norm (0: neither). The
    `schedule` is `constant`, or `cosine`: down to 0 over the run, after `warmup` steps up.
    `averaging` is the share of the averaged weights that each step keeps; they are what is
    measured and saved (0: none). `offset` moves the places of a training example's digits by up
    to so many (0: not).
    """

    epochs: int
    examples: int = 30_000
    batch: int = 256
    learning_rate: float = 0.01
    seed: int = 0
    weight_decay: float = 0.0
    clip: float = 0.0
    schedule: str = "constant"
    warmup: int = 0
    averaging: float = 0.0
    offset: int = 0

    def __post_init__(self) -> None:
        for what, value, low, high in (
            ("epochs", self.epochs, 1, MAX_EPOCHS),
            ("examples", self.examples, 2, MAX_EXAMPLES),
            ("batch", self.batch, 1, 1_000_000),
            ("seed", self.seed, 0, MAX_SEED),
            ("warmup", self.warmup, 0, 1_000_000),
            ("offset", self.offset, 0, MAX_PLACES),
        ):
            if not low <= value <= high:
                raise TaskError(f"{what} must be {low:,} to {high:,}, not {value:,}")
        if not 0 < self.learning_rate <= 10:
            raise TaskError(f"lr must be above 0 and at most 10, not {self.learning_rate:g}")
        if not 0 <= self.weight_decay <= 10:
            raise TaskError(f"weight decay must be 0 to 10, not {self.weight_decay:g}")
        if not 0 <= self.clip <= 1000:
            raise TaskError(f"clip must be 0 to 1,000, not {self.clip:g}")
        if not 0 <= self.averaging < 1:
            raise TaskError(f"averaging must be at least 0 and below 1, not {self.averaging:g}")
        if self.schedule not in SCHEDULES:
            raise TaskError(f"schedule must be constant or cosine, not {self.schedule!r}")


@dataclass(frozen=True, slots=True)
class Plan:
    """One training: which weights to start from (`source`, None for fresh ones), where to save.

    `part` names the network that is trained, in weights of several.
    """

    name: str
    source: str | None
    architecture: Architecture
    encoding: Encoding
    task: Task
    settings: TrainSettings
    command: str
    user: Path
    bundled: Path
    part: str = ""

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
                "part": self.part,
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
            part=record["part"],
        )
