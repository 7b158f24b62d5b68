"""Showing the figures of a command, and saving them: what all commands that look have in common."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import wraps
from pathlib import Path

from mathrepl.analysis.figure import Figure, Progress
from mathrepl.commands.spec import Arguments, Context, Note, Parameter, Value
from mathrepl.plots.files import check_path, save_figure
from mathrepl.support.errors import MathreplError
from mathrepl.support.interrupts import counted
from mathrepl.support.paths import path_from

Figures = Figure | Iterable[Progress | Figure]
SAVE = Parameter("--save", "write it to a PNG or SVG file of this name")


def showing(
    make: Callable[[Context, Arguments], Figures],
) -> Callable[[Context, Arguments], Iterator[Value]]:
    """The `run` of a command whose figures `make` returns."""

    @wraps(make)  # the reference of commands tells their themes by their modules
    def run(context: Context, arguments: Arguments) -> Iterator[Value]:
        return show_figures(context, arguments, lambda: make(context, arguments))

    return run


def destination(arguments: Arguments) -> Path | None:
    """The file of `--save`. Raises `MathreplError` where it could not be written."""
    save = arguments.text("save")
    if save is None:
        return None
    path = path_from(save)
    check_path(path)
    return path


def show_figures(
    context: Context, arguments: Arguments, make: Callable[[], Figures]
) -> Iterator[Value]:
    """The figure, or several and their progress; with `--save` a file of the last.

    It is written before it is shown. Ctrl-C ends the looking.
    """
    path = destination(arguments)
    held: Figure | None = None  # until it is written
    made = make()
    values = iter((made,)) if isinstance(made, Figure) else iter(made)
    with counted() as presses:
        for value in values:
            if held is not None:
                yield held
                held = None
                if presses.count:
                    break
            if path is not None and isinstance(value, Figure):
                held = value
            else:
                yield value
            if presses.count:
                break
        if presses.count:
            if isinstance(values, Generator):
                values.close()
            if held is not None:
                yield held
            context.interrupted = True
            yield Note("interrupted")
            return
    if path is not None and held is not None:
        try:
            save_figure(held, path)
        except MathreplError:
            yield held
            raise
        yield held
        yield Note(f"saved as {path}", "good")
