"""Options of a training: its task, settings and shape; and the command that repeats it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

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
from mathrepl.networks.config import Architecture, settings_of
from mathrepl.networks.kinds import PARTS, fresh_kinds
from mathrepl.networks.plugin_kinds import kind_names
from mathrepl.session.planning import make_plan, part_of
from mathrepl.session.session import Session
from mathrepl.store.card import Card, TrainSettings
from mathrepl.support.errors import TaskError, UsageError
from mathrepl.support.setting_rows import Setting, rows
from mathrepl.training.plan import Plan


class _TaskOption(NamedTuple):
    """An option of a task: `read` returns fields from its text, `text` is the inverse.

    `read` raises `TaskError`.
    """

    parameter: Parameter
    read: Callable[[str], dict[str, Any]]
    text: Callable[[Task], str]


def _whole(key: str, text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise TaskError(f"{key} must be a whole number, not {text!r}")
    return int(text)


def _spaced(text: str) -> bool:
    if text not in ("on", "off"):
        raise TaskError(f"spaces must be on or off, not {text!r}")
    return text == "on"


_TASK_OPTIONS = (
    _TaskOption(
        Parameter("--range", "numbers, such as 0..999 or -50..50"),
        lambda text: dict(zip(("low", "high"), parse_range(text), strict=True)),
        lambda task: f"{task.low}..{task.high}",
    ),
    _TaskOption(
        Parameter("--ops", "operations, such as + or +-*/"),
        lambda text: {"operations": parse_operations(text)},
        lambda task: task.operations,
    ),
    _TaskOption(
        Parameter("--operations", "operations in an equation, such as 1 or 1..3"),
        lambda text: dict(zip(("fewest", "most"), parse_count(text), strict=True)),
        lambda task: f"{task.fewest}..{task.most}" if task.fewest < task.most else f"{task.most}",
    ),
    _TaskOption(
        Parameter("--decimals", f"decimals of an answer, 0 to {MAX_DECIMALS}"),
        lambda text: {"decimals": _whole("decimals", text)},
        lambda task: str(task.decimals),
    ),
    _TaskOption(
        Parameter("--sampling", "how operands are drawn", choices=SAMPLINGS),
        lambda text: {"sampling": text},
        lambda task: task.sampling,
    ),
    _TaskOption(
        Parameter("--spaces", "write 94 + 909 or 94+909", choices=("on", "off")),
        lambda text: {"spaced": _spaced(text)},
        lambda task: "on" if task.spaced else "off",
    ),
    _TaskOption(
        Parameter("--task-seed", "which equations are drawn and held out"),
        lambda text: {"seed": _whole("task_seed", text)},
        lambda task: str(task.seed),
    ),
    _TaskOption(
        Parameter(
            "--rule",
            "the truth: that of an installed package, or none for arithmetic's",
            suggest=lambda session, before: (*rule_names(), PLAIN),
        ),
        lambda text: {"rule": "" if text == PLAIN else text},
        lambda task: task.rule or PLAIN,
    ),
)
TASK_PARAMETERS = tuple(option.parameter for option in _TASK_OPTIONS)
TASK_KEYS = tuple(parameter.key for parameter in TASK_PARAMETERS)


def task_changes(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Task fields from option texts by key; other keys are left out. Raises `TaskError`."""
    changes: dict[str, Any] = {}
    for option in _TASK_OPTIONS:
        if option.parameter.key in texts:
            changes |= option.read(texts[option.parameter.key])
    return changes


def task_texts(task: Task) -> dict[str, str]:
    """The texts of a task's options, by key; `task_changes` is the inverse."""
    return {option.parameter.key: option.text(task) for option in _TASK_OPTIONS}


_KINDS: Mapping[type, ValueKind] = {int: "integer", float: "number", bool: "flag", str: "text"}


