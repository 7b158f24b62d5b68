"""The wait for a slow command: one line with a bar, by rich.progress."""

from __future__ import annotations

import time
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.progress import Progress as RichProgress
from rich.progress import Task
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from mathrepl.analysis.figure import Progress
from mathrepl.evaluation.certify import CertifyProgress
from mathrepl.render.text import clock
from mathrepl.support.text import printable

PATIENCE = 1.0  # seconds; a look that takes less needs no bar
BAR = 24  # cells


class _OneLine(RichProgress):
    """One task on one line, which is wiped at the end.

    The line stays short of the window by what a terminal echoes at Ctrl-C: one that wraps then
    could not be wiped.
    """

    def __init__(self, console: Console) -> None:
        self._screen = console  # a line is first drawn before rich knows its own console
        super().__init__(console=console, refresh_per_second=8, transient=True)
        self.add_task("", visible=False, wrong=None)
        self.start()

    def show(self, what: str, done: int, total: int, wrong: int | None = None) -> None:
        """Show `done` of `total`; the time left is estimated anew for each `what`.

        Where `wrong` answers are counted, they and the time left stand behind the bar.
        """
        (task,) = self.tasks
        if (task.description, task.total) != (what, total):
            self.update(task.id, description=what, wrong=wrong, visible=True)
            self.reset(task.id, total=total, completed=done)
        self.update(task.id, completed=done, wrong=wrong)

    def get_renderables(self) -> Iterable[RenderableType]:
        for task in self.tasks:
            if task.visible:
                yield Constrain(_line(task), self._screen.width - len("^C") - 1)


def _line(task: Task) -> Table:
    """Name, count, bar and more; name and bar give way in a narrow window."""
    cells: list[RenderableType] = [
        Text(printable(task.description), no_wrap=True, overflow="ellipsis"),
        Text(f"{task.completed:,}/{task.total:,}"),
        ProgressBar(task.total, task.completed, BAR),
    ]
    wrong, left = task.fields["wrong"], task.time_remaining
    if wrong is not None:
        cells.append(Text(f"{wrong:,} wrong", "bad" if wrong else "good"))
        cells.append(Text("" if left is None else f"{clock(left)} left", "quiet"))
    columns = (Column(no_wrap=index not in (0, 2)) for index in range(len(cells)))
    line = Table.grid(*columns, padding=(0, 1))
    line.add_row(*cells)
    return line


class ProgressView:
    """A bar over a slow command; only on a terminal, and for a look not before a second is over."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._line: _OneLine | None = None

    def show(self, value: Progress | CertifyProgress) -> None:
        if not self._console.is_terminal:
            return
        if isinstance(value, Progress) and time.monotonic() - self._began <= PATIENCE:
            return
        self._line = self._line or _OneLine(self._console)
        if isinstance(value, CertifyProgress):
            place = f" {value.number}/{value.spaces}" if value.spaces > 1 else ""
            self._line.show(value.name + place, value.done, value.total, value.wrong)
        else:
            self._line.show(value.what, value.done, value.total)

    def close(self) -> None:
        if self._line is not None:
            self._line.stop()
            self._line = None
