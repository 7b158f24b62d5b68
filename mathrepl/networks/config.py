"""The settings that decide a network's shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from mathrepl.networks.plugin_kinds import KINDS, description, installed_kind
from mathrepl.support.errors import TaskError, WeightsError

MAX_HIDDEN = 1024
MAX_DEPTH = 8
MAX_EMBEDDING = 512
MAX_HEADS = 16
MAX_PLACES = 1024

_ATTENTION = ("hidden", "embedding", "heads", "places", "lookup")
_LATER = {"lookup"}  # settings that older cards do not name
# The settings that mean something to a kind of network here; a card names no others.
SETTINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "seq2seq": ("hidden", "encoder_depth", "decoder_depth", "dropout", "batch_norm"),
        "attention": _ATTENTION,
        "work": (*_ATTENTION, "reader_hidden", "reader_depth"),
    }
)


def settings_of(kind: str) -> tuple[str, ...] | None:
    """The settings that mean something to a kind, None for one that is unknown here.

    Raises `WeightsError` for one whose package is no good.
    """
    if kind in SETTINGS:
        return SETTINGS[kind]
    added = installed_kind(kind)
    if added is None:
        return None
    known = {f.name for f in fields(Architecture)} - {"kind"}
    strange = [name for name in added.settings if name not in known]
    if strange:
        raise WeightsError(
            f"{KINDS.source(kind)} cannot be used: there is no setting {strange[0]!r}"
        )
    return added.settings


@dataclass(frozen=True, slots=True)
class Architecture:
    """Hidden units, depths and regularisation of a network of some `kind`.

    `seq2seq` is the seed network: `hidden` LSTM units a direction, stacked `encoder_depth` and
    `decoder_depth` layers; `dropout` is the share of an LSTM layer's outputs that training
    drops; `batch_norm` normalises each LSTM layer's outputs.

    `attention` has a BiLSTM encoder of `hidden` / 2 units a direction, and `heads` attention
    heads between a decoder LSTM of `hidden` / 2 units and one of `hidden`. Characters, keys and
    queries have `embedding` numbers; `places` counts the place embeddings, 0 for none. With
    `lookup` there is no recurrent encoder: the decoder looks characters up by the place that it
    writes next, which holds for numbers of any length.

    `work` is two networks: a doer of kind `attention`, and a reader that tags characters, of
    `reader_depth` BiLSTM layers with `reader_hidden` units a direction.

    Installed packages add other kinds (`mathrepl.networks.plugin_kinds`), each with the settings
    that it names.

    Raises `TaskError` for values out of bounds.
    """

    kind: str = "seq2seq"
    hidden: int = 20
    encoder_depth: int = 1
    decoder_depth: int = 1
    dropout: float = 0.0
    batch_norm: bool = False
    embedding: int = 32
    heads: int = 2
    places: int = 16
    lookup: bool = False
    reader_hidden: int = 48
    reader_depth: int = 2

    def __post_init__(self) -> None:
        for what, value, low, high in (
            ("hidden size", self.hidden, 1, MAX_HIDDEN),
            ("encoder depth", self.encoder_depth, 1, MAX_DEPTH),
            ("decoder depth", self.decoder_depth, 1, MAX_DEPTH),
            ("embedding", self.embedding, 1, MAX_EMBEDDING),
            ("heads", self.heads, 1, MAX_HEADS),
            ("places", self.places, 0, MAX_PLACES),
            ("reader hidden size", self.reader_hidden, 1, MAX_HIDDEN),
            ("reader depth", self.reader_depth, 1, MAX_DEPTH),
        ):
            if not low <= value <= high:
                raise TaskError(f"{what} must be {low} to {high}, not {value}")
        if not 0 <= self.dropout < 1:
            raise TaskError(f"dropout must be at least 0 and below 1, not {self.dropout}")
        if self.kind in ("attention", "work") and self.hidden % (2 * self.heads):
            raise TaskError(
                f"hidden size {self.hidden} cannot be halved and shared by {self.heads} heads",
                hint=f"take a multiple of {2 * self.heads}",
            )

    def record(self) -> dict[str, Any]:
        """The kind and the settings it knows."""
        names = ("kind", *(settings_of(self.kind) or ()))
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Architecture:
        """Inverse of `record`; a record from before a setting existed has its default.

        Raises `TaskError` for unknown or mistyped keys, `WeightsError` for a kind whose package
        is no good. Of an unknown kind the kind alone is kept.
        """
        types = {f.name: type(f.default) for f in fields(cls)}
        kind = record.get("kind")
        if not isinstance(kind, str):
            raise TaskError("an architecture has a kind, which is a text")
        settings = settings_of(kind)
        if settings is None:
            return cls(kind)
        wanted = ("kind", *settings)
        # Another version of a package may have named fewer.
        needed = set(wanted) - _LATER if kind in SETTINGS else {"kind"}
        if not needed <= set(record) <= set(wanted):
            raise TaskError(f"an architecture of kind {kind!r} has " + ", ".join(wanted))
        for key in record:
            kinds = (float, int) if types[key] is float else (types[key],)
            if type(record[key]) not in kinds:
                raise TaskError(
                    f"architecture setting {key!r} must be of type {types[key].__name__}"
                )
        return cls(**record)

    def describe(self) -> str:
        """One line for a person: `BiLSTM(20) -> RepeatVector -> BiLSTM(20) -> Dense`."""
        if self.kind not in SETTINGS:
            added = installed_kind(self.kind)
            return (
                description(added, self) if added else f"of a kind unknown here, {self.kind!r:.80}"
            )
        if self.kind != "seq2seq":
            encoder = "" if self.lookup else f"BiLSTM({self.hidden // 2}) -> "
            doer = (
                f"{encoder}LSTM({self.hidden // 2}) -> {self.heads}-head "
                f"attention -> LSTM({self.hidden}) -> Dense"
            )
            reader = f"{self.reader_depth} x BiLSTM({self.reader_hidden}) -> Dense"
            return f"reader {reader}; doer {doer}" if self.kind == "work" else doer
        layer = f"BiLSTM({self.hidden})"
        encoder = f"{self.encoder_depth} x {layer}" if self.encoder_depth > 1 else layer
        decoder = f"{self.decoder_depth} x {layer}" if self.decoder_depth > 1 else layer
        text = f"{encoder} -> RepeatVector -> {decoder} -> Dense"
        if self.dropout:
            text += f", dropout {self.dropout:g}"
        if self.batch_norm:
            text += ", batch norm"
        return text
