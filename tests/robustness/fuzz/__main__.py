"""`python -m tests.robustness.fuzz --lines 100000`: hostile lines, by the prompt and by a pipe."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.robustness.fuzz import piping, prompting
from tests.robustness.fuzz.judging import SECONDS, Outcome, Violation
from tests.robustness.fuzz.lines import FILES, numbered

WAYS = ("prompt", "pipe", "json")
Run = Callable[[list[prompting.Numbered], Outcome, Callable[[int], str]], None]


def main() -> int:
    """Run what is asked for; 1 where a line did what no line may do."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.fuzz", description=__doc__)
    parser.add_argument("--lines", type=int, default=1000, help="lines each way (1000)")
    parser.add_argument("--way", choices=(*WAYS, "all"), default="all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first line")
    parser.add_argument("--session", type=int, default=500, help="lines in a session (500)")
    parser.add_argument("--group", type=int, default=1, help="lines a pipe is sent at once (1)")
    parser.add_argument("--weights", default="auto", help="weights to start with (auto)")
    parser.add_argument("--minutes", type=float, default=0, help="end after so long, each way")
    parser.add_argument("--show", type=int, default=20, help="violations to show (20)")
    options = parser.parse_args()
    found = False
    for way in WAYS if options.way == "all" else (options.way,):
        outcome = fuzz(way, options)
        report(outcome, options.show)
        found = found or bool(outcome.violations)
    return 1 if found else 0


def fuzz(way: str, options: argparse.Namespace) -> Outcome:
    """Sessions of `options.session` lines each, until all lines are run one way."""
    outcome = Outcome(way)
    run = runner(way, options)
    since = time.perf_counter()
    end = options.first + options.lines
    for start in range(options.first, end, options.session):

        def reproduce(number: int, start: int = start) -> str:
            more = f" --weights {options.weights}" if options.weights != "auto" else ""
            more += f" --group {options.group}" if options.group > 1 and way != "prompt" else ""
            count = number - start + (options.group if way != "prompt" else 1)
            size = max(count, options.session)
            return (
                f"python -m tests.robustness.fuzz --way {way} --seed {options.seed} "
                f"--first {start} --lines {count} --session {size}{more}"
            )

        numbers = range(start, min(start + options.session, end))
        run([(n, *numbered(options.seed, n)) for n in numbers], outcome, reproduce)
        tell(f"{way}: {outcome.lines:,} lines, {len(outcome.violations)} violations")
        if options.minutes and time.perf_counter() - since > 60 * options.minutes:
            tell("the time is over")
            break
    ask_again(outcome, runner("prompt" if way == "prompt" else "json", options))
    outcome.seconds = time.perf_counter() - since
    return outcome


def runner(way: str, options: argparse.Namespace) -> Run:
    def run(
        lines: list[prompting.Numbered], outcome: Outcome, reproduce: Callable[[int], str]
    ) -> None:
        if way == "prompt":
            prompting.run(lines, outcome, reproduce, weights=options.weights)
        else:
            piping.run(
                lines,
                outcome,
                reproduce,
                weights=options.weights,
                json=way == "json",
                group=options.group,
            )

    return run


def ask_again(outcome: Outcome, run: Run) -> None:
    """Lines that took long are run once more: a busy machine is no line's fault.

    They are in a session of their own, a pipe's with `--json`, which tells the lines of a working.
    """
    if not outcome.slow:
        return
    again = Outcome(outcome.way)
    lines = [(number, "", text) for _, number, text in outcome.slow]
    loaded = (-1, "", "1+1"), (-1, "", f":weights output --save {FILES[0]}")  # matplotlib too
    run([*loaded, *lines], again, lambda _: "")
    outcome.workings += again.workings
    first = {number: seconds for seconds, number, _ in outcome.slow}
    for seconds, number, text in again.slow:
        if number < 0:
            continue
        outcome.slow_again += 1
        what = f"took {first.get(number, 0):.2f} s, and {seconds:.2f} s once more"
        outcome.violations.append(Violation(number, text, what, "its text alone"))


def report(outcome: Outcome, show: int) -> None:
    rows = [
        ("lines", f"{outcome.lines:,} in {outcome.seconds:,.0f} s"),
        ("", ", ".join(f"{kind} {n:,}" for kind, n in outcome.kinds.most_common())),
        ("answered", f"{outcome.answered:,}"),
        ("errors", f"{outcome.errors.total():,}, of {len(outcome.errors)} kinds"),
    ]
    rows += [("", f"{count:8,}  {what}") for what, count in outcome.errors.most_common(12)]
    rest = outcome.errors.total() - sum(n for _, n in outcome.errors.most_common(12))
    seconds, number, text = outcome.slowest
    rows += [
        ("", f"{rest:8,}  others"),
        ("slowest", f"{seconds:.2f} s: line {number}, {shown(text)}"),
        ("workings", f"{outcome.workings} of over 50 lines took more than {SECONDS:g} s"),
        (f"over {SECONDS:g} s", f"{len(outcome.slow)} else, once more {outcome.slow_again}"),
        ("violations", f"{len(outcome.violations)}"),
    ]
    tell(f"\n{outcome.way}")
    for name, value in rows:
        tell(f"  {name:<10} {value}")
    for violation in outcome.violations[:show]:
        tell(f"  line {violation.number}: {violation.what}")
        tell(f"    {shown(violation.text)}")
        tell(f"    {violation.reproduce}")


def shown(text: str) -> str:
    """The line in ASCII; a long one by its beginning and its length."""
    whole = ascii(text)
    return whole if len(whole) <= 160 else f"{whole[:150]}… ({len(text):,} characters)"


def tell(text: str) -> None:
    print(text, file=sys.stdout, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
