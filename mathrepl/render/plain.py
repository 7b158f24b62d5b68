"""Answers as plain text, for hosts that take text alone."""

from __future__ import annotations

from io import StringIO

from mathrepl.inference.answer import Answer, CheckedStep
from mathrepl.render.answers import STATES, draw_answer, written
from mathrepl.render.theme import make_console
from mathrepl.support.safe_text import printable

WIDTH = 100


def plain_answer(answer: Answer, *, named: bool = False) -> str:
    """What the network wrote, after its equation where `named`; and the truth if it is another."""
    text = f"{answer.equation} = {written(answer.network)}" if named else written(answer.network)
    if answer.right:
        return text
    return f"{text}  ({printable(answer.verdict)}; the truth is {answer.truth})"


def plain_places(answer: Answer) -> str:
    """The network's answer over the truth, place by place, without its working."""
    console = make_console(StringIO(), "dark")
    console.width = WIDTH
    with console.capture() as drawn:
        console.print(draw_answer(answer, console, steps=False))
    return "\n".join(line.rstrip() for line in drawn.get().splitlines())


def plain_line(checked: CheckedStep) -> str:
    """A line of a working behind its sign; under a wrong one, what belonged there."""
    sign, _ = STATES[checked.state]
    wanted = f"\n  {printable(checked.wanted)} belongs here" if checked.wanted else ""
    return f"{sign}{printable(checked.line.text)}{wanted}"
