"""Training towards a proof: after each epoch every transition is asked, the wrong ones are taught.

Counterexample-guided: passes that end in a wrong transition take the place of a share of the
training examples. An attempt that gets stuck is given up, and another seed starts anew.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from mathrepl.arithmetic.skills import ALL
from mathrepl.data.encoding import Encoding
from mathrepl.data.passes import COLUMNS
from mathrepl.data.skill_examples import extended
from mathrepl.networks import Kind
from mathrepl.networks.proof import Proof, prove
from mathrepl.store.card import Proved, TrainSettings
from mathrepl.training.keras.loop import Trainer
from mathrepl.training.keras.models import tensors_of
from mathrepl.training.keras.objectives import arrays_of

ATTEMPT = 30  # epochs
TAUGHT = 0.04, 0.3  # least and greatest share of the training examples that are counterexamples
COPIES = 100  # of a counterexample, where the share allows it
# The least lead of a proof that ends a training, by whether the states are taught: at 14 a choice
# is 99.9999 % sure, and a working makes thousands. A memory that was found is proved long before.
MARGINS = {True: 14.0, False: 1.0}


def prove_model(model: Any, kind: Kind, encoding: Encoding) -> Proof | None:
    """The proof of a model as it is now, None for a kind that has none."""
    if kind.automaton is None:
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # a training can fail
        return prove(kind.automaton(tensors_of(model), encoding))


def counts(proof: Proof) -> Proved:
    """The counts of a proof for the history."""
    symbols = max(skill.symbols for skill in proof.skills)
    return Proved(proof.wrong, proof.transitions, symbols)


def is_enough(proof: Proof | None, settings: TrainSettings) -> bool:
    """True for a proof with room to spare, which ends a training."""
    return proof is not None and proof.holds and proof.margin > MARGINS[settings.taught]


def teach(trainer: Trainer, proof: Proof, encoding: Encoding, seed: int) -> None:
    """Put counterexamples of a proof among the training examples, each with columns after it."""
    found = [
        (ALL[skill.skill], wrong.columns)
        for skill in proof.skills
        for wrong in skill.wrongs
        if len(wrong.columns) < COLUMNS
    ]
    if not found:
        return
    rng = random.Random(seed)
    # Always the same rows: the other examples stay as they were drawn. Many copies of one
    # counterexample would outweigh all the rest.
    least, most = (int(share * len(trainer.training)) for share in TAUGHT)
    count = min(max(COPIES * len(found), least), most)
    chosen = [extended(*rng.choice(found), rng) for _ in range(count)]
    trainer.replace(np.arange(count, dtype=np.int32), arrays_of(encoding, chosen))
