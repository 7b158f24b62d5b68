"""Model cards: the shape, encoding and task of a network, its trainings and its measurements."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar

from msgspec import Meta, to_builtins

from mathrepl.arithmetic.skills import characters_of
from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import END, Encoding
from mathrepl.networks.config import MAX_PLACES, Architecture
from mathrepl.store.proofs import ProofTable
from mathrepl.support.errors import MathreplError, WeightsError
from mathrepl.support.records import LATER, check_plain, parse, read
from mathrepl.support.setting_rows import check_bounds, setting
from mathrepl.support.text import one_line

FORMAT = 1
MAX_CARD_BYTES = 3_000_000
MAX_CARD_VALUES = 100_000  # parsed JSON takes memory before it can be checked
MAX_HISTORY = 4_000
MAX_TRAININGS = 500
MAX_EPOCHS = 100_000
MAX_EXAMPLES = 1_000_000
MAX_SEED = 2**31 - 1
MAX_LOSS = 3.5e38
SCHEDULES = ("constant", "cosine")
_T = TypeVar("_T")
Share = Annotated[float, Meta(ge=0, le=1)]
Duration = Annotated[float, Meta(ge=0)]  # seconds


@dataclass(frozen=True, slots=True)
class Metrics:
    """Mean loss per character, share of right characters, share of fully right answers.

    Raises `WeightsError` for a loss beyond float32, in which losses are computed.
    """

    loss: float
    accuracy: Share
    exact: Share

    def __post_init__(self) -> None:
        if math.isfinite(self.loss) and abs(self.loss) > MAX_LOSS:
            raise WeightsError(f"a loss of {self.loss:g} is larger than any can be")


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof in progress: `wrong` of the `transitions` that a pass can reach, `symbols` in use."""

    wrong: int
    transitions: int
    symbols: int

    @property
    def right(self) -> int:
        return self.transitions - self.wrong


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of the history; `number` counts over all trainings of these weights.

    `proof` counts what a network with a memory of symbols got right by then, None for others.
    """

    number: Annotated[int, Meta(ge=0)]
    seconds: Duration
    training: Metrics
    held_out: Metrics
    part: str = field(default="", metadata=LATER)
    proof: Proved | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of one training; the defaults are those of the seed network. Raises `TaskError`.

    The options of `train` and `sweep`, the check of a plan, the record in a card and the command
    that repeats a training follow from these rows. A new row is `later`: older cards lack its key.

    `weight_decay` is AdamW's, `clip` bounds the gradients' global norm (0: neither). The
    `schedule` is `constant`, or `cosine`: down to 0 over the run, after `warmup` steps up.
    `averaging` is the share of the averaged weights that each step keeps; they are what is
    measured and saved (0: none). `taught` shows a network with a memory of symbols which state its
    rule remembers, a symbol for each; otherwise it has to find out. `offset` is the most places by
    which the digits of a training example move (0: none).
    """

    epochs: int = setting(1, "epochs to train", low=1, high=MAX_EPOCHS, shown=False)
    examples: int = setting(30_000, "equations, a tenth of them held out", low=2, high=MAX_EXAMPLES)
    batch: int = setting(256, "examples a step", low=1, high=1_000_000)
    learning_rate: float = setting(0.01, "learning rate of Adam", option="lr", above=0, high=10)
    seed: int = setting(0, "of weights and order", low=0, high=MAX_SEED)
    weight_decay: float = setting(0.0, "of AdamW, 0 for Adam", low=0, high=10, later=True)
    clip: float = setting(
        0.0, "bound of the gradients' norm, 0 for none", low=0, high=1000, later=True
    )
    schedule: str = setting("constant", "of the learning rate", choices=SCHEDULES, later=True)
    warmup: int = setting(0, "steps up to the learning rate", low=0, high=1_000_000, later=True)
    averaging: float = setting(
        0.0, "share a step keeps of the averaged weights", low=0, below=1, later=True
    )
    taught: bool = setting(False, "teach which state to remember (columns)", later=True)
    offset: int = setting(0, "most places by which digits move", low=0, high=MAX_PLACES, later=True)

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training(TrainSettings):
    """One training: its settings, the command that repeats it, and the library versions.

    `examples` counts the equations it learned from, without the held-out ones. `part` names the
    network that was trained, in weights of several.
    """

    command: str
    held_out_examples: int
    started: str
    outcome: str
    versions: dict[str, str] = field(default_factory=dict)
    part: str = field(default="", metadata=LATER)

    def __post_init__(self) -> None:
        """Accept values out of bounds: a record of 1 example is true, and a plan of it is not."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer and the network's confidence in it, 0 to 1."""

    question: str
    network: str
    truth: str
    confidence: Share


