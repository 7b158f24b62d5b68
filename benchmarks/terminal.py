"""A session at a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import sys
import time

PROMPT = b"math> "


class TerminalSession:
    """`python -m mathrepl` at a terminal; `seconds` from its start to a visible prompt."""

    def __init__(self) -> None:
        started = time.perf_counter()
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            os.execv(sys.executable, [sys.executable, "-m", "mathrepl"])
        seen = self._read_until(PROMPT)
        if PROMPT not in seen:
            raise RuntimeError(f"no prompt appeared: {seen!r}")
        self.seconds = time.perf_counter() - started

    def enter(self, line: str, wanted: str) -> None:
        """Type a line and wait until `wanted` is shown, and the prompt after it."""
        os.write(self._terminal, line.encode() + b"\r")
        if wanted.encode() not in self._read_until(wanted.encode()):
            raise RuntimeError(f"{line!r} was not answered")
        self._read_until(PROMPT)

    def end(self) -> None:
        ended = False
        while not ended:
            os.write(self._terminal, b"\x04")  # again and again: one between two prompts is lost
            try:
                self._read_until(b"never", 0.5)
            except OSError:
                ended = True
        os.close(self._terminal)
        os.waitpid(self.process, 0)

    def _read_until(self, wanted: bytes, seconds: float = 20.0) -> bytes:
        """Output up to `wanted`, answering the terminal's cursor questions on the way."""
        seen = b""
        while wanted not in seen:
            ready, _, _ = select.select([self._terminal], [], [], seconds)
            if not ready:
                break
            part = os.read(self._terminal, 4096)
            if b"\x1b[6n" in part:
                os.write(self._terminal, b"\x1b[1;1R")
            seen += part
        return seen
