"""What a training can be told: options of the task, the settings and the shape, and their texts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from mathrepl.arithmetic.rules import PLAIN, rule_names
from mathrepl.arithmetic.task import (
    MAX_DECIMALS,
    SAMPLINGS,
    Task,
    parse_count,
    parse_operations,
    parse_range,
)
from mathrepl.commands.spec import Arguments, Parameter, ValueKind
from mathrepl.data.step_examples import PARTS
from mathrepl.networks.config import Architecture, settings_of
from mathrepl.networks.kinds import fresh_kinds
from mathrepl.networks.plugin_kinds import kind_names
from mathrepl.session.session import Session
from mathrepl.store.card import Card
from mathrepl.store.train_settings import TrainSettings
from mathrepl.support.errors import MathreplError, TaskError, UsageError
from mathrepl.support.setting_rows import rows
from mathrepl.training.plan import Plan

TASK_PARAMETERS = (
    Parameter("--range", "numbers, such as 0..999 or -50..50"),
    Parameter("--ops", "operations, such as + or +-*/"),
    Parameter("--operations", "operations in an equation, such as 1 or 1..3"),
    Parameter("--decimals", f"decimals of an answer, 0 to {MAX_DECIMALS}"),
    Parameter("--sampling", "how operands are drawn", choices=SAMPLINGS),
    Parameter("--spaces", "write 94 + 909 or 94+909", choices=("on", "off")),
    Parameter("--task-seed", "which equations are drawn and held out"),
    Parameter(
        "--rule",
        "the truth: that of an installed package, or none for arithmetic's",
        suggest=lambda session, before: (*rule_names(), PLAIN),
    ),
)
TASK_KEYS = tuple(parameter.key for parameter in TASK_PARAMETERS)
_KINDS: Mapping[type, ValueKind] = {int: "integer", float: "number", bool: "flag", str: "text"}


def _options(kind: type, *, later: bool | None = None) -> tuple[Parameter, ...]:
    """An option for each setting; `later` chooses those that cards have had since then or before.

    The bounds of fractions can be exclusive: the settings check them themselves.
    """
    return tuple(
        Parameter(
            "--" + row.key.replace("_", "-"),
            row.help,
            _KINDS[type(row.default)],
            choices=row.choices,
            low=row.low if type(row.default) is int else None,
            high=row.high if type(row.default) is int else None,
            default="" if row.default is False else f"{row.default}".removesuffix(".0"),
        )
        for row in rows(kind)
        if row.shown and later in (None, row.later)
    )


EARLIER_SETTINGS = _options(TrainSettings, later=False)
SETTINGS = _options(TrainSettings, later=True)
SHAPE = (
    Parameter(
        "--kind",
        "of network",
        choices=fresh_kinds(),
        added=kind_names,
        default=Architecture().kind,
    ),
    *_options(Architecture),
)
REVERSE = Parameter("--reverse", "write numbers last digit first", "flag")
FRESH_PARAMETERS = (
    *(parameter for parameter in EARLIER_SETTINGS if parameter.key != "seed"),
    *SETTINGS,
    *SHAPE,
    REVERSE,
)
PART = Parameter("--part", "the network to train, in weights of two", choices=PARTS)
NOT_WITH_RECIPE = (
    Parameter("--fresh", "", "flag"),
    *(parameter for parameter in EARLIER_SETTINGS if parameter.key != "seed"),
    *SETTINGS,
    *TASK_PARAMETERS,
    *SHAPE,
    REVERSE,
    PART,
)


def plan_of(session: Session, arguments: Arguments) -> Plan:
    fresh = arguments.flag("fresh")
    card = None if fresh else session.card
    part = arguments.text("part")
    plan = session.plan(
        _settings(arguments, card, part),
        fresh=fresh,
        name=arguments.text("name"),
        task=_task(session, arguments, fresh=fresh),
        architecture=_architecture(arguments, card.architecture if card else Architecture()),
        reverse=True if arguments.flag("reverse") else None,
        command="",
        part=part,
    )
    return replace(plan, command=reproduce(plan))


def _settings(arguments: Arguments, card: Card | None, part: str | None) -> TrainSettings:
    """The settings given; what is not given is as in the last training of these weights."""
    settings = TrainSettings(arguments.integer("epochs") or 1)
    wanted = part if part is not None or card is None else _main_part(card)
    past = [t for t in card.trainings if t.part == wanted] if card else []
    if past:
        last = {f.name: getattr(past[-1], f.name) for f in fields(TrainSettings)}
        count = past[-1].examples + past[-1].held_out_examples
        settings = TrainSettings(**{**last, "epochs": settings.epochs, "examples": count})
    options = (*EARLIER_SETTINGS, *SETTINGS)
    given = {p.key: arguments.value(p.key) for p in options if arguments.given(p.key)}
    return replace(settings, **fields_of(TrainSettings, given))


def fields_of(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are given for the settings of `kind`: by field, where they are by option."""
    return {row.name: given[row.key] for row in rows(kind) if row.key in given}


def _main_part(card: Card) -> str:
    from mathrepl.networks import parts_of

    return list(parts_of(card.architecture))[-1]


def _architecture(arguments: Arguments, base: Architecture) -> Architecture | None:
    changes: dict[str, Any] = {
        parameter.key: arguments.value(parameter.key)
        for parameter in SHAPE
        if arguments.given(parameter.key)
    }
    shape = replace(base, **changes)
    settings = settings_of(shape.kind) or ()
    for parameter in SHAPE:
        if parameter.key in changes and parameter.key not in ("kind", *settings):
            raise UsageError(
                f"{parameter.name} means nothing to a network of kind {shape.kind}",
                hint=f"it has {', '.join(settings) or 'no settings'}",
            )
    return None if shape == base else shape


def _task(session: Session, arguments: Arguments, *, fresh: bool) -> Task | None:
    changes = task_changes({key: arguments.text(key) for key in TASK_KEYS})
    if not changes:
        return None
    try:
        base = session.fresh_task if fresh else session.task
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
    for row in rows(TrainSettings):
        value = getattr(plan.settings, row.name)
        if row.shown and (value != row.default or plan.source is not None):
            words += ["--" + row.key.replace("_", "-"), str(value)]
    words += ["--part", plan.part] if plan.part else []
    # All of the task is named, so that the command means the same whatever weights are current.
    texts = task_texts(plan.task)
    # Where no package adds a rule, no weights have one that a command could take over.
    named = [p for p in TASK_PARAMETERS if p.key != "rule" or plan.task.rule or rule_names()]
    words += [f"{parameter.name}={texts[parameter.key]}" for parameter in named]
    if plan.source is None:
        for f in fields(Architecture):
            value = getattr(plan.architecture, f.name)
            if value != f.default:
                option = "--" + f.name.replace("_", "-")
                words += [option] if value is True else [option, str(value)]
        if plan.encoding.reverse:
            words.append("--reverse")
    return shlex.join(words)


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
        elif key == "rule":
            changes["rule"] = "" if text == PLAIN else text
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
        "rule": task.rule or PLAIN,
    }
