"""TensorFlow is imported once a session, when the first test that needs it runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def tensorflow_ready() -> None:
    """TensorFlow set up as the worker sets it up, with the determinism every training asks for."""
    from mathrepl.training.keras.quiet import prepare_tensorflow

    prepare_tensorflow()
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


@pytest.fixture
def eager(tensorflow_ready: None) -> Iterator[None]:
    """Steps run as they stand: for a few of them that is faster than to trace them first."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
