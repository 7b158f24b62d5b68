"""Quiz rounds and the score."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mathrepl.inference.answer import Answers
from mathrepl.render.answers import draw_answers, verdict
from mathrepl.render.text import mark, sure
from mathrepl.session.quiz import Round, Score
from mathrepl.support.text import printable, written


def draw_round(one: Round) -> RenderableType:
    answer = one.answer
    width = len(str(one.total))
    text = Text.assemble(
        (f"{one.number:>{width}}/{one.total}  ", "quiet"),
        mark(answer.right),
        f" {answer.equation} = ",
        (written(answer.network), "accent" if answer.right else "bad"),
        "  ",
        verdict(answer),
    )
    if not answer.right:
        text.append(f", truth {answer.truth}")
    text.append("  ").append_text(sure(answer.confidence))
    if one.person is not None:
        good = one.person_right
        reply = printable(one.person.strip()) or "(passed)"
        text.append("\n" + " " * (2 * width + 3)).append(*mark(good))
        text.append(f" you: {reply}  {'right' if good else 'wrong'}")
        text.append(f"  {one.person_seconds or 0:.1f} s", "quiet")
    return text


def draw_score(score: Score, console: Console) -> RenderableType:
    count = len(score.rounds)
    if not count:
        return Text("quiz ended before the first answer", "quiet")
    parts: list[RenderableType] = []
    if score.misses:
        parts.append(Text("missed", "title"))
        missed = Answers(tuple(r.answer for r in score.misses))
        parts.append(draw_answers(missed, console, score=False))
    ended = " (ended early)" if score.early else ""
    parts.append(
        Text.assemble(
            (f"network {score.right}/{count}", "title"),
            f"  exact match {score.exact:.1%}, digits {score.digits:.1%}, "
            f"longest streak {score.streak}, {score.seconds:.3f} s{ended}",
        )
    )
    if score.against_person:
        parts.append(
            Text.assemble(
                (f"you     {score.person_right}/{count}", "title"),
                f"  longest streak {score.person_streak}, {score.person_seconds:.1f} s",
            )
        )
    return Group(*parts)
