"""Equations that a network can be asked, and how far they lie outside its training."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mathrepl.arithmetic.expression import Expression
from mathrepl.arithmetic.layout import first_line
from mathrepl.arithmetic.lines import is_operation
from mathrepl.arithmetic.parser import readable
from mathrepl.arithmetic.rules import rule_of
from mathrepl.arithmetic.task import MAX_NUMBER_DIGITS, Task
from mathrepl.data.passes import can_work_out
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from mathrepl.support.errors import Advice, OutOfReachError, Run, WeightsError


@dataclass(frozen=True, slots=True)
class Coverage:
    """An equation as weights read it: its `text`, and the `misfits` with their training."""

    text: str
    misfits: tuple[str, ...]


def coverage_of(card: Card, store: Store, expression: Expression) -> Coverage:
    """The coverage of an equation. Raises `OutOfReachError` if the network cannot be asked it."""
    text = expression.format(spaced=card.task.spaced)
    _check_characters_of(card, store, expression, text)
    if card.architecture.row.shows_steps:  # code lays out lines of any length
        return Coverage(text, ())
    misfits = card.task.outside(expression)
    room = card.encoding.question_length - 1
    if len(text) > room:
        misfits.append(f"{len(text)} characters, it was trained on at most {room}")
    return Coverage(text, tuple(misfits))


def notes_on(
    card: Card, expression: Expression, coverage: Coverage, target: str
) -> tuple[str, ...]:
    """Remarks on an answer: the reading of what was typed, misfits, an answer too long to write,
    and a rule's own truth.
    """
    notes = [f"read as {expression.reading}"] if expression.reading else []
    notes += coverage.misfits
    room = card.encoding.answer_length - 1
    if len(target) > room and not card.architecture.row.any_length:
        notes.append(f"it can write at most {room} characters, the answer has {len(target)}")
    if card.task.rule:
        notes.append(f"the truth is by {card.task.rule}, {rule_of(card.task.rule).summary}")
    return tuple(notes)


def rank_of(card: Card, coverage: Coverage, expression: Expression) -> tuple[bool, int, int]:
    """A rank of weights by how badly they suit an equation that they can read; the least is best.

    More operations than a network that answers at once was trained on weigh most, then the number
    of misfits. Of weights that misfit alike, those trained on the largest numbers come first.
    """
    limited = not card.architecture.row.any_length
    too_many = limited and len(expression.operations()) > card.task.most
    misfits = 0 if _only_longer(card, expression) else len(coverage.misfits)
    return too_many, misfits, -card.task.high


def check_characters(card: Card, task: Task) -> None:
    """Raise `OutOfReachError` if the network lacks a character of questions of `task`."""
    signs = task.operations + ("-" if task.low < 0 else "")
    strange = [sign for sign in signs if sign not in card.encoding.characters]
    if strange:
        hint = "choose other operations, or weights that know them"
        raise OutOfReachError(_lacks(card, strange[0]), hint=hint)


def check_plain(card: Card) -> None:
    """Raise `OutOfReachError` for weights whose answers are not those of arithmetic."""
    if card.task.rule:
        raise OutOfReachError(
            f"{card.name} answers by the rule {card.task.rule}, not by arithmetic",
            hint=Advice("to ask it, ", Run("use", card.name)),
        )


def _check_characters_of(card: Card, store: Store, expression: Expression, text: str) -> None:
    """Raise `OutOfReachError` if the network has no characters or no layout for an equation."""
    strange = _strange(card, expression, text)
    if strange is None:
        if card.architecture.row.shows_steps:
            layout = first_line(expression)  # raises for one that is too long
            skills = card.encoding.skills
            signs = "s" in skills
            if skills and (layout.places or not is_operation(layout.line, signs=signs)):
                without = "" if signs else " without signs"
                raise OutOfReachError(
                    f"{card.name} has no reader: it takes one operation on whole numbers{without}",
                    text=expression.text,
                    hint=Advice("for more, ", Run("use", "work")),
                )
        return
    able = [n for n in store.names() if n != card.name and _knows(store, n, card, expression)]
    if not able:
        hint = "no weights here can; train some for such equations"
    elif len(able) == 1:
        hint = Advice("try ", Run("use", able[0]))
    else:
        hint = f"these weights could: {', '.join(able)}"
    raise OutOfReachError(
        _lacks(card, strange),
        text=expression.text,
        column=_column(expression, strange),
        hint=hint,
    )


def _strange(card: Card, expression: Expression, text: str) -> str | None:
    """The first operation or character of an equation that the network does not know, if any."""
    operations = expression.operations()
    if card.architecture.row.shows_steps:  # code lays out the rest
        skills = card.encoding.skills
        return next((o for o in operations if skills and not can_work_out(skills, o)), None)
    # It may know the characters of an operation of two, but it was never trained on one.
    double = next((o for o in operations if len(o) > 1), None)
    return double or next((c for c in text if c not in card.encoding.characters), None)


def _column(expression: Expression, strange: str) -> int:
    column = expression.column_of(strange)
    return readable(expression.text).find(strange) if column is None else column


def _only_longer(card: Card, expression: Expression) -> bool:
    """True if only the length of its numbers takes an equation out of the training."""
    if not card.architecture.lookup:  # with it digits are looked up by position, at any length
        return False
    wider = replace(card.task, high=max(card.task.high, 10**MAX_NUMBER_DIGITS - 1))
    return not wider.outside(expression)


def _knows(store: Store, name: str, beside: Card, expression: Expression) -> bool:
    card = _card(store.user, store.bundled, name, _stamps(store, name))
    if card is None:
        return False
    if card.task.rule != beside.task.rule:
        return False  # its answer would be to another question
    return _strange(card, expression, expression.format(spaced=card.task.spaced)) is None


@lru_cache(maxsize=64)  # a line of many questions would read every card once for each of them
def _card(user: Path, bundled: Path, name: str, _stamps: tuple[object, ...]) -> Card | None:
    try:
        return Store(user, bundled).find(name).card
    except WeightsError:
        return None


def _stamps(store: Store, name: str) -> tuple[object, ...]:
    """File states that change when one of the cards of that name is written."""
    stamps = []
    for directory in (store.user, store.bundled):
        with suppress(OSError):
            state = (directory / f"{name}.json").stat()
            stamps.append((directory, state.st_mtime_ns, state.st_size, state.st_ino))
    return tuple(stamps)


def _lacks(card: Card, character: str) -> str:
    what = "character" if len(character) == 1 else "operation"
    return f"{card.name} has no {what} {character!r}, it was trained on {card.task.describe()}"
