"""Greedy decoding: from probabilities to guesses, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mathrepl.data.codec import Floats
from mathrepl.inference.solution import DIGITS_KEPT, Guess, Guesses


def guesses_of(
    characters: str, probabilities: Floats, *, reverse: bool = False
) -> Iterator[tuple[Guesses, Guess | None]]:
    """Greedy decoding, a row each: the likeliest characters up to the first end mark, and that.

    `probabilities` is (n, U, V); a row without an end mark has None for it. With `reverse` the
    characters of a row stand last to first.
    """
    best = probabilities.argmax(-1)
    others = probabilities.copy()
    np.put_along_axis(others, best[..., None], -1.0, -1)
    sure = np.take_along_axis(probabilities, best[..., None], -1)[..., 0].astype(np.float64)
    less_sure = others.max(-1).astype(np.float64)
    # Lists, because numbers are slow to take out of an array one by one.
    rows = zip(
        best.tolist(),
        others.argmax(-1).tolist(),
        sure.tolist(),
        less_sure.tolist(),
        sure.round(DIGITS_KEPT).tolist(),
        less_sure.round(DIGITS_KEPT).tolist(),
        strict=True,
    )
    character = characters.__getitem__
    for firsts, seconds, likely, less_likely, rounded, less_rounded in rows:
        count, end = len(firsts), None
        if 0 in firsts:  # the end mark is the first of every alphabet
            count = firsts.index(0)
            second = characters[seconds[count]]
            end = Guess(characters[0], likely[count], second, less_likely[count])
        written = slice(count - 1, None, -1) if reverse and count else slice(count)
        guesses = Guesses(
            "".join(map(character, firsts[written])),
            "".join(map(character, seconds[written])),
            likely[written],
            less_likely[written],
            rounded[written],
            less_rounded[written],
        )
        yield guesses, end
