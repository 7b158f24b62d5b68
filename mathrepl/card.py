"""The model card: what a network is, how it was trained, and what was measured of it."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from mathrepl.architecture import Architecture
from mathrepl.encoding import Encoding
from mathrepl.errors import MathreplError, WeightsError
from mathrepl.task import Task

_T = TypeVar("_T")
FORMAT = 1
MAX_CARD_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Metrics:
    """Mean loss a character, share of characters right, share of answers right in full."""

    loss: float
    accuracy: float
    exact: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of the history; `number` counts on over all trainings of these weights."""

    number: int
    seconds: float
    training: Metrics
    held_out: Metrics
    part: str = ""


@dataclass(frozen=True, slots=True)
class Training:
    """One `train` run: its command, settings and seeds, and the library versions it ran with.

    `part` names the network it trained, in weights of several. Settings are `TrainSettings`'s.
    """

    command: str
    epochs: int
    examples: int
    held_out_examples: int
    batch: int
    learning_rate: float
    seed: int
    started: str
    outcome: str
    versions: dict[str, str] = field(default_factory=dict)
    part: str = ""
    weight_decay: float = 0.0
    clip: float = 0.0
    schedule: str = "constant"
    warmup: int = 0
    averaging: float = 0.0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer and how sure the network was of it, 0 to 1."""

    question: str
    network: str
    truth: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """Exact-match figures of asking every equation of a space (or a seeded sample of it).

    `classes` counts asked and wrong equations by digit counts, by carries and by operations,
    such as `{"digits": {"3+2": [81000, 0]}}`. `by_wrong_digits` counts the wrong by the number
    of places that differ. `mistakes` are the first of them.
    """

    space: str
    command: str
    sampled: bool
    total: int
    wrong: int
    wrong_operand_below_100: int
    wrong_one_digit: int
    weights_sha256: str
    date: str
    seconds: float = 0.0
    classes: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    by_wrong_digits: dict[str, int] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    @property
    def exact(self) -> float:
        return 1 - self.wrong / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Card:
    """Everything about weights but the weights. `sha256` is of the safetensors file's bytes.

    `best_epoch` is the epoch whose weights these are, 0 where no epoch has been kept.
    """

    name: str
    architecture: Architecture
    encoding: Encoding
    task: Task
    parameters: int
    sha256: str = ""
    trainings: tuple[Training, ...] = ()
    history: tuple[Epoch, ...] = ()
    best_epoch: int = 0
    held_out: Metrics | None = None
    certificates: tuple[Certificate, ...] = ()

    def renamed(self, name: str) -> Card:
        return replace(self, name=name)

    def record(self) -> dict[str, Any]:
        record = asdict(self)
        record["architecture"] = self.architecture.record()
        record["task"] = self.task.record()
        record["certificates"] = list(record["certificates"])
        record["trainings"] = list(record["trainings"])
        record["history"] = list(record["history"])
        return {"format": FORMAT, **record}

    def dump(self) -> bytes:
        return (json.dumps(self.record(), indent=1, ensure_ascii=True) + "\n").encode()


def load_card(data: bytes, where: str) -> Card:
    """Read and check a card. Raises `WeightsError` saying what is wrong in `where`."""
    if len(data) > MAX_CARD_BYTES:
        raise WeightsError(f"{where} is too large to be a model card")
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        raise WeightsError(f"{where} is not a model card: not readable as JSON") from None
    if not isinstance(record, dict) or str(record.pop("format", None)) != str(FORMAT):
        raise WeightsError(f"{where} is not a model card of format {FORMAT}")
    try:
        return _card(record)
    except WeightsError as error:
        raise WeightsError(f"{where} is not a valid model card: {error.message}") from None
    except MathreplError as error:
        raise WeightsError(f"{where} is not a valid model card: {error}") from None


def _card(record: dict[str, Any]) -> Card:
    _check_keys(record, Card, "the card")
    nested = {
        "architecture": Architecture.from_record(_mapping(record, "architecture")),
        "encoding": Encoding.from_record(_mapping(record, "encoding")),
        "task": Task.from_record(_mapping(record, "task")),
        "trainings": tuple(_flat(Training, item) for item in _sequence(record, "trainings")),
        "history": tuple(_epoch(item) for item in _sequence(record, "history")),
        "held_out": _optional(Metrics, record["held_out"]),
        "certificates": tuple(
            certificate_from_record(c) for c in _sequence(record, "certificates")
        ),
    }
    for key, kind in (("name", str), ("parameters", int), ("sha256", str), ("best_epoch", int)):
        if type(record[key]) is not kind:
            raise WeightsError(f"{key} must be of type {kind.__name__}")
    return Card(**{**record, **nested})


def _epoch(record: Any) -> Epoch:
    record = _with_defaults(record, Epoch)
    _check_keys(record, Epoch, "an epoch")
    nested = {side: _flat(Metrics, record[side]) for side in ("training", "held_out")}
    if (
        type(record["number"]) is not int
        or type(record["part"]) is not str
        or type(record["seconds"]) not in (int, float)
    ):
        raise WeightsError("an epoch needs a number and seconds")
    return Epoch(**{**record, **nested})


def certificate_from_record(record: Any) -> Certificate:
    """A certificate from its JSON. Raises `WeightsError` for what is none."""
    if not isinstance(record, dict):
        raise WeightsError("a certificate must be an object")
    nested = {"classes": {}, "by_wrong_digits": {}, "mistakes": (), **record}
    plain = _flat(Certificate, {**record, "classes": {}, "by_wrong_digits": {}, "mistakes": ()})
    classes, digits = _mapping(nested, "classes"), _mapping(nested, "by_wrong_digits")
    if not all(type(count) is int for count in digits.values()):
        raise WeightsError("by_wrong_digits must count")
    counted: dict[str, dict[str, tuple[int, int]]] = {}
    for what in classes:
        counted[what] = {}
        for key, pair in _mapping(classes, what).items():
            if not isinstance(pair, list | tuple) or [type(n) for n in pair] != [int, int]:
                raise WeightsError(f"class {key!r} must count asked and wrong")
            counted[what][key] = (pair[0], pair[1])
    mistakes = tuple(_flat(Mistake, m) for m in _sequence(nested, "mistakes"))
    return replace(plain, classes=counted, by_wrong_digits=digits, mistakes=mistakes)


def _optional(kind: type[_T], record: Any) -> _T | None:
    return None if record is None else _flat(kind, record)


def _flat(kind: type[_T], record: Any) -> _T:
    """A dataclass of plain values, with every key there and of its annotated type."""
    allowed = {"float": (float, int), "int": (int,), "str": (str,), "bool": (bool,)}
    what = kind.__name__.lower()
    record = _with_defaults(record, kind)
    _check_keys(record, kind, what)
    for f in fields(kind):  # type: ignore[arg-type]
        value = record[f.name]
        if str(f.type).startswith("dict"):
            good = isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        elif str(f.type).startswith("tuple"):
            good = value == ()
        else:
            good = type(value) in allowed[str(f.type)]
        if not good:
            raise WeightsError(f"{what} setting {f.name!r} must be of type {f.type}")
    return kind(**record)


def _with_defaults(record: Any, kind: type[Any]) -> Any:
    """The record with what cards from before a setting existed do not name."""
    if not isinstance(record, dict):
        return record
    known = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    return {**known, **record}


def _check_keys(record: Any, kind: type[Any], what: str) -> None:
    wanted = {f.name for f in fields(kind)}
    if not isinstance(record, dict):
        raise WeightsError(f"{what} must be an object")
    for key in sorted(wanted ^ set(record)):
        raise WeightsError(f"{what} {'lacks' if key in wanted else 'has an unknown'} key {key!r}")


def _mapping(record: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(record[key], dict):
        raise WeightsError(f"{key} must be an object")
    return dict(record[key])


def _sequence(record: dict[str, Any], key: str) -> list[Any]:
    if not isinstance(record[key], list | tuple):
        raise WeightsError(f"{key} must be a list")
    return list(record[key])
