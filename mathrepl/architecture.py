"""The settings that decide a network's shape."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from mathrepl.errors import TaskError

MAX_HIDDEN = 1024
MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Architecture:
    """Hidden units of each LSTM direction, stacked layers, and regularisation.

    `dropout` is the share of an LSTM layer's outputs that training drops; `batch_norm`
    normalises each LSTM layer's outputs. Raises `TaskError` for values out of bounds.
    """

    kind: str = "seq2seq"
    hidden: int = 20
    encoder_depth: int = 1
    decoder_depth: int = 1
    dropout: float = 0.0
    batch_norm: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.hidden <= MAX_HIDDEN:
            raise TaskError(f"hidden size must be 1 to {MAX_HIDDEN}, not {self.hidden}")
        for side, depth in (("encoder", self.encoder_depth), ("decoder", self.decoder_depth)):
            if not 1 <= depth <= MAX_DEPTH:
                raise TaskError(f"{side} depth must be 1 to {MAX_DEPTH}, not {depth}")
        if not 0 <= self.dropout < 1:
            raise TaskError(f"dropout must be at least 0 and below 1, not {self.dropout}")

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Architecture:
        """Inverse of `record`. Raises `TaskError` for missing, unknown or mistyped keys."""
        types = {f.name: type(f.default) for f in fields(cls)}
        if set(record) != set(types):
            raise TaskError("an architecture has " + ", ".join(types))
        for key, kind in types.items():
            if type(record[key]) is not kind and not (kind is float and type(record[key]) is int):
                raise TaskError(f"architecture setting {key!r} must be of type {kind.__name__}")
        return cls(**record)

    def describe(self) -> str:
        """One line for a person: `BiLSTM(20) -> RepeatVector -> BiLSTM(20) -> Dense`."""
        layer = f"BiLSTM({self.hidden})"
        encoder = f"{self.encoder_depth} x {layer}" if self.encoder_depth > 1 else layer
        decoder = f"{self.decoder_depth} x {layer}" if self.decoder_depth > 1 else layer
        text = f"{encoder} -> RepeatVector -> {decoder} -> Dense"
        if self.dropout:
            text += f", dropout {self.dropout:g}"
        if self.batch_norm:
            text += ", batch norm"
        return text
