"""Small things several tests share: random tasks, and stores with an untrained network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import OPERATIONS
from mathrepl.arithmetic.task import SAMPLINGS, Task
from mathrepl.data.encoding import Encoding
from mathrepl.networks import parameter_count, shapes_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.plugin_kinds import imported
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from mathrepl.training.recipes import RECIPES

TINY_TASK = Task(high=9)
TINY_ARCHITECTURE = Architecture(hidden=4)


# Numbers that float32 holds, and with which no network can compute, by what they are called.
EXTREMES: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "3.3e38": lambda rng, shape: np.full(shape, 3.3e38),
    "-3.3e38": lambda rng, shape: np.full(shape, -3.3e38),
    "3.3e38 of either sign": lambda rng, shape: rng.choice([-3.3e38, 3.3e38], shape),
    "1e30": lambda rng, shape: np.full(shape, 1e30),
    "deviation 1e19": lambda rng, shape: rng.normal(0, 1e19, shape),
    "deviation 1e10": lambda rng, shape: rng.normal(0, 1e10, shape),
    "deviation 1e8": lambda rng, shape: rng.normal(0, 1e8, shape),
}


def random_tensors(
    architecture: Architecture, encoding: Encoding, seed: int = 0
) -> dict[str, np.ndarray]:
    """Float32 tensors of the right names and shapes; variances are positive."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes_of(architecture, encoding).items():
        values = rng.normal(0, 0.5, shape)
        if name.endswith(".moving_variance"):
            values = np.abs(values) + 0.1
        tensors[name] = values.astype(np.float32)
    return tensors


def encoding_of(architecture: Architecture, task: Task, *, reverse: bool = False) -> Encoding:
    """The encoding that a new network of such a kind gets for a task."""
    row = architecture.row
    if row.recipe:
        return RECIPES[row.recipe].encoding
    if row.encoding:
        found: Encoding = imported(architecture.kind, row.encoding)(task)
        return found
    return Encoding.for_task(task, reverse=reverse)


def tiny_card(
    name: str = "tiny",
    task: Task = TINY_TASK,
    architecture: Architecture = TINY_ARCHITECTURE,
    *,
    reverse: bool = False,
) -> Card:
    """The card of an untrained network, without a checksum yet."""
    encoding = encoding_of(architecture, task, reverse=reverse)
    return Card(name, architecture, encoding, task, parameter_count(architecture, encoding))


def tiny_weights(
    store: Store,
    name: str,
    task: Task = TINY_TASK,
    architecture: Architecture = TINY_ARCHITECTURE,
    seed: int = 0,
    *,
    reverse: bool = False,
) -> Card:
    """Save random weights as `name` in the user's directory of `store`; the saved card."""
    card = tiny_card(name, task, architecture, reverse=reverse)
    return store.save(card, random_tensors(architecture, card.encoding, seed))


@st.composite
def tasks(draw: st.DrawFn, *, widest: int = 15, most: int = 3) -> Task:
    """Valid tasks over small ranges, with any operations, and up to 3 decimals."""
    low = draw(st.integers(-12, 12))
    high = low + draw(st.integers(0, widest))
    operations = "".join(
        draw(st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=4, unique=True))
    )
    if operations == "/" and low == high == 0:
        high = 1
    fewest = draw(st.integers(1, most))
    top = draw(st.integers(fewest, most))
    carries = operations == "+" and top == 1 and low >= 0
    samplings = [kind for kind in SAMPLINGS if kind != "carries" or carries]
    return Task(
        low=low,
        high=high,
        operations=operations,
        fewest=fewest,
        most=top,
        decimals=draw(st.integers(0, 3)),
        sampling=draw(st.sampled_from(samplings)),
        seed=draw(st.integers(0, 2**40)),
        spaced=draw(st.booleans()),
    )
