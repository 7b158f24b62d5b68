"""The wait for a slow command: one line with a bar, by rich.progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.progress import BarColumn, ProgressColumn, Task
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from mathrepl.analysis.figure import Progress
from mathrepl.evaluation.certify import CertifyProgress
from mathrepl.render.text import clock
from mathrepl.support.text import printable

PATIENCE = 1.0  # seconds; a look that takes less needs no bar
BAR = 24  # cells


class _Cell(ProgressColumn):
    """A text of the line; a `flexible` one gives way in a narrow window."""

    def __init__(self, draw: Callable[[Task], Text], *, flexible: bool = False) -> None:
        super().__init__(Column(no_wrap=not flexible))
        self._draw = draw

    def render(self, task: Task) -> Text:
        return self._draw(task)


def _name(task: Task) -> Text:
    return Text(printable(task.description), no_wrap=True, overflow="ellipsis")


def _count(task: Task) -> Text:
    return Text(f"{task.completed:,}/{task.total:,}")


def _wrong(task: Task) -> Text:
    wrong = task.fields.get("wrong", 0)
    return Text(f"{wrong:,} wrong", "bad" if wrong else "good")


def _left(task: Task) -> Text:
    left = task.time_remaining
    return Text("" if left is None else f"{clock(left)} left", "quiet")


class _OneLine(RichProgress):
    """One task on one line, which is wiped at the end.

    The line stays short of the window by what a terminal echoes at Ctrl-C: one that wraps then
    could not be wiped.
    """

    def __init__(self, console: Console, *more: ProgressColumn) -> None:
        columns = (_Cell(_name, flexible=True), _Cell(_count), BarColumn(BAR), *more)
        self._screen = console  # the table is first made before rich knows its own console
        super().__init__(*columns, console=console, refresh_per_second=8, transient=True)
        self.add_task("", visible=False)
        self.start()

    def show(self, what: str, done: int, total: int, wrong: int = 0) -> None:
        """Show `done` of `total`; the time left is estimated anew for each `what`."""
        (task,) = self.tasks
        if (task.description, task.total) != (what, total):
            self.reset(task.id, description=what, total=total, completed=done, visible=True)
        self.update(task.id, completed=done, wrong=wrong)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield Constrain(self.make_tasks_table(self.tasks), self._screen.width - len("^C") - 1)


class ProgressView:
    """A bar over a slow command; only on a terminal, and for a look not before a second is over."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._line: _OneLine | None = None

    def show(self, value: Progress | CertifyProgress) -> None:
        if not self._console.is_terminal:
            return
        if isinstance(value, CertifyProgress):
            self._line = self._line or _OneLine(self._console, _Cell(_wrong), _Cell(_left))
            place = f" {value.number}/{value.spaces}" if value.spaces > 1 else ""
            self._line.show(value.name + place, value.done, value.total, value.wrong)
        elif time.monotonic() - self._began > PATIENCE:
            self._line = self._line or _OneLine(self._console)
            self._line.show(value.what, value.done, value.total)

    def close(self) -> None:
        if self._line is not None:
            self._line.stop()
            self._line = None
