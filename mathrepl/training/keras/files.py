"""A Keras model as the bytes of a `.keras` file, and back."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras


def keras_file(model: Any) -> bytes:
    """The file that `keras.models.load_model` opens; for the seed network without mathrepl."""
    with _path() as path:
        model.save(path)
        return path.read_bytes()


def opened(data: bytes) -> Any:
    """The model in such a file's bytes, as `keras.models.load_model` reads it."""
    with _path() as path:
        path.write_bytes(data)
        return keras.models.load_model(path)


@contextmanager
def _path() -> Iterator[Path]:
    """A temporary path, since Keras reads and writes only named files.

    Keras turns its variables into arrays in a way that numpy 2 warns of.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield Path(folder) / "model.keras"
