"""Hidden and cell states while a network reads and writes, and equations with similar states."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import numpy as np

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap, Progress
from mathrepl.analysis.network import END_SHOWN, Network, check_known, rounded, shown
from mathrepl.arithmetic.skills import columns_of, split_pass
from mathrepl.data.codec import Floats
from mathrepl.data.encoding import END
from mathrepl.data.sampling import distinct
from mathrepl.support.errors import Advice, Run, UsageError

LIKE_SAMPLE = 20_000
BATCH = 2048


@dataclass(frozen=True, slots=True)
class _Layer:
    """One LSTM while it reads or writes: states (steps, units), and the character of each step."""

    characters: tuple[str, ...]
    state: Floats
    memory: Floats


def peek(network: Network, question: str, layer: str | None = None) -> Figure:
    """Hidden and cell states of every LSTM while it reads `question`, a heat map each.

    Rows are units, columns the characters read or written at that step. Raises `UsageError`
    for a `layer` that is not the beginning of any layer's name.
    """
    layers = _layers(network, question)
    chosen = {k: v for k, v in layers.items() if layer is None or k.startswith(layer)}
    if not chosen:
        raise UsageError(
            f"{network.name} has no layer {layer!r}", hint=f"its layers are {', '.join(layers)}"
        )
    heats = [
        _heat(
            f"{name} {what}",
            values.T,
            columns=one.characters,
            row_range=(0, values.shape[1] - 1),
            row_axis="unit",
        )
        for name, one in chosen.items()
        for what, values in (("state", one.state), ("memory", one.memory))
    ]
    return Figure(
        f"{network.name} reads {question}",
        tuple(heats),
        (_direction(network),),
        data={
            "weights": network.name,
            "question": question,
            "layers": {
                name: {
                    "characters": list(one.characters),
                    "state": rounded(one.state),
                    "memory": rounded(one.memory),
                }
                for name, one in chosen.items()
            },
        },
    )


def follow(network: Network, questions: Sequence[str], unit: int) -> Figure:
    """One unit of every LSTM over several questions, a row each for its state and its memory.

    Raises `UsageError` for a unit that no layer has.
    """
    heats = []
    for question in questions:
        layers = _layers(network, question)
        most = max(one.state.shape[-1] for one in layers.values())
        if unit >= most:
            raise UsageError(
                f"no layer of {network.name} has a unit {unit}", hint=f"take 0 to {most - 1}"
            )
        for characters, group in groupby(layers.items(), lambda item: item[1].characters):
            rows: dict[str, Floats] = {}
            for name, one in group:
                if unit < one.state.shape[-1]:
                    rows[f"{name} state"] = one.state[:, unit]
                    rows[f"{name} memory"] = one.memory[:, unit]
            if rows:
                values = np.array(list(rows.values()))
                heats.append(_heat(question, values, rows=tuple(rows), columns=characters))
    data = [
        {
            "question": heat.title,
            "characters": list(heat.columns),
            "unit": dict(zip(heat.rows, rounded(heat.cells), strict=True)),
        }
        for heat in heats
    ]
    return Figure(
        f"unit {unit} of {network.name}",
        tuple(heats),
        (_direction(network),),
        data={"weights": network.name, "unit": unit, "questions": data},
    )


def like(
    network: Network, question: str, count: int, sample: int = LIKE_SAMPLE
) -> Iterator[Progress | Figure]:
    """The `count` equations, of `sample` drawn ones, with the encoding nearest to `question`'s.

    Progress comes before the figure. The distance is the
    Euclidean one between encodings, divided by its mean over random pairs of the sample. Raises
    `UsageError` for a network without a recurrent encoder, or of an installed kind.
    """
    check_known(network)
    if not network.encoder:
        raise UsageError(
            f"{network.name} has no encoder that summarises an equation",
            hint=Advice("try it with a network that has one, such as ", Run("use", "blog")),
        )
    task = network.card.task
    drawn = (one.question for one in distinct(task, random.Random(0)))
    others = list(islice((one for one in drawn if one != question), sample))
    if not others:
        raise UsageError(f"there are no other equations of {task.describe()}")
    parts = []
    for first in range(0, len(others), BATCH):
        yield Progress("equations compared", first, len(others))
        parts.append(_encoding(network, others[first : first + BATCH]))
    codes = np.concatenate(parts)
    distances = np.sqrt(((codes - _encoding(network, [question])) ** 2).sum(-1))
    shuffled = codes[np.random.default_rng(0).permutation(len(codes))]
    typical = float(np.sqrt(((codes - shuffled) ** 2).sum(-1)).mean()) or 1.0
    nearest = np.argsort(distances, kind="stable")[:count]
    written = network.probabilities([others[k] for k in nearest]).argmax(-1).tolist()
    found = [
        (others[k], float(distances[k]) / typical, network.read(codes))
        for k, codes in zip(nearest, written, strict=True)
    ]
    bars = tuple(
        Bar(text, max(0.0, 1 - distance), f"{distance:.3f}  = {answer}")
        for text, distance, answer in found
    )
    yield Figure(
        f"equations whose encoding by {network.name} is nearest to that of {question}",
        (Bars("longer is nearer; distance 1 is that of two random equations", bars, 1.0),),
        (f"of {len(others):,} equations of {task.describe()}",),
        data={
            "weights": network.name,
            "question": question,
            "sample": len(others),
            "nearest": [
                {"equation": text, "distance": round(distance, 6), "network": answer}
                for text, distance, answer in found
            ],
        },
    )


def _heat(title: str, cells: Floats, **labels: Any) -> Heatmap:
    """A heat map from -1 to 1, or as far as its cells reach."""
    high = float(np.abs(cells).max(initial=1.0))
    return Heatmap(title, cells, low=-high, high=high, palette="signed", **labels)


def _encoding(network: Network, texts: Sequence[str]) -> Floats:
    """The encoder's last hidden states in both directions, (n, 2 x units)."""
    indices = network.indices(texts)
    states = network.states(texts)
    forward, backward = (states[f"{network.encoder}.{way}"][0] for way in ("forward", "backward"))
    if network.half.reads_padding:
        last = np.full(len(texts), forward.shape[1] - 1)
    else:
        last = (indices > 0).sum(1) - 1
    return np.concatenate([forward[np.arange(len(texts)), last], backward[:, 0]], -1)


def _layers(network: Network, question: str) -> dict[str, _Layer]:
    """Every LSTM's states for one question, cut after the last character read or written."""
    codes = network.until_end(network.probabilities([question])[0].argmax(-1).tolist())
    written = tuple(network.character(code) for code in codes)
    text = question[::-1] if network.reverse else question
    if network.skills:
        _, first, second = split_pass(question, network.skills)
        rows = ["".join(column) for column in columns_of(first, second)]
        return {
            name: _Layer(tuple(rows), hidden[0, : len(rows)], memory[0, : len(rows)])
            for name, (hidden, memory) in network.states([question]).items()
        }
    if network.half.reads_padding:
        text = text.ljust(network.indices([question]).shape[1], END)
    layers = {}
    for name, (hidden, memory) in network.states([question]).items():
        characters = written if name.startswith("decoder") else tuple(map(shown, text))
        steps = len(characters)
        layers[name] = _Layer(characters, hidden[0, :steps], memory[0, :steps])
    return layers


def _direction(network: Network) -> str:
    order = "columns in the order of reading and writing"
    if network.reverse:
        order = "it reads and writes from the last character to the first: columns in that order"
    return f"{order}; {END_SHOWN} is the end"
