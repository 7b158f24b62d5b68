"""Text made safe to show: printable, so that it cannot steer a terminal, and cropped."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, keep: str = "") -> str:
    """`text` with each unprintable character replaced, except the characters of `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else REPLACEMENT for c in text)


def written(text: str) -> str:
    """The answer of a network, with its blanks made visible; `(nothing)` for an empty one."""
    return printable(text.replace(" ", "␣")) or "(nothing)"


def cropped(text: str, most: int) -> str:
    """`text` in at most `most` characters, its end replaced by … where it is longer."""
    return text if len(text) <= most else text[: max(0, most - 1)] + "\N{HORIZONTAL ELLIPSIS}"


def one_line(text: str, most: int = 240) -> str:
    """Text of unknown content as one printable line of at most `most` characters."""
    return cropped(printable(text[: most + 1]), most)
