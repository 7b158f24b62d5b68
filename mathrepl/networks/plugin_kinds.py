"""Every kind of network by name: built-in rows, and those of installed packages.

Packages name an `InstalledKind` as an entry point of the group `mathrepl.architectures`; the entry
point's name is the kind's. It is imported when weights or a training first name it.
"""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mathrepl.networks.kinds import BUILT_IN, UNKNOWN
from mathrepl.networks.kinds import InstalledKind as InstalledKind  # packages import it from here
from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.support.plugins import ARCHITECTURES, Group, loaded

if TYPE_CHECKING:
    pass

_OBJECT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def row_of(name: str) -> InstalledKind:
    """The row of that kind, `UNKNOWN` for a kind that nothing here adds.

    Raises `WeightsError` for an installed kind that cannot be used.
    """
    return BUILT_IN.get(name) or KINDS.get(name) or UNKNOWN


def flaw_of(kind: InstalledKind) -> str | None:
    """The reason why a kind cannot be used, or None."""
    from mathrepl.networks.config import Architecture

    settings: object = kind.settings
    if not isinstance(settings, tuple) or not all(isinstance(one, str) for one in settings):
        return "its settings must be a tuple of names"
    known = {f.name for f in fields(Architecture)} - {"kind"}
    for name in settings:
        if name not in known:
            return f"there is no setting {name!r}"
    if not callable(kind.describe):
        return "its describe cannot be called"
    for what, place in (("network", kind.network), ("builder", kind.builder)):
        if not isinstance(place, str) or not _OBJECT.fullmatch(place):
            return f"its {what} must be written package.module:NAME"
    for f in fields(InstalledKind)[4:]:
        value: object = getattr(kind, f.name)
        if type(f.default) is not int and value != f.default:
            return f"its {f.name} cannot be set, only that of a built-in kind"
        if type(f.default) is int and (type(value) is not int or value < 1):
            return f"its {f.name} must be a whole number above 0"
    return None


KINDS = Group(
    ARCHITECTURES, "architecture", frozenset(BUILT_IN), InstalledKind, flaw_of, WeightsError
)


def kind_names() -> tuple[str, ...]:
    """The kinds that installed packages add; none of them is imported for it."""
    return tuple(KINDS.points())


def missing(name: str) -> WeightsError:
    """The error for a kind that nothing here adds."""
    return WeightsError(
        f"no installed package adds the architecture {name!r:.80}",
        hint="install the one that adds it, or update mathrepl",
    )


def version_of_kind(name: str) -> dict[str, str]:
    """The version of the package that adds a kind, by its name; empty for a built-in kind."""
    point = KINDS.points().get(name)
    return {} if point is None or point.dist is None else {point.dist.name: point.dist.version}


def imported(name: str, place: str) -> Any:
    """The object that a row of kind `name` names as `place`, `package.module:NAME`.

    Raises `WeightsError` where that of an installed kind cannot be imported.
    """
    module, _, attribute = place.partition(":")
    if name not in kind_names():
        return getattr(import_module(module), attribute)
    what = f"{KINDS.source(name)} cannot be loaded"
    try:
        return loaded(what, lambda: getattr(import_module(module), attribute))
    except MathreplError as error:
        raise WeightsError(error.message, hint=error.hint) from error
