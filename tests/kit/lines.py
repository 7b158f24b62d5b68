"""The grammar of lines, read strictly: the value of a line, by fractions."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

_TOKEN = re.compile(r"(?:(?<=[-+*/%:^(])|^)-[0-9]+|[0-9]+|[-+*/%:^()]")
_LEVELS = ("+-", "*%:", "^")
_DONE: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "%": lambda a, b: a % b,
    ":": lambda a, b: Fraction(a // b),
    "^": lambda a, b: a ** int(b),
}


def value_of_line(line: str) -> Fraction:
    """The value of a line. Raises `ValueError` for text that is not one.

    Each flat group is worked out as it is read: all `^` from the left, then `* % :`, then `+ -`.
    """
    tokens = _TOKEN.findall(line)
    if "".join(tokens) != line:
        raise ValueError(f"strange characters in the line {line!r}")
    if tokens.count("/") > 1:
        raise ValueError(f"two fractions in the line {line!r}")
    if "/" not in tokens:
        return _group(tokens, line)
    at = tokens.index("/")
    return _side(tokens[:at], line) / _side(tokens[at + 1 :], line)


def _side(tokens: list[str], line: str) -> Fraction:
    """A number alone, or one group in parentheses."""
    if len(tokens) > 1 and (tokens[0] != "(" or _end(tokens, 0, line) != len(tokens) - 1):
        raise ValueError(f"more than a group beside the fraction of the line {line!r}")
    return _group(tokens, line)


def _group(tokens: list[str], line: str) -> Fraction:
    flat: list[Fraction | str] = []
    place = 0
    while place < len(tokens):
        if tokens[place] == "(":
            end = _end(tokens, place, line)
            if end - place <= 2:
                raise ValueError(f"parentheses around a number in the line {line!r}")
            flat.append(_group(tokens[place + 1 : end], line))
            place = end
        else:
            token = tokens[place]
            flat.append(Fraction(token) if token[-1].isdigit() else token)
        place += 1
    for level in reversed(_LEVELS):
        at = 1
        while at < len(flat):
            sign = flat[at]
            if isinstance(sign, str) and sign in level:
                a, b = flat[at - 1], flat[at + 1] if at + 1 < len(flat) else ""
                if isinstance(a, str) or isinstance(b, str):
                    raise ValueError(f"no number beside {sign} in the line {line!r}")
                flat[at - 1 : at + 2] = [_DONE[sign](a, b)]
            else:
                at += 2
    if len(flat) != 1 or isinstance(flat[0], str):
        raise ValueError(f"{line!r} is not a line")
    return flat[0]


def _end(tokens: list[str], start: int, line: str) -> int:
    depth = 0
    for place in range(start, len(tokens)):
        depth += (tokens[place] == "(") - (tokens[place] == ")")
        if not depth:
            return place
    raise ValueError(f"a parenthesis is never closed in the line {line!r}")
