"""Answers against the network alone, and against the machine's rate at multiplying matrices."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from measuring import Effort, Row, in_turn, seconds_of

from mathrepl.analysis.network import network_of
from mathrepl.analysis.plane import plane
from mathrepl.evaluation.certify import askers_here, certify
from mathrepl.networks import shapes_of
from mathrepl.session.session import Session
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from mathrepl.support.thread_pool import threads_for

ROWS = 2048
MILLION = 1_000_000
PRODUCTS = "its matrix products alone, at the rate measured here"


def answer(effort: Effort) -> Row:
    """One question after another through the whole session, and through the network alone."""
    session = _session()
    network = network_of(session.weights)
    questions = [f"{a}+{b}" for a in range(0, 1000, 50) for b in range(0, 1000, 67)]

    def whole() -> float:
        return seconds_of(lambda: [session.ask(text) for text in questions]) / len(questions)

    def alone() -> float:
        asked = [[text] for text in questions]
        return seconds_of(lambda: [network.probabilities(one) for one in asked]) / len(questions)

    ours, reference = in_turn(whole, alone, effort.repeats)
    return Row(
        "one answer, from text to comparison", ours, "the network's forward pass", reference, "s"
    )


def batch(effort: Effort) -> Row:
    """Many questions on one thread, from text to text."""
    session = _session()
    card, solver = session.card, session.weights.solver
    count = 4_000 if effort.short else 40_000
    questions = [f"{k // 1000}+{k % 1000}" for k in range(0, MILLION, MILLION // count)]
    ours, reference = in_turn(
        lambda: seconds_of(lambda: solver.write(questions)) / len(questions),
        lambda: operations(card) / rate(card.architecture.hidden, 1),
        effort.repeats,
    )
    return Row("one answer of many in batches, one thread", ours, PRODUCTS, reference, "s")


def certifying(effort: Effort) -> Row:
    """Certify every sum of 0..999."""
    session = _session()
    card = session.card
    threads = threads_for("numpy")

    def whole() -> float:
        with tempfile.TemporaryDirectory() as directory:
            started = time.perf_counter()
            *_, certificates = certify(
                card,
                askers_here(session.weights.solver, threads),
                "benchmark",
                sample=None,
                progress=Path(directory) / "progress",
            )
            seconds = time.perf_counter() - started
        assert certificates[0].total == MILLION
        return seconds

    return _against_products(
        "certifying 1,000,000 sums", whole, MILLION, card, threads, effort, "at most 25 s"
    )


def mapping(effort: Effort) -> Row:
    """A map of every sum of 0..999."""
    return _map(999, "at most 25 s", effort)


def zoom(effort: Effort) -> Row:
    """A map of 100 x 100 sums."""
    return _map(99, "at most 0.5 s", effort)


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
    """Operations a second of (rows, units) by (units, 4 units) products on so many cores."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(ROWS, units)).astype(np.float32)
    b = rng.normal(size=(units, 4 * units)).astype(np.float32)

    def work(_: int) -> None:
        for _ in range(200):
            a @ b

    with ThreadPoolExecutor(threads) as pool:
        seconds = seconds_of(lambda: list(pool.map(work, range(threads))))
    return threads * 200 * 2.0 * ROWS * units * 4 * units / seconds


def _session() -> Session:
    session = Session(Settings(weights="add"), Store(Path("/nonexistent")))
    session.ask("1 + 1")  # loads the weights
    return session


def _map(high: int, wanted: str, effort: Effort) -> Row:
    session = _session()
    side, total = (0, high), (high + 1) ** 2

    def whole() -> float:
        started = time.perf_counter()
        *_, figure = plane(session.weights, operation=None, a=side, b=side, show="wrong")
        seconds = time.perf_counter() - started
        assert figure.record()["total"] == total
        return seconds

    name = f"a map of {high + 1:,} x {high + 1:,} sums"
    return _against_products(name, whole, total, session.card, threads_for("numpy"), effort, wanted)


def _against_products(
    name: str,
    whole: Callable[[], float],
    count: int,
    card: Card,
    threads: int,
    effort: Effort,
    wanted: str = "",
) -> Row:
    def products() -> float:
        return count * operations(card) / rate(card.architecture.hidden, threads)

    ours, reference = in_turn(whole, products, effort.repeats)
    return Row(name, ours, PRODUCTS, reference, "s", wanted=wanted, note=f"{threads} threads")
