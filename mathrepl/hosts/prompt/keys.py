"""Keys that differ from prompt_toolkit's own."""

from __future__ import annotations

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys


def key_bindings() -> KeyBindings:
    """Tab finishes a word that has one completion; pasted lines become one line."""
    bindings = KeyBindings()

    @bindings.add(Keys.BracketedPaste)
    def paste(event: KeyPressEvent) -> None:
        lines = event.data.splitlines()
        full = [line.strip() for line in lines if line.strip()]
        # The line break at the end of a copied line is not part of it.
        event.current_buffer.insert_text("; ".join(full) if len(full) > 1 else "".join(lines))

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
