"""Rules of other packages: other right answers to the questions of the grammar.

Each entry point of the group `mathrepl.tasks` names a `Rule`, and its name is the rule's. A rule
is imported when a task first names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from mathrepl.arithmetic.expression import Expression, read_value
from mathrepl.support.errors import MathreplError, TaskError
from mathrepl.support.plugins import TASKS, Group, guarded

PLAIN = "none"  # typed in place of a rule, for the answers of arithmetic
MAX_ANSWER = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """The right answers of a task: `truth` returns the number that a network should write.

    It may raise a `MathreplError`: a `DivisionByZeroError` where there is no answer, so that no
    such question is drawn. `answer_length` is the length of the longest answer to a question of a
    task with the rule, and `characters` are the characters of answers besides digits, out of `-`
    and `.`. `summary` is a phrase that describes the rule.
    """

    summary: str
    truth: Callable[[Expression], str]
    answer_length: int
    characters: str = ""


def flaw_of(rule: Rule) -> str | None:
    """The reason why a rule cannot be used, or None."""
    if not isinstance(rule.summary, str) or not rule.summary.strip() or "\n" in rule.summary:
        return "its summary must be one line"
    if not callable(rule.truth):
        return "its truth cannot be called"
    if type(rule.answer_length) is not int or not 1 <= rule.answer_length <= MAX_ANSWER:
        return f"its answer_length must be 1 to {MAX_ANSWER:,}"
    if not isinstance(rule.characters, str) or not set(rule.characters) <= set("-."):
        return "its characters can be - and . alone"
    return None


RULES = Group(TASKS, "rule", frozenset({PLAIN}), Rule, flaw_of, TaskError)


def rule_names() -> tuple[str, ...]:
    """The names of the rules that installed packages add; none of them is imported."""
    return tuple(RULES.points())


@cache
def rule_of(name: str) -> Rule:
    """The rule of that name. Raises `TaskError` where there is none or it cannot be used."""
    rule = RULES.get(name)
    if rule is None:
        known = ", ".join(rule_names())
        raise TaskError(
            f"there is no rule {name!r} among the installed packages",
            hint=f"install the one that adds it; there are {known}" if known else "install it",
        )
    return replace(rule, truth=_checked(rule.truth, RULES.source(name)))


def _checked(truth: Callable[[Expression], str], source: str) -> Callable[[Expression], str]:
    """`truth`, whose failures and answers that are not numbers raise a `MathreplError`."""
    call = guarded(f"{source} failed", truth)

    def checked(expression: Expression) -> str:
        answer: object = call(expression)
        if not isinstance(answer, str) or read_value(answer) is None:
            raise MathreplError(
                f"{source} answers {expression.text} with {repr(answer)[:60]}, not with a number"
            )
        return answer

    return checked
