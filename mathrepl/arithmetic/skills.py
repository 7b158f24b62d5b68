"""Skills: what a network does to two rows of characters, column by column, with a small memory.

A pass writes two rows under each other, the last characters in one column, and reads them from
the right. In each column a skill's rule gives the character to write and the state to remember:
`94+909` is read as 4 and 9, then 9 and 0, then nothing and 9, and writes 3, 0, 0, 1. The rules
are the targets of training and of a proof; a network learns memories of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest

BLANK = " "
END = "\0"
DIGITS = "0123456789"
_NUMBER = BLANK + DIGITS
_LABEL = "0123"
_RANKS = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, ":": 2, "^": 3}
LINE = "()" + "".join(_RANKS) + DIGITS  # the characters of a line

Column = tuple[str, str]
Rule = Callable[[int, str, str], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill: `rule` maps a state and a column to the character written and the next state.

    `first` and `second` are the characters that can stand in each row. `states` describes the
    states, the first of which a pass starts in. A `mirrored` skill reads a text from its left: code
    turns the rows round before a pass, and its result after it. A column of two blanks ends a pass
    of any skill without a carry, and is answered by the end mark.
    """

    name: str
    summary: str
    first: str
    second: str
    states: tuple[str, ...]
    rule: Rule
    mirrored: bool = False

    def columns(self) -> list[Column]:
        """Every column that can stand in a pass, the blank one after its end among them."""
        found = [(a, b) for a in self.first for b in self.second]
        return found if (BLANK, BLANK) in found else [*found, (BLANK, BLANK)]

    def run(self, first: str, second: str) -> str:
        """The right result of a pass over two rows, as a text in reading order."""
        state, written = 0, []
        for a, b in columns_of(first, second):
            character, state = self.rule(state, a, b)
            if character == END:
                break
            written.append(character)
        return "".join(written[::-1])


def columns_of(first: str, second: str) -> Iterator[Column]:
    """The columns of two rows from the right, and one of blanks, in which a last carry goes."""
    return zip_longest(first[::-1] + BLANK, second[::-1] + BLANK, fillvalue=BLANK)


def split_pass(text: str, names: str) -> tuple[str, str, str]:
    """Skill, first and second row of a pass as people write it: `94+909`, `744o333`.

    Raises `ValueError` for a text that names no skill.
    """
    found = [name for name in names if name in text[1:] and not name.isdigit()]
    letters = [name for name in found if name not in _RANKS]
    if not found:
        raise ValueError(f"{text!r} is no pass of one of the skills {' '.join(names)}")
    at = min(text.index(name, 1) for name in letters or found)
    return text[at], text[:at], text[at + 1 :]


def pass_text(skill: Skill, columns: Iterable[Column]) -> str:
    """A pass of these columns, from the right, as people write it."""
    first, second = ("".join(row)[::-1] for row in zip(*columns, strict=True))
    return f"{first.lstrip(BLANK) or BLANK}{skill.name}{second.lstrip(BLANK)}"


def _digit(character: str) -> int:
    return int(character) if character in DIGITS else 0


def _sum(carry: int, a: str, b: str) -> tuple[str, int]:
    total = _digit(a) + _digit(b) + carry
    return END if a == b == BLANK and not carry else str(total % 10), total // 10


def _difference(borrow: int, a: str, b: str) -> tuple[str, int]:
    rest = _digit(a) - _digit(b) - borrow
    return END if a == b == BLANK else str(rest % 10), int(rest < 0)


def _compare(order: int, a: str, b: str) -> tuple[str, int]:
    x, y = _digit(a), _digit(b)
    order = order if x == y else 1 if x < y else 2
    return END if a == b == BLANK else "=<>"[order], order


def _ones(_: int, a: str, b: str) -> tuple[str, int]:
    return END if a == BLANK else str(_digit(a) * _digit(b) % 10), 0


