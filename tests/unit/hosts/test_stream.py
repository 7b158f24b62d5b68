from __future__ import annotations

import gc
import io
import json
import os
import random
import signal
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.commands.parse import MAX_LINE
from mathrepl.commands.spec import Context
from mathrepl.commands.table import command_table
from mathrepl.hosts.stream import BATCH, CHUNK, Lines, StreamPerson, run_stream
from mathrepl.inference.answer import Answer
from mathrepl.render.json_lines import JsonLines
from mathrepl.session.quiz import Round, Score
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.errors import WeightsError
from mathrepl.support.settings import Settings
from tests.kit.lab import Lab
from tests.kit.lab import Recorder as Shown
from tests.kit.weights import tiny_weights

MEGABYTE = 1_000_000


class Recorder(Shown):
    """The same for a stream, whose answers may come together."""

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()


pytestmark = pytest.mark.usefixtures("home")


def feed(lab: Lab, data: bytes, recorder: Recorder | None = None) -> tuple[int, Recorder]:
    recorder = recorder or Recorder()
    lines = Lines(io.BytesIO(data))
    lab.context.person = StreamPerson(lines)
    return run_stream(lab.context, recorder, lines), recorder


def truths(recorder: Recorder) -> list[str]:
    return [value.truth for value in recorder.shown if isinstance(value, Answer)]


# Lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a\n"]),
        (b"a\n\nb", [b"a\n", b"\n", b"b"]),
        (b"a\r\nb\r\n", [b"a\r\n", b"b\r\n"]),
    ],
)
def test_short_lines_are_read_whole(data: bytes, lines: list[bytes]):
    assert list(Lines(io.BytesIO(data))) == lines


@given(st.lists(st.integers(0, 5 * MAX_LINE), max_size=4), st.booleans())
@settings(deadline=None)
def test_a_long_line_costs_one_line_however_long(lengths: list[int], ended: bool):
    data = b"\n".join(b"x" * length for length in lengths) + (b"\n" if ended else b"")
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    lines = list(Lines(io.BytesIO(data)))
    assert len(lines) == len(expected)
    for line, whole in zip(lines, expected, strict=True):
        assert whole.startswith(line.rstrip(b"\n"))
        assert len(line) <= 4 * MAX_LINE
        if len(whole) <= MAX_LINE:
            assert line.rstrip(b"\n") == whole


def test_a_line_as_long_as_what_is_read_at_once_loses_nothing():
    for extra in (-1, 0, 1):
        data = b"x" * (4 * MAX_LINE + extra) + b"\nnext\n"
        assert [line[:4] for line in Lines(io.BytesIO(data))] == [b"xxxx", b"next"]


def test_a_line_without_end_is_not_kept_in_memory():
    class Endless(io.RawIOBase):
        read_at_once = 0
        left = 20 * MEGABYTE

        def read1(self, size: int = -1) -> bytes:
            assert size > 0
            Endless.read_at_once = max(Endless.read_at_once, size)
            count = min(size, self.left)
            self.left -= count
            return b"1" * count

    (line,) = Lines(Endless())  # type: ignore[arg-type]
    assert len(line) <= Endless.read_at_once < MEGABYTE


# The session


def test_each_line_is_answered(lab: Lab):
    code, recorder = feed(lab, b"3 + 4\n94+909\n  1 +1 = ?\n")
    assert (code, truths(recorder), recorder.errors) == (0, ["7", "1003", "2"], [])


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_of_any_system_and_none_at_the_end(lab: Lab, end: bytes):
    code, recorder = feed(lab, b"3 + 4" + end + b"5 + 6")
    assert (code, truths(recorder)) == (0, ["7", "11"])


def test_blank_lines_and_comments_are_passed_over(lab: Lab):
    code, recorder = feed(lab, b"\n   \n\t\n# 1 + 1\n  # x\n3 + 4\n#\n")
    assert (code, truths(recorder), len(recorder.shown)) == (0, ["7"], 1)
    assert recorder.errors == []


@pytest.mark.parametrize(
    "bad", [b"\xff1 + 2", b"1 + \xc3", b"\xed\xa0\x80 + 1", b"\xc0\xaf", b"1 + 2 # \x80"]
)
def test_bytes_that_are_not_utf8_cost_their_line_only(lab: Lab, bad: bytes):
    code, recorder = feed(lab, b"3 + 4\n" + bad + b"\n5 + 6\n")
    assert (code, truths(recorder)) == (2, ["7", "11"])
    ((error, equation),) = recorder.errors
    assert "not UTF-8" in error.message
    assert equation is not None
    assert "\N{REPLACEMENT CHARACTER}" in equation


