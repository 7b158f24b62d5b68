"""Commands about networks that remember symbols: prove and automaton."""

from __future__ import annotations

from dataclasses import replace

from mathrepl.commands.spec import Arguments, Command, Context, Parameter, Value
from mathrepl.evaluation.proofs import flaw_of, prove_weights
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.store.proofs import ProofTable
from mathrepl.support.errors import WeightsError, in_one_line


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
)
