"""A kind of network for mathrepl: an encoder and a decoder of GRUs.

This module is imported wherever weights of the kind are named, so it loads neither numpy nor Keras.
"""

from __future__ import annotations

from mathrepl.networks.config import Architecture
from mathrepl.networks.plugin_kinds import InstalledKind


def describe(architecture: Architecture) -> str:
    """`GRU(20) -> RepeatVector -> GRU(20) -> Dense`."""
    layer = f"GRU({architecture.hidden})"
    dropout = f", dropout {architecture.dropout:g}" if architecture.dropout else ""
    return f"{layer} -> RepeatVector -> {layer} -> Dense{dropout}"


GRU = InstalledKind(
    settings=("hidden", "dropout"),
    describe=describe,
    network="mathrepl_gru.network:NETWORK",
    builder="mathrepl_gru.keras_model:build",
)
