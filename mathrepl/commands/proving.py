"""Commands about networks that remember symbols: prove and automaton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mathrepl.commands.figures import SAVE, Figures, showing
from mathrepl.commands.spec import Arguments, Command, Context, Parameter, Value
from mathrepl.evaluation.proofs import automata_of, flaw_of, prove_weights
from mathrepl.networks import kind_of, parts_of
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.session import Session
from mathrepl.store.proofs import ProofTable
from mathrepl.support.errors import Run, WeightsError, in_one_line


def prove(context: Context, arguments: Arguments) -> Value:
    weights = context.session.weights.named(arguments.text("name"))
    found, tensors = weights.store.load(weights.name, weights.found)
    proved, table = prove_weights(found.card, tensors)
    kept = found.card.proof
    flaw = flaw_of(kept, table)
    if not flaw:
        return replace(proved, card="the table in its card was checked and is the same")
    if arguments.flag("check"):
        return replace(proved, flaw=flaw)
    if not proved.proved or not weights.store.is_writable(found):
        return replace(proved, card="its card is left as it is", flaw=flaw if kept else "")
    _write(weights, table)
    return replace(proved, card="the table of all transitions is written into its card")


@showing
def automaton(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.machine import machine

    weights = context.session.weights
    found, tensors = weights.store.load(weights.name, weights.found)
    automata = automata_of(found.card, tensors, Run("use", "work"))
    return machine(found.card.name, automata, arguments.text("skill"))


def _skills(session: Session, before: Sequence[str]) -> tuple[str, ...]:
    """The skills of the weights in use, for completion."""
    card = session.weights.card
    kinds = parts_of(card.architecture).values()
    return tuple("".join(kind_of(kind).encoding(card.encoding).skills for kind in kinds))


def _write(weights: ActiveWeights, table: ProofTable) -> None:
    """Write the table into the card. Raises `WeightsError`."""
    card = weights.card
    writing = in_one_line(WeightsError, "could not write the card")
    try:
        with writing, weights.store.lock(card.name):
            weights.store.save_card(replace(card, proof=table))
    finally:
        weights.refresh()


COMMANDS = (
    Command(
        "prove",
        "prove that a network is right at every length, or find where not",
        prove,
        (
            Parameter("name", "name of weights; without it, the current ones", "weights"),
            Parameter("--check", "only check the table that the card holds", "flag"),
        ),
        details="For networks that remember symbols, such as work: every transition that a pass "
        "can reach is asked. A proof is written into the card of your own weights, as a table of "
        "all transitions; where the card has one, it is checked. A skill that is not proved makes "
        "the exit code 1.",
        examples=(":prove", ":prove work --check"),
    ),
    Command(
        "automaton",
        "the machine that a network with a memory of symbols has found",
        automaton,
        (
            Parameter("skill", "a skill of the weights in use", default="+", suggest=_skills),
            SAVE,
        ),
        details="Symbols that no question can tell apart are one state, which is named by the "
        "state of the rule that it stands for. A file shows the machine as a graph.",
        examples=(":automaton", ":automaton ?", ":automaton + --save carry.svg"),
    ),
)
