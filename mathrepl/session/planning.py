"""Plans of trainings, checked before a worker starts."""

from __future__ import annotations

import shlex
from dataclasses import replace

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks import parts_of, shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.plugin_kinds import imported
from mathrepl.session.session import Session
from mathrepl.store.card import Card, TrainSettings
from mathrepl.store.store import Store, check_name
from mathrepl.support.errors import TaskError, UsageError
from mathrepl.training.job import Job
from mathrepl.training.plan import Plan
from mathrepl.training.recipes import RECIPES


def make_plan(
    session: Session,
    settings: TrainSettings,
    *,
    fresh: bool = False,
    name: str | None = None,
    task: Task | None = None,
    architecture: Architecture | None = None,
    reverse: bool | None = None,
    part: str | None = None,
) -> Plan:
    """The checked plan of a training; None keeps the name, task or shape in use.

    Raises `TaskError` for settings that the weights in use cannot continue with, `WeightsError`
    for an invalid name and for a kind of network whose package cannot be used.
    """
    store = session.store
    source = None if fresh else session.card
    name = check_name(session.name if name is None else name)
    task = task or (session.fresh_task if fresh else session.task)
    if source is None:
        shape = architecture or Architecture()
        encoding = Encoding.for_task(task, reverse=bool(reverse))
        if shape.row.encoding:
            encoding = imported(shape.kind, shape.row.encoding)(task)
        if shape.row.recipe:
            hint = f"add --recipe {shape.row.recipe}"
            raise TaskError("such weights are started by a recipe", hint=hint)
        shapes_of(shape, encoding)  # an installed kind may refuse it, before a worker starts
    else:
        encoding, shape = source.encoding, source.architecture
        for wrong, message in (
            (
                architecture not in (None, shape) or reverse not in (None, encoding.reverse),
                f"the network of {source.name} cannot change its shape while it goes on",
            ),
            (
                task.rule and shape.row.shows_steps,
                f"{source.name} works by the rules of arithmetic, line by line",
            ),
            (
                not encoding.fits(task),
                f"the network of {source.name} has no room for {task.describe()}",
            ),
            (
                (task.seed, task.spaced) != (source.task.seed, source.task.spaced),
                "another task seed would train on equations that were held out",
            ),
        ):
            if wrong:
                raise TaskError(message, hint="add --fresh to start over")
        if task != source.task and store.is_bundled(name):
            raise TaskError(
                f"{name} is bundled for {source.task.describe()}, this is {task.describe()}",
                hint="name the outcome with --name, or start over with --fresh",
            )
    return Plan(
        name=name,
        source=None if source is None else source.name,
        architecture=shape,
        encoding=encoding,
        task=task,
        settings=settings,
        user=store.user,
        bundled=store.bundled,
        part=part_of(shape, part),
    )


def recipe_plans(
    store: Store, name: str, *, seed: int | None, epochs: int | None, saved_as: str | None
) -> list[Plan]:
    """The trainings of a recipe, each continuing the one before.

    Raises `UsageError` for an unknown recipe, `WeightsError` for an invalid name.
    """
    if name not in RECIPES:
        raise UsageError(f"there is no recipe {name!r}", hint=f"there are {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    target = check_name(saved_as or name)
    words = ["mathrepl", "train", *([str(epochs)] if epochs else []), "--recipe", name]
    words += ["--seed", str(seed)] if seed else []
    words += ["--name", target] if target != name else []
    return [
        Plan(
            name=target,
            source=target if number else None,
            architecture=recipe.architecture,
            encoding=recipe.encoding,
            task=recipe.task,
            settings=replace(
                settings, seed=seed or settings.seed, epochs=epochs or settings.epochs
            ),
            command=shlex.join(words),
            user=store.user,
            bundled=store.bundled,
            part=part,
        )
        for number, (part, settings) in enumerate(recipe.stages.items())
    ]


def part_of(architecture: Architecture, wanted: str | None) -> str:
    """The part to train: the wanted one, or the last. Raises `UsageError` for an unknown part."""
    parts = list(parts_of(architecture))
    if wanted is None:
        return parts[-1]
    if wanted not in parts:
        raise UsageError(
            f"these weights have no part {wanted!r}",
            hint=f"their parts are {', '.join(parts)}" if parts != [""] else "leave out --part",
        )
    return wanted


def card_of(store: Store, job: Job | None, name: str) -> Card:
    """The card of some weights, with the epochs so far if `job` trains them now.

    Raises `WeightsError`.
    """
    if job is None or job.plan.name != name:
        return store.find(name).card
    plan = job.plan
    source = name if job.saves else plan.source
    if source is None:
        card = Card(name, plan.architecture, plan.encoding, plan.task, parameters=0)
    else:
        card = store.find(source).card.renamed(name)
    known = {(one.part, one.number) for one in card.history}
    epochs = [done.epoch for done in job.epochs]
    new = [epoch for epoch in epochs if (epoch.part, epoch.number) not in known]
    return replace(card, history=(*card.history, *new))
