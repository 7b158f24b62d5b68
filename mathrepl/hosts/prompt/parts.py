"""Everything a session needs that is not needed to show its prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mathrepl.commands.spec import Command, Context
from mathrepl.commands.table import command_table
from mathrepl.hosts.prompt.person import PromptPerson
from mathrepl.render.renderer import Renderer
from mathrepl.session.session import Session


@dataclass(frozen=True, slots=True)
class Parts:
    """The session, its commands, and what draws them."""

    session: Session
    commands: Mapping[str, Command]
    renderer: Renderer
    context: Context


def assemble(session: Session) -> Parts:
    """The parts around a session at a terminal."""
    commands = command_table()
    renderer = Renderer(session.settings.theme)
    return Parts(session, commands, renderer, Context(session, PromptPerson(), commands, "session"))
