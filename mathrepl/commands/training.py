"""Commands that change weights: train, jobs, stop, undo."""

from __future__ import annotations

import time
from collections.abc import Iterator

from mathrepl.commands.options import TRAIN_PARAMETERS, plan_of
from mathrepl.commands.spec import Arguments, Command, Context, Note, Parameter, Table, Value
from mathrepl.session.planning import recipe_plans
from mathrepl.store.card import MAX_EPOCHS
from mathrepl.support.errors import Advice, Run, UsageError
from mathrepl.support.interrupts import Presses, counted
from mathrepl.training.events import Finished, Launched, Warned
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan
from mathrepl.training.recipes import RECIPES

SECOND_PRESS_SECONDS = 0.6
WITH_RECIPE = ("epochs", "background", "name", "recipe", "seed")


def train(context: Context, arguments: Arguments) -> Iterator[Value]:
    session = context.session
    if session.weights.changed_elsewhere():
        yield Warned(
            f"another session has changed {session.name} since it was read here; "
            "it is taken as it is now"
        )
    plans = _plans(context, arguments)
    if arguments.flag("background"):
        if len(plans) > 1:
            raise UsageError(
                f"{plans[0].name} is made in {len(plans)} trainings",
                hint="leave out --background",
            )
        job = session.train(plans[0], follow=False)
        yield Note(
            Advice(
                f"job {job.number} trains {job.plan.name} for {job.plan.settings.epochs} epochs; ",
                Run("jobs"),
                " shows it, ",
                Run("stop"),
                " ends it",
            )
        )
        return
    finished: Finished | None = None
    with counted() as presses:
        for plan in plans:
            if finished and finished.outcome != "finished":
                break
            job = session.train(plan, follow=True)
            try:
                yield Launched(plan.name, plan.settings.epochs, plan.part)
                yield from _follow(context, job, presses)
            finally:
                if job.running:
                    job.stop()
                    job.wait()
            finished = job.finished
    name = plans[0].name
    here = context.host == "session"  # a shell's process ends, and asks nothing more
    if here and finished is not None and finished.saved and name != session.name:
        session.use(name)
        yield Note(f"now using {name}")


def _plans(context: Context, arguments: Arguments) -> list[Plan]:
    """The requested trainings, checked. Raises `UsageError` for options that do not fit."""
    session = context.session
    epochs, recipe = arguments.integer("epochs"), arguments.text("recipe")
    if recipe is None:
        if epochs is None:
            hint = Advice("write ", Run("train", "50"), ", or add --recipe NAME")
            raise UsageError("how many epochs?", hint=hint)
        return [plan_of(session, arguments)]
    for key in arguments.all():
        if key not in WITH_RECIPE:
            option = f"--{key.replace('_', '-')}"
            raise UsageError(f"a recipe decides {option} itself", hint=f"leave out {option}")
    return recipe_plans(
        session.store,
        recipe,
        seed=arguments.integer("seed"),
        epochs=epochs,
        saved_as=arguments.text("name"),
    )


def _follow(context: Context, job: Job, presses: Presses) -> Iterator[Value]:
    """The events of a training; the first Ctrl-C stops it, the second drops it."""
    stopped_at = 0.0
    for event in job.events():
        if presses.count and not stopped_at:
            stopped_at = time.monotonic()
            context.interrupted = True
            job.stop()
            yield Warned("stopping; Ctrl-C again drops what this training has learnt")
        if isinstance(event, Finished):
            # A stop takes milliseconds: wait a moment for a second Ctrl-C.
            until = stopped_at + SECOND_PRESS_SECONDS
            while event.saved and presses.count == 1 and time.monotonic() < until:
                time.sleep(0.02)
            if presses.count >= 2:
                job.drop()
            yield job.finished or event
        elif event is not None:
            yield event


def jobs(context: Context, arguments: Arguments) -> Value:
    found = context.session.jobs
    if not found:
        start = Run("train", "50 --background")
        return Note(Advice("no training in this session yet; start one with ", start))
    return Table(
        "trainings of this session",
        ("job", "weights", "state", "epoch", "best held-out exact"),
        tuple(_job_row(job) for job in found),
    )


def _job_row(job: Job) -> tuple[str, ...]:
    epochs = job.plan.settings.epochs
    done = job.epochs[-1].index if job.epochs else 0
    state = job.finished.outcome if job.finished else ("running" if job.started else "starting")
    best = job.best.epoch.held_out if job.best else (job.started.baseline if job.started else None)
    exact = f"{best.exact:.2%}" if best else "-"
    return (str(job.number), job.plan.name, state, f"{done}/{epochs}", exact)


def stop(context: Context, arguments: Arguments) -> Value:
    job = context.session.running_job
    number = arguments.integer("job")
    if number is not None:
        job = next((j for j in context.session.jobs if j.number == number), None)
        if job is None:
            raise UsageError(f"there is no job {number}", hint=Advice(Run("jobs"), " lists them"))
    if job is None or not job.running:
        return Note("no training is running")
    if arguments.flag("drop"):
        job.drop()
    else:
        job.stop()
    job.wait()
    job.reported = job.finished is not None
    return job.finished or Note(f"job {job.number} is still ending")


def undo(context: Context, arguments: Arguments) -> Value:
    session = context.session
    name = session.name
    card, undone = session.undo(skip_damaged=arguments.flag("skip_damaged"))
    kept = f"; the undone weights are kept as {undone}" if undone else ""
    if card is None:
        now = f"; now using {session.name}" if session.name != name else "; use others"
        if context.host == "shell":
            now = ""
        return Note(f"{name} is gone, as it was before that training{kept}{now}")
    where = (
        "to the bundled weights"
        if session.weights.found.origin == "bundled"
        else "as it was before"
    )
    exact = f" ({card.held_out.exact:.2%} exact on held-out)" if card.held_out else ""
    return Note(f"{session.name} is back {where}{exact}{kept}", "good")


COMMANDS = (
    Command(
        "train",
        "train the network; Ctrl-C stops and keeps the best",
        train,
        (
            Parameter("epochs", "epochs to train", "integer", low=1, high=MAX_EPOCHS),
            Parameter("--fresh", "start over with random weights", "flag"),
            Parameter("--background", "give the prompt back at once", "flag", hosts=("session",)),
            Parameter("--name", "save under this name instead of the current one"),
            Parameter("--recipe", "make a bundled network from nothing", choices=tuple(RECIPES)),
            *TRAIN_PARAMETERS,
        ),
        details=Advice(
            "Goes on from the current weights unless --fresh is given. The best weights by "
            "exact match on held-out equations (ties: loss) are kept, saved at each improvement. "
            "A second Ctrl-C drops what was learnt; ",
            Run("undo"),
            " goes back later. With --rule the truth that answers stand beside is that of the "
            "rule, for the weights trained so.",
        ),
        examples=(
            ":train 50",
            ":train 50 --background",
            ":train 100 --fresh --name wide --hidden 64",
            ":train 60 --fresh --name minus --range -99..99 --ops +-",
            ":train --recipe add --name mine --seed 1",
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
        (Parameter("--skip-damaged", "go past steps that cannot be read", "flag"),),
        details="The undone weights are kept as NAME-undone. Repeated, it goes further back.",
    ),
)
