"""The model card: what a network is, how it was trained, and what was measured of it."""

from __future__ import annotations

import json
import math
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks.config import Architecture
from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.support.safe_text import one_line

_T = TypeVar("_T")
FORMAT = 1
MAX_CARD_BYTES = 3_000_000
MAX_CARD_VALUES = 100_000  # what JSON declares takes memory before any of it can be checked
MAX_HISTORY = 4_000
MAX_TEXT = 10_000
_BIG = 10**18


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
        """The card as a file that `load_card` reads again.

        A history of more than `MAX_HISTORY` epochs is thinned, and where the mistakes of
        certificates would make the file too large, the last of them are left out.
        """
        kept = replace(self, history=thinned(self.history, self.best_epoch))
        while not _readable(data := kept._json()) and any(c.mistakes for c in kept.certificates):
            fewer = (
                replace(c, mistakes=c.mistakes[: len(c.mistakes) // 2]) for c in kept.certificates
            )
            kept = replace(kept, certificates=tuple(fewer))
        return data

    def _json(self) -> bytes:
        return (json.dumps(self.record(), indent=1, ensure_ascii=True) + "\n").encode()


def thinned(history: tuple[Epoch, ...], best: int) -> tuple[Epoch, ...]:
    """At most about `MAX_HISTORY` epochs: of the older half every second one goes, again and again.

    The first, the last and the best (by its number) stay.
    """
    while len(history) > MAX_HISTORY:
        half = len(history) // 2
        older = (e for i, e in enumerate(history[:half]) if not i % 2 or e.number == best)
        history = (*older, *history[half:])
    return history


def load_card(data: bytes, where: str) -> Card:
    """Read and check a card. Raises `WeightsError` saying what is wrong in `where`."""
    if not _readable(data):
        raise WeightsError(f"{where} is too large to be a model card")
    try:
        record = json.loads(data, object_pairs_hook=object_of)
        if not isinstance(record, dict) or str(record.pop("format", None)) != str(FORMAT):
            raise WeightsError(f"{where} is not a model card of format {FORMAT}")
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, TwiceError) else "not readable as JSON"
        raise WeightsError(f"{where} is not a model card: {why}") from None
    try:
        return _card(record)
    except WeightsError as error:
        raise WeightsError(
            f"{where} is not a valid model card: {one_line(error.message)}"
        ) from None
    except MathreplError as error:
        raise WeightsError(f"{where} is not a valid model card: {one_line(str(error))}") from None


def checksum_in(data: bytes) -> str:
    """The checksum of weights that the bytes of a card name, whatever else they hold; else empty.

    So a pair can be known as whole that nothing here can read, such as one of a package that is
    not installed.
    """
    try:
        record = json.loads(data) if _readable(data) else None
    except (ValueError, RecursionError):
        return ""
    found = record.get("sha256") if isinstance(record, dict) else None
    return found if isinstance(found, str) else ""


class TwiceError(ValueError):
    """A key that stands twice in an object: which of its values counts would be a guess."""


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises `TwiceError`."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise TwiceError(f"{one_line(repr(twice), 60)} stands twice in an object")
    return found


def _readable(data: bytes) -> bool:
    """Whether a file is small enough to be parsed: by its bytes, and by a bound on its values.

    One character beyond ASCII, which `dump` never writes, can make a text four times as large.
    """
    values = data.count(b",") + data.count(b"{") + data.count(b"[")
    most = MAX_CARD_BYTES if data.isascii() else MAX_CARD_BYTES // 4
    return len(data) <= most and values <= MAX_CARD_VALUES


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
    for key, kind in (("name", "str"), ("parameters", "int"), ("sha256", "str")):
        if not _is(kind, record[key]):
            raise WeightsError(f"{key} must be {_WANTED[kind]}")
    if not _is("int", record["best_epoch"]):
        raise WeightsError(f"best_epoch must be {_WANTED['int']}")
    card = Card(**{**record, **nested})
    if not _is("int", card.task.seed):
        raise WeightsError(f"a task's seed must be {_WANTED['int']}")
    _check_encoding(card)
    return card


def _check_encoding(card: Card) -> None:
    """Raise `WeightsError` for an alphabet that nobody can read, or that the task outgrows."""
    written = card.encoding.characters[1:]
    if not written.isprintable():
        strange = next(c for c in written if not c.isprintable())
        raise WeightsError(f"its alphabet has {strange!a}, which is no character to write")
    by_parts = card.architecture.kind == "work"  # whose point is put in by copying
    lacking = sorted(set(card.task.characters) - set(written) - set("." if by_parts else ""))
    if lacking:
        raise WeightsError(
            f"its alphabet lacks {lacking[0]!r}, which its task needs ({card.task.describe()})"
        )
    if not by_parts and not card.encoding.fits(card.task):
        raise WeightsError(f"its lengths are too short for its task ({card.task.describe()})")


def _epoch(record: Any) -> Epoch:
    record = _with_defaults(record, Epoch)
    _check_keys(record, Epoch, "an epoch")
    # A training that failed has epochs whose loss is no number, and its card says so.
    nested = {side: _flat(Metrics, record[side], endless=True) for side in ("training", "held_out")}
    if not (
        _is("int", record["number"])
        and _is("str", record["part"])
        and _is("float", record["seconds"])
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
    if not 0 <= plain.wrong <= plain.total:
        raise WeightsError("a certificate cannot have more wrong than asked")
    if not all(_is("str", key) and _is("int", count) for key, count in digits.items()):
        raise WeightsError("by_wrong_digits must count")
    counted: dict[str, dict[str, tuple[int, int]]] = {}
    for what in classes:
        counted[what] = {}
        for key, pair in _mapping(classes, what).items():
            pair = pair if isinstance(pair, list | tuple) else ()
            counts = len(pair) == 2 and all(_is("int", count) for count in pair)
            if not (counts and _is("str", what) and _is("str", key)):
                raise WeightsError(f"class {key!r} must count asked and wrong")
            counted[what][key] = (pair[0], pair[1])
    mistakes = tuple(_flat(Mistake, m) for m in _sequence(nested, "mistakes"))
    return replace(plain, classes=counted, by_wrong_digits=digits, mistakes=mistakes)


def _optional(kind: type[_T], record: Any) -> _T | None:
    return None if record is None else _flat(kind, record)


_WANTED = {
    "int": "a whole number of at most 18 digits",
    "str": f"text of at most {MAX_TEXT:,} printable characters",
    "float": "a finite number",
    "bool": "true or false",
}


def _is(kind: str, value: object, *, endless: bool = False) -> bool:
    """Whether a plain value is of its annotated type and of a sensible size."""
    if kind == "str":
        return type(value) is str and len(value) <= MAX_TEXT and value.isprintable()
    if type(value) is float:
        return kind == "float" and (endless or math.isfinite(value))
    if type(value) is int:
        return kind in ("int", "float") and abs(value) < _BIG
    return kind == "bool" and type(value) is bool


def _flat(kind: type[_T], record: Any, *, endless: bool = False) -> _T:
    """A dataclass of plain values, with every key there and of its annotated type.

    With `endless` a number may be NaN or infinite.
    """
    what = kind.__name__.lower()
    record = _with_defaults(record, kind)
    _check_keys(record, kind, what)
    for f in fields(kind):  # type: ignore[arg-type]
        value = record[f.name]
        if str(f.type).startswith("dict"):
            good = isinstance(value, dict) and all(
                _is("str", v) for kv in value.items() for v in kv
            )
        elif str(f.type).startswith("tuple"):
            good = value == ()
        else:
            good = _is(str(f.type), value, endless=endless)
        if not good:
            wanted = _WANTED.get(str(f.type), f"of type {f.type}")
            raise WeightsError(f"{what} setting {f.name!r} must be {wanted}")
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
