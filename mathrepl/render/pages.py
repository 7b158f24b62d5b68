"""Notes, tables, help, model cards, certificates and quizzes."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from mathrepl.analysis.card_text import card_rows, certificate_line
from mathrepl.commands.configuring import HelpPage
from mathrepl.commands.spec import Note, Table
from mathrepl.commands.weights import CardPage
from mathrepl.evaluation.certify import Certified
from mathrepl.inference.answer import Answers
from mathrepl.render.answers import draw_answers, verdict
from mathrepl.render.text import NARROW, mark, sparkline, sure
from mathrepl.session.quiz import Round, Score
from mathrepl.support.text import printable, written


def draw_note(note: Note) -> RenderableType:
    return Text(printable(note.text), "" if note.style == "plain" else note.style)


def draw_table(table: Table, width: int) -> RenderableType:
    """Rows and columns, or a block of lines for each row in a narrow window."""
    grid = RichTable(box=box.SIMPLE_HEAD, header_style="quiet", pad_edge=False)
    for index, heading in enumerate(table.headings):
        grid.add_column(heading, overflow="fold", style="key" if index == 0 else "")
    for row in table.rows:
        grid.add_row(*(Text(printable(cell)) for cell in row))
    parts: list[RenderableType] = [Text(table.title, "title")]
    parts += [_block(table.headings, row) for row in table.rows] if width < NARROW else [grid]
    if table.footer:
        parts.append(Text(printable(table.footer), "quiet"))
    return Group(*parts)


def _block(headings: Sequence[str], row: Sequence[str]) -> Text:
    text = Text()
    for heading, cell in zip(headings, row, strict=True):
        if cell:
            text.append(f"{heading} " if heading else "", "quiet")
            text.append(printable(cell) + "\n")
    return text


def draw_help(page: HelpPage) -> RenderableType:
    command = page.command
    parts: list[RenderableType] = [
        Text(command.usage("session"), "title"),
        Text(command.summary + (f". {command.details}" if command.details else "")),
    ]
    parameters = command.parameters_for("session")
    if parameters:
        table = RichTable(box=None, show_header=False, padding=(0, 2, 0, 2), pad_edge=True)
        table.add_column(no_wrap=True, style="key")
        table.add_column(overflow="fold")
        for parameter in parameters:
            table.add_row(Text(parameter.usage), Text(parameter.description))
        parts.append(table)
    if command.aliases:
        parts.append(Text("also " + ", ".join(f":{alias}" for alias in command.aliases), "quiet"))
    if command.examples:
        parts.append(Text("examples", "quiet"))
        parts += [Text(f"  {example}", "accent") for example in command.examples]
    return Group(*parts)


def draw_card(page: CardPage) -> RenderableType:
    card = page.card
    table = RichTable(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="quiet", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in card_rows(card):
        table.add_row(key, Text(printable(value)))
    if card.history:
        exact = [epoch.held_out.exact for epoch in card.history]
        table.add_row("exact by epoch", sparkline(exact, 50, (0.0, 1.0)))
    table.add_row("sha256", card.sha256)
    table.add_row("file", Text(printable(f"{page.path} ({page.origin})")))
    return Group(Text(card.name, "title"), table)


def draw_certified(certified: Certified) -> RenderableType:
    """A line for each space; under one with mistakes, where they are, and the first of them."""
    lines: list[Text] = []
    for certificate in certified.certificates:
        sign = mark(not certificate.wrong)
        lines.append(Text.assemble(sign, f" {certificate_line(certificate)}"))
        for what, classes in certificate.classes.items():
            missed = {key: pair for key, pair in classes.items() if pair[1]}
            if missed:
                worst = sorted(missed.items(), key=lambda item: -item[1][1])[:6]
                shown = ", ".join(f"{key}: {wrong:,} of {asked:,}" for key, (asked, wrong) in worst)
                lines.append(Text(f"  by {what}: {shown}", "quiet"))
        if certificate.mistakes:
            few = certificate.mistakes[:3]
            first = ", ".join(f"{m.question} = {written(m.network)}" for m in few)
            lines.append(Text(f"  such as {printable(first)}", "quiet"))
    if not certified.written:
        lines.append(Text("its card is left as it is", "quiet"))
    return Group(Text(certified.name, "title"), *lines)


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
