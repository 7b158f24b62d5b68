"""Text without control characters. Needs no matplotlib."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, keep: str = "") -> str:
    """`text` with what is not printable replaced, one for one, but for the characters `keep`."""
    return "".join(c if c.isprintable() or c in keep else REPLACEMENT for c in text)
