"""Lines through a pipe into a real `mathrepl`, plain and with `--json`."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.kit.paths import ROOT
from tests.robustness.fuzz import judging
from tests.robustness.fuzz.judging import Outcome, Violation
from tests.robustness.fuzz.prompting import HANGS_AFTER, Numbered, home

MARK = ":no-such-command-{}"
WARM_UP = b"1+1\n"  # what is loaded once is no line's fault


class EndedError(Exception):
    """The process has ended, or does not answer."""


class Process:
    """A `mathrepl` that reads from a pipe; a wrong command after each group shows its end."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._marks = 0
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        del environment["COLUMNS"], environment["LINES"]
        # Errors go to stdout with --json, to stderr without: the mark is waited for there.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "mathrepl", *(["--json"] if json else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert self._child.stdin
        assert self._child.stdout
        assert self._child.stderr
        self._in, self._out, self._err = self._child.stdin, self._child.stdout, self._child.stderr
        self._selector = selectors.DefaultSelector()
        for stream in (self._out, self._err):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, stream)
        os.set_blocking(self._in.fileno(), False)

    def ask(self, data: bytes) -> tuple[str, str]:
        """The output on stdout and stderr for these lines. Raises `EndedError`."""
        self._marks += 1
        mark = MARK.format(self._marks)
        self._left = data + f"{mark}\n".encode()
        self._got = {self._out: b"", self._err: b""}
        waited = self._out if self._json else self._err
        deadline = time.monotonic() + HANGS_AFTER
        last = f"unknown command {mark}".encode()
        while not (last in self._got[waited] and self._got[waited].endswith(b"\n")):
            if time.monotonic() > deadline:
                raise EndedError(f"no answer within {HANGS_AFTER} s")
            self._write()
            for key, _ in self._selector.select(0.001 if self._left else 0.1):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    raise EndedError(f"the process ended; {self._rest()}")
                self._got[key.data] += chunk
        out, err = (self._got[s].decode("utf-8", "surrogateescape") for s in (self._out, self._err))
        return (_before(out, mark), err) if self._json else (out, _before(err, mark))

    def cpu(self) -> float | None:
        """Seconds of the processor that it has used; None where the system does not tell."""
        try:
            stat = Path(f"/proc/{self._child.pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _write(self) -> None:
        if not self._left:
            return
        try:
            written = os.write(self._in.fileno(), self._left[: 1 << 16])
        except BlockingIOError:
            return
        except BrokenPipeError:
            raise EndedError(f"the process ended; {self._rest()}") from None
        self._left = self._left[written:]

    def _rest(self) -> str:
        self._child.wait(HANGS_AFTER)
        os.set_blocking(self._err.fileno(), True)
        text = (self._got[self._err] + self._err.read()).decode("utf-8", "replace")
        return f"code {self._child.returncode}: {text.strip()[-300:]}"

    def close(self) -> None:
        self._selector.close()
        self._in.close()
        self._child.kill()
        self._child.wait()
        self._out.close()
        self._err.close()


def _before(output: str, mark: str) -> str:
    """The output without that of the mark: its error, and the line and caret above it."""
    rows = output.split("\n")
    place = max(i for i, row in enumerate(rows) if f"unknown command {mark}" in row)
    while place and (rows[place - 1].strip() == "^" or rows[place - 1].strip() == mark):
        place -= 1
    return "".join(row + "\n" for row in rows[:place])


def encoded(text: str) -> bytes:
    return text.replace("\n", " ").encode("utf-8", "surrogatepass") + b"\n"


def run(
    lines: Sequence[Numbered],
    outcome: Outcome,
    reproduce: Callable[[int], str],
    *,
    weights: str,
    json: bool,
    group: int = 1,
) -> None:
    """One process over `lines`, `group` of them sent at a time; after a death a new one goes on.

    One that does not even start is a violation, and ends the run.
    """
    with home(weights):
        process = Process(json=json)
        first = 0
        try:
            process.ask(WARM_UP)
            for first in range(0, len(lines), group):
                part = lines[first : first + group]
                since, before = time.perf_counter(), process.cpu()
                try:
                    out, err = process.ask(b"".join(encoded(text) for _, _, text in part))
                except EndedError as error:
                    out, err, ended = "", "", str(error)
                else:
                    ended = ""
                wall, after = time.perf_counter() - since, process.cpu()
                cpu = None if ended or before is None or after is None else after - before
                seconds = judging.fair(wall, cpu) / len(part)
                _judge(part, out, err, ended, seconds, outcome, reproduce, json=json)
                if ended:
                    process.close()
                    process = Process(json=json)
                    process.ask(WARM_UP)
        except EndedError as error:
            number, _, text = lines[first]
            what = f"a new process did not start: {error}"
            outcome.violations.append(Violation(number, text, what, reproduce(number)))
        finally:
            process.close()


def _judge(
    part: Sequence[Numbered],
    out: str,
    err: str,
    ended: str,
    seconds: float,
    outcome: Outcome,
    reproduce: Callable[[int], str],
    *,
    json: bool,
) -> None:
    outcome.lines += len(part)
    outcome.kinds.update(kind for _, kind, _ in part)
    number, _, text = part[0]
    whole = "\n".join(text for _, _, text in part)
    outcome.timed(seconds, number, text, judging.workings(out) if json else 0)
    errors = judging.json_complaints(out) if json else judging.complaints(err)
    outcome.errors.update(errors[: len(part)])
    asked = [one for one in part if not judging.is_blank(one[2])]
    outcome.answered += max(len(asked) - len(errors), 0)
    found = [ended] if ended else []
    found += judging.failed(whole, out + err)
    found += [f"{what}, on stdout" for what in judging.strange(out)]
    found += [f"{what}, on stderr" for what in judging.strange(err)]
    if not ended and asked:
        found += judging.unanswered(whole.lstrip("#"), out + err)
    if json:
        found += judging.records(whole if len(part) == 1 else ";", out)
    elif len(part) == 1:
        found += judging.unclear(whole, err)
    for what in found:
        outcome.violations.append(Violation(number, whole, what, reproduce(number)))
