"""TensorFlow keeps off the terminal."""

from __future__ import annotations

import os

import pytest

from mathrepl.training.keras.quiet import prepare_tensorflow, quiet_stderr


def test_what_is_written_to_descriptor_2_meanwhile_is_lost(
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.write(2, b"before ")
    with quiet_stderr():
        os.write(2, b"meanwhile ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def next_descriptor() -> int:
    """The lowest descriptor that is free."""
    descriptor = os.dup(1)
    os.close(descriptor)
    return descriptor


def test_descriptor_2_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    free = next_descriptor()
    with pytest.raises(RuntimeError, match="boom"), quiet_stderr():
        raise RuntimeError("boom")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
    assert next_descriptor() == free  # none was left open


@pytest.mark.usefixtures("tensorflow_ready")
def test_tensorflow_can_be_prepared_again(capfd: pytest.CaptureFixture[str]) -> None:
    prepare_tensorflow()
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("tensorflow_ready")
def test_the_warnings_of_tensorflow_are_silent(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    # Such as "5 out of the last 5 calls ... triggered tf.function retracing", which Keras's
    # engine causes when it answers with several networks after one another.
    import tensorflow as tf

    tf.get_logger().warning("chatter")
    assert caplog.messages == []
    assert capfd.readouterr() == ("", "")
