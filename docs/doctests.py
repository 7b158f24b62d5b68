"""A griffe extension that turns examples in docstrings into code blocks.

Docstrings are Markdown, except for their `>>>` lines, which Markdown reads as quotes.
"""

from __future__ import annotations

from typing import Any

import griffe


def fenced(text: str) -> str:
    """`text` with a fence around each run of lines that starts with `>>>`."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith(">>> ") and not inside:
            lines += ["", "```pycon"]
            inside = True
        elif inside and not line.strip():
            lines.append("```")
            inside = False
        lines.append(line)
    return "\n".join([*lines, "```"] if inside else lines)


class Doctests(griffe.Extension):
    """Adds the fences; `mkdocs.yml` names this class."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None and ">>> " in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)
