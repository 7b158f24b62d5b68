"""Choosing the weights that answer a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mathrepl.arithmetic.expression import Expression
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.coverage import Coverage, check_plain, coverage_of, notes_on, rank_of
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError

AUTOMATIC = ("work", "add", "long")  # what `auto` chooses from, the proved ones first
FALLBACK = "blog"


@dataclass(frozen=True, slots=True)
class Question:
    """An equation with the weights that answer it.

    `text` is the equation as the network reads it, `target` its exact answer. `notes` report the
    ways in which it lies outside the training of the weights; `auto` that they were chosen for it.
    """

    expression: Expression
    text: str
    target: str
    weights: ActiveWeights
    notes: tuple[str, ...]
    auto: bool


def automatic_name(store: Store) -> str:
    """The weights that `auto` asks first."""
    names = store.names()
    return next((name for name in AUTOMATIC if name in names), FALLBACK)


def question_for(weights: ActiveWeights, expression: Expression, decimals: int) -> Question:
    """The equation as `weights` answer it; those that show steps round quotients to `decimals`.

    Raises `EquationError`: division by zero before unsupported characters.
    """
    # Under a rule of a package other equations have an answer.
    value = None if weights.card.task.rule else expression.value()
    coverage = coverage_of(weights.card, weights.store, expression)
    return _question(weights, expression, value, decimals, coverage, auto=False)


def _question(
    weights: ActiveWeights,
    expression: Expression,
    value: Fraction | None,
    decimals: int,
    coverage: Coverage,
    *,
    auto: bool,
) -> Question:
    card = weights.card
    chosen = decimals if card.architecture.row.shows_steps else None
    target = card.task.target(expression, value, chosen)
    notes = notes_on(card, expression, coverage, target)
    return Question(expression, coverage.text, target, weights, notes, auto)


class Router:
    """Routes equations in `auto`: to the simplest weights that cover them, else the best suited."""

    def __init__(self, weights: ActiveWeights) -> None:
        self._weights = weights
        self._others: dict[str, ActiveWeights] = {}

    def forget(self) -> None:
        """Read all weights again when they are next needed."""
        self._others.clear()

    def route(self, expression: Expression, decimals: int, names: Sequence[str] = ()) -> Question:
        """The question for the weights that suit it best, `decimals` as in `question_for`.

        `names` are those of the store, if known. Raises `EquationError`: division by zero before
        unsupported characters.
        """
        value = expression.value()
        weights, coverage = self._choose(expression, names or self._weights.store.names())
        return _question(weights, expression, value, decimals, coverage, auto=True)

    def _choose(
        self, expression: Expression, names: Sequence[str]
    ) -> tuple[ActiveWeights, Coverage]:
        best: tuple[tuple[bool, int, int], ActiveWeights, Coverage] | None = None
        problem: MathreplError | None = None
        for name in AUTOMATIC:
            if name not in names:
                continue
            try:
                weights = self._named(name)
                check_plain(weights.card)
                coverage = coverage_of(weights.card, weights.store, expression)
            except MathreplError as error:
                problem = problem or error
                continue
            rank = rank_of(weights.card, coverage, expression)
            if best is None or rank < best[0]:
                best = rank, weights, coverage
            if not any(rank[:2]):
                break
        if best is not None:
            return best[1], best[2]
        if problem is not None:
            raise problem  # that of the first weights, which can do the most
        return self._weights, coverage_of(self._weights.card, self._weights.store, expression)

    def _named(self, name: str) -> ActiveWeights:
        if name == self._weights.name:
            return self._weights
        if name not in self._others:
            self._others[name] = self._weights.beside(name)
        other = self._others[name]
        other.set_engine(self._weights.engine)
        return other
