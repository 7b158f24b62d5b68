"""Import TensorFlow without the lines it writes to file descriptor 2."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send fd 2 to the null device: absl writes there whatever Python's settings say."""
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def prepare_tensorflow() -> None:
    """Import and set up TensorFlow once: CPU threads that suit small networks, no log lines.

    One thread an operation and two operations at a time: the operations of networks this small
    take longer to split over threads than to run. `benchmarks/run.py epoch` measures the gain.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with quiet_stderr():
        import keras
        import tensorflow as tf

        with suppress(RuntimeError):  # a host has started TensorFlow with threads of its own
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(2)
        keras.config.disable_interactive_logging()
        tf.constant(0.0)
