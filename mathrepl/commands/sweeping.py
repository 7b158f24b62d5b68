"""The command that trains many networks and ranks them: sweep."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from mathrepl.analysis.figure import Figure, Lines, Progress, Series
from mathrepl.commands.figures import SAVE, destination, show_figures
from mathrepl.commands.options import SWEPT_PARAMETERS, fields_of, reproduce
from mathrepl.commands.parse import convert_text, did_you_mean
from mathrepl.commands.spec import Arguments, Command, Context, Note, Parameter, Table, Value
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.session.planning import make_plan, recipe_plans
from mathrepl.session.session import Session
from mathrepl.store.card import MAX_EPOCHS, TrainSettings
from mathrepl.store.store import Store, check_name
from mathrepl.support.errors import MathreplError, UsageError, WeightsError, in_one_line
from mathrepl.support.interrupts import counted
from mathrepl.training.plan import Plan
from mathrepl.training.recipes import RECIPES
from mathrepl.training.sweep import SweepProgress, Trial, TrialDone, local_runner, make_trial
from mathrepl.training.sweep import sweep as run_sweep

MAX_TRIALS = 1000
MAX_CURVES = 8


def sweep(context: Context, arguments: Arguments) -> Iterator[Value]:
    session = context.session
    recipe, epochs = arguments.text("recipe"), arguments.integer("epochs")
    if recipe is None and epochs is None:
        raise UsageError("how many epochs?", hint="write --epochs 20, or --recipe NAME")
    target = check_name(arguments.text("name") or f"{recipe or 'sweep'}-best")
    directory = session.store.user / ".sweeps" / (recipe or "sweep")
    trials = _trials(session, arguments, target, directory)
    destination(arguments)  # before hours of training
    session.check_room()
    with session.store.lock(target):
        pass
    workers = arguments.integer("workers") or os.cpu_count() or 1
    runner = local_runner(workers)
    if arguments.flag("ray") or arguments.given("ray_address"):
        from mathrepl.evaluation.ray import ray_runner

        runner = ray_runner(directory, workers, arguments.text("ray_address"))
    found: list[TrialDone] = []
    with counted() as presses:
        for event in run_sweep(trials, directory, runner, lambda: presses.count > 0):
            if isinstance(event, SweepProgress):
                yield Progress("epochs", event.done, event.total)
                continue
            found.append(event)
            yield Note(
                _summary(event, len(found), len(trials)), "bad" if event.message else "plain"
            )
        context.interrupted = presses.count > 0
    if context.interrupted:
        yield Note("stopped; the same command goes on with the trials that are not finished")
    ranked = sorted(found, key=lambda done: done.rank)
    if not ranked:
        return
    best = ranked[0]
    if best.message:
        yield _ranking(ranked)
        return
    try:
        if not context.interrupted:
            _keep(session, best, directory, target)
    except MathreplError:
        yield _ranking(ranked)
        raise
    yield _ranking(ranked)
    if not context.interrupted:
        yield Note(f"the best is kept as {target}: {_text(best.settings)}", "good")
    yield from _curves(context, arguments, ranked, directory)


def _trials(session: Session, arguments: Arguments, target: str, directory: Path) -> list[Trial]:
    """One trial for each combination of settings and each seed, in the order of the line.

    Raises `UsageError` and `TaskError` for invalid settings.
    """
    varied = [_varied(text) for text in arguments.texts("set")]
    names = [name for (name, _, _), *_ in varied]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"{twice} is set twice", hint=f"write --set {twice}=A,B")
    seeds = range(arguments.integer("seeds") or 1)
    count = prod(map(len, varied)) * len(seeds)
    if count > MAX_TRIALS:
        raise UsageError(f"that makes {count:,} trials", hint=f"at most {MAX_TRIALS:,}")
    trials = []
    for combination in product(*varied):
        shown = [(name, text) for name, text, _ in combination]
        changes = {name.replace("-", "_"): value for name, _, value in combination}
        for seed in seeds:
            plans = _plans(session, arguments, changes, seed, target)
            trials.append(make_trial([*shown, ("seed", str(seed))], plans, directory))
    return trials


def _varied(text: str) -> list[tuple[str, str, Any]]:
    """The values of a setting, such as `hidden=64,128`: its name, and each as text and checked."""
    name, equals, values = text.partition("=")
    known = {parameter.name.removeprefix("--"): parameter for parameter in SWEPT_PARAMETERS}
    parameter = known.get(name)
    if parameter is None or not equals:
        hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise UsageError(f"{text!r} sets nothing", hint=hint)
    found: list[tuple[str, str, Any]] = []
    for value in values.split(","):
        if parameter.kind != "flag":
            found.append((name, value, convert_text(parameter, value)))
        elif value in ("on", "off"):
            found.append((name, value, value == "on"))
        else:
            raise UsageError(f"{name} is on or off, not {value!r}")
    return found


def _plans(
    session: Session, arguments: Arguments, changes: dict[str, Any], seed: int, target: str
) -> list[Plan]:
    """The trainings of one trial, with its changes of settings and shape."""
    shape = fields_of(Architecture, changes)
    settings = fields_of(TrainSettings, changes)
    reverse = changes.get("reverse")
    recipe, epochs = arguments.text("recipe"), arguments.integer("epochs")
    if recipe is None:
        fresh = make_plan(
            session,
            TrainSettings(epochs or 1, seed=seed, **settings),
            fresh=True,
            name=target,
            architecture=Architecture(**shape),
            reverse=reverse,
        )
        return [replace(fresh, command=reproduce(fresh))]
    plans = []
    for plan in recipe_plans(session.store, recipe, seed=seed, epochs=epochs, saved_as=target):
        encoding = plan.encoding if reverse is None else replace(plan.encoding, reverse=reverse)
        changed = replace(
            plan,
            settings=replace(plan.settings, **settings),
            architecture=replace(plan.architecture, **shape),
            encoding=encoding,
        )
        # The options of `train` can say the encoding of a task alone.
        if changed != plan and encoding == Encoding.for_task(plan.task, reverse=encoding.reverse):
            changed = replace(changed, command=reproduce(changed))
        plans.append(changed)
    return plans


def _summary(done: TrialDone, number: int, total: int) -> str:
    what = done.message or f"{done.exact:.2%} exact, loss {done.loss:.4f}"
    how = "finished before" if done.before else f"{done.seconds:.0f} s"
    return f"{number} of {total}: {_text(done.settings)}: {what}, {how}"


def _text(settings: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings)


def _ranking(ranked: Sequence[TrialDone]) -> Table:
    names = [name for name, _ in ranked[0].settings]
    rows = tuple(
        (
            str(place),
            *(value for _, value in done.settings),
            done.message or f"{done.exact:.2%}",
            "" if done.message else f"{done.loss:.5f}",
            str(done.best_epoch),
            f"{done.parameters:,}",
            f"{done.seconds:.0f}",
        )
        for place, done in enumerate(ranked, 1)
    )
    total = sum(done.seconds for done in ranked)
    return Table(
        "trials by held-out exact match",
        ("#", *names, "held-out exact", "loss", "best epoch", "parameters", "seconds"),
        rows,
        tuple(done.record() for done in ranked),
        f"{total:,.0f} s of training in all",
    )


def _curves(
    context: Context, arguments: Arguments, ranked: Sequence[TrialDone], directory: Path
) -> Iterator[Value]:
    """The learning curves of the best trials, a line each."""
    store = Store(directory)
    lines = []
    for done in ranked[:MAX_CURVES]:
        if not done.message:
            history = store.find(done.name).card.history
            epochs = tuple(float(epoch.number) for epoch in history)
            exact = tuple(epoch.held_out.exact for epoch in history)
            lines.append(Series(_text(done.settings), epochs, exact))
    panel = Lines("", tuple(lines), "epoch", "share", low=0.0, high=1.0)
    data = {"trials": {line.name: list(line.y) for line in lines}}
    figure = Figure("held-out exact match by epoch", (panel,), data=data)
    yield from show_figures(context, arguments, lambda: figure)


def _keep(session: Session, best: TrialDone, directory: Path, target: str) -> None:
    """Copy the best trial to `target`; weights of that name are kept for `:undo`."""
    found, tensors = Store(directory).load(best.name)
    hint = "free or unlock it; the same command then saves the best, and trains nothing again"
    writing = in_one_line(WeightsError, f"could not save {target!r}", hint)
    store = session.store
    with writing, store.lock(target):
        kept = store.backups(target).kept() if store.exists_as_user(target) else nullcontext()
        with kept:
            store.save(found.card.renamed(target), tensors)
    session.refresh()


COMMANDS = (
    Command(
        "sweep",
        "train many networks and keep the best",
        sweep,
        (
            Parameter("--recipe", "start from a bundled network's recipe", choices=tuple(RECIPES)),
            Parameter(
                "--seeds", "seeds of each, counted from 0", "integer", low=1, high=MAX_TRIALS
            ),
            Parameter(
                "--set", "a setting and its values: hidden=64,128; more than once", many=True
            ),
            Parameter("--epochs", "epochs of each training", "integer", low=1, high=MAX_EPOCHS),
            Parameter("--name", "name of the best"),
            Parameter(
                "--workers", "trainings at a time, else one a core", "integer", low=1, high=1000
            ),
            Parameter("--ray", "run on Ray, started here", "flag"),
            Parameter("--ray-address", "run on the Ray cluster at this address"),
            SAVE,
        ),
        details="Trials are ranked by exact match on held-out equations. Finished trials survive "
        "Ctrl-C and crashes: the same command trains the others.",
        examples=(
            ":sweep --epochs 5 --seeds 3",
            ":sweep --recipe add --epochs 10 --set hidden=64,96 --seeds 2",
        ),
    ),
)
