"""The settings of a training, one row each."""

from __future__ import annotations

from dataclasses import dataclass

from mathrepl.networks.config import MAX_PLACES
from mathrepl.support.setting_rows import check_bounds, setting

MAX_EPOCHS = 100_000
MAX_EXAMPLES = 1_000_000
MAX_SEED = 2**31 - 1
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of one training; the defaults are those of the seed network. Raises `TaskError`.

    The options of `train` and `sweep`, the check of a plan, the record in a card and the command
    that repeats a training follow from these rows. A new row is `later`: older cards lack its key.

    `weight_decay` is AdamW's, `clip` bounds the gradients' global norm (0: neither). The
    `schedule` is `constant`, or `cosine`: down to 0 over the run, after `warmup` steps up.
    `averaging` is the share of the averaged weights that each step keeps; they are what is
    measured and saved (0: none). `offset` is the most places by which the digits of a training
    example move (0: none).
    """

    epochs: int = setting(1, "epochs to train", low=1, high=MAX_EPOCHS, shown=False)
    examples: int = setting(30_000, "equations, a tenth of them held out", low=2, high=MAX_EXAMPLES)
    batch: int = setting(256, "examples a step", low=1, high=1_000_000)
    learning_rate: float = setting(0.01, "learning rate of Adam", option="lr", above=0, high=10)
    seed: int = setting(0, "of weights and order", low=0, high=MAX_SEED)
    weight_decay: float = setting(0.0, "of AdamW, 0 for Adam", low=0, high=10, later=True)
    clip: float = setting(
        0.0, "bound of the gradients' norm, 0 for none", low=0, high=1000, later=True
    )
    schedule: str = setting("constant", "of the learning rate", choices=SCHEDULES, later=True)
    warmup: int = setting(0, "steps up to the learning rate", low=0, high=1_000_000, later=True)
    averaging: float = setting(
        0.0, "share a step keeps of the averaged weights", low=0, below=1, later=True
    )
    offset: int = setting(0, "most places by which digits move", low=0, high=MAX_PLACES, later=True)

    def __post_init__(self) -> None:
        check_bounds(self)
