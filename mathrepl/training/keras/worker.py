"""The training process: a plan on stdin, events on stdout, one JSON object a line.

It has a session of its own, so the terminal's Ctrl-C does not reach it. It stops when it reads
`stop`, or when stdin closes because its parent has ended: at the next step, or within half a
second where TensorFlow is busy. The best weights are on disk by then.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from mathrepl.training.events import Event, dump_event
from mathrepl.training.plan import Plan


def main() -> None:
    """Entry point of `python -m mathrepl.training.keras.worker`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # TensorFlow may print on fd 1; events get a descriptor of their own.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    plan = Plan.from_json(sys.stdin.readline())
    stop, loaded = threading.Event(), threading.Event()
    threading.Thread(target=_listen, args=(stop, loaded), daemon=True).start()
    from mathrepl.training.keras.quiet import prepare_tensorflow

    prepare_tensorflow()
    from mathrepl.training.keras.run import run

    loaded.set()
    run(plan, _emitter(events, stop), stop.is_set, _leave)
    _leave()


def _leave() -> None:
    """End at once: everything is saved and reported, and TensorFlow is slow to unload."""
    os._exit(0)


def _listen(stop: threading.Event, loaded: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == "stop":
            break
    stop.set()
    if not loaded.is_set():  # nothing is learnt yet
        _leave()


def _emitter(events: TextIO, stop: threading.Event) -> Callable[[Event], None]:
    one_at_a_time = threading.Lock()

    def emit(event: Event) -> None:
        try:
            with one_at_a_time:
                events.write(dump_event(event) + "\n")
        except OSError:  # the reader has ended
            stop.set()

    return emit


if __name__ == "__main__":
    main()