def test_the_first_bad_byte_is_counted_from_one(lab: Lab):
    _, recorder = feed(lab, b"1 + \xff\n")
    assert "byte 5 " in recorder.errors[0][0].message


def test_a_line_of_a_megabyte_is_one_error(lab: Lab):
    code, recorder = feed(lab, b"3 + 4\n" + b"1" * MEGABYTE + b"\n5 + 6\n")
    assert (code, truths(recorder)) == (2, ["7", "11"])
    ((error, _),) = recorder.errors
    assert "characters" in error.message


@pytest.mark.parametrize("prefix", ["", "1", "12", "123"])
def test_a_long_line_of_wide_characters_is_too_long_not_damaged(lab: Lab, prefix: str):
    long = prefix + "\N{MULTIPLICATION SIGN}" * MEGABYTE
    code, recorder = feed(lab, long.encode() + b"\n5 + 6\n")
    assert (code, truths(recorder)) == (2, ["11"])
    ((error, _),) = recorder.errors
    assert "UTF-8" not in error.message
    assert "characters" in error.message


@pytest.mark.parametrize("rest", [b" + 1", b"x", b"; 5 + 6"])
def test_a_long_line_is_never_answered_in_part(lab: Lab, rest: bytes):
    code, recorder = feed(lab, b"3 + 4" + b" " * MEGABYTE + rest + b"\n5 + 6\n")
    assert (code, truths(recorder)) == (2, ["11"])
    assert len(recorder.errors) == 1


def test_a_long_command_is_one_error(lab: Lab):
    code, recorder = feed(lab, b":use " + b"x" * MEGABYTE + b"\n5 + 6\n")
    assert (code, truths(recorder)) == (2, ["11"])
    assert len(recorder.errors) == 1


def test_commands_stand_between_equations(lab: Lab):
    code, recorder = feed(lab, b"3 + 4\n:history\n  :set quiz 2\n5 + 6\n")
    answer, table, note, other = recorder.shown
    assert (answer.equation, other.equation) == ("3 + 4", "5 + 6")
    assert [row[1] for row in table.rows] == ["3 + 4"]
    assert note.text.startswith("quiz is 2")
    assert code == 0


def test_an_error_names_the_equation_but_not_a_command(lab: Lab):
    _, recorder = feed(lab, b" 3 + \n:nonsense\n")
    assert [equation for _, equation in recorder.errors] == ["3 +", None]


@pytest.mark.parametrize("bye", [b":q", b":quit", b":exit", b" :q  "])
def test_quit_ends_the_stream(lab: Lab, bye: bytes):
    code, recorder = feed(lab, b"3 + 4\n" + bye + b"\n5 + 6\n")
    assert (code, truths(recorder)) == (0, ["7"])


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (b"", 0),
        (b"3 + 4\n", 0),
        (b"3 +\n3 + 4\n", 2),
        (b":use nobody\n3 + 4\n", 1),
        (b":use nobody\n3 +\n", 2),
        (b"3 +\n:use nobody\n", 2),
        (b"3 +\n:q\n", 2),
    ],
)
def test_the_worst_code_is_returned(lab: Lab, lines: bytes, code: int):
    assert feed(lab, lines)[0] == code


@given(st.lists(st.binary(max_size=30), max_size=6))
@settings(deadline=None)
def test_no_bytes_end_the_stream_but_quit(tmp_path_factory: Any, lines: list[bytes]):
    lab = _shared(tmp_path_factory)
    kept = [line.replace(b":", b"").replace(b"\n", b"") for line in lines]
    _, recorder = feed(lab, b"\n".join([*kept, b"3 + 4"]))
    assert truths(recorder)[-1] == "7"


_SHARED: list[Lab] = []


def _shared(factory: Any) -> Lab:
    if not _SHARED:
        _SHARED.append(Lab(factory.mktemp("lab")))
    return _SHARED[0]


def test_ctrl_c_ends_the_stream(lab: Lab):
    class Pressing(Recorder):
        def show(self, value: Any) -> None:
            super().show(value)
            if isinstance(value, Answer):
                os.kill(os.getpid(), signal.SIGINT)

    code, recorder = feed(lab, b"3 + 4\n5 + 6\n", Pressing())
    assert (code, truths(recorder)) == (130, ["7"])


