"""Kinds of networks of other packages: entry points of the group `mathrepl.architectures`.

Each names an `InstalledKind`; the entry point's name is the kind's. It is imported when weights
or a training first name it, and what it names in turn when a network is asked or trained.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.support.plugins import ARCHITECTURES, Group, guarded

if TYPE_CHECKING:
    from mathrepl.networks.config import Architecture

BUILT_IN = frozenset({"seq2seq", "attention", "work", "tagger"})
MAX_LINE = 200
_OBJECT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class InstalledKind:
    """A kind of network that a package adds.

    `settings` are the fields of `Architecture` that mean something to it, and `describe` draws
    its layers in one line. `network` is where its `mathrepl.networks.Kind` is, in numpy, and
    `builder` where the function is that makes its Keras model of an `Architecture` and an
    `Encoding`: both as `package.module:NAME`, imported when they are needed.
    """

    settings: tuple[str, ...]
    describe: Callable[[Architecture], str]
    network: str
    builder: str


def flaw_of(kind: InstalledKind) -> str | None:
    """The reason why a kind cannot be used, or None."""
    settings: object = kind.settings
    if not isinstance(settings, tuple) or not all(isinstance(one, str) for one in settings):
        return "its settings must be a tuple of names"
    if not callable(kind.describe):
        return "its describe cannot be called"
    for what, place in (("network", kind.network), ("builder", kind.builder)):
        if not isinstance(place, str) or not _OBJECT.fullmatch(place):
            return f"its {what} must be written package.module:NAME"
    return None


KINDS = Group(ARCHITECTURES, "architecture", BUILT_IN, InstalledKind, flaw_of, WeightsError)


def kind_names() -> tuple[str, ...]:
    """The kinds that installed packages add; none of them is imported for it."""
    return tuple(KINDS.points())


@cache
def installed_kind(name: str) -> InstalledKind | None:
    """The kind of that name, None where no package adds it.

    Raises `WeightsError` for one that cannot be used.
    """
    return KINDS.get(name)


def missing(name: str) -> WeightsError:
    """What is told of a kind that nothing here adds."""
    return WeightsError(
        f"no installed package adds the architecture {name!r:.80}",
        hint="install the one that adds it, or update mathrepl",
    )


def version_of_kind(name: str) -> dict[str, str]:
    """The version of the package that adds a kind, by its name; nothing for one of ours."""
    point = KINDS.points().get(name)
    return {} if point is None or point.dist is None else {point.dist.name: point.dist.version}


def imported(name: str, place: str) -> Any:
    """What stands at `place`, the `network` or the `builder` of a kind.

    Raises `WeightsError` where it cannot be imported.
    """
    module, _, attribute = place.partition(":")
    what = f"{KINDS.source(name)} cannot be loaded"
    try:
        return guarded(what, lambda: getattr(import_module(module), attribute))()
    except MathreplError as error:
        raise WeightsError(error.message, hint=error.hint) from error


def description(kind: InstalledKind, architecture: Architecture) -> str:
    """The kind's own line; where it gives none, why."""
    name = architecture.kind
    try:
        line: object = guarded("its describe failed", kind.describe)(architecture)
    except MathreplError as error:
        return f"{name} ({error.message})"
    if not isinstance(line, str) or not line.strip() or not line.isprintable():
        return f"{name} (its describe gives no line)"
    return line[:MAX_LINE]
