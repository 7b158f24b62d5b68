"""A check that a network computes with finite numbers: a bound on its tensors, and a probe.

Every kind is covered, those of installed packages too, and none has to add anything.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mathrepl.data.encoding import Encoding
from mathrepl.networks import Tensors, kind_of, part_tensors, parts_of
from mathrepl.networks.config import Architecture
from mathrepl.networks.lstm import CachedTensors
from mathrepl.support.errors import MathreplError, WeightsError

# The largest number of the bundled weights is 10. The largest number that a built-in network of
# the largest settings can come to from this one is an attention score, about 4e34: a product of
# four numbers of tensors, summed three times. float32 ends at 3.4e38.
LARGEST = 1e6


def check_numbers(
    tensors: Tensors, architecture: Architecture, encoding: Encoding, where: str
) -> None:
    """Raise `WeightsError` if the networks of such tensors compute with infinite numbers.

    The bound keeps every number finite that is a product of a few tensors, whatever is asked. The
    probe asks each part one question: it finds a division by zero, the root
    of a negative variance, and what an installed kind's network computes.
    """
    hint = "restore it or train anew"
    for name, tensor in tensors.items():
        largest = max(tensor.max(initial=0), -tensor.min(initial=0))
        if not np.isfinite(largest):
            raise WeightsError(f"{where}: {name} holds values that are not finite", hint=hint)
        if largest > LARGEST:
            why = f"holds {largest:.2g}, a network's numbers are at most {LARGEST:,.0f}"
            raise WeightsError(f"{where}: {name} {why}", hint=hint)
    for part, name in parts_of(architecture).items():
        kind = kind_of(name)
        asked = kind.encoding(encoding)
        if kind.decoder:  # of any length: one character passes through all tensors
            asked = replace(asked, question_length=2, answer_length=2)
        characters = 1 + np.arange(asked.question_length) % max(1, len(asked.characters) - 1)
        characters[-1] = 0
        questions = characters[None].astype(np.int32)
        cached = CachedTensors(part_tensors(tensors, part))
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                kind.probabilities(cached, architecture, asked, questions)
        except FloatingPointError as error:
            why = f"{part or 'its network'} cannot compute with its numbers: {error}"
            raise WeightsError(f"{where}: {why}", hint=hint) from None
        except MathreplError as error:  # of an installed kind, whose results are checked
            raise WeightsError(f"{where}: {error.message}", hint=error.hint) from error
