"""What the doer of a working is handed: one step at a time, never a question of several."""

from __future__ import annotations

from mathrepl.analysis.network import Network
from mathrepl.arithmetic.reference_steps import next_step


def due(network: Network, question: str, truth: str) -> str | None:
    """What should be written for `question`, whose answer is `truth`.

    For a doer it is what the step becomes; None for what is no single step.
    """
    if network.part != "doer":
        return truth
    try:
        step = next_step(question)
    except ValueError:
        return None
    return step.result if step.redex == question else None


def one_step(network: Network, question: str) -> list[str]:
    """That a doer writes one step, not the answer, where that is what is shown."""
    if network.part != "doer" or due(network, question, "") is None:
        return []
    return [f"one step of a working: what its doer puts in the place of {question}"]


def remarks(network: Network, question: str) -> tuple[str, ...]:
    """That a working would not hand the doer this question, where it would not."""
    if due(network, question, "") is not None:
        return ()
    return (
        f"{question} is no single step, and {network.card.name} hands its doer one at a time; "
        "see them with :attn",
    )
