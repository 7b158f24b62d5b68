"""SIGKILL at random moments: of saving, undoing, history, certifying, training, sweeping."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mathrepl.evaluation.certify import askers_here, certify, progress_file
from mathrepl.hosts.prompt.history import open_history
from mathrepl.inference.solver import numpy_solver
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from tests.kit.weights import tiny_weights
from tests.robustness.kill.checks import (
    ARCHITECTURE,
    TASK,
    save_again,
    save_phase,
    strays,
    weights_problems,
)
from tests.robustness.kill.driver import line_of
from tests.robustness.kill.moments import (
    Group,
    Moment,
    Place,
    await_none,
    dice,
    make_place,
    workers,
)

GONE_SECONDS = 2.0  # a worker whose session was killed has to be gone by then
DRIVER = "tests.robustness.kill.driver"


def _killed(place: Place, words: list[str], wait: float) -> tuple[Group, float, list[str]]:
    """A driver killed `wait` seconds after its first line; until when something of it lived."""
    group = Group(place, [DRIVER, *words])
    group.wait_for(bool)
    time.sleep(wait)
    group.kill()
    seconds, problems = await_none(place, GONE_SECONDS)
    return group, seconds, problems


def killed_saving(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    place = make_place(folder / "saving")
    weights = place.data / "weights"
    seen: dict[str, float] = {}
    for number in range(times):
        chance = dice(seed, "saving", number)
        group, seconds, problems = _killed(place, ["save"], chance.uniform(0, 0.25))
        phase = save_phase(weights)
        for line in group.lines():
            name, exact = line.split()
            seen[name] = max(seen.get(name, 0.0), float(exact))
        group.close()
        problems += _driver_failed(group)
        problems += weights_problems(place.store, seen)
        for name in ("tiny", "copy"):
            if place.store.exists_as_user(name):
                save_again(place.store, name)
        problems += [f"stray after the next save: {name}" for name in strays(weights)]
        yield Moment("saving", number, phase, seconds, tuple(problems))


def killed_neighbours(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    """Two processes save names of which one begins with the other, and a third reads both.

    Every read must get a whole pair, and neither of the two may take files of the other: one is
    killed while the other goes on.
    """
    place = make_place(folder / "neighbours")
    names = ("tiny", "tiny.v2")
    tiny_weights(place.store, "tiny.v2", TASK, ARCHITECTURE)
    seen: dict[str, float] = {}
    for number in range(times):
        chance = dice(seed, "neighbours", number)
        groups = [Group(place, [DRIVER, "save", name], name) for name in names]
        problems: list[str] = []
        for group in groups:
            group.wait_for(bool)
        ends = time.monotonic() + chance.uniform(0, 0.25)
        for group in (groups[1], groups[0]):
            while time.monotonic() < ends:
                problems += [p for name in names for p in _read_problems(place.store, name)]
            group.kill()
            ends += 0.1
        seconds, left = await_none(place, GONE_SECONDS)
        problems += left
        for group in groups:
            for line in group.lines():
                name, exact = line.split()
                seen[name] = max(seen.get(name, 0.0), float(exact))
            group.close()
            problems += _driver_failed(group)
        problems += weights_problems(place.store, seen)
        for name in seen:
            save_again(place.store, name)
        problems += [
            f"stray after the next save: {name}" for name in strays(place.data / "weights")
        ]
        yield Moment("neighbours", number, "two savers and a reader", seconds, tuple(problems))


def _read_problems(store: Store, name: str) -> list[str]:
    try:
        store.load(name)
    except MathreplError as error:
        return [f"a torn pair was read: {error.message}"]
    return []


def killed_undoing(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    """Undo and delete: the network is there, or one undo brings it back."""
    place = make_place(folder / "undoing")
    weights = place.data / "weights"
    for number in range(times):
        chance = dice(seed, "undoing", number)
        group, seconds, problems = _killed(place, ["undo"], chance.uniform(0, 0.25))
        phase = save_phase(weights)
        group.close()
        problems += _driver_failed(group)
        store = place.store
        try:
            if not store.exists_as_user("tiny"):
                phase = "deleted"
                store.undo("tiny")
            elif (held_out := store.find("tiny").card.held_out) and held_out.exact == 0.9:
                store.undo("tiny")
            if store.find("tiny").card.held_out is not None:
                problems.append("the network before is lost")
        except MathreplError as error:
            problems.append(f"not brought back: {error}")
        problems += weights_problems(store, {"tiny": 0.0})
        for name in store.names():
            save_again(store, name)
            if name != "tiny":
                store.delete(name)
        problems += [f"stray after the next save: {name}" for name in strays(weights)]
        yield Moment("undoing", number, phase, seconds, tuple(problems))


def killed_history(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    place = make_place(folder / "history")
    path = place.data / "history"
    expected = 0
    for number in range(times):
        chance = dice(seed, "history", number)
        group, seconds, problems = _killed(
            place, ["history", str(expected)], chance.uniform(0, 0.25)
        )
        written = [int(line) for line in group.lines()]
        group.close()
        problems += _driver_failed(group)
        read = _history_lines(path)
        kept = _history_lines(path.with_suffix(".old")) + read
        known = set(kept)
        # What was put aside twice is gone by intent; the newest are all there, in their order.
        recent = [line_of(n) for n in written[-60:]]
        missing = [line for line in recent if line not in known]
        if missing:
            problems.append(f"{len(missing)} lines are lost, the first {missing[0][:20]!r}")
        last = line_of(written[-1])
        after = kept[kept.index(last) + 1 :] if last in known else []
        expected = written[-1] + 2
        phase = "between lines"
        if after:
            whole = after == [line_of(written[-1] + 1)]
            phase = "line written, not told" if whole else "line torn"
            if len(after) > 1:
                problems.append(f"{len(after)} lines after the last")
        opened, problem = open_history(path, keep=True)
        opened.store_string("7 + 8")
        if problem or _history_lines(path)[-1] != "7 + 8":
            problems.append(f"the next line is not kept: {problem}")
        extra = {p.name for p in place.data.iterdir()} - {
            "history", "history.old", "weights", "out", "err",
        }  # fmt: skip
        problems += [f"stray: {name}" for name in sorted(extra)]
        yield Moment("history", number, phase, seconds, tuple(problems))


def _history_lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    history, _ = open_history(path, keep=True)
    return list(history.load_history_strings())[::-1]


def killed_certifying(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    place = make_place(folder / "certifying")
    weights = place.data / "weights"
    whole = Group(place, [DRIVER, "certify"])
    whole.wait_for(lambda lines: any(line.startswith("certified") for line in lines))
    whole.close()
    truth = next(line for line in whole.lines() if line.startswith("certified"))
    seen: dict[str, float] = {}
    asked = 0
    for number in range(times):
        chance = dice(seed, "certifying", number)
        group, seconds, problems = _killed(place, ["certify"], chance.uniform(0, 0.5))
        lines = group.lines()
        group.close()
        problems += _driver_failed(group)
        # Up to 4 batches are asked at a time, and the last may not have been told.
        first = int(lines[0].split()[1]) if lines[0].startswith("asked") else 0
        if first < asked:
            problems.append(f"went on from {first}, not {asked}")
        problems += [
            f"{line}, not {truth}"
            for line in lines
            if line.startswith("certified") and line != truth
        ]
        phase, asked = "between networks", 0
        for progress in weights.glob(".tiny.*.certifying"):
            asked = json.loads(progress.read_bytes())["tally"]["done"]
            phase = "asking"
        if any(weights.glob("..tiny.*.certifying.*")):
            phase = "progress being written"
        problems += _other_certificate(place, number, asked)
        problems += weights_problems(place.store, seen)
        for one in place.store.find("tiny").card.certificates:
            if f"certified {one.wrong} of {one.total}" != truth:
                problems.append(f"the card says {one.wrong} of {one.total}, not {truth}")
        save_again(place.store, "tiny")
        problems += [f"stray after the next save: {name}" for name in strays(weights)]
        yield Moment("certifying", number, phase, seconds, tuple(problems))


def _other_certificate(place: Place, number: int, asked: int) -> list[str]:
    """A small certificate of the same name, which must leave the progress of the whole one."""
    if number % 2 == 0:
        return []
    found = place.store.find("tiny")
    askers = askers_here(numpy_solver(found.card, place.store.tensors(found)), 1)
    path = progress_file(place.store.user, found.card, "small", 5)
    for _ in certify(found.card, askers, "small", sample=5, progress=path):
        pass
    left = [json.loads(one.read_bytes()) for one in place.store.user.glob(".tiny.*.certifying")]
    done = [one["tally"]["done"] for one in left]
    return [] if done == [asked] * bool(asked) else [f"progress {done} after a small certificate"]


def killed_training(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    """The session's group, the worker alone, or both at once."""
    place = make_place(folder / "training")
    weights = place.data / "weights"
    seen: dict[str, float] = {}
    words = ["mathrepl", "train", "500", "--examples", "2000", "--batch", "50", "--json"]
    for number in range(times):
        chance = dice(seed, "training", number)
        who = ("session", "worker", "both")[number % 3]
        before = place.store.sha256("tiny")
        group = Group(place, words)
        met, delay = _training_moment(chance)
        if not group.wait_for(met):
            raise RuntimeError(f"the training ended by itself: {group.errors()}")
        time.sleep(delay)
        phase = f"{_training_phase(group)}, {who} killed"
        mine = workers(place)
        problems = []
        if who in ("session", "both"):
            group.kill()
        if who in ("worker", "both"):
            for pid in mine:
                os.kill(pid, signal.SIGKILL)
            if not mine:
                group.kill()
        seconds, left = await_none(place, GONE_SECONDS)
        problems += left
        if who == "worker" and mine:
            problems += _ending_problems(group, saved=place.store.sha256("tiny") != before)
        group.close()
        if "Traceback" in group.errors():
            problems.append(f"traceback: {group.errors().strip().splitlines()[-1]}")
        problems += weights_problems(place.store, seen)
        save_again(place.store, "tiny")
        problems += [f"stray after the next save: {name}" for name in strays(weights)]
        yield Moment("training", number, phase, seconds, tuple(problems))


