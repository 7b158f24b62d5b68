"""Attention weights, and the spans that a tagger marks."""

from __future__ import annotations

from collections.abc import Sequence

from mathrepl.analysis.figure import Figure, Heatmap
from mathrepl.analysis.network import Network, check_known, rounded, shown
from mathrepl.data.codec import Floats
from mathrepl.support.errors import Advice, Run, UsageError


def attend(network: Network, question: str) -> Figure:
    """Attention weights of each head: a row a character written, a column a character read.

    Raises `UsageError` for a network without attention, or of an installed kind.
    """
    check_known(network)
    ((weights, codes),) = _attention_weights(network, [question])
    text = network.read(codes)
    heats = tuple(
        _heat(f"head {head + 1}", weights[:, head], network, codes, question)
        for head in range(weights.shape[1])
    )
    return Figure(
        f"attention weights of {network.name}, {question} = {text}",
        heats,
        (f"a row a character written, {_order(network)}, ■ the end; each row sums to 1",),
        data={
            "weights": network.name,
            "question": question,
            "network": text,
            "written": list(heats[0].rows),
            "read": list(heats[0].columns),
            "heads": [rounded(heat.cells) for heat in heats],
        },
    )


def _heat(title: str, weights: Floats, network: Network, codes: list[int], read: str) -> Heatmap:
    """Weights (U, T) of the characters in `read` for each of the written `codes`."""
    return Heatmap(
        title,
        weights,
        rows=tuple(network.character(code) for code in codes),
        columns=tuple(shown(c) for c in read),
        row_axis="written",
        column_axis="read",
    )


def _order(network: Network) -> str:
    return "from the last character on" if network.reverse else "from the first character on"


def _attention_weights(
    network: Network, questions: Sequence[str]
) -> list[tuple[Floats, list[int]]]:
    """Attention weights (U, H, T) of each question, T from left to right, and written indices.

    Raises `UsageError` for a network without attention.
    """
    decoder = network.decoder(questions)
    if decoder is None:
        sees = (
            "it reads columns" if network.skills else "its decoder sees one summary of the equation"
        )
        raise UsageError(
            f"{network.name} has no attention: {sees}",
            hint=Advice("look at that with ", Run("peek"), ", or ", Run("use", "add")),
        )
    probabilities, attention = decoder.greedily()
    found = []
    for row, question in enumerate(questions):
        codes = network.until_end(probabilities[row].argmax(-1).tolist())
        weights = attention[row, : len(codes), :, : len(question)]
        found.append((weights[..., ::-1] if network.reverse else weights, codes))
    return found
