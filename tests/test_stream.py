from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.commands.parse import MAX_LINE
from mathrepl.comparison import Answer
from mathrepl.quiz import Round, Score
from mathrepl.stream import StreamPerson, read_lines, run_stream
from tests.commands import Lab, isolate
from tests.test_dispatch import Recorder

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def feed(lab: Lab, data: bytes, recorder: Recorder | None = None) -> tuple[int, Recorder]:
    recorder = recorder or Recorder()
    lines = read_lines(io.BytesIO(data))
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
    assert list(read_lines(io.BytesIO(data))) == lines


@given(st.lists(st.integers(0, 5 * MAX_LINE), max_size=4), st.booleans())
@settings(deadline=None)
def test_a_long_line_costs_one_line_however_long(lengths: list[int], ended: bool):
    data = b"\n".join(b"x" * length for length in lengths) + (b"\n" if ended else b"")
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    lines = list(read_lines(io.BytesIO(data)))
    assert len(lines) == len(expected)
    for line, whole in zip(lines, expected, strict=True):
        assert whole.startswith(line.rstrip(b"\n"))
        assert len(line) <= 4 * MAX_LINE
        if len(whole) <= MAX_LINE:
            assert line.rstrip(b"\n") == whole


def test_a_line_as_long_as_what_is_read_at_once_loses_nothing():
    for extra in (-1, 0, 1):
        data = b"x" * (4 * MAX_LINE + extra) + b"\nnext\n"
        assert [line[:4] for line in read_lines(io.BytesIO(data))] == [b"xxxx", b"next"]


def test_a_line_without_end_is_not_kept_in_memory():
    class Endless(io.RawIOBase):
        read_at_once = 0
        left = 20 * MEGABYTE

        def readline(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert size > 0
            Endless.read_at_once = max(Endless.read_at_once, size)
            count = min(size, self.left)
            self.left -= count
            return b"1" * count

    (line,) = read_lines(Endless())  # type: ignore[arg-type]
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
