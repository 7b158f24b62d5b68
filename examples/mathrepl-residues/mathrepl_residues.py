"""Casting out nines: an answer whose remainder differs from the truth's must be wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mathrepl.arithmetic.expression import read_value
from mathrepl.commands.spec import Arguments, Command, Context, Note, Parameter, Result
from mathrepl.session.quiz import questions


@dataclass(frozen=True, slots=True)
class Residues:
    """The number of answers `asked`, of right ones, and of those with the truth's remainder."""

    weights: str
    modulus: int
    asked: int
    right: int
    same_residue: int

    def record(self) -> dict[str, Any]:
        return asdict(self)


def residues(context: Context, arguments: Arguments) -> Result:
    session = context.session
    modulus = arguments.integer("modulus") or 9
    count = arguments.integer("n") or 100
    asked = questions(session, count, bounds=None, operations=None, seed=arguments.integer("seed"))
    answers = [session.ask(question) for question in asked]
    same = [_residue(one.network, modulus) == _residue(one.truth, modulus) for one in answers]
    right = [one.right for one in answers]
    return Residues(session.name, modulus, len(answers), sum(right), sum(same))


def nines(context: Context, arguments: Arguments) -> Result:
    answer = context.session.ask(" ".join(arguments.texts("equation")))
    written, wanted = _residue(answer.network, 9), _residue(answer.truth, 9)
    if written != wanted:
        return Note(f"{answer.network} is wrong: it leaves {written}, not {wanted}", "bad")
    return Note(f"{answer.network} leaves {written} by nines, as it should", "good")


def _residue(text: str, modulus: int) -> str:
    """The remainder of a whole number as text; `nothing` for any other text."""
    value = read_value(text)
    if value is None or value.denominator != 1:
        return "nothing"
    return str(value.numerator % modulus)


COMMANDS = (
    Command(
        "residues",
        "how many answers keep the truth's remainder",
        residues,
        (
            Parameter("n", "how many equations", "integer", low=1, high=10_000, default="100"),
            Parameter("--modulus", "what to divide by", "integer", low=2, high=1000, default="9"),
            Parameter("--seed", "draw the same equations again", "integer", low=0),
        ),
        details="A wrong answer may have the right remainder; one with another is wrong.",
        examples=(":residues 100 --modulus 10",),
    ),
    Command(
        "nines",
        "check one answer by casting out nines",
        nines,
        (Parameter("equation", "one equation", "equations", required=True, many=True),),
        examples=(":nines 94 + 909",),
    ),
)
