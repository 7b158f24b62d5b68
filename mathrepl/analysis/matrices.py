"""The weights themselves: norms, shapes, and heat maps of the matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap
from mathrepl.data.codec import Floats
from mathrepl.networks.kinds import PARTS
from mathrepl.support.errors import Advice, Run, UsageError


@dataclass(frozen=True, slots=True)
class _Summary:
    """The shape of a tensor, and its norm, root mean square and largest absolute value."""

    name: str
    shape: tuple[int, ...]
    norm: float
    rms: float
    largest: float

    @classmethod
    def of(cls, name: str, values: Floats) -> _Summary:
        rms = float(np.sqrt((values.astype(np.float64) ** 2).mean())) if values.size else 0.0
        largest = float(np.abs(values).max(initial=0.0))
        norm = float(np.linalg.norm(values))
        return cls(name, values.shape, round(norm, 6), round(rms, 6), round(largest, 6))

    @property
    def sides(self) -> str:
        return " x ".join(map(str, self.shape))


def overview(name: str, tensors: Mapping[str, Floats]) -> Figure:
    """Every tensor with its shape and the root mean square of its numbers."""
    summaries = [_Summary.of(tensor, values) for tensor, values in tensors.items()]
    bars = tuple(
        Bar(one.name, one.rms, f"{one.sides}  rms {one.rms:.3f}  norm {one.norm:.2f}")
        for one in summaries
    )
    total = sum(values.size for values in tensors.values())
    return Figure(
        f"weights of {name}",
        (Bars("root mean square", bars),),
        (Advice(f"{total:,} numbers; ", Run("weights", "LAYER"), " draws one"),),
        data={"weights": name, "tensors": [asdict(one) for one in summaries]},
    )


def matrices(name: str, tensors: Mapping[str, Floats], layer: str) -> Figure:
    """Heat maps of the tensors of `layer`, named with its part or, in every part, without.

    Raises `UsageError` for a layer that does not exist.
    """
    chosen = {
        tensor: values
        for tensor, values in tensors.items()
        if f"{tensor}.".startswith(f"{layer}.")
        or f"{_without_part(tensor)}.".startswith(f"{layer}.")
    }
    if not chosen:
        groups = dict.fromkeys(_without_part(tensor).partition(".")[0] for tensor in tensors)
        raise UsageError(
            f"{name} has no layer {layer!r}", hint=f"its layers are {', '.join(groups)}"
        )
    heats = []
    summaries = [_Summary.of(tensor, values) for tensor, values in chosen.items()]
    for one, values in zip(summaries, chosen.values(), strict=True):
        grid = np.atleast_2d(values)
        heats.append(
            Heatmap(
                f"{one.name} {one.sides}, rms {one.rms:.3f}, norm {one.norm:.2f}",
                grid,
                row_range=(0, grid.shape[0] - 1) if values.ndim > 1 else None,
                column_range=(0, grid.shape[1] - 1),
                row_axis="in" if values.ndim > 1 else "",
                column_axis="out",
                low=-one.largest or -1.0,
                high=one.largest or 1.0,
                palette="signed",
            )
        )
    gates = any(f"{tensor.rsplit('.', 1)[0]}.recurrent_kernel" in tensors for tensor in chosen)
    return Figure(
        f"{layer} of {name}",
        tuple(heats),
        ("the columns of an LSTM are its gates: input, forget, cell, output",) if gates else (),
        data={"weights": name, "tensors": [asdict(one) for one in summaries]},
    )


def _without_part(tensor: str) -> str:
    """The tensor's name in its part: `output.bias` of `doer.output.bias`."""
    part, _, rest = tensor.partition(".")
    return rest if part in PARTS else tensor
