"""Proofs: a row for each skill, and the shortest question that goes wrong."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from mathrepl.arithmetic.skills import ALL
from mathrepl.commands.spec import Table
from mathrepl.evaluation.proofs import Counterexample, ProvedWeights, SkillVerdict
from mathrepl.render.pages import draw_table
from mathrepl.render.text import mark
from mathrepl.support.text import printable

HEADINGS = ("skill", "does", "pairs", "symbols", "transitions", "wrong", "margin", "rounding", "")
LEGEND = (
    "pairs: of a symbol of the network and a state of the rule, all that are reached",
    "margin: the least lead of the best symbol or character over the next",
    "rounding: the most that float32 can take from that lead",
)
WIDE = 120  # cells
SHOWN = 3  # counterexamples
COLUMNS = 12  # of a pass, which fit most windows


def draw_proved(proved: ProvedWeights, console: Console) -> RenderableType:
    """The table of all skills, the first counterexamples, and the verdict."""
    rows = [_row(skill) for skill in proved.skills]
    headings: tuple[str, ...] = HEADINGS
    if console.width < WIDE:  # without what a skill does
        rows = [(row[0], *row[2:]) for row in rows]
        headings = (headings[0], *headings[2:])
    parts = [draw_table(Table(proved.name, headings, tuple(rows)), console.width)]
    parts += [Text(line, "quiet") for line in LEGEND]
    wrong = [skill for skill in proved.skills if skill.counterexample]
    for skill in wrong[:SHOWN]:
        if skill.counterexample:
            parts += _draw_counterexample(skill, skill.counterexample)
    if len(wrong) > SHOWN:
        parts.append(Text(f"skills that go wrong too: {_names(wrong[SHOWN:])}", "quiet"))
    count, right = len(proved.skills), sum(skill.proved for skill in proved.skills)
    verdict = f" {right} of {count} skill{'' if count == 1 else 's'} proved right at every length"
    of_all = f": {proved.transitions:,} transitions asked" if right == count else ""
    parts.append(Text.assemble(mark(proved.proved), verdict, of_all))
    if proved.flaw:
        parts.append(Text.assemble(mark(False), f" {printable(proved.flaw)}"))
    if proved.card:
        parts.append(Text(printable(proved.card), "quiet"))
    return Group(*parts)


def _names(skills: Sequence[SkillVerdict]) -> str:
    return " ".join(skill.skill for skill in skills)


def _row(skill: SkillVerdict) -> tuple[str, ...]:
    return (
        skill.skill,
        ALL[skill.skill].summary,
        f"{skill.pairs:,}",
        f"{skill.symbols:,}",
        f"{skill.transitions:,}",
        f"{skill.wrong:,}",
        f"{skill.margin:.2g}",
        f"{skill.moved:.1g}",
        "proved" if skill.proved else "wrong" if skill.wrong else "too narrow",
    )


def _draw_counterexample(skill: SkillVerdict, wrong: Counterexample) -> list[RenderableType]:
    """The columns of the pass: both rows, the network's result, the right one."""
    rows = (wrong.first, wrong.second, wrong.network, wrong.truth)
    shown = [row[:COLUMNS] for row in rows]
    more = len(wrong.first) - len(shown[0])
    table = RichTable(box=box.ROUNDED, show_header=False)
    table.add_column(no_wrap=True, style="quiet")
    for _ in shown[0]:
        table.add_column(justify="center", no_wrap=True)
    names = ("first row", "second row", "network", "truth")
    for name, row in zip(names, shown, strict=True):
        texts = [Text("␣" if one == " " else printable(one)) for one in row]
        if name == "network":
            texts[0].stylize("bad")
        table.add_row(name, *texts)
    turned = " (code turns the rows round before)" if ALL[skill.skill].mirrored else ""
    title = f"the shortest question that goes wrong is {wrong.question}{turned}"
    parts: list[RenderableType] = [Text(printable(f"{skill.skill}: {skill.text}"), "title")]
    parts += [Text(printable(title)), table]
    if more > 0:
        parts.append(Text(f"after {more:,} columns that are right", "quiet"))
    return parts
