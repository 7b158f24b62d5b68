"""The layers and the base class of the models that read indices and mask their padding."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import keras
import tensorflow as tf

from mathrepl.data.codec import Floats, Indices
from mathrepl.data.encoding import Encoding
from mathrepl.store.card import TrainSettings
from mathrepl.training.keras.objectives import Objective


class IndexedModel(keras.Model):  # type: ignore[misc]
    """A model of indices to logits; plain models map one-hot characters to probabilities.

    `named_layers` are its layers by the names of their tensors.
    """

    named_layers: dict[str, Any]

    def begin(self, share: float) -> None:
        """Prepare for the part of a training that begins after a `share` of it."""

    @abstractmethod
    def objective(self, encoding: Encoding, settings: TrainSettings) -> Objective:
        """The objective of a training with such settings."""

    @abstractmethod
    def probabilities(self, encoding: Encoding, questions: Indices) -> Floats:
        """Probabilities (n, U, V) of question indices (n, T), greedily decoded."""


def recurrent(lstm: Any, units: int) -> Any:
    return lstm(units, return_sequences=True, return_state=True)


def lengths_of(indices: Any) -> Any:
    """The number of characters before the padding of each row (n, T), (n,) int32."""
    return tf.reduce_sum(tf.cast(indices > 0, tf.int32), axis=1)


def bidirectional(named: dict[str, Any], name: str, x: Any, lengths: Any) -> tuple[Any, Any]:
    """Both directions (n, T, h) in reading order, each text turned within its own length."""
    turned = tf.reverse_sequence(x, lengths, seq_axis=1, batch_axis=0)
    back = named[f"{name}.backward"](turned)[0]
    back = tf.reverse_sequence(back, lengths, seq_axis=1, batch_axis=0)
    return named[f"{name}.forward"](x)[0], back


@keras.saving.register_keras_serializable(package="mathrepl")
class FusedLSTM(keras.layers.LSTM):  # type: ignore[misc]
    """`keras.layers.LSTM` with its loop over time in one kernel, for training on the CPU.

    `BlockLSTM` runs all steps in one operation. Its gates stand in the order i, g, f, o; Keras's
    in i, f, g, o. (`BlockLSTMV2` has Keras's order, but its registered gradient is that of the
    first version and wrong.) Outputs and gradients equal the parent's within float error.
    """

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Any, Any, list[Any]]:
        """Last output (n, h), all outputs (n, T, h) in running order, and [h, c]."""
        hidden, cell_state = initial_state
        x = tf.transpose(sequences, [1, 0, 2])
        if self.go_backwards:
            x = tf.reverse(x, [0])
        peephole = tf.zeros([self.units])
        run = tf.raw_ops.BlockLSTM(
            seq_len_max=tf.cast(tf.shape(x)[0], tf.int64),
            x=x,
            cs_prev=cell_state,
            h_prev=hidden,
            w=_reordered(tf.concat([self.cell.kernel, self.cell.recurrent_kernel], 0)),
            wci=peephole,
            wcf=peephole,
            wco=peephole,
            b=_reordered(self.cell.bias),
            forget_bias=0.0,
            cell_clip=-1.0,
            use_peephole=False,
        )
        return run.h[-1], tf.transpose(run.h, [1, 0, 2]), [run.h[-1], run.cs[-1]]


def _reordered(gates: Any) -> Any:
    """Gates i, f, g, o along the last axis as i, g, f, o."""
    i, f, g, o = tf.split(tf.convert_to_tensor(gates), 4, axis=-1)
    return tf.concat([i, g, f, o], axis=-1)
