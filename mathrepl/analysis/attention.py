"""Attention weights, and the spans that a tagger marks."""

from __future__ import annotations

from collections.abc import Sequence

from mathrepl.analysis.figure import Figure, Heatmap
from mathrepl.analysis.network import Network, check_known, network_of, rounded, shown
from mathrepl.data.codec import Floats
from mathrepl.data.step_examples import PARTS
from mathrepl.inference.scratchpad_solver import ScratchpadSolver
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.support.errors import Advice, Run, UsageError


def attend_to(weights: ActiveWeights, question: str, number: int | None = None) -> Figure:
    """The attention of weights of any kind at a question; `number` picks one step, from 1.

    Raises `UsageError` for a step of weights that write none, and as `attend` and `attend_to_work`.
    """
    solver = weights.solver
    if isinstance(solver, ScratchpadSolver):
        tagger, rewriter = (network_of(weights, part) for part in PARTS)
        return attend_to_work(tagger, rewriter, solver, question, number)
    if number is not None:
        hint = Advice("leave out --line, or ", Run("use", "work"))
        raise UsageError(f"{weights.name} writes no lines", hint=hint)
    return attend(network_of(weights), question)


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


def attend_to_work(
    tagger: Network, rewriter: Network, solver: ScratchpadSolver, question: str, number: int | None
) -> Figure:
    """The span that the tagger marks in each line, and the rewriter's attention weights over it.

    `number` picks one line, from 1. Raises `UsageError` for a line that does not exist.
    """
    solution = solver.solve([question])[0]
    marked = [(line, line.span.of(line.text)) for line in solution.scratchpad if line.span]
    if number is not None and not 1 <= number <= len(marked):
        raise UsageError(f"there is no line {number}", hint=f"the working has {len(marked)}")
    heats: list[Heatmap] = []
    data = []
    # One batch for all lines, even to show one: alone, its numbers could be rounded differently.
    all_tags = tagger.probabilities([line.text for line, _ in marked]) if marked else ()
    attention = _attention_weights(rewriter, [part for _, part in marked]) if marked else []
    lines = zip(marked, all_tags, attention, strict=True)
    for index, ((line, part), of_line, (weights, codes)) in enumerate(lines, 1):
        if number not in (None, index):
            continue
        tags, written = of_line[: len(line.text), 1], rewriter.read(codes)
        heats += [
            Heatmap(
                f"line {index}: the reader marks {part}, {line.probability:.2%} sure of the step",
                tags[None, :],
                rows=("span",),
                columns=tuple(line.text),
            ),
            _heat(f"the doer writes {written}", weights.mean(1), rewriter, codes, part),
        ]
        data.append(
            {
                "line": line.text,
                "marked": part,
                "mark_probabilities": rounded(tags),
                "written": written,
                "attention": rounded(weights),
            }
        )
    return Figure(
        f"spans marked by {tagger.card.name} and attention weights over them, {question}",
        tuple(heats),
        (f"the doer writes {_order(rewriter)}; the mean of its heads is shown",),
        (solution.stuck,) if solution.stuck else (),
        data={"weights": tagger.card.name, "question": question, "lines": data},
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
        raise UsageError(
            f"{network.name} has no attention: its decoder sees one summary of the equation",
            hint=Advice("look at that with ", Run("peek"), ", or ", Run("use", "add")),
        )
    probabilities, attention = decoder.greedily()
    found = []
    for row, question in enumerate(questions):
        codes = network.until_end(probabilities[row].argmax(-1).tolist())
        weights = attention[row, : len(codes), :, : len(question)]
        found.append((weights[..., ::-1] if network.reverse else weights, codes))
    return found
