"""Text that cannot steer a terminal."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, keep: str = "") -> str:
    """`text` with what is not printable replaced, one for one, but for the characters `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else REPLACEMENT for c in text)


def one_line(text: str, most: int = 240) -> str:
    """Text from a file that may hold anything, cut and cleaned to one line for a person."""
    text = printable(text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
