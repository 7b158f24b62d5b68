"""A million additions against the machine's arithmetic limit: `python benchmarks/certifying.py`.

The limit is the time that the network's matrix products alone would take, at the rate at which
all cores together multiply matrices of like shape here.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from mathrepl.card import Card
from mathrepl.certify import certify, threads_for
from mathrepl.networks import shapes_of
from mathrepl.solver import numpy_solver
from mathrepl.store import Store, bundled_directory

ROWS = 2048


def operations(card: Card) -> float:
    """Multiplications and additions of one answer's matrix products, at the longest lengths."""
    question, answer = card.encoding.question_length - 1, card.encoding.answer_length
    total = 0.0
    for name, shape in shapes_of(card.architecture, card.encoding).items():
        if not name.endswith("kernel"):
            continue
        steps = answer if name.startswith(("decoder", "attention.query", "output")) else question
        total += 2.0 * shape[0] * shape[1] * (1 if name.startswith("bridge") else steps)
    heads_by_keys = 2 * 2 * question * (card.architecture.heads * card.architecture.embedding)
    return total + answer * heads_by_keys


def rate(units: int, threads: int) -> float:
    """Operations a second of (rows, units) by (units, 4 units) products on all cores."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(ROWS, units)).astype(np.float32)
    b = rng.normal(size=(units, 4 * units)).astype(np.float32)

    def work(_: int) -> None:
        for _ in range(200):
            a @ b

    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        list(pool.map(work, range(threads)))
        seconds = time.perf_counter() - started
    return threads * 200 * 2.0 * ROWS * units * 4 * units / seconds


def main() -> None:
    store = Store(Path("/nonexistent"), bundled_directory())
    found = store.find("add")
    solver = numpy_solver(found.card, store.tensors(found))
    threads = threads_for("numpy")
    with tempfile.TemporaryDirectory() as directory:
        progress = Path(directory) / "progress"
        started = time.perf_counter()
        *_, certificates = certify(
            found.card, solver, "benchmark", sample=None, progress=progress, threads=threads
        )
        seconds = time.perf_counter() - started
    asked = certificates[0].total
    limit = asked * operations(found.card) / rate(found.card.architecture.hidden, threads)
    print(f"{asked:,} additions in {seconds:.1f} s on {threads} threads (goal 25 s)")
    print(f"the matrix products alone: {limit:.1f} s; {seconds / limit:.1f} times that")


if __name__ == "__main__":
    main()
