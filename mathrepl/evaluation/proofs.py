"""Proofs of weights that remember symbols, the table of a proof in their card, and its check.

This module loads no numpy: the networks are imported when they are proved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mathrepl.arithmetic.skills import ALL, END, Skill, pass_text
from mathrepl.networks import Tensors, kind_of, part_tensors, parts_of
from mathrepl.store.card import Card
from mathrepl.store.proofs import END_WRITTEN, PairRow, ProofTable, SkillTable, symbol_digit
from mathrepl.support.errors import Advice, Run, UsageError

if TYPE_CHECKING:
    from mathrepl.networks.columns import Automaton
    from mathrepl.networks.proof import SkillProof

SAME_LEAD = 1e-6  # relative: processors add float64 numbers in different orders


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A shortest pass that goes wrong, in its leftmost column: both rows, and both results.

    The four texts have a character for each column; the end mark is `END_WRITTEN`.
    """

    question: str
    first: str
    second: str
    network: str
    truth: str


@dataclass(frozen=True, slots=True)
class SkillVerdict:
    """The proof of one skill of one part, with a counterexample where it is wrong."""

    part: str
    skill: str
    pairs: int
    symbols: int
    transitions: int
    wrong: int
    narrow: int
    margin: float
    moved: float
    counterexample: Counterexample | None

    @property
    def proved(self) -> bool:
        return not self.wrong and not self.narrow

    @property
    def text(self) -> str:
        """The outcome in words."""
        if self.wrong:
            return f"{self.wrong:,} of {self.transitions:,} transitions wrong"
        if self.narrow:
            return f"{self.narrow:,} transitions within the rounding of float32"
        return "proved right at every length"

    def record(self) -> dict[str, Any]:
        wrong = self.counterexample
        return {
            "part": self.part,
            "skill": self.skill,
            "summary": ALL[self.skill].summary,
            "proved": self.proved,
            "pairs": self.pairs,
            "symbols": self.symbols,
            "transitions": self.transitions,
            "wrong": self.wrong,
            "narrow": self.narrow,
            "margin": self.margin,
            "rounding": self.moved,
            "counterexample": wrong
            and {"question": wrong.question, "network": wrong.network, "truth": wrong.truth},
        }


@dataclass(frozen=True, slots=True)
class ProvedWeights:
    """The proof of all skills of some weights.

    `flaw` says what is wrong with the table in their card, where one was to be checked; `card` says
    in words what became of that table.
    """

    name: str
    sha256: str
    skills: tuple[SkillVerdict, ...]
    card: str = ""
    flaw: str = ""

    @property
    def proved(self) -> bool:
        return all(skill.proved for skill in self.skills)

    @property
    def good(self) -> bool:
        """True if every skill is proved, and the table in the card is right."""
        return self.proved and not self.flaw

    @property
    def transitions(self) -> int:
        return sum(skill.transitions for skill in self.skills)

    def record(self) -> dict[str, Any]:
        return {
            "weights": self.name,
            "sha256": self.sha256,
            "proved": self.proved,
            "transitions": self.transitions,
            "card": self.card,
            "flaw": self.flaw,
            "skills": [skill.record() for skill in self.skills],
        }


def automata_of(card: Card, tensors: Tensors, run: Run) -> dict[str, Automaton]:
    """The steps of each network of such weights, by its part.

    Raises `UsageError` for networks that remember numbers; `run` is advised for other weights.
    """
    found = {}
    for part, name in parts_of(card.architecture).items():
        automaton = kind_of(name).automaton
        if automaton is None:
            raise UsageError(
                f"{card.name} is of kind {card.architecture.kind}, whose memory is real numbers: "
                "there is no finite machine in it",
                hint=Advice("try ", run),
            )
        found[part] = automaton(part_tensors(tensors, part), card.encoding)
    return found


def prove_weights(card: Card, tensors: Tensors) -> tuple[ProvedWeights, ProofTable]:
    """The proof of all skills, and its table. Raises as `automata_of`."""
    from mathrepl.networks.proof import prove

    verdicts, tables = [], []
    for part, automaton in automata_of(card, tensors, Run("prove", "work")).items():
        for skill in prove(automaton).skills:
            verdicts.append(_verdict(part, skill))
            tables.append(_table(part, skill, automaton))
    proof = ProofTable(card.sha256, datetime.now(UTC).date().isoformat(), tuple(tables))
    return ProvedWeights(card.name, card.sha256, tuple(verdicts)), proof


