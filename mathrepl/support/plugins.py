"""Additions of other packages to mathrepl, as entry points of three groups.

A package that is installed beside mathrepl names its objects in its `pyproject.toml`:

    [project.entry-points."mathrepl.commands"]
    parity = "mathrepl_parity:COMMANDS"

Rules of tasks (`mathrepl.arithmetic.rules`) and kinds of networks
(`mathrepl.networks.plugin_kinds`) are named in the same way, and imported when they are first used.
Without such a package nothing is imported: a search of the installed packages' entry points as
bytes takes 1.4 ms, `importlib.metadata` 30 ms.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from mathrepl.support.errors import MathreplError
from mathrepl.support.interrupts import heard
from mathrepl.support.text import cropped

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMMANDS = "mathrepl.commands"
TASKS = "mathrepl.tasks"
ARCHITECTURES = "mathrepl.architectures"
GROUPS = (COMMANDS, TASKS, ARCHITECTURES)
MAX_REASON = 200

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_problems: list[MathreplError] = []
_loading = RLock()  # two threads that redirect stdout would put it back in the wrong order


def entry_points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of one of `GROUPS`, ordered by the names of packages, then by their own."""
    return tuple(point for point in _entry_points() if point.group == group)


def source_of(point: EntryPoint) -> str:
    """The package of an entry point, and its version: `mathrepl-parity 0.1.0`."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


@dataclass(frozen=True, slots=True)
class Group(Generic[_T]):
    """The objects that installed packages add under names of their own, one an entry point.

    `key` is the group of the entry points, and `taken` are names that no package can have. Each
    object is a `kind`, of which `flaw_of` returns what is wrong with it, or None. Messages call one
    `noun`, and are raised as `error`.
    """

    key: str
    noun: str
    taken: frozenset[str]
    kind: type[_T]
    flaw_of: Callable[[_T], str | None]
    error: type[MathreplError]

    def points(self) -> Mapping[str, EntryPoint]:
        """The entry points by name; none of them is imported.

        One with a bad name, or with one that is taken, is left out with a line for the host.
        """
        return _named(entry_points(self.key), self.taken)

    def source(self, name: str) -> str:
        """One of them with its package: `the rule parity of mathrepl-parity 0.1.0`."""
        return f"the {self.noun} {name} of {source_of(self.points()[name])}"

    def get(self, name: str) -> _T | None:
        """The object of that name, or None. Raises `error` where it cannot be loaded or used."""
        point = self.points().get(name)
        if point is None:
            return None
        try:
            found: _T = load(point)
        except MathreplError as error:
            raise self.error(f"the {self.noun} {error.message}", hint=error.hint) from error
        flaw = flaw_in(found, self.kind, self.flaw_of)
        if flaw is not None:
            raise self.error(f"{self.source(name)} cannot be used: {flaw}")
        return found


def flaw_in(found: object, kind: type[_T], flaw_of: Callable[[_T], str | None]) -> str | None:
    """The reason why an object cannot be used as a `kind`, or None."""
    if not isinstance(found, kind):
        return f"it is no {kind.__name__}, but of type {type(found).__name__}"
    try:
        return flaw_of(found)
    except (TypeError, AttributeError) as error:  # a field of another type than it should be
        return reason_of(error)


@cache  # so that what is wrong with one is noted once
def _named(points: tuple[EntryPoint, ...], taken: frozenset[str]) -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in points:
        if not _NAME.fullmatch(point.name):
            flaw = "a name is of lower-case letters and digits, with - between them"
        elif point.name in taken or point.name in found:
            flaw = "the name is taken"
        else:
            found[point.name] = point
            continue
        what = f"{point.name!r} of {source_of(point)}"
        note_problem(MathreplError(f"{what} in {point.group} is left out: {flaw}"))
    return MappingProxyType(found)


def load(point: EntryPoint) -> Any:
    """The object that an entry point names. Raises `MathreplError` where it cannot be imported."""
    return loaded(f"{point.name} of {source_of(point)} cannot be loaded", point.load)


def loaded(what: str, load: Callable[[], _R]) -> _R:
    """The object that `load` imports from another package, with all it raises as `WHAT: reason`.

    That includes a `KeyboardInterrupt` which no Ctrl-C caused.
    """
    with _loading, heard() as presses:
        try:
            with contained(what):
                return load()
        except KeyboardInterrupt as error:
            if presses.count:
                raise
            raise MathreplError(f"{what}: {reason_of(error)}") from error


@contextmanager
def contained(what: str, hint: str | None = None) -> Iterator[None]:
    """Raise what code of another package raises in the block as a `MathreplError`: `WHAT: reason`.

    A `MathreplError` and `KeyboardInterrupt` pass unchanged. What the code prints goes to stderr,
    so that stdout holds what mathrepl writes alone.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (MathreplError, KeyboardInterrupt):
        raise
    except BaseException as error:  # code of another package may raise anything
        raise MathreplError(f"{what}: {reason_of(error)}", hint=hint) from error


def guarded(what: str, function: Callable[_P, _R]) -> Callable[_P, _R]:
    """`function` of another package, whose errors become a `MathreplError`: `WHAT: reason`.

    A `MathreplError` and `KeyboardInterrupt` pass unchanged.
    """

    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except (MathreplError, KeyboardInterrupt):
            raise
        except BaseException as error:  # code of another package may raise anything
            raise MathreplError(f"{what}: {reason_of(error)}") from error

    return call


def reason_of(error: BaseException) -> str:
    """The exception of another package's code as part of one line."""
    try:
        said = str(error)
    except BaseException:  # noqa: BLE001 - that, too, is code of another package
        said = ""
    text = " ".join(f"{type(error).__name__}: {said}".split()).rstrip(": ")
    return cropped(text, MAX_REASON)


def note_problem(problem: MathreplError) -> None:
    """Keep a problem of an installed package until the host can report it."""
    _problems.append(problem)


def take_problems() -> list[MathreplError]:
    """The problems of installed packages that were not reported yet."""
    taken = _problems[:]
    _problems.clear()
    return taken


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    if not any(_adds_anything(folder or os.curdir) for folder in sys.path):
        return ()
    from importlib import metadata

    found = [point for group in GROUPS for point in metadata.entry_points(group=group)]
    return tuple(sorted(found, key=lambda point: (source_of(point), point.name)))


def _adds_anything(folder: str) -> bool:
    """True where a package in `folder`, a part of the import path, names one of `GROUPS`."""
    try:
        with os.scandir(folder) as entries:
            return any(
                _names_a_group(f"{entry.path}/entry_points.txt")
                for entry in entries
                if entry.name.endswith((".dist-info", ".egg-info"))
            )
    except OSError:  # no folder, or an unreadable one
        return False


def _names_a_group(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - at every start, and pathlib takes thrice as long
            text = file.read()
    except OSError:
        return False
    return any(f"[{group}]".encode() in text for group in GROUPS)
