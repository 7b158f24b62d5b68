"""The benchmarks' short form: every pair is measured, and none is far from its goal.

The bounds are wide, since one measurement on a busy machine is no figure; what they notice is a
heavy import at the start, or answers that go one by one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.kit.paths import ROOT

RUN = ROOT / "benchmarks" / "run.py"
BOUNDS = {"prompt": 4.0, "ask": 0.5, "memory": 2.5, "answer": 8.0, "batch": 20.0, "zoom": 20.0}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MATHREPL_")}
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment,
    )


def test_the_short_form_measures_every_pair(tmp_path: Path):
    done = bench("--short", "--json", str(tmp_path / "figures.json"))
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "figures.json").read_text())
    assert told["machine"]["cores"] >= 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(told["figures"])
    assert BOUNDS.keys() <= told["figures"].keys()
    for name, bound in BOUNDS.items():
        figure = told["figures"][name]
        assert len(figure["ours"]) == len(figure["reference"]) == 1
        assert 0 < figure["ratio"] < bound, (name, figure)


def test_a_benchmark_that_there_is_not_is_refused():
    done = bench("quickness")
    assert done.returncode == 2
    assert "no benchmark 'quickness'; there are prompt, ask" in done.stderr