# The person


def test_a_quiz_takes_its_replies_from_the_lines_that_follow(lab: Lab, capsys):
    code, recorder = feed(lab, b":quiz 2 --me --seed 1\n7\r\nx\n8\n3 + 4\n")
    rounds = [value for value in recorder.shown if isinstance(value, Round)]
    assert [one.person for one in rounds] == ["7", "8"]  # x is no number: asked again
    assert (code, truths(recorder)) == (0, ["7"])
    written = capsys.readouterr()
    assert written.out == ""
    for one in rounds:
        assert one.answer.equation in written.err


def test_a_quiz_ends_with_the_stream(lab: Lab, capsys):
    _, recorder = feed(lab, b":quiz 5 --me\n7\n")
    score = recorder.shown[-1]
    assert isinstance(score, Score)
    assert (len(score.rounds), score.early) == (1, True)


@pytest.mark.parametrize(
    ("line", "reply"), [(b"7\n", "7"), (b"7\r\n", "7"), (b" 7 ", " 7 "), (b"\xff\n", "\ufffd")]
)
def test_a_reply_is_the_line_without_its_end(line: bytes, reply: str, capsys):
    assert StreamPerson(iter([line])).ask("? ") == reply
    assert capsys.readouterr().err == "? "


def test_the_end_of_the_stream_is_no_reply(capsys):
    assert StreamPerson(iter([])).ask("? ") is None


# Batches


class OneByOne(Lines):
    """Lines of which none seems to be there before it is waited for."""

    def has_one(self) -> bool:
        return False


def answers_of(
    session: Session, data: bytes, lines: type[Lines], capsys: Any
) -> tuple[int, list[Any], str]:
    """Exit code, the records on stdout, and the talk on stderr."""
    read = lines(io.BytesIO(data))
    context = Context(session, StreamPerson(read), command_table(), "session")
    code = run_stream(context, JsonLines(), read)
    written = capsys.readouterr()
    return code, [json.loads(line) for line in written.out.splitlines()], written.err


def alike(one: Any, other: Any) -> bool:
    """Equal, but for the last places of probabilities: a batch may add up in another order."""
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, abs=1e-5)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(
            key in ("seconds", "person_seconds") or alike(one[key], other[key]) for key in one
        )
    return bool(one == other)


ODD_LINES = (
    "3 +", "(3+4", "1,000+2", "help", "x", "?", "# 1 + 1", "   ", "", "7", "94+909 = ?",
    "1" * 300 + " + 2", "0094 + 3", "3 \N{MULTIPLICATION SIGN} 4", "1/0", "5 % 0", "--3 + 2",
    ";;", ";1+2;", "5 + 6; 3 +; 1/0", "12*34; 5+6", "1.5 + 2", "\udcff1 + 2", "1" * 50_000,
    ":history 3", ":use tiny", ":use blog", ":use auto", ":use nobody", ":nonsense", ":steps off",
    ":steps on", ":quiz 2 --me --seed 3\n7\n8", ":set quiz 3",
)  # fmt: skip


def drawn_lines(seed: int, count: int) -> bytes:
    """Lines of all sorts, most of them equations."""
    rng = random.Random(seed)
    lines = []
    for _ in range(count):
        a, b, c = (rng.randrange(10 ** rng.randint(1, 3)) for _ in range(3))
        sort = rng.random()
        if sort < 0.6:
            lines.append(f"{a} + {b}")
        elif sort < 0.75:
            lines.append(rng.choice((f"{a}*{b} - {c}", f"({a}-{b})+{c}", f"{a} % {c}", f"{a}/{c}")))
        else:
            lines.append(rng.choice(ODD_LINES))
    return "\n".join(lines).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("weights", ["tiny", "auto", "add", "blog", "work", "gone"])
def test_a_batch_says_what_line_by_line_says(tmp_path: Path, weights: str, capsys):
    store = Store(tmp_path / "data" / "weights")
    tiny_weights(store, "tiny")
    data = drawn_lines(len(weights), 80)
    told = [
        answers_of(Session(Settings(weights=weights), store), data, lines, capsys)
        for lines in (Lines, OneByOne)
    ]
    (code, together, talk), (other_code, alone, other_talk) = told
    assert (code, talk) == (other_code, other_talk)
    assert len(together) == len(alone)
    for one, other in zip(together, alone, strict=True):
        assert alike(one, other), (one, other)


