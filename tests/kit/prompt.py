"""The prompt on a pipe instead of a keyboard, without a screen."""

from __future__ import annotations

from prompt_toolkit.input import PipeInput
from prompt_toolkit.output import DummyOutput

from mathrepl.hosts.prompt.loop import Repl
from mathrepl.hosts.prompt.parts import Parts, assemble
from mathrepl.session.session import Session

CTRL_C, CTRL_D, UP, TAB = "\x03", "\x04", "\x1b[A", "\t"


def run(session: Session, keyboard: PipeInput, typed: str) -> Parts:
    """Type everything, leave with Ctrl-D, and give back what the session was made of."""
    parts = assemble(session)
    keyboard.send_text(typed + CTRL_D)
    repl = Repl(session.settings, lambda: parts, input=keyboard, output=DummyOutput())
    repl._parts = parts  # the keys are all typed at once, before anything could load
    assert repl.run() == 0
    return parts
