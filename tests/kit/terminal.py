"""mathrepl at a pseudo-terminal, over a folder with an untrained network."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pexpect

from mathrepl.arithmetic.task import Task
from mathrepl.networks.config import Architecture
from mathrepl.store.store import Store
from tests.kit.weights import tiny_weights

PROMPT = "math> "


def lay_tiny(folder: Path) -> Path:
    """Save `tiny` into the data directory `folder`: an untrained network for a + b, 0..99."""
    store = Store(folder / "weights", folder / "bundled")
    tiny_weights(store, "tiny", Task(high=99), Architecture(hidden=8))
    return folder


class Terminal:
    """mathrepl at a pseudo-terminal of a given size."""

    def __init__(self, data: Path, columns: int = 100, **environment: str) -> None:
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("MATHREPL_")},
            "MATHREPL_DATA_DIR": str(data),
            "MATHREPL_CONFIG_DIR": str(data / "config"),
            "MATHREPL_WEIGHTS": "tiny",
            "TERM": "xterm-256color",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            **environment,
        }
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "mathrepl"],
            env=env,
            dimensions=(40, columns),
            encoding="utf-8",
            timeout=60,
        )
        self.child.expect_exact(PROMPT)

    def line(self, text: str) -> None:
        self.child.send(text + "\r")

    def see(self, pattern: str) -> None:
        self.child.expect(pattern)

    def until(self, text: str, pattern: str) -> None:
        """Repeat a line until it prints `pattern`."""
        for _ in range(100):
            self.line(text)
            if self.child.expect([pattern, pexpect.TIMEOUT], timeout=0.3) == 0:
                return
        raise AssertionError(f"{text} never printed {pattern}")

    def interrupt(self) -> None:
        self.child.sendintr()

    def leave(self) -> int | None:
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


def card(data: Path) -> dict[str, object]:
    record: dict[str, object] = json.loads((data / "weights" / "tiny.json").read_bytes())
    return record
