"""Commands that survey a network: map, errors, curve, report.

What they compute with is imported when they run: numpy is not there at the start of a session.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from mathrepl.analysis.figure import Progress
from mathrepl.arithmetic.expression import OPERATIONS
from mathrepl.arithmetic.task import parse_range
from mathrepl.commands.figures import SAVE, Figures, destination, show_figures, showing
from mathrepl.commands.spec import Arguments, Command, Context, Note, Parameter, Value
from mathrepl.networks.kinds import BUILT_IN
from mathrepl.session.planning import card_of
from mathrepl.store.card import Card
from mathrepl.support.interrupts import counted
from mathrepl.support.paths import path_from

_USUAL, _WORK = BUILT_IN["seq2seq"], BUILT_IN["work"]
MAP_DEFAULT = f"those of the task, at most {_USUAL.map_side} a side, of work {_WORK.map_side}"
LIVE_SECONDS = 0.5


@showing
def map_plane(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.plane import plane

    session = context.session
    task = session.card.task
    text = arguments.text("range")
    widest = session.card.architecture.row.map_side
    low = max(task.low, -(widest // 2)) if task.low < 0 else task.low
    a = parse_range(text) if text else (low, min(task.high, low + widest - 1))
    other = arguments.text("b")
    return plane(
        session.weights,
        operation=arguments.text("op"),
        a=a,
        b=parse_range(other) if other else a,
        show=arguments.value("show") or "wrong",
    )


@showing
def errors(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.mistakes import errors as find_errors

    count, whole = arguments.integer("n"), arguments.flag("whole")
    return find_errors(context.session.weights, count, whole=whole)


def curve(context: Context, arguments: Arguments) -> Iterator[Value]:
    """Of several weights on one plot; drawn anew while a training of one of them runs."""
    from mathrepl.analysis.curves import curve as draw_curve

    destination(arguments)  # before the wait for the end of a training
    session = context.session
    job = session.running_job
    current = job.plan.name if job is not None else session.name
    names = arguments.texts("names") or (current,)

    def cards() -> list[Card]:
        return [card_of(session.store, session.running_job, name) for name in names]

    if job is not None and job.plan.name in names and context.host == "session":
        yield Note("live until the training ends; Ctrl-C stops looking, not the training")
        with counted() as presses:
            seen = -1
            while job.running and not presses.count:
                if len(job.epochs) != seen:
                    seen = len(job.epochs)
                    yield draw_curve(cards()).as_live()
                time.sleep(LIVE_SECONDS)
    yield from show_figures(context, arguments, lambda: draw_curve(cards()))


def report(context: Context, arguments: Arguments) -> Iterator[Value]:
    """The sections one after the other, then the file."""
    from mathrepl.analysis.report import sections
    from mathrepl.plots.files import check_path
    from mathrepl.plots.report import REPORT_ENDINGS, write_report

    session = context.session
    path = path_from(arguments.text("file") or f"{session.name}.html")
    check_path(path, REPORT_ENDINGS)
    made = []
    with counted() as presses:
        for value in sections(session.weights):
            if isinstance(value, Progress):
                yield value
            else:
                made.append(value)
            if presses.count:
                context.interrupted = True
                yield Note("interrupted; no report was written")
                return
    written = write_report(path, f"mathrepl: {session.name}", made)
    yield Note(f"report of {session.name} written to {written}", "good")


COMMANDS = (
    Command(
        "map",
        "ask every cell of the plane of a and b",
        map_plane,
        (
            Parameter("range", "the numbers, such as 0..99", default=MAP_DEFAULT),
            Parameter("--b", "the numbers of b", default="those of a"),
            Parameter("--op", "the operation", choices=tuple(OPERATIONS)),
            Parameter(
                "--show",
                "what a cell shows",
                choices=("wrong", "confidence", "size"),
                default="wrong",
            ),
            SAVE,
        ),
        details="size shows the size of the error. A file has one pixel for each equation.",
        examples=(":map", ":map 0..99 --show confidence", ":map --save map.png"),
    ),
    Command(
        "errors",
        "the mistakes of the network, and where they are",
        errors,
        (
            Parameter(
                "n",
                f"held-out equations to ask (of work {_WORK.errors})",
                "integer",
                low=1,
                high=2_000_000,
                default=str(_USUAL.errors),
            ),
            Parameter("--whole", "ask every equation of the task", "flag"),
            SAVE,
        ),
        examples=(":errors", ":errors --whole"),
    ),
    Command(
        "curve",
        "the training: loss, accuracy and exact match by epoch",
        curve,
        (
            Parameter(
                "names", "names of weights; without any, the current ones", "weights", many=True
            ),
            SAVE,
        ),
        details="During a training it is drawn again after each epoch.",
        examples=(":curve", ":curve blog add --save curves.svg"),
    ),
    Command(
        "report",
        "card, curves, map, errors and samples in one HTML file",
        report,
        (Parameter("file", "its name", default="NAME.html"),),
        details="The file needs no internet connection.",
        examples=(":report", ":report add.html"),
    ),
)
