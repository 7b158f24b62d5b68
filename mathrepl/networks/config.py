"""The architecture of a network: its kind and the settings of its shape, one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mathrepl.networks.kinds import BUILT_IN, UNKNOWN, InstalledKind
from mathrepl.networks.plugin_kinds import row_of
from mathrepl.support.errors import MathreplError, TaskError, WeightsError
from mathrepl.support.plugins import guarded
from mathrepl.support.records import check_keys, convert, is_later
from mathrepl.support.setting_rows import check_bounds, setting

MAX_HIDDEN = 1024
MAX_DEPTH = 8
MAX_EMBEDDING = 512
MAX_HEADS = 16
MAX_PLACES = 1024
MAX_SYMBOLS = 64
MAX_LINE = 200


def settings_of(kind: str) -> tuple[str, ...] | None:
    """The settings that mean something to a kind, None for one that is unknown here.

    Raises `WeightsError` for one whose package cannot be used.
    """
    row = row_of(kind)
    return None if row is UNKNOWN or row.only_part else row.settings


@dataclass(frozen=True, slots=True)
class Architecture:
    """Hidden units, depths and regularisation of a network of some `kind`.

    `seq2seq` is the seed network: `hidden` LSTM units a direction, stacked `encoder_depth` and
    `decoder_depth` layers; `dropout` is the share of an LSTM layer's outputs that training
    drops; `batch_norm` normalises each LSTM layer's outputs.

    `attention` has a BiLSTM encoder of `hidden` / 2 units a direction, and `heads` attention
    heads between a decoder LSTM of `hidden` / 2 units and one of `hidden`. Characters, keys and
    queries have `embedding` numbers; `places` counts the position embeddings, 0 for none. With
    `lookup` there is no recurrent encoder: the decoder looks characters up by the position that it
    writes next, which holds for numbers of any length.

    `columns` has one layer of `hidden` units and a memory of one of so many `symbols`. `work` is
    two such networks: a doer, and a reader with `reader_hidden` units and `reader_symbols`.

    Installed packages add other kinds (`mathrepl.networks.plugin_kinds`), each with the settings
    that it names.

    Raises `TaskError` for values out of bounds.
    """

    kind: str = setting("seq2seq", "of network", shown=False)  # its option knows installed kinds
    hidden: int = setting(20, "hidden units (LSTM: of a direction)", low=1, high=MAX_HIDDEN)
    encoder_depth: int = setting(1, "encoder layers", low=1, high=MAX_DEPTH)
    decoder_depth: int = setting(1, "decoder layers", low=1, high=MAX_DEPTH)
    dropout: float = setting(0.0, "share of outputs dropped in training", low=0, below=1)
    batch_norm: bool = setting(False, "normalise the layers' outputs")
    embedding: int = setting(
        32, "numbers a character becomes (attention)", low=1, high=MAX_EMBEDDING
    )
    heads: int = setting(2, "attention heads", low=1, high=MAX_HEADS)
    places: int = setting(16, "place embeddings, 0 for none (attention)", low=0, high=MAX_PLACES)
    lookup: bool = setting(False, "no recurrent encoder, digits are looked up by place", later=True)
    symbols: int = setting(
        4, "symbols of the memory (columns)", low=1, high=MAX_SYMBOLS, later=True
    )
    reader_hidden: int = setting(
        48, "hidden units of a reader", low=1, high=MAX_HIDDEN, shown=False
    )
    reader_symbols: int = setting(
        6, "symbols of a reader's memory", low=1, high=MAX_SYMBOLS, shown=False, later=True
    )

    def __post_init__(self) -> None:
        check_bounds(self)
        built_in = BUILT_IN.get(self.kind)  # an installed kind has rules of its own
        if built_in and "heads" in built_in.settings and self.hidden % (2 * self.heads):
            raise TaskError(
                f"hidden size {self.hidden} cannot be halved and shared by {self.heads} heads",
                hint=f"take a multiple of {2 * self.heads}",
            )

    @property
    def row(self) -> InstalledKind:
        """The row of its kind, which says what such a network can do.

        Raises `WeightsError` for an installed kind that cannot be used.
        """
        row = row_of(self.kind)
        return UNKNOWN if row.only_part else row

    def record(self) -> dict[str, Any]:
        """The kind and the settings it knows."""
        names = ("kind", *(settings_of(self.kind) or ()))
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Architecture:
        """Inverse of `record`; a record from before a setting existed has its default.

        Of an unknown kind the kind alone is kept. Raises `WeightsError` for missing, unknown or
        mistyped keys, and for a kind whose package is invalid.
        """
        kind = record.get("kind")
        if not isinstance(kind, str):
            raise WeightsError("an architecture has a kind, which is a text")
        settings = settings_of(kind)
        if settings is None:
            return cls(kind)
        # Another version of an installed package may have named fewer settings.
        needed = [name for name in settings if kind in BUILT_IN and not is_later(cls, name)]
        what = f"the architecture {kind}"
        check_keys(record, ("kind", *settings), needed, what)
        return convert(cls, record, what)

    def describe(self) -> str:
        """One line for a person: `BiLSTM(20) -> RepeatVector -> BiLSTM(20) -> Dense`.

        Where an installed kind gives none, its name and the reason.
        """
        describe = self.row.describe
        try:
            line: object = guarded("its describe failed", describe)(self)
        except MathreplError as error:
            return f"{self.kind} ({error.message})"
        if not isinstance(line, str) or not line.strip() or not line.isprintable():
            return f"{self.kind} (its describe gives no line)"
        return line[:MAX_LINE]
