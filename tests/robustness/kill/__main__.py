"""Kill and interrupt real processes at random moments, and tell what was wrong after."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.robustness.kill.killing import (
    killed_certifying,
    killed_history,
    killed_neighbours,
    killed_saving,
    killed_sweeping,
    killed_training,
    killed_undoing,
)
from tests.robustness.kill.moments import Moment, end_all
from tests.robustness.kill.terminal import interrupted

Activity = Callable[[Path, int, int], Iterator[Moment]]
# How the kills are shared out, in parts of 200.
KILLS: dict[str, tuple[Activity, int]] = {
    "saving": (killed_saving, 35),
    "neighbours": (killed_neighbours, 10),
    "undoing": (killed_undoing, 15),
    "history": (killed_history, 40),
    "certifying": (killed_certifying, 30),
    "training": (killed_training, 40),
    "sweeping": (killed_sweeping, 30),
}


def main() -> int:
    """0 where nothing was violated, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[*KILLS, "terminal"], help="this activity alone")
    told = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runs: list[tuple[str, Activity, int]] = []
    if told.only in KILLS:
        runs.append((told.only, KILLS[told.only][0], told.kills))
    elif told.only is None:
        shares = _shared(told.kills)
        runs += [(name, KILLS[name][0], shares[name]) for name in KILLS]
    if told.only in (None, "terminal"):
        runs.append(("terminal", interrupted, told.interrupts))
    folder = Path(tempfile.mkdtemp(prefix="mathrepl-kill-"))
    moments: list[Moment] = []
    began = time.monotonic()
    try:
        for name, activity, times in runs:
            again = f"python -m tests.robustness.kill --only {name} --seed {told.seed}"
            again += " --interrupts" if name == "terminal" else " --kills"
            for moment in activity(folder, times, told.seed) if times else ():
                moments.append(moment)
                _say(f"{time.monotonic() - began:6.0f} s  {_shown(moment)}", sys.stderr)
                for problem in moment.violations:
                    _say(f"    VIOLATION: {problem}", sys.stderr)
                if moment.violations:
                    _say(f"    again: {again} {moment.number + 1}", sys.stderr)
    finally:
        end_all(folder)
    _table(moments)
    wrong = sum(bool(moment.violations) for moment in moments)
    if not wrong:
        shutil.rmtree(folder, ignore_errors=True)
    load = os.getloadavg()[0]
    kept = f"; files in {folder}" if wrong else ""
    _say(
        f"{len(moments)} moments, {wrong} with violations, {time.monotonic() - began:.0f} s, "
        f"seed {told.seed}, load {load:.1f} on {os.cpu_count()} cores{kept}"
    )
    return 1 if wrong else 0


def _shared(total: int) -> dict[str, int]:
    """So many kills over the activities, in proportion; the rounding goes to the first."""
    whole = sum(part for _, part in KILLS.values())
    shares = {name: total * part // whole for name, (_, part) in KILLS.items()}
    shares["saving"] += total - sum(shares.values())
    return shares


def _shown(moment: Moment) -> str:
    return f"{moment.activity} {moment.number}: {moment.phase}, {moment.seconds:.2f} s"


def _table(moments: list[Moment]) -> None:
    _say("activity | moments | worst s | violations | phases\n--- | --- | --- | --- | ---")
    for activity in dict.fromkeys(moment.activity for moment in moments):
        mine = [moment for moment in moments if moment.activity == activity]
        phases = Counter(moment.phase for moment in mine)
        shown = "; ".join(f"{phase} {count}" for phase, count in sorted(phases.items()))
        wrong = sum(bool(moment.violations) for moment in mine)
        worst = max(moment.seconds for moment in mine)
        _say(f"{activity} | {len(mine)} | {worst:.2f} | {wrong} | {shown}")


def _say(text: str, where: object = None) -> None:
    print(text, file=where or sys.stdout, flush=True)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
