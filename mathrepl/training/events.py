"""What a training reports while it runs, as values; they travel between processes as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mathrepl.store.card import Epoch, Metrics

Outcome = Literal["finished", "stopped", "dropped", "failed"]


@dataclass(frozen=True, slots=True)
class Launched:
    """The worker process was started; TensorFlow takes seconds to load."""

    name: str
    epochs: int
    part: str = ""

    def record(self) -> dict[str, Any]:
        return _record(self)


@dataclass(frozen=True, slots=True)
class Started:
    """The worker is ready; `baseline` is the held-out result of the weights it goes on from."""

    name: str
    parameters: int
    training_examples: int
    held_out_examples: int
    epochs: int
    baseline: Metrics | None

    def record(self) -> dict[str, Any]:
        return _record(self)


@dataclass(frozen=True, slots=True)
class Stepped:
    """Within epoch `epoch` (1-based in this run): the share done, and its mean loss so far."""

    epoch: int
    share: float
    loss: float

    def record(self) -> dict[str, Any]:
        return _record(self)


@dataclass(frozen=True, slots=True)
class Sample:
    """A held-out question, what the network writes now, and the truth."""

    question: str
    network: str
    truth: str


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch ended; `best` says that its weights are the best so far and were saved."""

    index: int
    epoch: Epoch
    best: bool
    samples: tuple[Sample, ...]

    def record(self) -> dict[str, Any]:
        return _record(self)


@dataclass(frozen=True, slots=True)
class Warned:
    """Something went wrong that training survives."""

    message: str

    def record(self) -> dict[str, Any]:
        return _record(self)


@dataclass(frozen=True, slots=True)
class Finished:
    """The end: `saved` says whether weights were kept, `held_out` how good they are.

    `best_epoch` counts within this run, from 1; 0 where none was saved.
    """

    outcome: Outcome
    name: str
    epochs: int
    saved: bool
    best_epoch: int
    held_out: Metrics | None
    baseline: Metrics | None
    message: str = ""
    undo: int | None = None

    def record(self) -> dict[str, Any]:
        return _record(self)


Event = Started | Stepped | EpochDone | Warned | Finished
_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (Started, Stepped, EpochDone, Warned, Finished)
}


def _record(event: Launched | Event) -> dict[str, Any]:
    return {"event": type(event).__name__, **asdict(event)}


def dump_event(event: Event) -> str:
    """One line of JSON."""
    return json.dumps(event.record())


def load_event(line: str) -> Event:
    """Inverse of `dump_event`. Raises `ValueError` for a line that is none."""
    try:
        return _event(json.loads(line))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an event: {line[:80]}") from error


def _event(record: dict[str, Any]) -> Event:
    kind = _KINDS[record.pop("event")]
    for key in ("baseline", "held_out"):
        if record.get(key) is not None:
            record[key] = Metrics(**record[key])
    if "epoch" in record and kind is EpochDone:
        epoch = record["epoch"]
        for side in ("training", "held_out"):
            epoch[side] = Metrics(**epoch[side])
        record["epoch"] = Epoch(**epoch)
        record["samples"] = tuple(Sample(**sample) for sample in record["samples"])
    return kind(**record)
