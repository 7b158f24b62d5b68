"""A million equations through a pipe, against the network alone: `python benchmarks/load.py`.

The network alone is `Solver.write` of the same equations here, in its own batches and on as many
threads; it is asked one half before and one half after each stream, so that a machine that gets
busier weighs on both. The stream is a process of its own, from its start to its end, whose output
is read and counted. Last comes a slow typist: one line at a time through a pipe that stays open.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

# Before numpy is imported: as `mathrepl` itself does.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from measuring import peak_bytes

from mathrepl.data.questions import draw_questions
from mathrepl.inference.solver import Solver
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings

MEGABYTE = 1_000_000
GOAL, MOST_MEGABYTES = 0.6, 200
ENOUGH_ONCE = 500_000  # equations
TYPED = 60  # lines
PAUSE = 0.05  # seconds between two of them


@dataclass(frozen=True)
class Streamed:
    """A stream from the start of its process to its end."""

    seconds: float
    lines: int
    peak: int  # bytes


def stream(file: Path, options: Sequence[str]) -> Streamed:
    """Pipe the file through `mathrepl --json`, and count what comes out."""
    command = [sys.executable, "-m", "mathrepl", "--json", *options]
    started = time.perf_counter()
    with file.open("rb") as equations:
        process = subprocess.Popen(command, stdin=equations, stdout=subprocess.PIPE)
    assert process.stdout is not None
    lines = reads = peak = 0
    while chunk := os.read(process.stdout.fileno(), 1 << 20):
        lines += chunk.count(b"\n")
        if reads % 16 == 0:
            peak = max(peak, peak_bytes(process.pid))
        reads += 1
    process.stdout.close()
    if process.wait():
        raise RuntimeError(f"the stream ended with exit code {process.returncode}")
    return Streamed(time.perf_counter() - started, lines, peak)


def written(solver: Solver, questions: Sequence[str]) -> float:
    """Seconds in which the network answers them, from text to text."""
    started = time.perf_counter()
    solver.write(questions)
    return time.perf_counter() - started


def typed(questions: Sequence[str], options: Sequence[str]) -> list[float]:
    """Seconds from each line, sent alone, to its answer."""
    command = [sys.executable, "-m", "mathrepl", "--json", *options]
    waited = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for question in questions:
            time.sleep(PAUSE)
            started = time.perf_counter()
            process.stdin.write(f"{question}\n".encode())
            answer = b""
            while not answer.endswith(b"\n"):
                answer += os.read(process.stdout.fileno(), 1 << 16)
            waited.append(time.perf_counter() - started)
        process.stdin.close()
    return waited[1:]  # the first waits for the program to start


def answered(session: Session, questions: Sequence[str]) -> list[float]:
    """Seconds of each answer in this process, as a record, as slowly typed."""
    took = []
    for question in questions:
        time.sleep(PAUSE)
        started = time.perf_counter()
        json.dumps(session.ask(question).record())
        took.append(time.perf_counter() - started)
    return took[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equations", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--weights", default="add", metavar="NAME")
    parser.add_argument("--fields", metavar="NAME,NAME", help="as of mathrepl")
    parser.add_argument("--repeats", type=int, help="3, or 1 of half a million and more")
    chosen = parser.parse_args()
    repeats = chosen.repeats or (1 if chosen.equations >= ENOUGH_ONCE else 3)
    options = ["--weights", chosen.weights]
    trimmed = options + (["--fields", chosen.fields] if chosen.fields else [])
    with tempfile.TemporaryDirectory() as home:
        # A fresh home: the bundled weights answer, without settings.
        os.environ["MATHREPL_DATA_DIR"] = os.environ["MATHREPL_CONFIG_DIR"] = home
        session = Session(Settings(weights=chosen.weights), Store(Path(home) / "weights"))
        drawn = draw_questions(session.card.task, random.Random(0))
        questions = list(islice(drawn, chosen.equations))
        file = Path(home) / "equations"
        file.write_text("".join(f"{question}\n" for question in questions))
        solver, half = session.weights.solver, len(questions) // 2
        written(solver, questions[:4096])
        ratios, streams = [], []
        for _ in range(repeats):
            alone = written(solver, questions[:half])
            streamed = stream(file, trimmed)
            alone += written(solver, questions[half:])
            assert streamed.lines == len(questions)
            ratios.append(alone / streamed.seconds)
            streams.append(streamed)
            print(
                f"{len(questions):,} equations: stream {streamed.seconds:.2f} s "
                f"({streamed.lines / streamed.seconds:,.0f} lines/s), network alone {alone:.2f} s "
                f"({len(questions) / alone:,.0f}/s), ratio {ratios[-1]:.3f}, "
                f"peak {streamed.peak / MEGABYTE:.0f} MB",
                flush=True,
            )
        peak = max(streamed.peak for streamed in streams) / MEGABYTE
        print(f"ratio {statistics.median(ratios):.3f}, n = {repeats} (goal: at least {GOAL})")
        print(f"peak memory {peak:.0f} MB (goal: at most {MOST_MEGABYTES} MB)")
        waited = typed(questions[:TYPED], options)
        took = answered(session, questions[:TYPED])
        print(
            f"a line typed alone is answered in {statistics.median(waited) * 1e3:.2f} ms "
            f"(slowest {max(waited) * 1e3:.2f}); the answer itself takes "
            f"{statistics.median(took) * 1e3:.2f} ms (slowest {max(took) * 1e3:.2f})"
        )


if __name__ == "__main__":
    main()
