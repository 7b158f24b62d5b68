"""Completion of commands, options and values, all from the command table, and the keys for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.validation import ValidationError

from mathrepl.support.errors import MathreplError

if TYPE_CHECKING:
    from mathrepl.commands.spec import Command, Parameter
    from mathrepl.hosts.prompt.parts import Parts
    from mathrepl.session.session import Session

MAX_TYPED = 50_000  # characters; with each key the whole line is drawn, which takes 0.5 s for these


class CommandCompleter(Completer):
    """Completes lines that start with a colon, once the command table is loaded."""

    def __init__(self, loaded: Callable[[], Parts | None]) -> None:
        self._loaded = loaded

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        text = document.text_before_cursor.lstrip()
        parts = self._loaded()
        if parts is None or not text.startswith(":"):
            return
        head, *words = text[1:].split(" ")
        word, found = head, [(command.name, command.summary) for command in parts.commands]
        if words:
            word, before, called = words[-1], [w for w in words[:-1] if w], parts.called(head)
            found = list(_words(parts, called[0], before, word)) if len(called) == 1 else []
        for name, meta in found:
            if name.startswith(word):
                yield Completion(name, start_position=-len(word), display_meta=meta)


def suggestions(session: Session, text: str) -> tuple[str, list[str]]:
    """The end of `text` to replace, which may be empty, and the words to replace it with."""
    from mathrepl.hosts.prompt.parts import assemble

    parts = assemble(session)
    completer = CommandCompleter(lambda: parts)
    found = list(completer.get_completions(Document(text), CompleteEvent()))
    length = -found[0].start_position if found else 0
    return text[len(text) - length :], [completion.text for completion in found]


def _words(
    parts: Parts, command: Command, before: Sequence[str], word: str
) -> Iterable[tuple[str, str]]:
    """The words that may stand here, each with what it means."""
    options = {p.name: p for p in command.options("session")}
    last = options.get(before[-1]) if before else None
    if last is not None and last.kind != "flag":
        yield from ((value, "") for value in _values(parts, last, before))
        return
    positionals = command.positionals("session")
    loose = _loose(before, options)
    if len(loose) < len(positionals) and not word.startswith("-"):
        yield from ((v, "") for v in _values(parts, positionals[len(loose)], loose))
    if not word or word.startswith("-"):
        yield from ((n, p.help) for n, p in options.items() if n not in before)


def _values(parts: Parts, parameter: Parameter, before: Sequence[str]) -> Sequence[str]:
    if parameter.choices:
        return parameter.known
    if parameter.suggest is not None:
        try:
            return parameter.suggest(parts.session, before)
        except MathreplError:  # the weights in use cannot be read: an answer will say so
            return ()
    if parameter.kind == "weights":
        return parts.session.store.names()
    return [command.name for command in parts.commands] if parameter.kind == "command" else ()


def _loose(words: Sequence[str], options: Mapping[str, Parameter]) -> list[str]:
    """The words that are neither options nor values of options."""
    valued = {name for name, option in options.items() if option.kind != "flag"}
    pairs = zip(["", *words], words, strict=False)
    return [word for before, word in pairs if before not in valued and not word.startswith("--")]


def key_bindings() -> KeyBindings:
    """Tab finishes a word that has one completion; pasted lines become one line."""
    bindings = KeyBindings()

    @bindings.add(Keys.BracketedPaste)
    def paste(event: KeyPressEvent) -> None:
        lines = event.data.splitlines()
        full = [line.strip() for line in lines if line.strip()]
        # The line break at the end of a copied line is not part of it.
        pasted = "; ".join(full) if len(full) > 1 else "".join(lines)
        buffer = event.current_buffer
        if len(buffer.text) + len(pasted) <= MAX_TYPED:
            buffer.insert_text(pasted)
            return
        # Shown until the line changes.
        message = f"a line holds {MAX_TYPED:,} characters, and the paste {len(pasted):,}"
        buffer.validation_error = ValidationError(message=f"{message}; use mathrepl < FILE")

    @bindings.add(Keys.Tab)
    def complete(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        asked = CompleteEvent(completion_requested=True)
        found = list(buffer.completer.get_completions(buffer.document, asked))
        if len(found) == 1:
            buffer.cancel_completion()
            buffer.delete_before_cursor(-found[0].start_position)
            buffer.insert_text(found[0].text + " ")
        elif buffer.complete_state is not None:
            buffer.complete_next()
        else:
            buffer.start_completion(insert_common_part=True)

    return bindings
