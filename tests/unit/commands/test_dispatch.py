from __future__ import annotations

import errno
import pickle
from collections.abc import Iterator
from copy import copy

import pytest

from mathrepl.analysis.figure import Figure
from mathrepl.commands.dispatch import Done, perform, run_line
from mathrepl.commands.spec import Host, Note, Quit, Value
from mathrepl.inference.answer import Answer, Answers, Refused
from mathrepl.support.errors import (
    Advice,
    DivisionByZeroError,
    EquationError,
    MathreplError,
    Run,
    UsageError,
    WeightsError,
    spelled,
)
from tests.kit.lab import Lab, Recorder, finished

pytestmark = pytest.mark.usefixtures("home")


def failing(error: BaseException, *before: Value) -> Iterator[Value]:
    yield from before
    raise error


def do(lab: Lab, line: str) -> tuple[Done, Recorder]:
    recorder = Recorder()
    return perform(lab.context, run_line(lab.context, line), recorder, line), recorder


# Lines


@pytest.mark.parametrize("line", [":models", "  :models", ":mod", ": models  "])
def test_a_colon_starts_a_command(lab: Lab, line: str):
    assert lab.value(line).title == "weights"


def test_all_else_is_asked(lab: Lab):
    assert isinstance(lab.value("3 + 4"), Answer)
    assert isinstance(lab.value("3 + 4; 5 + 6"), Answers)


def test_a_line_is_read_only_when_its_values_are_taken(lab: Lab):
    values = run_line(lab.context, "3 + 4")
    assert lab.session.history == []
    next(values)
    assert len(lab.session.history) == 1


# Outcomes


def test_values_are_shown_in_order_and_the_renderer_closed(lab: Lab):
    recorder = Recorder()
    values = [Note("a"), Note("b")]
    assert perform(lab.context, iter(values), recorder) == Done(0)
    assert recorder.shown == values
    assert (recorder.errors, recorder.closed) == ([], 1)


def test_a_wrong_answer_is_no_failure(lab: Lab):
    done, recorder = do(lab, "3 + 4")
    assert not recorder.shown[0].right
    assert done == Done(0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EquationError("x"), 2),
        (DivisionByZeroError("x"), 2),
        (UsageError("x"), 2),
        (WeightsError("x"), 1),
        (MathreplError("x"), 1),
    ],
)
def test_an_error_is_shown_with_its_line_after_what_came_before(lab: Lab, error, code: int):
    recorder = Recorder()
    done = perform(lab.context, failing(error, Note("before")), recorder, "3 +")
    assert done == Done(code)
    assert recorder.shown == [Note("before")]
    assert recorder.errors == [(error, "3 +")]
    assert recorder.closed == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("3 +", 2),
        ("1 / 0", 2),
        ("3 * 4", 2),
        (":nonsense", 2),
        (":train 0", 2),
        (":use nobody", 1),
        (":undo", 1),
        (":models", 0),
        ("3 + 4; 5 + 6", 0),
        ("3 + 4; 5 / 0", 2),
    ],
)
def test_the_code_of_a_line(lab: Lab, line: str, code: int):
    done, _ = do(lab, line)
    assert done == Done(code)


def test_the_worst_of_several_counts(lab: Lab):
    items = tuple(Refused("x", error) for error in (WeightsError("x"), EquationError("x")))
    for values in (items, items[::-1]):
        assert perform(lab.context, iter([Answers(values)]), Recorder()).code == 2
    assert perform(lab.context, iter([Answers(items[:1])]), Recorder()).code == 1


@pytest.mark.parametrize(
    ("outcome", "code"), [("finished", 0), ("stopped", 0), ("dropped", 0), ("failed", 1)]
)
def test_only_a_failed_training_is_a_failure(lab: Lab, outcome, code: int):
    assert perform(lab.context, iter([finished(outcome)]), Recorder()) == Done(code)


def test_a_failure_is_not_forgotten_over_what_follows(lab: Lab):
    values = [finished("failed"), Note("after"), finished("finished")]
    assert perform(lab.context, iter(values), Recorder()) == Done(1)


def test_the_wish_to_leave_is_passed_on(lab: Lab):
    done, recorder = do(lab, ":q")
    assert done == Done(0, leave=True)
    assert recorder.shown == [Quit()]


@pytest.mark.parametrize("host", ["session", "shell"])
def test_ctrl_c_between_values_ends_with_a_word_in_a_session(lab: Lab, host: Host):
    lab.context.host = host
    recorder = Recorder()
    done = perform(lab.context, failing(KeyboardInterrupt(), Note("before")), recorder)
    assert done == Done(130)
    assert lab.context.interrupted
    said = [Note("before"), *([Note("interrupted")] if host == "session" else [])]
    assert (recorder.shown, recorder.errors, recorder.closed) == (said, [], 1)


