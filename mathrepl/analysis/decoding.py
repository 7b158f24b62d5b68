"""Greedy decoding a character at a time, and beam search for the likeliest answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

import numpy as np

from mathrepl.analysis.figure import Bar, Bars, Figure
from mathrepl.analysis.network import END_SHOWN, SPACE_SHOWN, Network, shown
from mathrepl.data.codec import Floats
from mathrepl.data.encoding import END
from mathrepl.support.errors import UsageError
from mathrepl.support.text import with_bounds

LIKELIEST = 5
_FORCED = re.compile(r"([1-9][0-9]{0,8})=(.)", re.DOTALL)
SPARE = 32  # a beam at least as wide, so that an answer with an unlikely first digit is found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A whole answer as a person reads it, and its probability, that of the end mark included."""

    text: str
    probability: float


def parse_forced(text: str) -> dict[int, str]:
    """The characters to force, by their number in writing order from 1, in `2=5,3=1`.

    Raises `UsageError`.
    """
    forced: dict[int, str] = {}
    for item in text.split(","):
        found = _FORCED.fullmatch(item.strip())
        if found is None:
            raise UsageError(
                f"{item.strip()!r} is not a forced character",
                hint="write 2=5 for a 5 as the second character written, several with commas",
            )
        forced[int(found[1])] = {END_SHOWN: END, SPACE_SHOWN: " "}.get(found[2], found[2])
    return forced


def step(network: Network, question: str, truth: str, forced: Mapping[int, str]) -> Figure:
    """The five likeliest characters at each position; `forced` ones are written instead.

    Raises `UsageError` for a character that the network does not have.
    """
    indices = _forced_indices(network, forced)
    probabilities = _probabilities(network, question, indices)
    codes = [indices.get(position, int(row.argmax())) for position, row in enumerate(probabilities)]
    codes = network.until_end(codes)
    characters = [shown(c) for c in network.encoding.characters]
    panels, records = [], []
    for position, (code, row) in enumerate(zip(codes, probabilities.tolist(), strict=False)):
        order = np.argsort(-probabilities[position], kind="stable")[:LIKELIEST].tolist()
        bars = tuple(
            Bar(characters[k] + (" ◂" if k == code else ""), row[k], with_bounds(row[k], 2))
            for k in order
        )
        how = ", forced" if position in indices else ""
        panels.append(Bars(f"character {position + 1}: {characters[code]}{how}", bars, 1.0))
        shares = [round(share, 6) for share in row]
        records.append(
            {
                "written": characters[code],
                "forced": position in indices,
                "probabilities": dict(zip(characters, shares, strict=True)),
            }
        )
    text = network.read(codes)
    target = network.target(question, truth)
    verdict = "; right" if text == target else f"; truth {target}"
    in_order = " ".join(characters[code] for code in codes)
    facts = [f"it writes {in_order}, read {text or '(nothing)'}{verdict}"]
    facts += network.facts(question)
    notes = []
    if indices:
        alone = network.read(_probabilities(network, question, {}).argmax(-1).tolist())
        facts.append(f"unforced it writes {alone or '(nothing)'}")
        if network.half.decoder is None:
            notes.append("its decoder does not read what was written, so the rest stays the same")
        beyond = [str(position + 1) for position in indices if position >= len(codes)]
        if beyond:
            notes.append(f"nothing was written at {', '.join(beyond)}: the answer had ended")
    return Figure(
        f"{network.name} writes {question}",
        tuple(panels),
        tuple(facts),
        tuple(notes),
        data={
            "weights": network.name,
            "question": question,
            "network": text,
            "truth": target,
            "characters": records,
        },
    )


def beam(network: Network, question: str, truth: str, count: int) -> Figure:
    """The `count` likeliest whole answers and their probabilities."""
    found = likeliest(network, question, count)
    target = network.target(question, truth)
    bars = tuple(
        Bar(
            (one.text or "(nothing)") + (" ✓" if one.text == target else ""),
            one.probability,
            with_bounds(one.probability, 3),
        )
        for one in found
    )
    total = sum(one.probability for one in found)
    facts = [f"together {with_bounds(total, 2)} of the probability of all answers"]
    if target not in [one.text for one in found]:
        facts.append(f"the truth {target} is not among them")
    facts += network.facts(question)
    return Figure(
        f"the {len(found)} likeliest answers of {network.name} to {question}",
        (Bars("probability of the whole answer", bars, 1.0),),
        tuple(facts),
        data={
            "weights": network.name,
            "question": question,
            "truth": target,
            "answers": [
                {
                    "network": one.text,
                    "probability": one.probability,
                    "right": one.text == target,
                }
                for one in found
            ],
        },
    )


def likeliest(network: Network, question: str, count: int) -> list[Candidate]:
    """The likeliest whole answers, the likeliest first, by beam search (Graves 2012).

    The result is exact where each position is written independently, as by the seed network. For
    an attention network the beam is several times wider than `count`.
    """
    width = max(4 * count, SPARE)
    prefixes: list[tuple[int, ...]] = [()]
    scores = np.zeros(1)
    finished: list[tuple[float, tuple[int, ...]]] = []
    decoder = network.decoder([question])
    if decoder is None:
        table = network.probabilities([question])[0]
    else:
        state = decoder.start
    for position in range(network.encoding.answer_length):
        if decoder is None:
            probabilities = table[position]
        else:
            written = np.array([prefix[-1] if prefix else 0 for prefix in prefixes], np.int32)
            state, probabilities, _ = decoder.step(state, written)
        with np.errstate(divide="ignore"):
            totals = scores[:, None] + np.log(probabilities.astype(np.float64))
        finished += [
            (float(score), prefix)
            for score, prefix in zip(totals[:, 0], prefixes, strict=True)
            if np.isfinite(score)
        ]
        totals[:, 0] = -np.inf
        order = np.argsort(-totals, axis=None, kind="stable")[:width]
        order = order[np.isfinite(totals.ravel()[order])]
        rows, characters = np.divmod(order, totals.shape[1])
        scores = totals.ravel()[order]
        prefixes = [(*prefixes[r], int(c)) for r, c in zip(rows, characters, strict=True)]
        if decoder is not None:
            state = state.rows(rows)
            decoder.rows(rows)
        finished = sorted(finished, reverse=True)[:count]
        full = len(finished) == count
        if not prefixes or (full and scores[0] < finished[-1][0]):
            break
    else:  # answers that fill every position have no end mark
        finished += list(zip(scores.tolist(), prefixes, strict=True))
    best = sorted(finished, reverse=True)[:count]
    return [Candidate(network.read(prefix), exp(score)) for score, prefix in best]


def _forced_indices(network: Network, forced: Mapping[int, str]) -> dict[int, int]:
    characters = network.encoding.characters
    for number, character in forced.items():
        if character not in characters:
            known = "".join(shown(c) for c in characters)
            raise UsageError(
                f"{network.name} has no character {character!r}", hint=f"it has {known}"
            )
        if number > network.encoding.answer_length:
            raise UsageError(
                f"there is no character {number}",
                hint=f"it writes at most {network.encoding.answer_length}",
            )
    return {number - 1: characters.index(character) for number, character in forced.items()}


def _probabilities(network: Network, question: str, forced: Mapping[int, int]) -> Floats:
    """Probabilities (U, V) of one answer, `forced` characters being the input of the next."""
    decoder = network.decoder([question])
    found = network.probabilities([question]) if decoder is None else decoder.greedily(forced)[0]
    rows: Floats = found[0]
    return rows
