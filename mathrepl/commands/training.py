"""Commands that change weights: train, jobs, stop, undo."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from mathrepl.architecture import MAX_DEPTH, MAX_HIDDEN, Architecture
from mathrepl.commands.spec import (
    Arguments,
    Command,
    Context,
    Note,
    Parameter,
    Result,
    Table,
    Value,
)
from mathrepl.errors import MathreplError, TaskError, UsageError
from mathrepl.interrupts import counted
from mathrepl.jobs import Job
from mathrepl.plan import MAX_EPOCHS, MAX_EXAMPLES, MAX_SEED, Plan, TrainSettings
from mathrepl.progress import Finished, Launched, Warned
from mathrepl.session import Session
from mathrepl.task import MAX_DECIMALS, SAMPLINGS, Task, parse_count, parse_operations, parse_range

SECOND_PRESS_SECONDS = 0.7


def train(context: Context, arguments: Arguments) -> Iterator[Value]:
    session = context.session
    plan = _plan(session, arguments)
    if arguments.flag("background"):
        job = session.train(plan, follow=False)
        yield Note(
            f"job {job.number} trains {plan.name} for {plan.settings.epochs} epochs; "
            ":jobs shows it, :stop ends it"
        )
        return
    with counted() as presses:
        job = session.train(plan, follow=True)
        try:
            yield Launched(plan.name, plan.settings.epochs)
            yield from _follow(context, job, lambda: presses.count)
        finally:
            if job.running:
                job.stop()
                job.wait()
    finished = job.finished
    if finished is not None and finished.saved and plan.name != session.name:
        session.use(plan.name)
        yield Note(f"now using {plan.name}")


def _follow(context: Context, job: Job, presses: Callable[[], int]) -> Iterator[Value]:
    stopped = False

    def tick() -> None:
        nonlocal stopped
        if presses() and not stopped:
            stopped = context.interrupted = True
            job.stop()

    told_at = 0.0
    for event in job.events(tick):
        if stopped and not told_at:
            told_at = time.monotonic()
            yield Warned("stopping; Ctrl-C again drops what this training has learnt")
        if not isinstance(event, Finished):
            yield event
            continue
        # A stop takes a few milliseconds: leave a second Ctrl-C the time to be pressed.
        while told_at and event.saved and presses() < 2:
            if time.monotonic() > told_at + SECOND_PRESS_SECONDS:
                break
            time.sleep(0.02)
        if presses() >= 2:
            job.drop()
        yield job.finished or event


def _plan(session: Session, arguments: Arguments) -> Plan:
    epochs = arguments.integer("epochs")
    fresh = arguments.flag("fresh")
    settings = TrainSettings(epochs or 1)
    for key, name in (("examples", "examples"), ("batch", "batch"), ("seed", "seed")):
        value = arguments.integer(key)
        if value is not None:
            settings = replace(settings, **cast("dict[str, Any]", {name: value}))
    rate = arguments.number("lr")
    if rate is not None:
        settings = replace(settings, learning_rate=rate)
    architecture = _architecture(arguments, Architecture() if fresh else session.card.architecture)
    plan = session.plan(
        settings,
        fresh=fresh,
        name=arguments.text("name"),
        task=_task(session, arguments, fresh=fresh),
        architecture=architecture,
        reverse=True if arguments.flag("reverse") else None,
        command="",
    )
    return replace(plan, command=reproduce(plan))


def _architecture(arguments: Arguments, base: Architecture) -> Architecture | None:
    changes: dict[str, Any] = {
        key: arguments.integer(key) for key in ("hidden", "encoder_depth", "decoder_depth")
    }
    changes["dropout"] = arguments.number("dropout")
    changes["batch_norm"] = arguments.flag("batch_norm") or None
    given = {key: value for key, value in changes.items() if value is not None}
    shape = replace(base, **given)
    return None if shape == base else shape


def _task(session: Session, arguments: Arguments, *, fresh: bool) -> Task | None:
    changes = task_changes({key: arguments.text(key) for key in TASK_KEYS})
    if not changes:
        return None
    try:
        base = session.task
    except MathreplError:
        if not fresh:
            raise
        base = Task()
    return replace(base, **changes)


def reproduce(plan: Plan) -> str:
    """The shell command that runs the same training; it stands in the card."""
    words = ["mathrepl", "train", str(plan.settings.epochs)]
    if plan.source is None:
        words.append("--fresh")
    else:
        words += ["--weights", plan.source]
    words += ["--name", plan.name]
    usual = TrainSettings(plan.settings.epochs)
    for option, name in (
        ("--examples", "examples"),
        ("--batch", "batch"),
        ("--lr", "learning_rate"),
        ("--seed", "seed"),
    ):
        if getattr(plan.settings, name) != getattr(usual, name):
            words += [option, f"{getattr(plan.settings, name)}"]
    # All of the task is named, so that the command means the same whatever weights are current.
    texts = task_texts(plan.task)
    words += [f"{parameter.name}={texts[parameter.key]}" for parameter in TASK_PARAMETERS]
    if plan.source is None:
        for f in fields(Architecture):
            value = getattr(plan.architecture, f.name)
            if value != f.default and f.name != "kind":
                option = "--" + f.name.replace("_", "-")
                words += [option] if value is True else [option, str(value)]
        if plan.encoding.reverse:
            words.append("--reverse")
    return shlex.join(words)


def jobs(context: Context, arguments: Arguments) -> Result:
    found = context.session.jobs
    if not found:
        return Note("no training in this session yet; start one with :train 50 --background")
    return Table(
        "trainings of this session",
        ("job", "weights", "state", "epoch", "best held-out exact"),
        tuple(_job_row(job) for job in found),
    )


def _job_row(job: Job) -> tuple[str, ...]:
    epochs = job.plan.settings.epochs
    done = job.last_epoch.index if job.last_epoch else 0
    state = job.finished.outcome if job.finished else ("running" if job.started else "starting")
    best = job.best.epoch.held_out if job.best else (job.started.baseline if job.started else None)
    exact = f"{best.exact:.2%}" if best else "-"
    return (str(job.number), job.plan.name, state, f"{done}/{epochs}", exact)


def stop(context: Context, arguments: Arguments) -> Result:
    job = context.session.running_job
    number = arguments.integer("job")
    if number is not None:
        job = next((j for j in context.session.jobs if j.number == number), None)
        if job is None:
            raise UsageError(f"there is no job {number}", hint=":jobs lists them")
    if job is None or not job.running:
        return Note("no training is running")
    if arguments.flag("drop"):
        job.drop()
    else:
        job.stop()
    job.wait()
    job.told = job.finished is not None
    return job.finished or Note(f"job {job.number} is still ending")


def undo(context: Context, arguments: Arguments) -> Result:
    session = context.session
    name = session.name
    card, undone = session.undo()
    kept = f"; the undone weights are kept as {undone}" if undone else ""
    if card is None:
        now = f"; now using {session.name}" if session.name != name else "; use others"
        return Note(f"{name} is gone, as it was before that training{kept}{now}")
    where = "the bundled weights" if session.found.origin == "bundled" else "before that training"
    exact = f" ({card.held_out.exact:.2%} exact on held-out)" if card.held_out else ""
    return Note(f"{session.name} is back to {where}{exact}{kept}", "good")


TASK_PARAMETERS = (
    Parameter("--range", "numbers, such as 0..999 or -50..50"),
    Parameter("--ops", "operations, such as + or +-*/"),
    Parameter("--operations", "operations in an equation, such as 1 or 1..3"),
    Parameter("--decimals", f"decimals of an answer, 0 to {MAX_DECIMALS}"),
    Parameter("--sampling", "how operands are drawn", choices=SAMPLINGS),
    Parameter("--spaces", "write 94 + 909 or 94+909", choices=("on", "off")),
    Parameter("--task-seed", "which equations are drawn and held out"),
)
TASK_KEYS = tuple(parameter.key for parameter in TASK_PARAMETERS)


def task_changes(texts: Mapping[str, str | None]) -> dict[str, Any]:
    """Task fields from option texts; None stands for "not given". Raises `TaskError`."""
    changes: dict[str, Any] = {}
    for key, text in texts.items():
        if text is None:
            continue
        if key == "range":
            changes["low"], changes["high"] = parse_range(text)
        elif key == "ops":
            changes["operations"] = parse_operations(text)
        elif key == "operations":
            changes["fewest"], changes["most"] = parse_count(text)
        elif key == "sampling":
            changes["sampling"] = text
        elif key == "spaces":
            if text not in ("on", "off"):
                raise TaskError(f"spaces must be on or off, not {text!r}")
            changes["spaced"] = text == "on"
        elif not re.fullmatch(r"-?[0-9]{1,9}", text):
            raise TaskError(f"{key} must be a whole number, not {text!r}")
        else:
            changes["seed" if key == "task_seed" else key] = int(text)
    return changes


def task_texts(task: Task) -> dict[str, str]:
    """Every part of a task as its option's text, by key; `task_changes` is the inverse."""
    same = task.fewest == task.most
    return {
        "range": f"{task.low}..{task.high}",
        "ops": task.operations,
        "operations": str(task.most) if same else f"{task.fewest}..{task.most}",
        "decimals": str(task.decimals),
        "sampling": task.sampling,
        "spaces": "on" if task.spaced else "off",
        "task_seed": str(task.seed),
    }


