"""TensorFlow is imported once a session, when the first test that needs it runs."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def tensorflow_ready() -> None:
    """TensorFlow set up as the worker sets it up, with the determinism every training asks for."""
    from mathrepl.training.keras.quiet import prepare_tensorflow

    prepare_tensorflow()
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
