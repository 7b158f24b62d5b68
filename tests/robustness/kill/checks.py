"""Checks that hold of the files after any kill."""

from __future__ import annotations

import re
from pathlib import Path

from mathrepl.arithmetic.task import Task
from mathrepl.networks.config import Architecture
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError

TASK = Task(high=99)
ARCHITECTURE = Architecture(hidden=8)
_DONE = re.compile(r"trial-[0-9a-f]{16}\.done")


def weights_problems(store: Store, seen: dict[str, float]) -> list[str]:
    """Weights that are lost, do not load, or are worse than `seen`, which is brought up to date."""
    problems = []
    there = {path.stem for path in store.user.glob("[!.]*.json")}
    problems += [f"{name} is lost" for name in sorted(set(seen) - there)]
    for name in sorted(there):
        try:
            found = store.find(name)
            store.tensors(found)
        except MathreplError as error:
            problems.append(f"{name} does not load: {error}")
            continue
        exact = found.card.held_out.exact if found.card.held_out else 0.0
        if exact < seen.get(name, 0.0):
            problems.append(f"{name} is worse: {exact} after {seen[name]}")
        seen[name] = max(exact, seen.get(name, 0.0))
    return problems


def save_again(store: Store, name: str) -> None:
    """The next save as a training does it: the pair before is kept for undo first."""
    found = store.find(name)
    number = store.backups(name).add()
    store.save(found.card, store.tensors(found))
    store.backups(name).remove(number)


def strays(directory: Path) -> list[str]:
    """Files below `directory` that nothing explains: temporary, pending, or one of a pair alone.

    Pending weights that the card in place needs are explained: they are what it reads.
    """
    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_dir():
            continue
        shown = str(path.relative_to(directory))
        if path.suffix == ".json":
            continue
        if path.suffix == ".safetensors" and path.with_suffix(".json").exists():
            continue
        if path.suffix == ".absent" and path.parent.parent.name == ".undo":
            continue
        if path.suffix == ".pending" and _needed(path):
            continue
        if path.parent.name == ".locks":  # one a name; the lock itself ends with its holder
            continue
        if path.suffix == ".certifying" or _DONE.fullmatch(path.name):
            continue
        found.append(shown)
    return found


def _needed(pending: Path) -> bool:
    name = pending.name[1:].rsplit(".", 2)[0]
    store = Store(pending.parent, pending.parent / "none")
    try:
        return store.read(store.find(name))[0] == pending
    except MathreplError:
        return False


def save_phase(directory: Path) -> str:
    """The stage of a save at which a process was killed, from the files that it left."""
    names = [path.name for path in directory.rglob(".*") if path.is_file()]
    if any(".pending." in name for name in names):
        return "weights being written"
    if any(".json." in name for name in names):
        return "card being written"
    if any(".absent." in name for name in names):
        return "undo mark being written"
    pending = list(directory.rglob(".*.pending"))
    if any(_needed(path) for path in pending):
        return "card in place, weights pending"
    if pending:
        return "weights pending, card not yet"
    return "between saves"
