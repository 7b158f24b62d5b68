"""The session without a terminal: reads lines from stdin, and asks waiting lines in one batch."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, Protocol

from mathrepl.commands.dispatch import OK, Done, Shows, perform, run_line
from mathrepl.commands.parse import MAX_LINE
from mathrepl.commands.spec import Context, Person, Value
from mathrepl.support.errors import EquationError, MathreplError
from mathrepl.support.interrupts import raising

MAX_BYTES = 4 * MAX_LINE - 1  # a character of UTF-8 has at most four
CHUNK = 1 << 16  # bytes read at once, as many as a pipe holds
BATCH = 256  # lines asked at once at most; more gain nothing
COLLECT_AFTER = 20_000  # new objects


class Gathers(Shows, Protocol):
    """A renderer that can write several values in one go."""

    def together(self) -> AbstractContextManager[None]:
        """A block whose values may be written when it ends."""


class StreamPerson(Person):
    """Answers a quiz from the lines of the stream."""

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


class Lines(Iterator[bytes]):
    """The lines of a stream; one longer than `MAX_BYTES` is cut to `MAX_BYTES` + 1.

    Reading waits for the next line only: it takes what has arrived, and reads on when that is
    used up.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lines: deque[bytes] = deque()
        self._rest = b""  # the start of the next line
        self._ended = False

    def __next__(self) -> bytes:
        while not self._lines:
            if self._ended:
                raise StopIteration
            self._read()
        return self._lines.popleft()

    def has_one(self) -> bool:
        """Return whether the next line has arrived."""
        return bool(self._lines)

    def _read(self) -> None:
        chunk = self._stream.read1(CHUNK)  # type: ignore[attr-defined]
        first, *others = chunk.split(b"\n")
        self._rest = (self._rest + first)[: MAX_BYTES + 1]
        for piece in others:
            self._lines.append(self._rest if len(self._rest) > MAX_BYTES else self._rest + b"\n")
            self._rest = piece[: MAX_BYTES + 1]
        if not chunk:
            self._ended = True
            if self._rest:
                self._lines.append(self._rest)


def run_stream(context: Context, renderer: Gathers, lines: Lines) -> int:
    """Answer each line; an unreadable line costs itself only. Returns the worst exit code.

    Lines of equations that arrive together are asked together. A writer who types slowly, or
    waits for each answer, is answered line by line.
    """
    code = OK
    batch: list[str] = []
    with _collecting_seldom():
        for raw in lines:
            line = _text(raw)
            equations = _equations(line)
            if equations is not None:
                batch.append(equations)
                if lines.has_one() and len(batch) < BATCH:
                    continue
            if batch:
                code = max(code, _answer(context, renderer, batch))
                batch = []
                if context.interrupted:
                    break
            if equations is None:
                done = _line(context, renderer, line)
                code = max(code, done.code)
                if done.leave or context.interrupted:
                    break
    return code


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Collect garbage seldom: answers hold no cycles, and looking for some after 700 is slow."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _text(raw: bytes) -> str | EquationError:
    """A line as text; an error for one that is too long or not UTF-8."""
    try:
        if len(raw.rstrip(b"\r\n")) <= MAX_BYTES:
            return raw.decode("utf-8").strip("\r\n")
        message, hint = f"the line has more than {MAX_LINE:,} characters", "split it"
    except UnicodeDecodeError as error:
        message, hint = f"byte {error.start + 1} of the line is not UTF-8", "send UTF-8 text"
    shown = raw.decode("utf-8", "replace").strip("\r\n")
    return EquationError(message, text=shown[:200], hint=hint)


def _equations(line: str | EquationError) -> str | None:
    """The equations of a line; None for a line that is run by itself."""
    text = line.strip() if isinstance(line, str) else ""
    # What starts with a letter is no equation, but may be a command without its colon.
    return None if not text or text[0] in "#:?" or text[0].isalpha() else text


def _answer(context: Context, renderer: Gathers, batch: Sequence[str]) -> int:
    """Ask the equations of several lines together, and show each line's answer or error.

    Returns the worst exit code.
    """
    if len(batch) > 1:
        try:
            found = context.session.ask_lines(batch)
        except KeyboardInterrupt as stop:
            return perform(context, _raising(stop), renderer).code
        except (MathreplError, OSError, RecursionError, MemoryError):
            pass  # each line is asked alone below, and reports its own error
        else:
            with renderer.together():
                values = (
                    _raising(one) if isinstance(one, MathreplError) else iter((one,))
                    for one in found
                )
                return _in_turn(context, renderer, zip(batch, values, strict=True))
    return _in_turn(context, renderer, ((text, run_line(context, text)) for text in batch))


def _in_turn(
    context: Context, renderer: Shows, turns: Iterable[tuple[str | None, Iterator[Value]]]
) -> int:
    code = OK
    for equation, values in turns:
        code = max(code, perform(context, values, renderer, equation).code)
        if context.interrupted:
            break
    return code


def _raising(error: BaseException) -> Iterator[Value]:
    raise error
    yield


def _line(context: Context, renderer: Shows, line: str | EquationError) -> Done:
    if isinstance(line, EquationError):
        return perform(context, _raising(line), renderer, line.text)
    if not line.strip() or line.lstrip().startswith("#"):
        return Done(OK)
    equation = None if line.lstrip().startswith(":") else line.strip()
    return perform(context, run_line(context, line), renderer, equation)
