"""The encoding of text as numbers for one network: alphabet, lengths, padding and reversal.

Settings only, so that a card can be read without numpy; `mathrepl.data.codec` does the work.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mathrepl.arithmetic.expression import MAX_QUESTION
from mathrepl.arithmetic.rules import MAX_ANSWER
from mathrepl.arithmetic.skills import ALL
from mathrepl.arithmetic.task import Task
from mathrepl.support.errors import TaskError
from mathrepl.support.records import LATER

END = "\0"


@dataclass(frozen=True, slots=True)
class Encoding:
    """The alphabet and lengths of one network.

    `characters` is the alphabet; its first is the end mark, which also pads. A text is
    written, ended by at least one end mark, and padded to `question_length` or
    `answer_length` (both count that end mark). With `reverse` questions and answers are
    written from their last character to their first, so the least significant digit leads.

    `skills` names those of a network that reads two rows column by column (`data.columns`): its
    question is one pass, such as `94+909`.

    Raises `TaskError` for an alphabet that is none, and for lengths beyond those of every question
    and answer: a network computes as many steps as they say.
    """

    characters: str
    question_length: int
    answer_length: int
    reverse: bool = False
    skills: str = field(default="", metadata=LATER)

    def __post_init__(self) -> None:
        if not set(self.skills) <= set(ALL) or len(set(self.skills)) < len(self.skills):
            raise TaskError(f"skills {self.skills!r} are not distinct skills out of {''.join(ALL)}")
        if not self.characters.startswith(END) or len(set(self.characters)) < len(self.characters):
            raise TaskError("an alphabet starts with the end mark and repeats no character")
        for what, length, most in (
            ("question", self.question_length, MAX_QUESTION + 1),
            ("answer", self.answer_length, MAX_ANSWER + 1),
        ):
            if not 1 < length <= most:
                raise TaskError(f"{what} lengths must be 2 to {most:,}, not {length:,}")
        if len(self.characters) > 1000:
            raise TaskError("an alphabet has at most 1,000 characters")

    @classmethod
    def for_task(cls, task: Task, *, reverse: bool = False) -> Encoding:
        """The smallest encoding that every equation of `task` fits into."""
        return cls(END + task.characters, task.question_length + 1, task.answer_length + 1, reverse)

    def fits(self, task: Task) -> bool:
        """True where every equation of `task` can be written in this encoding."""
        return (
            set(task.characters) <= set(self.characters)
            and task.question_length < self.question_length
            and task.answer_length < self.answer_length
        )
