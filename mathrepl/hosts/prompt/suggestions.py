"""Completions for hosts that have a prompt of their own."""

from __future__ import annotations

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from mathrepl.hosts.prompt.completion import CommandCompleter
from mathrepl.hosts.prompt.parts import assemble
from mathrepl.session.session import Session


def suggestions(session: Session, text: str) -> tuple[str, list[str]]:
    """The end of `text` to replace, which may be empty, and the words to replace it with."""
    parts = assemble(session)
    completer = CommandCompleter(lambda: parts)
    found = list(completer.get_completions(Document(text), CompleteEvent()))
    length = -found[0].start_position if found else 0
    return text[len(text) - length :], [completion.text for completion in found]
