"""The encodings of networks that answer passes; settings only, as `data.encoding`."""

from __future__ import annotations

from functools import cache

from mathrepl.arithmetic.expression import MAX_QUESTION
from mathrepl.arithmetic.rules import MAX_ANSWER
from mathrepl.arithmetic.skills import DOING, LINE, characters_of
from mathrepl.arithmetic.task import Task
from mathrepl.data.encoding import END, Encoding

COLUMNS = 11  # of a pass in training; the longest is 10 columns and one of blanks
# Of whole lines, which the reader's passes are made from.
LINES = Encoding(END + "".join(sorted(" ." + LINE)), MAX_QUESTION + 1, MAX_ANSWER + 1, reverse=True)
_SUM = "+-?zs"
_NEEDED = {"+": _SUM, "-": _SUM, "*": "+?otzs"}


@cache
def encoding_of(skills: str) -> Encoding:
    """The encoding of passes of these skills, written from the right."""
    return Encoding(
        characters_of(skills), 2 * COLUMNS + 1, COLUMNS + 1, reverse=True, skills=skills
    )


def encoding_for(task: Task) -> Encoding:
    """The encoding of the skills that the operations of a task need."""
    needed = set().union(*map(_needed, task.operations))
    if task.operations == "+" and task.low >= 0:
        needed = {"+"}
    return encoding_of("".join(skill for skill in DOING if skill in needed))


def can_work_out(skills: str, operation: str) -> bool:
    """True where networks of these skills can be asked an operation.

    With the sum alone these are sums of numbers without a sign.
    """
    return _needed(operation) <= set(skills) or operation == skills == "+"


def _needed(operation: str) -> set[str]:
    """The skills that an operation on signed numbers can need."""
    return set(_NEEDED.get(operation, DOING))
