"""Showing the figures of a command, and saving them: what all commands that look have in common."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

from mathrepl.analysis.figure import Figure, Progress
from mathrepl.commands.spec import Arguments, Context, Note, Parameter, Value
from mathrepl.plots.files import check_path, save_figure
from mathrepl.support.errors import UsageError
from mathrepl.support.interrupts import counted

Figures = Figure | Iterable[Progress | Figure]
SAVE = Parameter("--save", "write it to a PNG or SVG file of this name")


def path_of(text: str) -> Path:
    """The path that a person wrote. Raises `UsageError` for what no file can be called."""
    if "\0" in text:
        raise UsageError(f"{text!r} is not a file name")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"there is no home directory for {text!r}") from None


def showing(
    make: Callable[[Context, Arguments], Figures],
) -> Callable[[Context, Arguments], Iterator[Value]]:
    """The `run` of a command whose figures `make` returns."""

    def run(context: Context, arguments: Arguments) -> Iterator[Value]:
        return show_figures(context, arguments, lambda: make(context, arguments))

    return run


def show_figures(
    context: Context, arguments: Arguments, make: Callable[[], Figures]
) -> Iterator[Value]:
    """The figure, or several and their progress; with `--save` a file of the last.

    Ctrl-C ends the looking.
    """
    save = arguments.text("save")
    path = None if save is None else path_of(save)
    if path is not None:
        check_path(path)  # before minutes of asking
    figure: Figure | None = None
    made = make()
    values = iter((made,)) if isinstance(made, Figure) else iter(made)
    with counted() as presses:
        for value in values:
            yield value
            if isinstance(value, Figure):
                figure = value
            if presses.count:
                if isinstance(values, Generator):
                    values.close()
                context.interrupted = True
                yield Note("interrupted")
                return
    if path is not None and figure is not None:
        yield Note(f"saved as {save_figure(figure, path)}", "good")
