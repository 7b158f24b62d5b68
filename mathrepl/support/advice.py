"""Advice to a person that names commands: each host spells them as a person types them there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """A command and its arguments; `str()` of it is how a session spells it.

    `weights` are those it works on, which a session has in use and a shell has to name.
    """

    command: str
    arguments: str = ""
    weights: str = ""

    def __str__(self) -> str:
        return f":{self.command} {self.arguments}".rstrip()


Spell = Callable[[Run], str]


class Advice(str):
    """Plain text between commands; as a string it is spelled for a session."""

    __slots__ = ("parts",)
    parts: tuple[str | Run, ...]

    def __new__(cls, *parts: str | Run) -> Advice:
        made = super().__new__(cls, "".join(map(str, parts)))
        made.parts = parts
        return made


def spelled(text: str, spell: Spell) -> str:
    """`text` with the commands that it names as `spell` writes them."""
    if not isinstance(text, Advice):
        return text
    return "".join(spell(part) if isinstance(part, Run) else part for part in text.parts)