@given(st.lists(st.sampled_from([*ODD_LINES, "3 + 4", "50 + 6", "1+1; 2+2"]), max_size=12))
@settings(deadline=None, max_examples=60)
def test_any_order_of_lines_is_told_alike(tmp_path_factory: Any, lines: list[str]):
    lab = _shared(tmp_path_factory)
    data = "\n".join(lines).encode("utf-8", "surrogateescape")
    told = []
    for kind in (Lines, OneByOne):
        lab.session.use("tiny")
        del lab.session.history[:]
        recorder, read = Recorder(), kind(io.BytesIO(data))
        lab.context.person = StreamPerson(read)
        code = run_stream(lab.context, recorder, read)
        shown = [value.record() for value in recorder.shown]
        asked = [one.answer.equation for one in lab.session.history]
        told.append((code, shown, [(str(e), text) for e, text in recorder.errors], asked))
    (code, shown, *rest), (other_code, other_shown, *other_rest) = told
    assert (code, rest) == (other_code, other_rest)
    assert alike(shown, other_shown)


class Counted:
    """A session's solver, and how many questions it was asked at a time."""

    def __init__(self, solver: Any) -> None:
        self.solver = solver
        self.asked: list[int] = []
        self.fail: BaseException | None = None

    def solve(self, questions: Sequence[str], decimals: int | None = None) -> list[Any]:
        self.asked.append(len(questions))
        if self.fail is not None and len(questions) > 1:
            raise self.fail
        return list(self.solver.solve(questions))


@pytest.fixture
def counted(lab: Lab) -> Counted:
    solver = Counted(lab.session.weights.solver)
    lab.session.weights._solver = solver  # type: ignore[assignment]
    return solver


def test_equations_that_came_together_are_asked_together(lab: Lab, counted: Counted):
    feed(lab, b"3 + 4\n3 +\n5 + 6; 1 + 1\n\n8 + 1\n7 + 7\n:history\n2 + 2\n")
    assert counted.asked == [3, 2, 1]


def test_a_batch_has_a_bound(lab: Lab, counted: Counted):
    _, recorder = feed(lab, b"3 + 4\n" * (2 * BATCH + 5))
    assert counted.asked == [BATCH, BATCH, 5]
    assert len(recorder.shown) == 2 * BATCH + 5


def test_what_fails_for_a_batch_is_told_for_each_line(lab: Lab, counted: Counted):
    for problem in (WeightsError("no"), MemoryError(), RecursionError(), OSError(5, "no")):
        counted.fail = problem
        code, recorder = feed(lab, b"3 + 4\n3 +\n5 + 6\n")
        assert (code, truths(recorder)) == (2, ["7", "11"])
        assert [equation for _, equation in recorder.errors] == ["3 +"]


def test_ctrl_c_in_a_batch_ends_the_stream(lab: Lab, counted: Counted):
    counted.fail = KeyboardInterrupt()
    code, recorder = feed(lab, b"3 + 4\n5 + 6\n:history\n")
    assert (code, [value.text for value in recorder.shown]) == (130, ["interrupted"])


def test_a_single_line_is_answered_while_the_pipe_stays_open(lab: Lab):
    reading, writing = os.pipe()
    answered = threading.Semaphore(0)
    waits: list[bool] = []

    class Telling(Recorder):
        def show(self, value: Any) -> None:
            super().show(value)
            answered.release()

    def type_slowly() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for line in (b"3 + 4\n5 +", b" 6\n", b"7 + 1\n"):
                pipe.write(line)
                waits.append(answered.acquire(timeout=10))

    typist = threading.Thread(target=type_slowly)
    recorder = Telling()
    typist.start()
    with os.fdopen(reading, "rb") as pipe:
        code = run_stream(lab.context, recorder, Lines(pipe))
    typist.join()
    assert (code, truths(recorder), waits) == (0, ["7", "11", "8"], [True] * 3)


def test_no_more_is_read_than_is_used_up():
    class Piece(io.BytesIO):
        reads = 0

        def read1(self, size: int | None = -1) -> bytes:
            self.reads += 1
            assert size == CHUNK
            return super().read1(size)

    stream = Piece(b"1 + 1\n" * CHUNK)
    lines = Lines(stream)
    for _ in range(CHUNK // 6):
        next(lines)
    assert stream.reads == 1


def test_the_garbage_collector_is_left_as_it_was(lab: Lab):
    before = gc.get_threshold()
    feed(lab, b"3 + 4\n")
    assert gc.get_threshold() == before
