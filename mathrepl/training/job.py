"""Jobs: trainings in worker processes, which stream events and can be stopped or dropped."""

from __future__ import annotations

import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from mathrepl.store.card import Epoch
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from mathrepl.support.locks import lock
from mathrepl.training.events import EpochDone, Event, Finished, Started, load_event
from mathrepl.training.plan import Plan

STOP_SECONDS = 20.0
_BEGIN = (
    "import sys; sys.argv[1] in sys.path or sys.path.insert(0, sys.argv[1]); "
    "from mathrepl.training.keras.worker import main; main()"
)


def worker_command() -> list[str]:
    """The command that starts a worker of this package.

    It does not use `-m`, which imports from the current folder first and would run a `json.py`
    there.
    """
    return [sys.executable, "-P", "-c", _BEGIN, str(Path(__file__).parents[2])]


class Job:
    """One training in a worker process. All public members may be used from any thread.

    Raises `WeightsError` if another process trains weights of that name.
    """

    def __init__(self, number: int, plan: Plan, *, follow: bool) -> None:
        self.number = number
        self.plan = plan
        self.started: Started | None = None
        self.best: EpochDone | None = None
        self.epochs: list[EpochDone] = []
        self.finished: Finished | None = None
        self.saves = 0
        self.reported = follow  # the person has seen how it ended
        self._follow = follow
        self._killed = False
        self._store = Store(plan.user, plan.bundled)
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        hint = "wait for it, or train under another name with --name"
        self._lock = lock(plan.user, plan.name, hint=hint)
        self._before = self._store.sha256(plan.name)
        try:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process ends
            self._process = subprocess.Popen(  # noqa: S603 - our own program, and no shell
                worker_command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                encoding="utf-8",
                start_new_session=True,
                # The worker has the lock too: it may live on after whoever started it.
                pass_fds=() if self._lock.handle is None else (self._lock.handle,),
            )
        except BaseException:
            self._lock.release()
            raise
        self._send(plan.to_json())
        self._reader = threading.Thread(target=self._read, daemon=True, name="mathrepl-job")
        self._reader.start()

    @property
    def running(self) -> bool:
        return self.finished is None

    def events(self) -> Iterator[Event | None]:
        """Events up to `Finished`, for a job made with `follow`; None after 0.1 s without one."""
        event: Event | None = None
        while not isinstance(event, Finished):
            try:
                event = self._events.get(timeout=0.1)
            except queue.Empty:
                event = None
            yield event

    def stop(self) -> None:
        """End at the next step and keep the best weights."""
        if self.started is None and self.running:
            self._killed = True  # TensorFlow is still loading: there is nothing to keep
            self._process.kill()
        self._send("stop")

    def drop(self) -> None:
        """Stop, if it runs, and restore the weights from before this training."""
        self.stop()
        self.wait()
        finished = self.finished
        if finished is None or finished.outcome == "dropped":
            return
        if finished.undo is not None:
            try:
                with lock(self.plan.user, self.plan.name):
                    self._store.backups(self.plan.name).restore(finished.undo)
            except (OSError, MathreplError) as error:
                message = f"could not put back the old weights: {error}"
                self.finished = replace(finished, message=message)
                return
        self.saves += 1
        self.finished = replace(
            finished, outcome="dropped", saved=False, best_epoch=0, held_out=finished.baseline
        )

    def wait(self, seconds: float = STOP_SECONDS) -> None:
        """Wait for the end; kill a worker that does not end in time, and keep its best weights."""
        self._reader.join(seconds)
        if self.running:
            self._process.kill()
            self._reader.join(5)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        with suppress(OSError, ValueError):  # the worker has ended, and its last event says how
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was opened as a pipe
        finished: Finished | None = None
        with suppress(OSError), self._process:  # closing the pipe of a dead worker fails
            for line in self._process.stdout:
                try:
                    event = load_event(line)
                except ValueError:
                    continue
                if isinstance(event, Finished):
                    finished = event
                    break
                if isinstance(event, Started):
                    self.started = event
                elif isinstance(event, EpochDone):
                    self.epochs.append(event)
                    self.best = event if event.best else self.best
                    self.saves += event.best
                if self._follow:
                    self._events.put(event)
        if finished is None:
            finished = self._died(self._process.wait())
        self._log.close()
        self._lock.release()
        self.saves += finished.saved  # the card was completed at the end
        self.finished = finished
        self._events.put(finished)

    def _died(self, code: int) -> Finished:
        epochs = self.epochs[-1].index if self.epochs else 0
        baseline = self.started.baseline if self.started else None
        best_index, best = (self.best.index, self.best.epoch) if self.best else (0, None)
        unreported = self._unreported()
        if unreported is not None and unreported != best:
            epochs += 1
            best_index, best = epochs, unreported
        return Finished(
            outcome="stopped" if self._killed else "failed",
            name=self.plan.name,
            epochs=epochs,
            saved=best is not None,
            best_epoch=best_index,
            held_out=best.held_out if best else baseline,
            baseline=baseline,
            message="" if self._killed else self._why(code),
            undo=self._store.backups(self.plan.name).last if best else None,
        )

    def _unreported(self) -> Epoch | None:
        """The epoch whose weights are on disk, if the worker died before it reported the epoch."""
        if self._store.sha256(self.plan.name) in ("", self._before):
            return None
        try:
            card = self._store.find(self.plan.name).card
        except MathreplError:
            return None
        kept = (self.plan.part, card.best_epoch)
        return next((one for one in card.history if (one.part, one.number) == kept), None)

    def _why(self, code: int) -> str:
        if code == -signal.SIGKILL:
            return "the training process was killed (signal 9), as happens when memory runs out"
        if code < 0:
            return f"the training process was killed (signal {-code})"
        try:
            self._log.seek(0)
            lines = self._log.read().decode(errors="replace").strip().splitlines()
        except (OSError, ValueError):
            lines = []
        raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Killed)\b", line)]
        last = (raised or lines or ["no message"])[-1]
        last = "".join(c for c in last if c.isprintable())[:200]
        return f"the training process ended with code {code}: {last}"
