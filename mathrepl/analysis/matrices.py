"""The weights themselves: norms, shapes, and heat maps of the matrices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap
from mathrepl.data.codec import Floats
from mathrepl.data.step_examples import PARTS
from mathrepl.support.advice import Advice, Run
from mathrepl.support.errors import UsageError


def overview(name: str, tensors: Mapping[str, Floats]) -> Figure:
    """Every tensor with its shape and the root mean square of its numbers."""
    sizes = {tensor: _rms(values) for tensor, values in tensors.items()}
    bars = tuple(
        Bar(
            tensor,
            sizes[tensor],
            f"{_shape(values)}  rms {sizes[tensor]:.3f}  norm {np.linalg.norm(values):.2f}",
        )
        for tensor, values in tensors.items()
    )
    total = sum(values.size for values in tensors.values())
    return Figure(
        f"weights of {name}",
        (Bars("root mean square", bars),),
        (Advice(f"{total:,} numbers; ", Run("weights", "LAYER"), " draws one"),),
        data={"weights": name, "tensors": [_record(t, v) for t, v in tensors.items()]},
    )


def matrices(name: str, tensors: Mapping[str, Floats], layer: str) -> Figure:
    """Heatmap maps of the tensors whose name begins with `layer`.

    Where none does, those of all parts whose own name does. Raises `UsageError` for neither.
    """
    chosen = {tensor: values for tensor, values in tensors.items() if _is_of(tensor, layer)} or {
        tensor: values for tensor, values in tensors.items() if _is_of(_without_part(tensor), layer)
    }
    if not chosen:
        groups = dict.fromkeys(_without_part(tensor).partition(".")[0] for tensor in tensors)
        raise UsageError(
            f"{name} has no layer {layer!r}", hint=f"its layers are {', '.join(groups)}"
        )
    heats = []
    for tensor, values in chosen.items():
        grid = values[None, :] if values.ndim == 1 else values
        bound = float(np.abs(grid).max(initial=0.0)) or 1.0
        heats.append(
            Heatmap(
                f"{tensor} {_shape(values)}, rms {_rms(values):.3f}, "
                f"norm {np.linalg.norm(values):.2f}",
                grid,
                row_range=(0, grid.shape[0] - 1) if values.ndim > 1 else None,
                column_range=(0, grid.shape[1] - 1),
                row_axis="in" if values.ndim > 1 else "",
                column_axis="out",
                low=-bound,
                high=bound,
                palette="signed",
            )
        )
    gates = any(f"{tensor.rsplit('.', 1)[0]}.recurrent_kernel" in tensors for tensor in chosen)
    return Figure(
        f"{layer} of {name}",
        tuple(heats),
        ("the columns of an LSTM are its gates: input, forget, cell, output",) if gates else (),
        data={"weights": name, "tensors": [_record(t, v) for t, v in chosen.items()]},
    )


def _is_of(tensor: str, layer: str) -> bool:
    return tensor == layer or tensor.startswith(layer + ".")


def _without_part(tensor: str) -> str:
    """`doer.output.bias` is named `output.bias` in its part."""
    part, _, rest = tensor.partition(".")
    return rest if part in PARTS else tensor


def _rms(values: Floats) -> float:
    return float(np.sqrt((values.astype(np.float64) ** 2).mean())) if values.size else 0.0


def _shape(values: Floats) -> str:
    return " x ".join(str(side) for side in values.shape)


def _record(name: str, values: Floats) -> dict[str, object]:
    return {
        "name": name,
        "shape": list(values.shape),
        "norm": round(float(np.linalg.norm(values)), 6),
        "rms": round(_rms(values), 6),
        "largest": round(float(np.abs(values).max(initial=0.0)), 6),
    }
