"""Greedy decoding: probabilities to texts, guesses and confidences.

Shapes: n answers, U positions, V characters of the alphabet, whose first is the end mark.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mathrepl.data.codec import Floats, decode
from mathrepl.data.encoding import Encoding
from mathrepl.inference.solution import Guess, Written


def guesses_of(
    characters: str, probabilities: Floats, *, reverse: bool = False
) -> Iterator[tuple[tuple[Guess, ...], Guess | None]]:
    """The likeliest characters (n, U, V) up to the first end mark, and the end mark's guess.

    A row without an end mark has None for it. With `reverse` the guesses of a row stand last to
    first.
    """
    best = probabilities.argmax(-1)
    others = probabilities.copy()
    np.put_along_axis(others, best[..., None], -1.0, -1)
    likeliest = np.take_along_axis(probabilities, best[..., None], -1)[..., 0]
    # Lists, because numbers are slow to take out of an array one by one.
    rows = zip(
        best.tolist(),
        likeliest.astype(np.float64).tolist(),
        others.argmax(-1).tolist(),
        others.max(-1).astype(np.float64).tolist(),
        strict=True,
    )
    character = characters.__getitem__
    for firsts, likely, seconds, less_likely in rows:
        guesses = list(
            map(Guess, map(character, firsts), likely, map(character, seconds), less_likely)
        )
        end = None
        if 0 in firsts:
            count = firsts.index(0)
            end = guesses[count]
            del guesses[count:]
        yield tuple(guesses[::-1] if reverse else guesses), end


def written_of(encoding: Encoding, probabilities: Floats) -> Written:
    """Texts alone of probabilities (n, U, V), and the probability of the whole of each."""
    best = probabilities.argmax(-1)
    # Where the maxima are is known: numpy is slow to look for them again along a short axis.
    likeliest = np.take_along_axis(probabilities, best[..., None], -1)[..., 0].astype(np.float64)
    ends = best == 0
    factors = np.where(np.logical_or.accumulate(ends, axis=1), 1.0, likeliest)
    # In the order of `Solution.confidence`, so that the two products are equal to the last bit.
    found = (factors[:, ::-1] if encoding.reverse else factors).prod(1)
    end = likeliest[np.arange(len(ends)), ends.argmax(1)]
    return Written(decode(encoding, best), np.where(ends.any(1), found * end, found).tolist())
