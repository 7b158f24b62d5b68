"""The parts of a session that its prompt can be shown without."""

from __future__ import annotations

from dataclasses import dataclass

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout

from mathrepl.commands.parse import candidates
from mathrepl.commands.spec import Command, Context, Person
from mathrepl.commands.table import command_table
from mathrepl.hosts.prompt.highlight import Visible
from mathrepl.render.renderer import Renderer
from mathrepl.session.session import Session


class PromptPerson(Person):
    """Asks through a prompt of its own, without history or completion."""

    def ask(self, prompt: str) -> str | None:
        """A line, or None on Ctrl-D or Ctrl-C."""
        asking: PromptSession[str] = PromptSession(input_processors=[Visible()])
        try:
            with patch_stdout(raw=True):
                return asking.prompt(prompt)
        except (EOFError, KeyboardInterrupt):
            return None


@dataclass(frozen=True, slots=True)
class Parts:
    """The session with its commands, and what draws their values."""

    context: Context
    renderer: Renderer

    @property
    def session(self) -> Session:
        return self.context.session

    @property
    def commands(self) -> list[Command]:
        """The commands of a session."""
        return [c for c in self.context.commands.values() if "session" in c.hosts]

    def called(self, name: str) -> list[Command]:
        """The command of that name or alias, else those whose names start with it."""
        return candidates(name, self.context.commands)


def assemble(session: Session) -> Parts:
    """The parts around a session at a terminal."""
    context = Context(session, PromptPerson(), command_table(), "session")
    return Parts(context, Renderer(session.settings.theme))