def _options(kind: type, *, later: bool | None = None) -> tuple[Parameter, ...]:
    """An option for each setting of a dataclass, or for those alone that are `later` or not.

    Bounds of fractions can be exclusive, so the settings themselves check them.
    """
    return tuple(
        Parameter(
            row.option_name,
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


_FIRST_SETTINGS = _options(TrainSettings, later=False)
_LATER_SETTINGS = _options(TrainSettings, later=True)
_SHAPE = (
    Parameter(
        "--kind",
        "of network",
        choices=fresh_kinds(),
        added=kind_names,
        default=Architecture().kind,
    ),
    *_options(Architecture),
    Parameter("--reverse", "write numbers last digit first", "flag"),
)
TRAIN_PARAMETERS = (
    *_FIRST_SETTINGS,
    *TASK_PARAMETERS,
    *_SHAPE,
    Parameter("--part", "the network to train, in weights of two", choices=PARTS),
    *_LATER_SETTINGS,
)
SWEPT_PARAMETERS = tuple(
    parameter
    for parameter in (*_FIRST_SETTINGS, *_LATER_SETTINGS, *_SHAPE)
    if parameter.key != "seed"
)


def plan_of(session: Session, arguments: Arguments) -> Plan:
    """The training that the options of `train` ask for, checked."""
    fresh = arguments.flag("fresh")
    card = None if fresh else session.card
    base = session.fresh_task if fresh else session.task
    part = arguments.text("part")
    plan = make_plan(
        session,
        _settings(arguments, card, part),
        fresh=fresh,
        name=arguments.text("name"),
        task=replace(base, **task_changes(arguments.all())),
        architecture=_architecture(arguments, card.architecture if card else Architecture()),
        reverse=arguments.value("reverse"),
        part=part,
    )
    return replace(plan, command=reproduce(plan))


def _settings(arguments: Arguments, card: Card | None, part: str | None) -> TrainSettings:
    """The given settings; the others are those of the last training of these weights."""
    base: dict[str, Any] = {}
    if card is not None:
        wanted = part_of(card.architecture, part)
        for past in card.trainings:
            if past.part == wanted:
                base = {row.name: getattr(past, row.name) for row in rows(TrainSettings)}
                base["examples"] = past.examples + past.held_out_examples
    base["epochs"] = 1  # unless the line says how many
    return TrainSettings(**base | fields_of(TrainSettings, arguments.all()))


def fields_of(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values in `given`, by keys of options, of the settings of a dataclass, by field."""
    return {row.name: given[row.key] for row in rows(kind) if row.key in given}


def _architecture(arguments: Arguments, base: Architecture) -> Architecture:
    """`base` with the shape that the options name. Raises `UsageError` for what it has not."""
    changes = fields_of(Architecture, arguments.all())
    shape = replace(base, **changes)
    settings = settings_of(shape.kind) or ()
    for name in changes:
        if name not in ("kind", *settings):
            raise UsageError(
                f"--{name.replace('_', '-')} means nothing to a network of kind {shape.kind}",
                hint=f"it has {', '.join(settings) or 'no settings'}",
            )
    return shape


def reproduce(plan: Plan) -> str:
    """The shell command that runs the same training; the card records it."""
    fresh = plan.source is None
    words = ["mathrepl", "train", str(plan.settings.epochs)]
    words += ["--fresh"] if plan.source is None else ["--weights", plan.source]
    words += ["--name", plan.name]
    for row in rows(TrainSettings):
        value = getattr(plan.settings, row.name)
        if row.shown and (value != row.default or not fresh):
            words += _option(row, value)
    words += ["--part", plan.part] if plan.part else []
    # All of the task is named, so that the command means the same whatever weights are current.
    # If no package adds a rule, no weights have one that the command could inherit.
    for option in _TASK_OPTIONS:
        if option.parameter.key != "rule" or plan.task.rule or rule_names():
            words.append(f"{option.parameter.name}={option.text(plan.task)}")
    if fresh:
        for row in rows(Architecture):
            value = getattr(plan.architecture, row.name)
            if value != row.default:
                words += _option(row, value)
        words += ["--reverse"] if plan.encoding.reverse else []
    return shlex.join(words)


def _option(row: Setting, value: Any) -> list[str]:
    """The words that give a setting a value; a flag that is not set has none."""
    if isinstance(value, bool):
        return [row.option_name] if value else []
    return [row.option_name, str(value)]
