"""The plan of one training, which the worker process receives as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from msgspec import to_builtins

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.store.card import TrainSettings
from mathrepl.support.records import convert


@dataclass(frozen=True, slots=True)
class Plan:
    """One training. `source` names the weights to start from, None for random ones.

    `user` and `bundled` are the folders of weights. `command` is the shell command that repeats
    the training. `part` names the trained network, in weights of several.
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