COMMANDS = (
    Command(
        "train",
        "train the network; Ctrl-C stops and keeps the best",
        train,
        (
            Parameter("epochs", "epochs to train", "integer", True, low=1, high=MAX_EPOCHS),
            Parameter("--fresh", "start over with random weights", "flag"),
            Parameter("--background", "give the prompt back at once", "flag", hosts=("session",)),
            Parameter("--name", "save under this name instead of the current one"),
            Parameter(
                "--examples",
                "equations, a tenth of them held out",
                "integer",
                low=2,
                high=MAX_EXAMPLES,
                default="30000",
            ),
            Parameter(
                "--batch", "examples a step", "integer", low=1, high=1_000_000, default="256"
            ),
            Parameter("--lr", "learning rate of Adam", "number", default="0.01"),
            Parameter(
                "--seed", "of weights and order", "integer", low=0, high=MAX_SEED, default="0"
            ),
            *TASK_PARAMETERS,
            Parameter(
                "--hidden",
                "LSTM units a direction",
                "integer",
                low=1,
                high=MAX_HIDDEN,
                default="20",
            ),
            Parameter("--encoder-depth", "encoder layers", "integer", low=1, high=MAX_DEPTH),
            Parameter("--decoder-depth", "decoder layers", "integer", low=1, high=MAX_DEPTH),
            Parameter("--dropout", "share of outputs dropped in training", "number"),
            Parameter("--batch-norm", "normalise the layers' outputs", "flag"),
            Parameter("--reverse", "write numbers last digit first", "flag"),
        ),
        details="Goes on from the current weights unless --fresh is given. The best weights by "
        "exact match on held-out equations (ties: loss) are kept, saved at each improvement. "
        "A second Ctrl-C drops what was learnt; :undo goes back later.",
        examples=(
            ":train 50",
            ":train 50 --background",
            ":train 100 --fresh --name wide --hidden 64",
            ":train 60 --fresh --name minus --range -99..99 --ops +-",
        ),
    ),
    Command("jobs", "trainings of this session", jobs, hosts=("session",)),
    Command(
        "stop",
        "end a background training and keep its best",
        stop,
        (
            Parameter("job", "number of the job, else the running one", "integer"),
            Parameter("--drop", "put back the weights from before it", "flag"),
        ),
        hosts=("session",),
    ),
    Command(
        "undo",
        "go back to the weights before the last training",
        undo,
        details="The undone weights are kept as NAME-undone. Repeated, it goes further back.",
    ),
)