@dataclass(frozen=True, slots=True)
class Certificate:
    """Exact-match figures over every equation of a space, or over a seeded sample of it.

    `classes` counts asked and wrong equations by digit counts, by carries and by operations,
    such as `{"digits": {"3+2": [81000, 0]}}`. `by_wrong_digits` counts wrong answers by the
    number of places that differ. `mistakes` holds the first of them. Raises `WeightsError` for
    more wrong than asked.
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
    seconds: Duration = field(default=0.0, metadata=LATER)
    classes: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict, metadata=LATER)
    by_wrong_digits: dict[str, int] = field(default_factory=dict, metadata=LATER)
    mistakes: tuple[Mistake, ...] = field(default=(), metadata=LATER)

    def __post_init__(self) -> None:
        if not 0 <= self.wrong <= self.total:
            raise WeightsError("a certificate cannot have more wrong than asked")

    @property
    def exact(self) -> float:
        return 1 - self.wrong / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Card:
    """The description of weights. `sha256` is the checksum of their safetensors file.

    `best_epoch` is the epoch that the weights are from, 0 if none was kept. `proof` has the
    transitions of weights that are proved, None for others.
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
    proof: ProofTable | None = field(default=None, metadata=LATER)

    def renamed(self, name: str) -> Card:
        return replace(self, name=name)

    def record(self) -> dict[str, Any]:
        """The card as plain values, with the keys of its file."""
        record = to_builtins(self)
        record["architecture"] = self.architecture.record()
        record["task"] = self.task.record()
        return {"format": FORMAT, **record}

    def dump(self) -> bytes:
        """The bytes of the card's file, small enough for `load_card`.

        More than `MAX_HISTORY` epochs or `MAX_TRAININGS` trainings are thinned. If the file is
        still too large, the last mistakes of certificates are left out, then trainings, epochs.
        """
        kept = replace(
            self,
            history=thinned(self.history, self.best_epoch),
            trainings=_thinned(self.trainings, MAX_TRAININGS, self._is_last_of_part),
        )
        while not readable(data := kept._json()) and (fewer := kept._smaller()) != kept:
            kept = fewer
        return data

    def _smaller(self) -> Card:
        """The card with less of what it can do without; the card itself if nothing is left."""
        if any(c.mistakes for c in self.certificates):
            halved = (
                replace(c, mistakes=c.mistakes[: len(c.mistakes) // 2]) for c in self.certificates
            )
            return replace(self, certificates=tuple(halved))
        trainings = _thinned(self.trainings, len(self.trainings) - 1, self._is_last_of_part)
        if trainings != self.trainings:
            return replace(self, trainings=trainings)
        fewer = _thinned(self.history, len(self.history) - 1, self._is_best)
        return replace(self, history=fewer)

    def _is_last_of_part(self, training: Training) -> bool:
        """True for the training whose settings the next one of its part begins with."""
        return training is next(t for t in self.trainings[::-1] if t.part == training.part)

    def _is_best(self, epoch: Epoch) -> bool:
        return epoch.number == self.best_epoch

    def _json(self) -> bytes:
        return (json.dumps(self.record(), indent=1, ensure_ascii=True) + "\n").encode()


def thinned(history: tuple[Epoch, ...], best: int) -> tuple[Epoch, ...]:
    """At most `MAX_HISTORY` epochs: drop every second one of the older half until they fit.

    The first, the last and the best (by its number) stay.
    """
    return _thinned(history, MAX_HISTORY, lambda epoch: epoch.number == best)


def _thinned(entries: tuple[_T, ...], most: int, needed: Callable[[_T], bool]) -> tuple[_T, ...]:
    """Entries without every second one of their older half, again and again until `most` are left.

    The first, the last and those `needed` stay, even if they are more.
    """
    while len(entries) > most:
        half = (len(entries) + 1) // 2
        older = [one for i, one in enumerate(entries[:half]) if not i % 2 or needed(one)]
        if len(older) == half:
            break
        entries = (*older, *entries[half:])
    return entries


def load_card(data: bytes, where: str) -> Card:
    """Read and check a card. Raises `WeightsError` saying what is wrong in `where`."""
    if not readable(data):
        raise WeightsError(f"{where} is too large to be a model card")
    record = parse(data, f"{where} is not a model card")
    if not isinstance(record, dict) or str(record.pop("format", None)) != str(FORMAT):
        raise WeightsError(f"{where} is not a model card of format {FORMAT}")
    try:
        return _card(record)
    except MathreplError as error:
        raise WeightsError(f"{where} is not a valid model card: {one_line(str(error))}") from None


def readable(data: bytes) -> bool:
    """True for a file small enough to be parsed: its bytes, and a bound on its values.

    One character beyond ASCII, which `dump` never writes, can make a text four times as large.
    """
    values = data.count(b",") + data.count(b"{") + data.count(b"[")
    most = MAX_CARD_BYTES if data.isascii() else MAX_CARD_BYTES // 4
    return len(data) <= most and values <= MAX_CARD_VALUES


def _card(record: dict[str, Any]) -> Card:
    for key in ("architecture", "encoding", "task"):
        if not isinstance(record.get(key), dict):
            raise WeightsError(f"the card's {key} must be an object")
    record["architecture"] = Architecture.from_record(record["architecture"])
    record["encoding"] = read(Encoding, record["encoding"], "the encoding")
    record["task"] = read(Task, record["task"], "the task")
    # The last epoch of a failed training can have a loss that is NaN.
    check_plain(record, "the card", endless=("loss",))
    card = read(Card, record, "the card")
    if card.held_out and not math.isfinite(card.held_out.loss):
        raise WeightsError("the card.held_out.loss must be a finite number")
    _check_encoding(card)
    return card


def _check_encoding(card: Card) -> None:
    """Raise `WeightsError` for an unprintable alphabet, or one that cannot write the task."""
    written = card.encoding.characters[1:]
    if not written.isprintable():
        strange = next(c for c in written if not c.isprintable())
        raise WeightsError(f"its alphabet has {strange!a}, which cannot be printed")
    row = card.architecture.row
    # Code lays out the lines of a working; its networks read and write the passes of skills.
    skills = card.encoding.skills
    if skills and not row.encoding:
        raise WeightsError(f"a network of kind {card.architecture.kind} has no skills")
    needed = set() if row.shows_steps else set(card.task.characters)
    needed |= set(characters_of(skills)) - {END} if skills else set()
    lacking = sorted(needed - set(written))
    if lacking:
        raise WeightsError(
            f"its alphabet lacks {lacking[0]!r}, which its task needs ({card.task.describe()})"
        )
    if not row.any_length and not card.encoding.fits(card.task):
        raise WeightsError(f"its lengths are too short for its task ({card.task.describe()})")