def test_a_command_that_was_interrupted_says_so_in_the_code(lab: Lab):
    def values() -> Iterator[Value]:
        lab.context.interrupted = True
        yield Note("stopped")

    assert perform(lab.context, values(), Recorder()) == Done(130)


def test_an_interruption_does_not_last_to_the_next_line(lab: Lab):
    lab.context.interrupted = True
    done, _ = do(lab, "3 + 4")
    assert done == Done(0)
    assert not lab.context.interrupted


def test_a_disk_error_is_one_line(lab: Lab):
    recorder = Recorder()
    error = OSError(errno.ENOSPC, "No space left on device", "/some/file")
    assert perform(lab.context, failing(error), recorder) == Done(1)
    ((shown, _),) = recorder.errors
    assert shown.message == "No space left on device: /some/file"


def test_a_disk_error_without_a_file_reads_well(lab: Lab):
    recorder = Recorder()
    perform(lab.context, failing(OSError(errno.ENOSPC, "No space left on device")), recorder)
    ((shown, _),) = recorder.errors
    assert shown.message == "No space left on device"


@pytest.mark.parametrize("error", [MemoryError(), RecursionError()])
def test_too_little_memory_is_one_line(lab: Lab, error: Exception):
    recorder = Recorder()
    assert perform(lab.context, failing(error), recorder, "3 + 4") == Done(1)
    ((shown, equation),) = recorder.errors
    assert "memory" in shown.message
    assert equation == "3 + 4"


def test_a_broken_pipe_is_for_the_host(lab: Lab):
    recorder = Recorder(fail=BrokenPipeError())
    with pytest.raises(BrokenPipeError):
        perform(lab.context, iter([Note("a")]), recorder)
    assert recorder.closed == 1


def test_a_bug_is_not_hidden(lab: Lab):
    recorder = Recorder()
    with pytest.raises(ZeroDivisionError):
        perform(lab.context, failing(ZeroDivisionError()), recorder)
    assert recorder.closed == 1


def test_after_any_error_the_session_answers(lab: Lab):
    for line in ("3 +", ":nonsense", ":use nobody", "1 / 0", ":train x"):
        do(lab, line)
    done, recorder = do(lab, "3 + 4")
    assert done == Done(0)
    assert recorder.shown[0].truth == "7"


@pytest.mark.parametrize(
    ("run", "session", "shell"),
    [
        (Run("use", "work"), ":use work", "--weights work"),
        (Run("use"), ":use", "--weights NAME"),
        (Run("help"), ":help", "mathrepl --help"),
        (Run("help", "ask"), ":help ask", "mathrepl ask -h"),
        (Run("curve", "add blog"), ":curve add blog", "mathrepl curve add blog"),
        (Run("undo", weights="mine"), ":undo", "mathrepl undo --weights mine"),
        (Run("jobs"), ":jobs", ":jobs"),
        (Run("nonsense"), ":nonsense", ":nonsense"),
    ],
)
def test_each_host_spells_a_command_its_own_way(lab: Lab, run: Run, session: str, shell: str):
    assert str(run) == lab.context.spell(run) == session
    lab.context.host = "shell"
    assert lab.context.spell(run) == shell


def test_advice_is_a_text_of_the_session_until_a_host_spells_it():
    advice = Advice("as in 3:4, try ", Run("peek"), " or :peek")
    assert advice == "as in 3:4, try :peek or :peek"
    again = pickle.loads(pickle.dumps(advice))  # noqa: S301 - made here
    for text in (advice, again, copy(advice)):
        assert spelled(text, lambda run: f"<{run.command}>") == "as in 3:4, try <peek> or :peek"
    assert spelled("plain :peek", lambda run: "") == "plain :peek"


LAYER = Advice("see ", Run("weights", "LAYER"))
OTHERS = EquationError("no", hint=Advice("try ", Run("use", "add")))


@pytest.mark.parametrize(
    ("host", "told", "hint"),
    [
        ("session", "see :weights LAYER", "try :use add"),
        ("shell", "see mathrepl weights LAYER", "try --weights add"),
    ],
)
def test_whatever_advises_a_command_is_spelled_for_the_host(
    lab: Lab, host: Host, told: str, hint: str
):
    recorder = Recorder()
    lab.context.host = host
    refused = Refused("3", OTHERS)
    values = [Note(LAYER), Figure("w", (), (LAYER,), (LAYER,)), refused, Answers((refused,))]
    perform(lab.context, failing(OTHERS, *values), recorder)
    note, figure, alone, answers = recorder.shown
    assert (note.text, figure.facts, figure.notes) == (told, (told,), (told,))
    assert alone.error.hint == answers.items[0].error.hint == hint
    ((error, _),) = recorder.errors
    assert (type(error), error.hint, str(error)) == (EquationError, hint, f"no; {hint}")
    assert OTHERS.hint == "try :use add"
