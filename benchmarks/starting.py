"""Start and memory, against processes that only import the same libraries."""

from __future__ import annotations

from measuring import Effort, Row, in_turn, peak_bytes, peak_in, printed_by, run_python
from terminal import TerminalSession

LIBRARIES = "import prompt_toolkit, rich"
STATUS = "print(open('/proc/self/status').read())"
MEGABYTE = 1024**2


def prompt(effort: Effort) -> Row:
    def session() -> float:
        started = TerminalSession()
        started.end()
        return started.seconds

    ours, reference = in_turn(session, lambda: run_python(["-c", LIBRARIES]), effort.repeats)
    return Row(
        "start to a visible prompt",
        ours,
        "importing prompt_toolkit and rich",
        reference,
        "s",
        goal="at most 1.6",
        wanted="at most 0.3 s",
    )


def ask(effort: Effort) -> Row:
    ours, reference = in_turn(
        lambda: run_python(["-m", "mathrepl", "ask", "31 + 87"]),
        lambda: run_python(["-c", "import tensorflow"]),
        effort.repeats,
    )
    return Row(
        'mathrepl ask "31 + 87"', ours, "import tensorflow", reference, "s", goal="at most 0.15"
    )


def memory(effort: Effort) -> Row:
    """Peak resident memory of a session that asked questions and a quiz, and never trained."""

    def session() -> float:
        started = TerminalSession()
        started.enter("94 + 909", "sure of the whole")
        started.enter("1+2; 30+40", "of 2 right")
        started.enter(":quiz 20", "exact match")
        peak = peak_bytes(started.process) / MEGABYTE
        started.end()
        return peak

    def libraries() -> float:
        return peak_in(printed_by(["-c", f"{LIBRARIES}, numpy; {STATUS}"])) / MEGABYTE

    ours, reference = in_turn(session, libraries, effort.repeats)
    return Row(
        "peak memory of a session that never trained",
        ours,
        "a process that imports prompt_toolkit, rich and numpy",
        reference,
        "MB",
        wanted="at most 120 MB",
    )
