"""The result of one moment of killing, and the processes that are killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mathrepl.store.store import Store
from tests.kit.weights import tiny_weights
from tests.robustness.kill.checks import ARCHITECTURE, TASK

PATIENCE = 90.0  # whoever waits longer hangs


@dataclass(frozen=True, slots=True)
class Moment:
    """One kill or interrupt: in what phase it fell, what it took, and what was wrong after.

    `seconds` is the time until no process was left, or until the prompt was back.
    """

    activity: str
    number: int
    phase: str
    seconds: float
    violations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A data directory of one activity, and the store in it."""

    data: Path

    @property
    def store(self) -> Store:
        return Store(self.data / "weights", self.data / "bundled")

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MATHREPL_")}
        return {
            **kept,
            "MATHREPL_DATA_DIR": str(self.data),
            "MATHREPL_CONFIG_DIR": str(self.data / "config"),
            "MATHREPL_WEIGHTS": "tiny",
            "PYTHONUNBUFFERED": "1",
        }


def make_place(data: Path) -> Place:
    """A place whose weights `tiny` are an untrained network."""
    place = Place(data)
    tiny_weights(place.store, "tiny", TASK, ARCHITECTURE)
    return place


def dice(seed: int, activity: str, number: int) -> random.Random:
    return random.Random(f"{seed} {activity} {number}")


class Group:
    """A process in a group of its own, with what it wrote so far."""

    def __init__(self, place: Place, words: Sequence[str], label: str = "") -> None:
        self.place = place
        self.out = (place.data / f"out{label}").open("wb")
        self.err = (place.data / f"err{label}").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            env=place.environment,
            start_new_session=True,
        )

    def lines(self) -> list[str]:
        """The whole lines it has written to stdout."""
        return _text(self.out).split("\n")[:-1]

    def errors(self) -> str:
        return _text(self.err)

    def wait_for(self, met: Callable[[list[str]], bool]) -> bool:
        """Wait until its lines are so; False where it ended before."""
        deadline = time.monotonic() + PATIENCE
        while not met(self.lines()):
            if self.process.poll() is not None:
                return met(self.lines())
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain: {self.lines()[-3:]}, {self.errors()[-500:]}")
            time.sleep(0.002)
        return True

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self.process.wait()
        self.out.close()
        self.err.close()


def _text(file: IO[bytes]) -> str:
    return Path(file.name).read_text(errors="replace")


def living(place: Place) -> list[int]:
    """Processes of this place that are alive, whatever session or parent they have."""
    return _marked(f"MATHREPL_DATA_DIR={place.data}\0")


def end_all(folder: Path) -> None:
    """End what is left of the processes whose data lie below `folder`."""
    for pid in _marked(f"MATHREPL_DATA_DIR={folder}/"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _marked(text: str) -> list[int]:
    mark = text.encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark not in (folder / "environ").read_bytes():
                continue
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z" and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def workers(place: Place) -> list[int]:
    """Training workers of this place."""
    found = []
    for pid in living(place):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"mathrepl.training.keras.worker" in command:
            found.append(pid)
    return found


def await_none(place: Place, limit: float) -> tuple[float, list[str]]:
    """Seconds until no process of the place is left; those left after `limit` are violations."""
    began = time.monotonic()
    while pids := living(place):
        if time.monotonic() > began + limit:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return limit, [f"alive after {limit:g} s: {len(pids)} processes"]
        time.sleep(0.01)
    return time.monotonic() - began, []
