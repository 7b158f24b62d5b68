"""Where attention looked, and what a reader marked."""

from __future__ import annotations

from collections.abc import Sequence

from mathrepl.analysis.figure import Figure, Heatmap
from mathrepl.analysis.network import Network, check_known, rounded, shown
from mathrepl.data.codec import Floats
from mathrepl.inference.scratchpad_solver import ScratchpadSolver
from mathrepl.networks.attention import decode_greedily
from mathrepl.support.errors import UsageError


def attend(network: Network, question: str) -> Figure:
    """Attention weights of each head: a row a character written, a column a character read.

    Raises `UsageError` for a network without attention, or of an installed kind.
    """
    check_known(network, "where it looks")
    if network.kind != "attention":
        raise UsageError(
            f"{network.name} has no attention: its decoder sees one summary of the equation",
            hint="look at that with :peek, or :use add",
        )
    ((weights, codes),) = _attention_weights(network, [question])
    rows = tuple(network.character(code) for code in codes)
    columns = tuple(shown(c) for c in question)
    heats = tuple(
        Heatmap(
            f"head {head + 1}",
            weights[:, head],
            rows=rows,
            columns=columns,
            row_axis="written",
            column_axis="read",
        )
        for head in range(weights.shape[1])
    )
    return Figure(
        f"where {network.name} looked, {question} = {network.read(codes)}",
        heats,
        (f"a row a character written, {_order(network)}, ■ the end; each row sums to 1",),
        data={
            "weights": network.name,
            "question": question,
            "network": network.read(codes),
            "written": list(rows),
            "read": list(columns),
            "heads": [rounded(weights[:, head]) for head in range(weights.shape[1])],
        },
    )


def attend_to_work(
    reader: Network, doer: Network, solver: ScratchpadSolver, question: str, number: int | None
) -> Figure:
    """Each step: the span the reader marked, with its probability, and where the doer looked.

    `number` picks one line, from 1. Raises `UsageError` for a line that there is not.
    """
    solution = solver.solve([question])[0]
    marked = [line for line in solution.scratchpad if line.span is not None]
    if number is not None and not 1 <= number <= len(marked):
        raise UsageError(f"there is no line {number}", hint=f"the working has {len(marked)}")
    heats: list[Heatmap] = []
    data = []
    parts = [line.span.of(line.text) for line in marked if line.span is not None]
    # All together even for one line: alone, it could be rounded otherwise.
    all_tags = reader.probabilities([line.text for line in marked]) if marked else ()
    attention = _attention_weights(doer, parts) if marked else []
    of_lines = zip(marked, parts, all_tags, attention, strict=True)
    for index, (line, part, of_line, (weights, codes)) in enumerate(of_lines, 1):
        if number not in (None, index):
            continue
        tags = of_line[: len(line.text), 1]
        heats.append(
            Heatmap(
                f"line {index}: the reader marks {part}, {line.probability:.2%} sure of the step",
                tags[None, :],
                rows=("span",),
                columns=tuple(line.text),
            )
        )
        heats.append(
            Heatmap(
                f"the doer writes {doer.read(codes)}",
                weights.mean(1),
                rows=tuple(doer.character(code) for code in codes),
                columns=tuple(part),
                row_axis="written",
                column_axis="read",
            )
        )
        data.append(
            {
                "line": line.text,
                "marked": part,
                "mark_probabilities": rounded(tags),
                "written": doer.read(codes),
                "attention": rounded(weights),
            }
        )
    return Figure(
        f"what {reader.card.name} marked and where it looked, {question}",
        tuple(heats),
        (f"the doer writes {_order(doer)}; the mean of its heads is shown",),
        (solution.stuck,) if solution.stuck else (),
        data={"weights": reader.card.name, "question": question, "lines": data},
    )


def _order(network: Network) -> str:
    return "from the last character on" if network.reverse else "from the first character on"


def _attention_weights(
    network: Network, questions: Sequence[str]
) -> list[tuple[Floats, list[int]]]:
    """Of each question attention weights (U, H, T), T in its order, and what was written."""
    probabilities, attention = decode_greedily(
        network.tensors,
        network.card.architecture,
        network.encoding,
        network.indices(questions),
    )
    found = []
    for row, question in enumerate(questions):
        codes = network.until_end(probabilities[row].argmax(-1).tolist())
        weights = attention[row, : len(codes), :, : len(question)]
        found.append((weights[..., ::-1] if network.reverse else weights, codes))
    return found
