"""Small pieces of text that drawings share."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from mathrepl.support.errors import MathreplError
from mathrepl.support.text import printable, rounded_down

NARROW = 60  # cells; below this, tables of several columns become lines
_BLOCKS = "▁▂▃▄▅▆▇█"
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def mark(right: bool) -> tuple[str, str]:
    """The sign of a right or a wrong answer, with its style."""
    return ("✓", "good") if right else ("✗", "bad")


def sure(probability: float) -> Text:
    """A confidence as a percentage, coloured by how high it is."""
    style = "good" if probability >= 0.9 else "unsure" if probability >= 0.5 else "bad"
    return Text(rounded_down(probability), style)


def clock(seconds: float) -> str:
    """`75.0` as `1:15`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def sparkline(values: Sequence[float], width: int, bounds: tuple[float, float] | None) -> str:
    """At most `width` of the values as blocks, evenly spaced, with the first and the last.

    The height of a block is its value's place between the `bounds`, or without them between the
    least and the largest value drawn.
    """
    if len(values) > width:
        values = [values[i * (len(values) - 1) // (width - 1)] for i in range(width)]
    low, high = bounds or (min(values), max(values))
    shares = [(value - low) / ((high - low) or 1.0) for value in values]
    return "".join(_BLOCKS[min(int(s * len(_BLOCKS)), len(_BLOCKS) - 1)] for s in shares)


def place_name(power: int | None, widest: int) -> str:
    """`1000`, or `10⁹` where there are many places; empty for the point and for signs."""
    if power is None:
        return ""
    if power >= 0 and widest <= 4:
        return f"1{'0' * power}"
    return "10" + str(power).translate(_SUPERSCRIPTS)


def error_text(error: MathreplError, width: int, label: str = "") -> Text:
    """One line; before it, where the error has a column, the line in question and a caret."""
    text = Text()
    if error.text is not None and error.column is not None:
        shown = printable(error.text)
        caret = cell_len(shown[: error.column])
        start = 0
        if caret >= width - 3:  # keep the caret in view on long lines
            start = max(0, error.column - max(4, (width - 4) // 2))
            shown = "…" + shown[start + 1 :]
            caret = cell_len(shown[: error.column - start])
        line = Text(f"  {shown}", "line")
        line.truncate(max(width, 3), overflow="ellipsis")
        text.append_text(line).append("\n" + " " * (caret + 2) + "^\n", "bad")
    text.append(f"{label}error: ", "bad")
    text.append(printable(error.message))
    if error.hint:
        text.append(f"; {printable(error.hint)}", "hint")
    return text
