"""What a training is to do, as plain values that travel to the worker process as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from msgspec import to_builtins

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.store.train_settings import TrainSettings
from mathrepl.support.records import convert


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
    user: Path
    bundled: Path
    command: str = ""
    part: str = ""

    def to_json(self) -> str:
        """The plan as one line."""
        record = to_builtins(self, enc_hook=str)
        record["architecture"] = self.architecture.record()
        record["task"] = self.task.record()
        return json.dumps(record)

    @classmethod
    def from_json(cls, line: str) -> Plan:
        """Inverse of `to_json`. Raises `TaskError` for settings that contradict each other."""
        return convert(cls, json.loads(line), "plan")
