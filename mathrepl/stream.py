"""The session without a terminal: line by line from stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import BinaryIO

from mathrepl.commands.parse import MAX_LINE
from mathrepl.commands.spec import Context
from mathrepl.dispatch import OK, Done, Shows, perform, run_line
from mathrepl.errors import EquationError
from mathrepl.interrupts import raising

MAX_BYTES = 4 * MAX_LINE - 1  # a character of UTF-8 has at most four


class StreamPerson:
    """Answers a quiz from the lines of the stream; nobody is there to confirm anything."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def ask(self, prompt: str) -> str | None:
        sys.stderr.write(prompt)
        sys.stderr.flush()
        try:
            with raising():
                line = next(self._lines, None)
        except KeyboardInterrupt:
            return None
        return None if line is None else line.decode("utf-8", "replace").rstrip("\r\n")

    def confirm(self, question: str) -> bool:
        return True


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines; one of more than `MAX_BYTES` is cut to `MAX_BYTES` + 1 and its rest skipped unread."""
    while line := stream.readline(MAX_BYTES + 1):
        if not line.endswith(b"\n"):
            while (more := stream.readline(MAX_BYTES + 1)) and not more.endswith(b"\n"):
                continue
        yield line


def run_stream(context: Context, renderer: Shows, lines: Iterator[bytes]) -> int:
    """Answer each line; an unreadable one costs its line only. Returns the worst exit code."""
    code = OK
    for raw in lines:
        done = _line(context, renderer, raw)
        code = max(code, done.code)
        if done.leave or context.interrupted:
            break
    return code


def _line(context: Context, renderer: Shows, raw: bytes) -> Done:
    if len(raw.rstrip(b"\r\n")) > MAX_BYTES:
        problem = EquationError(f"the line has more than {MAX_LINE:,} characters", hint="split it")
        renderer.error(problem, raw[:200].decode("utf-8", "replace"))
        return Done(problem.exit_code)
    try:
        line = raw.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError as error:
        shown = raw.decode("utf-8", "replace").strip("\r\n")[:200]
        problem = EquationError(
            f"byte {error.start + 1} of the line is not UTF-8", hint="send UTF-8 text"
        )
        renderer.error(problem, shown)
        return Done(problem.exit_code)
    if not line.strip() or line.lstrip().startswith("#"):
        return Done(OK)
    equation = None if line.lstrip().startswith(":") else line.strip()
    return perform(context, run_line(context, line), renderer, equation)
