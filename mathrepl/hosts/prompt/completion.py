"""Completion of commands, options and values, all from the command table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from mathrepl.support.errors import MathreplError

if TYPE_CHECKING:
    from mathrepl.commands.spec import Command, Parameter
    from mathrepl.hosts.prompt.parts import Parts


class CommandCompleter(Completer):
    """Completes lines that start with a colon, once the command table is loaded."""

    def __init__(self, loaded: Callable[[], Parts | None]) -> None:
        self._loaded = loaded

    @property
    def _commands(self) -> dict[str, Command]:
        parts = self._loaded()
        commands = parts.commands if parts else {}
        return {n: c for n, c in commands.items() if "session" in c.hosts}

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        text = document.text_before_cursor.lstrip()
        if not text.startswith(":"):
            return
        head, *words = text[1:].split(" ")
        if not words:
            for command in self._commands.values():
                if command.name.startswith(head):
                    yield Completion(
                        command.name, start_position=-len(head), display_meta=command.summary
                    )
            return
        found = self._command(head)
        if found is None:
            return
        word, before = words[-1], [w for w in words[:-1] if w]
        for name, meta in self._words(found, before, word):
            if name.startswith(word):
                yield Completion(name, start_position=-len(word), display_meta=meta)

    def _command(self, head: str) -> Command | None:
        for command in self._commands.values():
            if command.is_called(head):
                return command
        starting = [c for n, c in self._commands.items() if n.startswith(head)]
        return starting[0] if len(starting) == 1 else None

    def _words(
        self, command: Command, before: Sequence[str], word: str
    ) -> Iterable[tuple[str, str]]:
        options = {p.name: p for p in command.options("session")}
        last = options.get(before[-1]) if before else None
        if last is not None and last.kind != "flag":
            yield from ((value, "") for value in self._values(last, before))
            return
        if word.startswith("-"):
            yield from ((n, p.help) for n, p in options.items() if n not in before)
            return
        positionals = command.positionals("session")
        loose = _loose(before, options)
        if len(loose) < len(positionals):
            yield from ((v, "") for v in self._values(positionals[len(loose)], loose))
        if not word:
            yield from ((n, p.help) for n, p in options.items() if n not in before)

    def _values(self, parameter: Parameter, before: Sequence[str]) -> Sequence[str]:
        parts = self._loaded()
        if parameter.choices or parts is None:
            return parameter.known
        if parameter.suggest is not None:
            try:
                return parameter.suggest(parts.session, before)
            except MathreplError:  # the weights in use cannot be read: an answer will tell it
                return ()
        if parameter.kind == "weights":
            return parts.session.store.names()
        if parameter.kind == "command":
            return list(self._commands)
        return ()


def _loose(words: Sequence[str], options: Mapping[str, Parameter]) -> list[str]:
    """The words that are neither options nor their values."""
    loose: list[str] = []
    takes_value = False
    for word in words:
        if takes_value:
            takes_value = False
        elif word in options:
            takes_value = options[word].kind != "flag"
        elif not word.startswith("--"):
            loose.append(word)
    return loose
