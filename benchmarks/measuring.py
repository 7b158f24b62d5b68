"""Code that all benchmarks share: two measurements in turn, and the row of their results."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """A measurement and its reference, each measured several times, in turn.

    `unit` is of both. `goal` is a bound on the ratio of the medians, `wanted` a bound on ours in
    the unit; both are written as a person reads them, such as `at most 1.6`.
    """

    name: str
    ours: tuple[float, ...]
    against: str
    reference: tuple[float, ...]
    unit: str
    goal: str = ""
    wanted: str = ""
    note: str = ""

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.reference)

    def text(self) -> str:
        """The row as text."""
        ours, reference = statistics.median(self.ours), statistics.median(self.reference)
        goals = ", ".join(goal for goal in (self.goal, self.wanted) if goal)
        rest = "".join(f"; {part}" for part in (goals and f"goal: {goals}", self.note) if part)
        return (
            f"{self.name} / {self.against}: {self.ratio:.3g}  "
            f"({shown(ours, self.unit)} / {shown(reference, self.unit)}; "
            f"n = {len(self.ours)}{rest})"
        )

    def record(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "against": self.against,
            "ratio": round(self.ratio, 4),
            "unit": self.unit,
            "ours": self.ours,
            "reference": self.reference,
            "goal": self.goal,
            "wanted": self.wanted,
            "note": self.note,
        }


@dataclass(frozen=True)
class Effort:
    """The extent of a run: `repeats` of each pair; `short` measures less, for CI."""

    repeats: int = 5
    short: bool = False


def shown(value: float, unit: str) -> str:
    """A figure with its unit: milliseconds or microseconds if seconds would begin with zeros."""
    if unit == "s" and value < 1:
        return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def in_turn(
    ours: Callable[[], float], reference: Callable[[], float], repeats: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Both measured `repeats` times, in turn."""
    pairs = [(ours(), reference()) for _ in range(repeats)]
    return tuple(one for one, _ in pairs), tuple(other for _, other in pairs)


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_python(arguments: Sequence[str]) -> float:
    """Seconds of a whole Python process."""
    return seconds_of(
        lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    )


def printed_by(arguments: Sequence[str]) -> str:
    """The stdout of a Python process."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr}")
    return done.stdout


def peak_bytes(pid: int) -> int:
    """Peak memory of a running process so far, in bytes; 0 on systems other than Linux.

    `wait4` would be wrong: it also counts the memory of the parent that the child was forked from.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return peak_in(status)


def peak_in(status: str) -> int:
    """The peak memory in the text of `/proc/PID/status`, in bytes."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(peak[1]) * 1024 if peak else 0


def machine() -> dict[str, Any]:
    """The machine that measured the figures."""
    packages = ("numpy", "tensorflow", "keras", "prompt_toolkit", "rich")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }
