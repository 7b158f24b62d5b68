"""The table of built-in kinds of networks: all that the rest of the program needs to know of them.

A row loads neither numpy nor Keras, so that cards are read without them: the halves of a kind are
named as `package.module:NAME`, and imported when a network is asked, trained or exported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathrepl.networks.config import Architecture


@dataclass(frozen=True, slots=True)
class InstalledKind:
    """A kind of network, built in or of an installed package.

    `settings` are the fields of `Architecture` that mean something to it, and `describe` draws
    its layers in one line. Its halves are `network`, a `mathrepl.networks.Kind` in numpy;
    `builder`, which makes the Keras model of an `Architecture` and an `Encoding` (a built-in one
    also gets the class of LSTM layers to use); and `onnx`, which writes it to a graph of
    `mathrepl.export`, empty for a kind that is not exported. `keras_file`: others can open a Keras
    file of it.

    The other fields default to those of one network that writes an answer at once. An installed
    kind can only set the numbers.

    - `parts` are the kinds of the networks by name, for weights of several; the last one writes.
      `only_part` is for a kind that no weights have alone, and `recipe` names the recipe that
      starts such weights, empty where `train --fresh` does.
    - `shows_steps`: it works on a scratchpad, by the rules of arithmetic, a step at a time.
    - `any_length`: it takes any number of operations and writes answers of any length.
    - `solver` is the class that answers, `suites` the function that lists what is certified.
    - `encoding` is the function that makes the encoding of a new network from its task; empty where
      it reads questions as they are typed.
    - `batch` and `keras_batch` count the questions of one call, `errors` those of `:errors`,
      `map_side` the numbers a side and `map_cells` the equations of a map.
    """

    settings: tuple[str, ...]
    describe: Callable[[Architecture], str]
    network: str = ""
    builder: str = ""
    onnx: str = ""
    keras_file: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    only_part: bool = False
    recipe: str = ""
    shows_steps: bool = False
    any_length: bool = False
    solver: str = "mathrepl.inference.solver:NetworkSolver"
    suites: str = "mathrepl.evaluation.suites:task_suites"
    encoding: str = ""
    batch: int = 1024
    keras_batch: int = 1024
    errors: int = 20_000
    map_side: int = 1000
    map_cells: int = 2_000_000


def _seq2seq(architecture: Architecture) -> str:
    layer = f"BiLSTM({architecture.hidden})"
    encoder, decoder = (
        f"{depth} x {layer}" if depth > 1 else layer
        for depth in (architecture.encoder_depth, architecture.decoder_depth)
    )
    text = f"{encoder} -> RepeatVector -> {decoder} -> Dense"
    if architecture.dropout:
        text += f", dropout {architecture.dropout:g}"
    return f"{text}, batch norm" if architecture.batch_norm else text


def _attention(architecture: Architecture) -> str:
    hidden, heads = architecture.hidden, architecture.heads
    encoder = "" if architecture.lookup else f"BiLSTM({hidden // 2}) -> "
    return f"{encoder}LSTM({hidden // 2}) -> {heads}-head attention -> LSTM({hidden}) -> Dense"


def _columns(hidden: int, symbols: int) -> str:
    return f"columns -> Dense({hidden}) -> memory of {symbols} symbols, Dense"


_ATTENTION = InstalledKind(
    ("hidden", "embedding", "heads", "places", "lookup"),
    _attention,
    network="mathrepl.networks.attention:NETWORK",
    builder="mathrepl.training.keras.attention_model:AttentionSeq2Seq",
    onnx="mathrepl.export.attention:write",
)
BUILT_IN = MappingProxyType(
    {
        "seq2seq": InstalledKind(
            ("hidden", "encoder_depth", "decoder_depth", "dropout", "batch_norm"),
            _seq2seq,
            network="mathrepl.networks.seq2seq:NETWORK",
            builder="mathrepl.training.keras.seq2seq_model:build",
            onnx="mathrepl.export.bilstm:seq2seq",
            keras_file=True,
        ),
        "attention": _ATTENTION,
        "columns": InstalledKind(
            ("hidden", "symbols"),
            lambda architecture: _columns(architecture.hidden, architecture.symbols),
            network="mathrepl.networks.columns:NETWORK",
            builder="mathrepl.training.keras.columns_model:doer",
            onnx="mathrepl.export.columns:write",
            shows_steps=True,
            any_length=True,
            solver="mathrepl.inference.written_solver:WrittenSolver",
            suites="mathrepl.evaluation.suites:written_suites",
            encoding="mathrepl.data.passes:encoding_for",
        ),
        "columns-reader": InstalledKind(
            ("reader_hidden", "reader_symbols"),
            lambda architecture: _columns(architecture.reader_hidden, architecture.reader_symbols),
            network="mathrepl.networks.columns:READER_NETWORK",
            builder="mathrepl.training.keras.columns_model:reader",
            onnx="mathrepl.export.columns:write",
            only_part=True,
        ),
        "work": InstalledKind(
            ("hidden", "symbols", "reader_hidden", "reader_symbols"),
            lambda a: (
                f"reader {_columns(a.reader_hidden, a.reader_symbols)}; "
                f"doer {_columns(a.hidden, a.symbols)}"
            ),
            parts=(("reader", "columns-reader"), ("doer", "columns")),
            recipe="work",
            shows_steps=True,
            any_length=True,
            solver="mathrepl.inference.written_solver:WrittenSolver",
            suites="mathrepl.evaluation.suites:written_suites",
            batch=256,  # a long working holds up Ctrl-C
            keras_batch=256,
            errors=500,
            map_side=100,
            map_cells=40_000,
        ),
    }
)
PARTS = tuple(dict.fromkeys(part for row in BUILT_IN.values() for part, _ in row.parts))
UNKNOWN = InstalledKind((), lambda a: f"of a kind unknown here, {a.kind!r:.80}")


def fresh_kinds() -> tuple[str, ...]:
    """The built-in kinds that a training can start with, the usual one first."""
    return tuple(name for name, row in BUILT_IN.items() if not row.only_part and not row.recipe)