def _training_moment(chance: random.Random) -> tuple[Callable[[list[str]], bool], float]:
    """The moment to wait for, and the delay of the kill after it: spread over all phases."""
    kind = chance.random()
    if kind < 0.25:
        return lambda lines: True, chance.uniform(0.2, 4.0)
    if kind < 0.55:
        return lambda lines: len(lines) >= 1, chance.uniform(0, 2.5)
    epochs = chance.randint(1, 8)
    return lambda lines: len(lines) > epochs, chance.uniform(0, 0.3)


def _training_phase(group: Group) -> str:
    lines = group.lines()
    if not lines:
        return "import" if workers(group.place) else "session starts"
    return "first tracing" if len(lines) == 1 else "epochs"


def _ending_problems(group: Group, *, saved: bool) -> list[str]:
    """A session whose worker was killed says so in its last record, and exits with 1."""
    last = json.loads(group.lines()[-1]) if group.lines() else {}
    told = (group.process.wait(), last.get("outcome"), last.get("saved"))
    if told != (1, "failed", saved):
        return [f"the session ended with {told}, saved: {saved}"]
    return []


def killed_sweeping(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    place = make_place(folder / "sweeping")
    weights = place.data / "weights"
    trials = weights / ".sweeps" / "sweep"
    seen: dict[str, float] = {}
    finished: dict[str, tuple[int, bytes]] = {}
    rounds = 1
    number = 0
    chance = dice(seed, "sweeping", number)
    while number < times:
        words = ["mathrepl", "sweep", "--epochs", "2", "--seeds", "3", "--workers", "2", "--json"]
        words += ["--set", f"lr=0.01{rounds:04}", "--set", "examples=300", "--name", "swept"]
        group = Group(place, words)
        time.sleep(chance.uniform(0.3, 12))
        mine = workers(place)
        phase = f"{len(mine)} trials run" if mine else "session alone"
        ended = group.process.poll()
        group.kill()
        seconds, problems = await_none(place, GONE_SECONDS)
        group.close()
        problems += _driver_failed(group)
        if ended not in (None, 0):
            problems.append(f"ended with {ended}: {group.errors()[-200:]}")
        for name, before in finished.items():
            if _trial(trials, name) != before:
                problems.append(f"{name} was finished and has been trained again")
        for path in sorted(trials.glob("*.done")):
            finished[path.stem] = _trial(trials, path.stem)
        problems += weights_problems(place.store, dict.fromkeys(seen, 0.0))
        problems += _trial_problems(trials)
        if ended == 0:
            seen["swept"] = 0.0
            rounds += 1
        save_again(place.store, "tiny")
        problems += [
            f"stray after the next save: {name}"
            for name in strays(weights)
            if not name.startswith(".sweeps") or ended == 0
        ]
        if ended is None or problems:  # one that had ended was not killed, and does not count
            yield Moment("sweeping", number, phase, seconds, tuple(problems))
            number += 1
            chance = dice(seed, "sweeping", number)


def _trial(trials: Path, name: str) -> tuple[int, bytes]:
    """The time at which the weights of a trial were written, and the weights."""
    weights = trials / f"{name}.safetensors"
    return weights.stat().st_mtime_ns, weights.read_bytes()


def _trial_problems(trials: Path) -> list[str]:
    """Every card of a trial has its weights."""
    from mathrepl.store.store import Store

    return weights_problems(Store(trials, trials / "none"), {}) if trials.exists() else []


def _driver_failed(group: Group) -> list[str]:
    text = group.errors()
    return [f"traceback: {text.strip().splitlines()[-1]}"] if "Traceback" in text else []
