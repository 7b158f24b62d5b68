"""Lines through the prompt's own loop, in this process, on a screen that is only kept."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock
from zlib import crc32

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput, Output
from prompt_toolkit.output.vt100 import Vt100_Output

from mathrepl.commands.spec import Value
from mathrepl.hosts.prompt.loop import Repl
from mathrepl.hosts.prompt.parts import Parts, assemble
from mathrepl.inference.answer import Answer, Answers
from mathrepl.render.renderer import Renderer
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from tests.kit.weights import tiny_weights
from tests.robustness.fuzz import judging
from tests.robustness.fuzz.judging import Outcome, Violation

PASTE, PASTED, CTRL_D = "\x1b[200~", "\x1b[201~", "\x04"
HANGS_AFTER = 30  # seconds after which a line is cut off
COLUMNS, ROWS = 80, 24
KEYED = 6  # a key at a time takes a hundred times as long as a paste

Numbered = tuple[int, str, str]  # number, kind, text


class Hung(BaseException):
    """A line was cut off."""


class Screen(io.StringIO):
    """A terminal that keeps what is written, until it is taken; as strict as UTF-8."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        text.encode("utf-8")
        return super().write(text)

    def isatty(self) -> bool:
        return True

    def take(self) -> str:
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


class Lenient(Screen):
    """The prompt's output: it replaces what cannot be encoded."""

    def write(self, text: str) -> int:
        return super().write(text.encode("utf-8", "replace").decode("utf-8"))


class Counting(Renderer):
    """Draws, and counts the lines of workings that the answers came with."""

    written = 0

    def show(self, value: Value) -> None:
        for one in value.items if isinstance(value, Answers) else (value,):
            self.written += len(one.scratchpad) if isinstance(one, Answer) else 0
        super().show(value)


class Fed(Repl):
    """The loop, which is handed its next line when it asks for one."""

    def __init__(
        self,
        parts: Parts,
        keyboard: PipeInput,
        output: Output,
        hand: Callable[[], str | None],
    ) -> None:
        super().__init__(parts.session.settings, lambda: parts, input=keyboard, output=output)
        self._parts = parts
        self._keyboard = keyboard
        self._hand = hand
        self.read: str | None = None
        self.told = 0

    def _read(self) -> str | None:
        text = self._hand()
        data = CTRL_D if text is None else typed(text)
        self._keyboard.send_bytes(data.encode("utf-8", "surrogatepass"))
        self.read = super()._read()
        return self.read


def typed(text: str) -> str:
    """Keys that bring the line into the prompt: some plain ones key by key, the rest pasted."""
    plain = len(text) < 200 and text.isascii() and text.isprintable()
    if plain and crc32(text.encode()) % KEYED == 0:
        return f"{text}\r"
    return f"{PASTE}{text.replace(PASTED, '')}{PASTED}\r"


def arrives(text: str) -> str:
    """The line as the loop should read it, after `typed`."""
    sent = text.replace(PASTED, "") if typed(text).startswith(PASTE) else text
    # What is no UTF-8 comes from a terminal byte by byte.
    sent = sent.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    rows = [row.strip() for row in sent.splitlines() if row.strip()]
    return "; ".join(rows) if len(rows) > 1 else "".join(sent.splitlines())


@contextlib.contextmanager
def home(weights: str) -> Iterator[Path]:
    """A data directory with two tiny networks, gone afterwards; and a folder to stand in."""
    before = Path.cwd()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MATHREPL_")}
    with tempfile.TemporaryDirectory(prefix="mathrepl-fuzz-") as name:
        folder = Path(name)
        store = Store(folder / "data" / "weights")
        tiny_weights(store, "tiny")
        tiny_weights(store, "mine", seed=1)
        (folder / "here").mkdir()
        environment = {
            **kept,
            "MATHREPL_DATA_DIR": str(folder / "data"),
            "MATHREPL_CONFIG_DIR": str(folder / "config"),
            "MATHREPL_WEIGHTS": weights,
            "COLUMNS": str(COLUMNS),
            "LINES": str(ROWS),
            "TERM": "xterm-256color",
            "HOME": str(folder / "here"),
        }
        os.chdir(folder / "here")
        try:
            with mock.patch.dict(os.environ, environment, clear=True), warnings.catch_warnings():
                for kind in (RuntimeWarning, UserWarning):  # numpy's, and matplotlib's
                    warnings.simplefilter("error", kind)
                yield folder
        finally:
            os.chdir(before)


