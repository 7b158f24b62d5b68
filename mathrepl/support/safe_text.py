"""Text that cannot steer a terminal."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, keep: str = "") -> str:
    """`text` with what is not printable replaced, one for one, but for the characters `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else REPLACEMENT for c in text)


def cropped(text: str, most: int) -> str:
    """`text` in at most `most` characters, its end replaced by … where it is longer."""
    return text if len(text) <= most else text[: max(0, most - 1)] + "\N{HORIZONTAL ELLIPSIS}"


def one_line(text: str, most: int = 240) -> str:
    """Text from a file that may hold anything, cut and cleaned to one line for a person."""
    return cropped(printable(text[: most + 1]), most)
