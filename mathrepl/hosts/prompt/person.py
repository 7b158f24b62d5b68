"""Questions to the person in the middle of a command."""

from __future__ import annotations

from prompt_toolkit import PromptSession
from prompt_toolkit.patch_stdout import patch_stdout

from mathrepl.commands.spec import Person
from mathrepl.hosts.prompt.visible import Visible


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
