"""A map of a million sums and of a part of the plane: `python benchmarks/looking.py`."""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import time
from pathlib import Path

from mathrepl.analysis.figure import Figure
from mathrepl.analysis.plane import plane
from mathrepl.session import Session
from mathrepl.settings import Settings
from mathrepl.store import Store


def seconds_of(session: Session, high: int) -> float:
    """Of a map of 0..high in both directions, from the first question to the figure."""
    side = (0, high)
    started = time.perf_counter()
    *_, figure = plane(session, operation=None, a=side, b=side, show="wrong")
    seconds = time.perf_counter() - started
    assert isinstance(figure, Figure)
    assert figure.data["total"] == (high + 1) ** 2
    return seconds


def main() -> None:
    session = Session(Settings(weights="add"), Store(Path("/nonexistent")))
    session.ask("1+1")
    zoom, whole = seconds_of(session, 99), seconds_of(session, 999)
    print(f"100 x 100: {zoom:.2f} s (goal 0.5 s); 1000 x 1000: {whole:.1f} s (goal 25 s)")
    print(f"an equation of the whole takes {whole / zoom / 100:.2f} of one of the part")


if __name__ == "__main__":
    main()
