from __future__ import annotations

import os
import signal
import threading

import pytest

from mathrepl.interrupts import counted, raising


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
