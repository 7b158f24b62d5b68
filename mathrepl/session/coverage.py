"""What a network can be asked, and in which ways a question lies outside its training."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from mathrepl.arithmetic.expression import Expression, readable
from mathrepl.arithmetic.rules import rule_of
from mathrepl.arithmetic.scratchpad import first_line
from mathrepl.arithmetic.task import MAX_NUMBER_DIGITS, Task
from mathrepl.store.card import Card
from mathrepl.store.store import Store
from mathrepl.support.advice import Advice, Run
from mathrepl.support.errors import OutOfReachError, WeightsError


def check_characters(card: Card, task: Task) -> None:
    """Raise `OutOfReachError` where the network has no character for questions of `task`."""
    signs = task.operations + ("-" if task.low < 0 else "")
    strange = [sign for sign in signs if sign not in card.encoding.characters]
    if strange:
        hint = "choose other operations, or weights that know them"
        raise OutOfReachError(_lacks(card, strange[0]), hint=hint)


def check_reach(card: Card, store: Store, expression: Expression) -> None:
    """Raise `OutOfReachError` where the network has no character for the question."""
    question = expression.format(spaced=card.task.spaced)
    if card.architecture.kind == "work":
        question = question.replace("%", "/")
    strange = [c for c in question if c not in card.encoding.characters]
    if not strange:
        if card.architecture.kind == "work" and first_line(expression, 0) is None:
            if "%" in expression.operations():
                what, hint = "takes a remainder of two numbers alone", "write 842 % 37"
            elif any("." in text for text in expression.literals()):
                what, hint = "works with whole numbers", "leave out the point"
            else:
                what, hint = "divides once, at the end of a term", "write 3*842/37 + 5"
            raise OutOfReachError(f"{card.name} {what}", text=expression.text, hint=hint)
        return
    able = [n for n in store.names() if n != card.name and _knows(store, n, card, expression)]
    if not able:
        hint = "no weights here can; train some for such equations"
    elif len(able) == 1:
        hint = Advice("try ", Run("use", able[0]))
    else:
        hint = f"these weights could: {', '.join(able)}"
    raise OutOfReachError(
        _lacks(card, strange[0]),
        text=expression.text,
        column=readable(expression.text).find(strange[0]),
        hint=hint,
    )


def check_plain(card: Card) -> None:
    """Raise `OutOfReachError` for weights whose answers are not those of arithmetic."""
    if card.task.rule:
        raise OutOfReachError(
            f"{card.name} answers by the rule {card.task.rule}, not by arithmetic",
            hint=Advice("to ask it, ", Run("use", card.name)),
        )


def grows(card: Card, expression: Expression) -> bool:
    """Whether only the length of its numbers takes the question out of the training, to networks
    that look digits up and so hold for any length.
    """
    wider = replace(card.task, high=max(card.task.high, 10**MAX_NUMBER_DIGITS - 1))
    return card.architecture.lookup and not wider.outside(expression)


def too_many(card: Card, expression: Expression) -> bool:
    """Whether the question has more operations than a network that writes its answer at once knows.

    One that works line by line takes any number of them, one after the other.
    """
    return card.architecture.kind != "work" and len(expression.operations()) > card.task.most


def misfits(card: Card, expression: Expression) -> list[str]:
    """In which ways the question lies outside what the network was trained on."""
    notes = card.task.outside(expression)
    question = expression.format(spaced=card.task.spaced)
    if len(question) >= card.encoding.question_length:
        room = card.encoding.question_length - 1
        notes.append(f"{len(question)} characters, it was trained on at most {room}")
    return notes


def notes_on(card: Card, expression: Expression, truth: str) -> list[str]:
    """What a person should mind about an answer: misfits, and whose truth it is."""
    notes = misfits(card, expression)
    if len(truth) >= card.encoding.answer_length and card.architecture.kind != "work":
        room = card.encoding.answer_length - 1
        notes.append(f"it can write at most {room} characters, the answer has {len(truth)}")
    if card.task.rule:
        notes.append(f"the truth is by {card.task.rule}, {rule_of(card.task.rule).summary}")
    return notes


def _knows(store: Store, name: str, beside: Card, expression: Expression) -> bool:
    card = _card(store.user, store.bundled, name, _stamps(store, name))
    if card is None:
        return False
    if card.task.rule != beside.task.rule:
        return False  # its answer would be to another question
    if card.architecture.kind == "work" and first_line(expression, 0) is None:
        return False
    return set(expression.format(spaced=card.task.spaced)) <= set(card.encoding.characters)


@lru_cache(maxsize=64)  # a line of many questions would read every card once for each of them
def _card(user: Path, bundled: Path, name: str, _stamps: tuple[object, ...]) -> Card | None:
    try:
        return Store(user, bundled).find(name).card
    except WeightsError:
        return None


def _stamps(store: Store, name: str) -> tuple[object, ...]:
    """What changes when one of the cards of that name is written."""
    stamps: list[object] = []
    for directory in (store.user, store.bundled):
        try:
            state = (directory / f"{name}.json").stat()
        except OSError:
            stamps.append(None)
        else:
            stamps.append((state.st_mtime_ns, state.st_size, state.st_ino))
    return tuple(stamps)


def _lacks(card: Card, character: str) -> str:
    return f"{card.name} has no character {character!r}, it was trained on {card.task.describe()}"