class _Feeder:
    """Hands out lines one by one, and judges what the one before brought."""

    def __init__(
        self,
        lines: Sequence[Numbered],
        outcome: Outcome,
        drawn: Screen,
        edited: Lenient,
        reproduce: Callable[[int], str],
    ) -> None:
        self._lines = iter(lines)
        self._outcome = outcome
        self._drawn = drawn
        self._edited = edited
        self._reproduce = reproduce
        self._current: Numbered | None = None
        self._since = self._cpu = 0.0
        self.renderer: Counting
        self.repl: Fed | None = None

    def hand(self) -> str | None:
        self.judge()
        self._current = next(self._lines, None)
        if self._current is None:
            return None
        signal.setitimer(signal.ITIMER_REAL, HANGS_AFTER)
        self._since, self._cpu = time.perf_counter(), time.process_time()
        return self._current[2]

    def _written(self) -> int:
        """Lines of workings since this was last asked."""
        found, self.renderer.written = self.renderer.written, 0
        return found

    def judge(self, *, ended: str = "") -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        wall, cpu = time.perf_counter() - self._since, time.process_time() - self._cpu
        drawn, edited = self._drawn.take(), self._edited.take()
        if self._current is None:
            return
        number, kind, text = self._current
        self._current = None
        outcome = self._outcome
        outcome.lines += 1
        outcome.kinds[kind] += 1
        outcome.timed(judging.fair(wall, cpu), number, text, self._written())
        errors = judging.complaints(drawn)
        outcome.errors.update(errors[:1])
        outcome.answered += bool(drawn.strip()) and not errors
        found = list(judging.failed(text, drawn + edited))
        found += judging.strange(drawn, also="\r")
        found += [f"{what}, by the prompt" for what in judging.strange(edited, also="\r\b")]
        read = self.repl.read if self.repl is not None else None
        if ended:
            found.append(ended)
        elif read != arrives(text):
            found.append(f"was read as {ascii(read)[:100]}")
        else:
            asked = read.strip() if read else ""
            found += judging.unanswered(asked.lstrip("#"), drawn)
            found += judging.unclear(read or "", drawn)
        for what in found:
            violation = Violation(number, text, what, self._reproduce(number))
            outcome.violations.append(violation)


def run(
    lines: Sequence[Numbered],
    outcome: Outcome,
    reproduce: Callable[[int], str],
    *,
    weights: str,
    screen: bool = True,
) -> None:
    """One session over `lines`; what goes wrong is told in `outcome`, and the rest is still run.

    With `screen` the prompt draws itself and is looked at too; without it that part is not drawn.
    """
    drawn, edited = Screen(), Lenient()
    size = Size(rows=ROWS, columns=COLUMNS)
    feeder = _Feeder(lines, outcome, drawn, edited, reproduce)

    def cut_off(_signal: int, _frame: object) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, cut_off)
    try:
        with home(weights) as folder:
            left = True
            while left:
                output: Output = DummyOutput()
                if screen:
                    output = Vt100_Output(edited, lambda: size, term="xterm", enable_cpr=False)
                with create_pipe_input() as keyboard, contextlib.redirect_stdout(drawn):
                    session = Session(Settings(weights=weights), Store(folder / "data" / "weights"))
                    feeder.renderer = Counting("dark", talk_on_stderr=False)
                    parts = replace(assemble(session), renderer=feeder.renderer)
                    feeder.repl = Fed(parts, keyboard, output, feeder.hand)
                    left = _session(feeder)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _session(feeder: _Feeder) -> bool:
    """One loop to its end; whether it ended before its time."""
    assert feeder.repl is not None
    try:
        feeder.repl.run()
    except Hung:
        feeder.judge(ended=f"cut off after {HANGS_AFTER} s")
        return True
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        feeder.judge(ended=f"raised {type(error).__name__}: {str(error)[:200]}")
        print(f"raised {error!r}", file=sys.stderr)  # noqa: T201
        return True
    left = feeder.repl.read is not None or feeder._current is not None
    if left:
        feeder.judge(ended="ended the session")
    return left
