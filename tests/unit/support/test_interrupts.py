from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from mathrepl.support.interrupts import (
    counted,
    end_while_loading,
    heard,
    press_again,
    raise_again,
    raising,
)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_presses_are_counted_and_raise_nothing():
    with counted() as presses:
        assert presses.count == 0
        press()
        assert presses.count == 1
        press()
        press()
    assert presses.count == 3


def test_ctrl_c_interrupts_again_afterwards():
    with counted() as presses:
        pass
    with pytest.raises(KeyboardInterrupt):
        press()
    assert presses.count == 0


def test_ctrl_c_interrupts_again_after_an_error_inside():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), counted():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_an_inner_count_leaves_the_outer_alone():
    with counted() as outer:
        press()
        with counted() as inner:
            press()
            press()
        press()
    assert (outer.count, inner.count) == (2, 2)


def test_two_uses_do_not_share_their_count():
    with counted() as first:
        press()
    with counted() as second:
        assert second.count == 0
    assert first.count == 1


def test_outside_the_main_thread_nothing_changes():
    handlers = []
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with counted() as presses:
            handlers.append(signal.getsignal(signal.SIGINT))
            handlers.append(presses.count)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert handlers == [before, 0]


def test_waiting_for_input_can_be_interrupted_within_counting():
    with counted() as presses:
        with pytest.raises(KeyboardInterrupt), raising():
            signal.raise_signal(signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert presses.count == 1


class Pressing:
    """Python swallows whatever its destructor raises, with a traceback on stderr."""

    def __del__(self) -> None:
        press()


def test_a_press_that_a_destructor_swallows_comes_again_and_silently(monkeypatch, capsys):
    monkeypatch.setattr(sys, "unraisablehook", press_again)

    def work() -> None:
        Pressing()
        time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert capsys.readouterr().err == ""


def test_while_the_program_loads_ctrl_c_has_its_own_handler_and_then_raises(monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = signal.getsignal(signal.SIGINT)
    try:
        end_while_loading()
        assert signal.getsignal(signal.SIGINT) is not before
        raise_again()
        with pytest.raises(KeyboardInterrupt):
            press()
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_a_host_has_set_stays(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        end_while_loading()
        raise_again()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_is_heard_does_what_it_did_before():
    before = signal.getsignal(signal.SIGINT)
    with heard() as presses, pytest.raises(KeyboardInterrupt):
        press()
    assert presses.count == 1
    with heard() as presses, pytest.raises(KeyboardInterrupt):
        raise KeyboardInterrupt  # from code, without a press
    assert presses.count == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heard() as presses:
            press()
        assert presses.count == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
