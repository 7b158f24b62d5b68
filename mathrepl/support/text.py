"""Text to show: printable, so that it cannot steer a terminal, cropped, and shares in percent.

No percentage makes a share look like nothing or all.
"""

from __future__ import annotations

import math

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, keep: str = "") -> str:
    """`text` with each unprintable character replaced, except the characters of `keep`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else REPLACEMENT for c in text)


def well_formed(text: str) -> str:
    """`text` with each half of a character, a lone surrogate, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def written(text: str) -> str:
    """The answer of a network, with its blanks made visible; `(nothing)` for an empty one."""
    return printable(text.replace(" ", "␣")) or "(nothing)"


def cropped(text: str, most: int) -> str:
    """`text` in at most `most` characters, its end replaced by … where it is longer."""
    return text if len(text) <= most else text[: max(0, most - 1)] + "\N{HORIZONTAL ELLIPSIS}"


def one_line(text: str, most: int = 240) -> str:
    """Text of unknown content as one printable line of at most `most` characters."""
    return cropped(printable(text[: most + 1]), most)


def rounded_down(share: float) -> str:
    """`99%` for 0.999: only certainty reads 100%."""
    return f"{int(share * 100)}%"


def with_bounds(share: float, places: int) -> str:
    """`12.34%` with 2 places; `<0.01%` or `>99.99%` for what they are too few for."""
    least = 10.0**-places
    text = f"{share:.{places}%}"
    if share > 0 and text == f"{0:.{places}%}":
        return f"<{least:.{places}f}%"
    if share < 1 and text == f"{1:.{places}%}":
        return f">{100 - least:.{places}f}%"
    return text


def percent(part: float, whole: float) -> str:
    """`part / whole` as `12.34%`, with more places where two are too few."""
    if part <= 0 or part >= whole:
        return "0%" if part <= 0 else "100%"
    share = 100 * part / whole
    gap = min(share, 100 - share)
    places = 2 if gap >= 0.1 else min(12, 1 - math.floor(math.log10(max(gap, 1e-12))))
    return f"{share:.{places}f}%"