def _verdict(part: str, proof: SkillProof) -> SkillVerdict:
    return SkillVerdict(
        part,
        proof.skill,
        len(proof.pairs),
        proof.symbols,
        proof.transitions,
        proof.wrong,
        proof.narrow,
        proof.margin,
        proof.moved,
        _counterexample(proof),
    )


def _counterexample(proof: SkillProof) -> Counterexample | None:
    """The first wrong transition found: all columns before it are answered rightly."""
    if not proof.wrongs:
        return None
    skill, wrong = ALL[proof.skill], proof.wrongs[0]
    state, truth = 0, ""
    for column in wrong.columns:
        character, state = skill.rule(state, *column)
        truth = _shown(character) + truth
    first, second = ("".join(row)[::-1] for row in zip(*wrong.columns, strict=True))
    question = pass_text(skill, wrong.columns)
    return Counterexample(question, first, second, _shown(wrong.written) + truth[1:], truth)


def _table(part: str, proof: SkillProof, automaton: Automaton) -> SkillTable:
    skill = ALL[proof.skill]
    written, following = automaton.steps_of(skill)
    pairs = tuple(
        PairRow(
            symbol,
            state,
            "".join(map(_shown, written[symbol])),
            "".join(map(symbol_digit, following[symbol])),
        )
        for symbol, state in proof.pairs
    )
    return SkillTable(part, skill.name, _columns(skill), proof.margin, proof.moved, pairs)


def _columns(skill: Skill) -> str:
    return "".join(a + b for a, b in skill.columns())


def _shown(character: str) -> str:
    return END_WRITTEN if character == END else character


def flaw_of(kept: ProofTable | None, proof: ProofTable) -> str:
    """The flaw of a card's table, compared with the `proof` of its weights; empty for none.

    First the table itself is checked, against the rules alone.
    """
    if kept is None:
        return "there is no table in its card"
    if kept.weights_sha256 != proof.weights_sha256:
        return "the table in its card is of other weights"
    flaw = next((flaw for table in kept.skills for flaw in _flaws(table)), "")
    if flaw:
        return flaw
    if [_exact(table) for table in kept.skills] != [_exact(table) for table in proof.skills]:
        return "the table in its card is not what the network does"
    if not all(map(_same_leads, kept.skills, proof.skills)):
        return "the margins in its card's table are not those of the network"
    return ""


def _exact(table: SkillTable) -> SkillTable:
    """The table without its margins, whose last digits depend on the processor."""
    return replace(table, margin=0.0, moved=0.0)


def _same_leads(a: SkillTable, b: SkillTable) -> bool:
    pairs = ((a.margin, b.margin), (a.moved, b.moved))
    return all(math.isclose(one, other, rel_tol=SAME_LEAD) for one, other in pairs)


def _flaws(table: SkillTable) -> Iterator[str]:
    """The flaws that keep the table of a skill from being a proof.

    A pass begins in a row of the table, each row writes what the rule writes, and each column leads
    to a row of the table or to the end.
    """
    where = f"in its card's table of {table.skill!r}"
    skill = ALL.get(table.skill)
    if skill is None or table.columns != _columns(skill):
        yield f"{where} the columns are not those of a skill"
        return
    rows = {(row.symbol, row.state) for row in table.pairs}
    if (0, 0) not in rows:
        yield f"{where} there is no start"
    columns = skill.columns()
    for row in table.pairs:
        at = f"{where}, symbol {row.symbol} and state {row.state},"
        if row.state >= len(skill.states) or {len(row.written), len(row.following)} != {
            len(columns)
        }:
            yield f"{at} there is not a transition for each column"
            continue
        for column, written, symbol in zip(columns, row.written, row.following, strict=True):
            right, state = skill.rule(row.state, *column)
            if written != _shown(right):
                yield f"{at} {column} is answered by {written!r} instead of {_shown(right)!r}"
            if right != END and (ord(symbol) - ord("0"), state) not in rows:
                yield f"{at} {column} leads out of the table"
