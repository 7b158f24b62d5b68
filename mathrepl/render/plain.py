"""Answers as plain text, for hosts that show text only."""

from __future__ import annotations

from io import StringIO

from mathrepl.inference.answer import Answer, CheckedStep
from mathrepl.render.answers import STATES, draw_answer
from mathrepl.render.theme import make_console
from mathrepl.support.text import printable, written

WIDTH = 100


def plain_answer(answer: Answer, *, named: bool = False) -> str:
    """The network's answer, with `named` after its equation, and the truth where it differs."""
    text = f"{answer.equation} = {written(answer.network)}" if named else written(answer.network)
    if answer.right:
        return text
    return f"{text}  ({printable(answer.verdict)}; the truth is {answer.truth})"


def plain_places(answer: Answer) -> str:
    """The network's answer over the truth, place by place, without its scratchpad."""
    console = make_console(StringIO(), "dark")
    console.width = WIDTH
    with console.capture() as drawn:
        console.print(draw_answer(answer, console, steps=False))
    return "\n".join(line.rstrip() for line in drawn.get().splitlines())


def plain_line(checked: CheckedStep) -> str:
    """A scratchpad line after its sign; under a wrong one, the line that belongs there."""
    sign, _ = STATES[checked.state]
    wanted = f"\n  {printable(checked.wanted)} belongs here" if checked.wanted else ""
    return f"{sign}{printable(checked.line.text)}{wanted}"
