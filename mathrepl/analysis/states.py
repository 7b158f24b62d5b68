"""What a network holds while it reads and writes, and which equations leave it alike."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap, Progress
from mathrepl.analysis.handing import due, remarks
from mathrepl.analysis.network import END_SHOWN, Network, check_known, rounded, shown
from mathrepl.arithmetic.task import Task
from mathrepl.data.codec import Floats
from mathrepl.data.sampling import distinct
from mathrepl.networks.lstm import States
from mathrepl.support.errors import UsageError

LIKE_SAMPLE = 20_000
BATCH = 2048


def peek(network: Network, question: str, layer: str | None = None) -> Figure:
    """Hidden and cell states of every LSTM while it reads `question`, a heat map each.

    Rows are units, columns the characters read or written at that step. Raises `UsageError`
    for a `layer` that is not the beginning of any layer's name.
    """
    written = _written(network, question)
    states = _trimmed(network, question, written)
    chosen = [name for name in states if layer is None or name.startswith(layer)]
    if not chosen:
        raise UsageError(
            f"{network.name} has no layer {layer!r}", hint=f"its layers are {', '.join(states)}"
        )
    heats: list[Heatmap] = []
    for name in chosen:
        for what, values in zip(("state", "memory"), states[name], strict=True):
            # A hidden state lies within -1..1; a memory may grow, and has a scale of its own.
            bound = 1.0 if what == "state" else float(np.abs(values).max(initial=1.0))
            heats.append(
                Heatmap(
                    f"{name} {what}",
                    values.T,
                    columns=_columns(network, name, question, written, len(values)),
                    row_range=(0, values.shape[1] - 1),
                    row_axis="unit",
                    low=-bound,
                    high=bound,
                    palette="signed",
                )
            )
    data = {
        "weights": network.name,
        "question": question,
        "layers": {
            name: {
                "characters": list(
                    _columns(network, name, question, written, len(states[name][0]))
                ),
                "state": rounded(states[name][0]),
                "memory": rounded(states[name][1]),
            }
            for name in chosen
        },
    }
    facts = (_direction(network),)
    notes = remarks(network, question)
    return Figure(f"{network.name} reads {question}", tuple(heats), facts, notes, data)


def follow(network: Network, questions: Sequence[str], unit: int) -> Figure:
    """One unit of every LSTM over several questions, a row each for its state and its memory.

    Raises `UsageError` for a unit that no layer has.
    """
    heats: list[Heatmap] = []
    data = []
    for question in questions:
        written = _written(network, question)
        states = _trimmed(network, question, written)
        with_unit = [name for name, (hidden, _) in states.items() if unit < hidden.shape[-1]]
        if not with_unit:
            most = max(hidden.shape[-1] for hidden, _ in states.values())
            raise UsageError(
                f"no layer of {network.name} has a unit {unit}", hint=f"take 0 to {most - 1}"
            )
        for group in ("encoder", "decoder", "layer"):
            names = [name for name in with_unit if name.startswith(group)]
            if not names:
                continue
            rows = [values[:, unit] for name in names for values in states[name]]
            labels = [f"{name} {what}" for name in names for what in ("state", "memory")]
            columns = _columns(network, names[0], question, written, len(rows[0]))
            bound = float(np.abs(rows).max(initial=1.0))
            heats.append(
                Heatmap(
                    question,
                    np.array(rows),
                    rows=tuple(labels),
                    columns=columns,
                    low=-bound,
                    high=bound,
                    palette="signed",
                )
            )
            data.append(
                {
                    "question": question,
                    "characters": list(columns),
                    "unit": {label: rounded(row) for label, row in zip(labels, rows, strict=True)},
                }
            )
    return Figure(
        f"unit {unit} of {network.name}",
        tuple(heats),
        (_direction(network),),
        data={"weights": network.name, "unit": unit, "questions": data},
    )


def like(
    network: Network, question: str, count: int, sample: int = LIKE_SAMPLE
) -> Iterator[Progress | Figure]:
    """The equations, of `sample` drawn ones, that leave the encoder most nearly as `question` does.

    Progress comes before the figure. A doer is compared over single steps. Nearness is the
    Euclidean distance between what the encoder hands to the decoder, over the distance between
    two equations of the sample that chance picks. Raises `UsageError` for a network without a
    recurrent encoder, or of an installed kind.
    """
    check_known(network, "what its encoder holds")
    if not network.has_encoder:
        raise UsageError(
            f"{network.name} has no encoder that sums an equation up",
            hint="try it with a network that has one, such as :use blog",
        )
    task = _asked(network)
    drawn = (one.question for one in distinct(task, random.Random(0)))
    fitting = (one for one in drawn if one != question and due(network, one, "") is not None)
    others: list[str] = list(islice(fitting, sample))
    if not others:
        raise UsageError(f"there are no other equations of {task.describe()}")
    parts = []
    for first in range(0, len(others), BATCH):
        yield Progress("equations compared", first, len(others))
        parts.append(_code(network, others[first : first + BATCH]))
    codes = np.concatenate(parts)
    distances = np.sqrt(((codes - _code(network, [question])) ** 2).sum(-1))
    shuffled = codes[np.random.default_rng(0).permutation(len(codes))]
    typical = float(np.sqrt(((codes - shuffled) ** 2).sum(-1)).mean()) or 1.0
    nearest = np.argsort(distances, kind="stable")[:count]
    found = [(others[k], float(distances[k]) / typical) for k in nearest]
    texts = [text for text, _ in found]
    answers = dict(zip(texts, _answers(network, texts), strict=True))
    bars = tuple(
        Bar(text, max(0.0, 1 - distance), f"{distance:.3f}  = {answers[text]}")
        for text, distance in found
    )
    yield Figure(
        f"equations that leave {network.name} most nearly as {question} does",
        (Bars("the longer, the nearer; distance 1 is that of two by chance", bars, 1.0),),
        (f"of {len(others):,} equations of {task.describe()}",),
        remarks(network, question),
        data={
            "weights": network.name,
            "question": question,
            "sample": len(others),
            "nearest": [
                {"equation": text, "distance": round(distance, 6), "network": answers[text]}
                for text, distance in found
            ],
        },
    )


def _asked(network: Network) -> Task:
    """What a network is compared over: its task, and for a doer one operation at a time."""
    task = network.card.task
    return replace(task, fewest=1, most=1, brackets=False) if network.part == "doer" else task


def _answers(network: Network, texts: Sequence[str]) -> list[str]:
    best = network.probabilities(texts).argmax(-1)
    return [network.read(row) for row in best.tolist()]


def _code(network: Network, texts: Sequence[str]) -> Floats:
    """What the encoder hands to the decoder, (n, units): the last states of both directions."""
    indices = network.indices(texts)
    states = network.states(texts)
    depth = network.card.architecture.encoder_depth
    name = f"encoder.{depth - 1}" if network.kind == "seq2seq" else "encoder"
    forward, backward = states[f"{name}.forward"][0], states[f"{name}.backward"][0]
    if network.kind == "seq2seq":  # it reads the padding too
        last = np.full(len(texts), forward.shape[1] - 1)
    else:
        last = (indices > 0).sum(1) - 1
    return np.concatenate([forward[np.arange(len(texts)), last], backward[:, 0]], -1)


def _trimmed(network: Network, question: str, written: list[int]) -> States:
    """The states (steps, units) of one question, cut after what it writes."""
    read = network.indices([question]).shape[1] if network.kind == "seq2seq" else len(question)
    states: States = {}
    for name, (hidden, memory) in network.states([question]).items():
        steps = len(written) if name.startswith("decoder") else read
        states[name] = hidden[0, :steps], memory[0, :steps]
    return states


def _written(network: Network, question: str) -> list[int]:
    """What the network writes, as indices up to the end mark."""
    return network.until_end(network.probabilities([question])[0].argmax(-1).tolist())


def _columns(
    network: Network, layer: str, question: str, written: list[int], steps: int
) -> tuple[str, ...]:
    """What is read, or `written`, at each step of a layer."""
    if layer.startswith("decoder"):
        return tuple(network.character(index) for index in written)
    text = network.as_read(question)
    return tuple(shown(text[k] if k < len(text) else "\0") for k in range(steps))


def _direction(network: Network) -> str:
    if network.reverse:
        order = "it reads and writes from the last character to the first: columns in that order"
    else:
        order = "columns in the order of reading and writing"
    return f"{order}; {END_SHOWN} is the end"
