"""Keras's LSTM with its loop over time in one TensorFlow kernel, for training on the CPU."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="mathrepl")
class FusedLSTM(keras.layers.LSTM):  # type: ignore[misc]
    """The same variables and the same function as `keras.layers.LSTM` with its defaults.

    Only the inner loop differs: `BlockLSTM` runs all steps in one operation. Its gates stand
    in the order i, g, f, o; Keras's in i, f, g, o. (`BlockLSTMV2` has Keras's order, but its
    registered gradient is that of the first version and wrong.) Outputs and gradients equal
    the parent's within float error, by a test.
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
