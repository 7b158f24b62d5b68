"""Events that a training reports while it runs; they travel between processes as JSON."""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec

from mathrepl.store.card import Epoch, Metrics

Outcome = Literal["finished", "stopped", "dropped", "failed"]


class _Reported(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag=True
):
    """An event; in its record `event` names the class."""

    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = msgspec.to_builtins(self)
        return record


class Launched(_Reported, frozen=True):
    """The worker process was started; TensorFlow takes seconds to load."""

    name: str
    epochs: int
    part: str = ""


class Started(_Reported, frozen=True):
    """The worker is ready; `baseline` is the held-out result of the weights it goes on from."""

    name: str
    parameters: int
    training_examples: int
    held_out_examples: int
    epochs: int
    baseline: Metrics | None


class Stepped(_Reported, frozen=True):
    """Within epoch `epoch` (1-based in this run): the share done, and its mean loss so far."""

    epoch: int
    share: float
    loss: float


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A held-out question, the network's answer to it now, and the right one."""

    question: str
    network: str
    truth: str


class EpochDone(_Reported, frozen=True):
    """An epoch ended; `best` says that its weights are the best so far and were saved."""

    index: int
    epoch: Epoch
    best: bool
    samples: tuple[Sample, ...]


class Warned(_Reported, frozen=True):
    """Something went wrong that training survives."""

    message: str


class Finished(_Reported, frozen=True):
    """The end of a training. `saved` is true if weights were kept; `held_out` measures them.

    `best_epoch` counts within this run, from 1; 0 if none was saved.
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


Event = Started | Stepped | EpochDone | Warned | Finished


def dump_event(event: Event) -> str:
    """The event as one line of JSON."""
    return json.dumps(event.record())  # msgspec's own JSON has no NaN, which a loss can be


def load_event(line: str) -> Event:
    """Inverse of `dump_event`. Raises `ValueError` for any other line."""
    try:
        event: Event = msgspec.convert(json.loads(line), Event)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(f"not an event: {line[:80]}") from error
    return event
