"""Ratios with the goals of the project: `python benchmarks/run.py [NAME ...]`.

Each pair is measured in turn on this machine, so a ratio means the same on a slow one. `--short`
measures each once and less of it, and leaves out the long ones: a look, not a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

# Before numpy is imported: small matrices on several threads wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import answering
import starting
import training
from measuring import Effort, Row, machine

BENCHMARKS: Mapping[str, Callable[[Effort], Row]] = {
    "prompt": starting.prompt,
    "ask": starting.ask,
    "memory": starting.memory,
    "answer": answering.answer,
    "batch": answering.batch,
    "zoom": answering.zoom,
    "map": answering.mapping,
    "certify": answering.certifying,
    "epoch": training.epoch,
    "learn": training.learning,
}
LONG = {"map", "certify", "epoch", "learn"}  # half a minute to minutes even once


def main() -> int:
    """Measure the named benchmarks, or all; print a row for each, and write JSON if requested."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--repeats", type=int, default=5, help="of each pair (5)")
    parser.add_argument("--short", action="store_true", help="each once, without the long ones")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    names = chosen.names or [n for n in BENCHMARKS if not (chosen.short and n in LONG)]
    effort = Effort(1, short=True) if chosen.short else Effort(chosen.repeats)
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory() as home:
        # A fresh home: the bundled weights answer, without history or settings.
        os.environ["MATHREPL_DATA_DIR"] = os.environ["MATHREPL_CONFIG_DIR"] = home
        for name in names:
            rows[name] = BENCHMARKS[name](effort)
            print(f"{name:<8} {rows[name].text()}", flush=True)
    if chosen.json is not None:
        figures = {name: row.record() for name, row in rows.items()}
        chosen.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