def _tens(_: int, a: str, b: str) -> tuple[str, int]:
    return END if a == BLANK else str(_digit(a) * _digit(b) // 10), 0


def _leading(kept: int, a: str, b: str) -> tuple[str, int]:
    kept = int(kept or a not in "0 " or b != BLANK)
    return END if a == BLANK else a if kept else BLANK, kept


def _trailing(kept: int, a: str, _: str) -> tuple[str, int]:
    if a == BLANK:
        return END, kept
    if kept or a not in "0.":
        return a, 1
    return BLANK, int(a == ".")


def _sign(_: int, a: str, b: str) -> tuple[str, int]:
    return END if BLANK in (a, b) else "-" if a != b else "+", 0


def _first_closing(seen: int, a: str, _: str) -> tuple[str, int]:
    if a == BLANK:
        return END, seen
    return ("2", 1) if seen else ("1", 1) if a == ")" else ("0", 0)


def _group(state: int, a: str, b: str) -> tuple[str, int]:
    if a == BLANK:
        return END, state
    if state == 0:  # right of the group
        return ("0", 1) if b == "1" else ("0", 0) if b == "2" else ("1", 1)
    if state == 1 and a != "(":
        return "1", 1
    return "0", 2


def _rank(digits: int, a: str, _: str) -> tuple[str, int]:
    if a == BLANK:
        return END, digits
    if a in DIGITS:
        return "0", 1
    return ("0", 0) if a == "-" and not digits else (str(_RANKS.get(a, 0)), 0)


def _highest(highest: int, a: str, _: str) -> tuple[str, int]:
    highest = max(highest, _digit(a))
    return END if a == BLANK else str(highest), highest


def _mark(state: int, a: str, b: str) -> tuple[str, int]:
    if a == BLANK:
        return END, state
    if state == 0:
        return ("1", 1) if a == b != "0" else ("0", 0)
    return ("2", 1) if state == 1 and a == "0" else ("3", 2)


def _span(state: int, a: str, b: str) -> tuple[str, int]:
    if a == BLANK:
        return END, state
    if state == 0:  # the operation, or right of it
        return ("1", 1) if b == "1" else ("1", 0) if b == "2" else ("0", 0)
    return ("1", 1) if state == 1 and a == "0" else ("0", 2)


DOER = (
    Skill("+", "sum of two digits", _NUMBER, _NUMBER, ("carry 0", "carry 1"), _sum),
    Skill(
        "-",
        "difference of two digits",
        _NUMBER,
        _NUMBER,
        ("borrow 0", "borrow 1"),
        _difference,
    ),
    Skill(
        "?",
        "comparison of two numbers",
        _NUMBER,
        _NUMBER,
        ("equal so far", "less so far", "greater so far"),
        _compare,
    ),
    Skill("o", "ones of a product of two digits", _NUMBER, _NUMBER, ("nothing",), _ones),
    Skill("t", "tens of a product of two digits", _NUMBER, _NUMBER, ("nothing",), _tens),
    Skill(
        "z",
        "a number without zeros that lead",
        _NUMBER,
        " 0",
        ("zeros so far", "a digit that stays"),
        _leading,
        mirrored=True,
    ),
    Skill(
        "x",
        "decimals without zeros at their end",
        _NUMBER + ".",
        BLANK,
        ("zeros so far", "a digit that stays"),
        _trailing,
    ),
    Skill("s", "sign of a product", " +-", " +-", ("nothing",), _sign),
)
READER = (
    Skill(
        "p",
        "the first closing parenthesis",
        BLANK + LINE,
        BLANK,
        ("none so far", "after the first"),
        _first_closing,
        mirrored=True,
    ),
    Skill(
        "g",
        "the group that it closes",
        BLANK + LINE,
        "012",
        ("right of it", "in it", "left of it"),
        _group,
    ),
    Skill(
        "n",
        "numbers with their signs, and the rank of each operation",
        BLANK + LINE,
        BLANK,
        ("no digit before", "a digit before"),
        _rank,
        mirrored=True,
    ),
    Skill(
        "w",
        "the highest rank from here to the end",
        BLANK + _LABEL,
        BLANK,
        ("rank 0", "rank 1", "rank 2", "rank 3"),
        _highest,
    ),
    Skill(
        "k",
        "the first operation of the highest rank, and the number after it",
        BLANK + _LABEL,
        _LABEL,
        ("before it", "in the number after it", "after both"),
        _mark,
        mirrored=True,
    ),
    Skill(
        "l",
        "the operation with the numbers on both sides",
        BLANK + _LABEL,
        _LABEL,
        ("right of the operation", "in the number before it", "left of both"),
        _span,
    ),
)
ALL = {skill.name: skill for skill in (*DOER, *READER)}
READING = "".join(skill.name for skill in READER)
DOING = "".join(skill.name for skill in DOER)


@dataclass(frozen=True, slots=True)
class Alphabets:
    """The characters of each row and of the output of some skills, in a fixed order.

    The blank leads each row; the end mark leads `written`.
    """

    names: str
    first: str
    second: str
    written: str


@cache
def alphabets_of(names: str) -> Alphabets:
    """The alphabets of the skills of these names. Raises `KeyError` for an unknown name."""
    skills = [ALL[name] for name in names]
    written = {
        skill.rule(state, a, b)[0]
        for skill in skills
        for state in range(len(skill.states))
        for a, b in skill.columns()
    }
    return Alphabets(
        names,
        _united(skill.first for skill in skills),
        _united(skill.second for skill in skills),
        END + "".join(sorted(written - {END})),
    )


def _united(rows: Iterable[str]) -> str:
    return BLANK + "".join(sorted(set().union(*rows) - {BLANK}))


def characters_of(names: str) -> str:
    """The alphabet of passes of these skills, the end mark first; it stands for a blank too."""
    alphabets = alphabets_of(names)
    used = {*names, *alphabets.first, *alphabets.second, *alphabets.written}
    return END + "".join(sorted(used - {END}))
