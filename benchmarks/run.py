"""Ratios that the project holds itself to: `python benchmarks/run.py [NAME ...]`.

Each pair runs in turn on this machine, so a ratio means the same on a busy one. Names: prompt,
ask, answer, epoch, memory.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPEATS = 7


@dataclass(frozen=True)
class Line:
    """One measured figure and what it is held against."""

    name: str
    figure: str
    goal: str


def alternately(one: Callable[[], float], other: Callable[[], float]) -> tuple[float, float]:
    """Median seconds of each of two measurements, taken in turn."""
    ones, others = [], []
    for _ in range(REPEATS):
        ones.append(one())
        others.append(other())
    return statistics.median(ones), statistics.median(others)


def run_python(*arguments: str) -> float:
    """Seconds of a whole Python process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def start_session() -> tuple[int, int, float]:
    """Process, terminal and seconds from start to a visible prompt, at a pseudo-terminal."""
    started = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-m", "mathrepl"])
    seen = read_until(terminal, b"math> ")
    if b"math> " not in seen:
        raise RuntimeError(f"no prompt appeared: {seen!r}")
    return process, terminal, time.perf_counter() - started


def read_until(terminal: int, wanted: bytes, seconds: float = 20.0) -> bytes:
    """Output up to `wanted`, answering the terminal's cursor questions on the way."""
    seen = b""
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], seconds)
        if not ready:
            break
        part = os.read(terminal, 4096)
        if b"\x1b[6n" in part:
            os.write(terminal, b"\x1b[1;1R")
        seen += part
    return seen


def end_session(process: int, terminal: int) -> None:
    ended = False
    while not ended:
        os.write(terminal, b"\x04")  # again and again: one typed between two prompts is lost
        try:
            read_until(terminal, b"never", 0.5)
        except OSError:
            ended = True
    os.close(terminal)
    os.waitpid(process, 0)


def prompt() -> list[Line]:
    def session() -> float:
        process, terminal, seconds = start_session()
        end_session(process, terminal)
        return seconds

    def imports() -> float:
        return run_python("-c", "import prompt_toolkit, rich")

    ours, theirs = alternately(session, imports)
    return [
        Line("start to prompt", f"{ours:.3f} s", "at most 0.3 s"),
        Line(
            "start to prompt / import prompt_toolkit, rich",
            f"{ours / theirs:.2f} ({theirs:.3f} s)",
            "at most 1.6",
        ),
    ]


def ask() -> list[Line]:
    ours, theirs = alternately(
        lambda: run_python("-m", "mathrepl", "ask", "31 + 87"),
        lambda: run_python("-c", "import tensorflow"),
    )
    return [
        Line(
            "mathrepl ask / import tensorflow",
            f"{ours / theirs:.3f} ({ours:.2f} s, {theirs:.2f} s)",
            "at most 0.15",
        )
    ]


def answer() -> list[Line]:
    from mathrepl.session import Session
    from mathrepl.settings import Settings
    from mathrepl.store import Store

    session = Session(Settings(), Store(Path(tempfile.gettempdir()) / "mathrepl-nowhere"))
    questions = [f"{a} + {b}" for a in range(0, 1000, 10) for b in range(0, 1000, 25)]
    session.ask("94 + 909")
    times = []
    for question in questions[:300]:
        started = time.perf_counter()
        session.ask(question)
        times.append(time.perf_counter() - started)
    started = time.perf_counter()
    session.solver.write(questions)
    batched = (time.perf_counter() - started) / len(questions)
    return [
        Line("one answer, from text to comparison", f"{statistics.median(times) * 1e3:.2f} ms", ""),
        Line("one answer of 4,000 in batches", f"{batched * 1e6:.0f} us", ""),
    ]


def epoch() -> list[Line]:
    """The seed recipe: ours in the worker's own setting, then plain `fit`, three rounds each."""
    code = Path(__file__).with_name("epoch.py")
    ours, theirs = [], []
    for _ in range(3):
        for kind, times in (("ours", ours), ("fit", theirs)):
            done = subprocess.run(
                [sys.executable, str(code), kind], check=True, capture_output=True, text=True
            )
            times.append(float(done.stdout.split()[-1]))
    mine, plain = statistics.median(ours), statistics.median(theirs)
    return [
        Line(
            "epoch of the seed recipe / plain model.fit",
            f"{mine / plain:.2f} ({mine:.2f} s, {plain:.2f} s)",
            "at most 0.5",
        )
    ]


def memory() -> list[Line]:
    """Peak resident memory of a session that asked questions and a quiz, and never trained."""
    process, terminal, _ = start_session()
    for line, wanted in (
        (b"94 + 909", b"sure of the whole"),
        (b"1+2; 30+40", b"of 2 right"),
        (b":quiz 20", b"exact match"),
    ):
        os.write(terminal, line + b"\r")
        if wanted not in read_until(terminal, wanted):
            raise RuntimeError(f"{line!r} was not answered")
        read_until(terminal, b"math> ")
    status = Path(f"/proc/{process}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    end_session(process, terminal)
    return [Line("peak memory, never trained", f"{int(peak.split()[1]) / 1024:.0f} MB", "120 MB")]


BENCHMARKS = {"prompt": prompt, "ask": ask, "answer": answer, "epoch": epoch, "memory": memory}


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME")
    names = parser.parse_args().names or list(BENCHMARKS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as home:
        # A fresh home: the bundled weights answer, and no history or settings weigh in.
        os.environ["MATHREPL_DATA_DIR"] = os.environ["MATHREPL_CONFIG_DIR"] = home
        for name in names:
            for line in BENCHMARKS[name]():
                goal = f"   goal: {line.goal}" if line.goal else ""
                print(f"{line.name:<48}{line.figure:<28}{goal}", flush=True)


if __name__ == "__main__":
    main()
