"""Greedy decoding: from probabilities to guesses, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mathrepl.codec import Floats
from mathrepl.comparison import Guess
from mathrepl.encoding import END


def guesses_of(
    characters: str, probabilities: Floats
) -> Iterator[tuple[list[Guess], Guess | None]]:
    """Greedy decoding, a row each: the likeliest characters up to the first end mark, and that.

    `probabilities` is (n, U, V); a row without an end mark has None for it.
    """
    best_two = np.argsort(probabilities, axis=-1)[..., :-3:-1]
    for row in range(len(probabilities)):
        guesses: list[Guess] = []
        end = None
        for place in range(probabilities.shape[1]):
            first, second = (int(k) for k in best_two[row, place])
            guess = Guess(
                characters[first],
                float(probabilities[row, place, first]),
                characters[second],
                float(probabilities[row, place, second]),
            )
            if guess.character == END:
                end = guess
                break
            guesses.append(guess)
        yield guesses, end
