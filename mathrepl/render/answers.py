"""Answers: one place by place, several a row each; as plain text for hosts that show text only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from operator import attrgetter

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mathrepl.arithmetic.skills import ALL
from mathrepl.data.encoding import END
from mathrepl.inference.answer import CLOSE_RUNNER_UP, Answer, Answers, CheckedStep, Column, Refused
from mathrepl.inference.solution import Answered, Guess
from mathrepl.render.text import NARROW, mark, place_name, sure
from mathrepl.render.theme import make_console
from mathrepl.support.text import printable, rounded_down, written

PLAIN_WIDTH = 100  # cells


def answer_line(answer: Answer, *, named: bool = False) -> Text:
    """One plain line, for output that is not a terminal; `named` after its network."""
    text = Text(f"{answer.equation} = {written(answer.network)}  ")
    text.append_text(verdict(answer))
    if not answer.right:
        text.append(f", truth {answer.truth}")
    if named:
        text.append(f"  ({answer.weights})", "quiet")
    for note in answer.notes:
        text.append(f"  ({note})", "quiet")
    return text


def verdict(answer: Answer) -> Text:
    return Text(printable(answer.verdict), "good" if answer.right else "bad")


def draw_answer(answer: Answer, console: Console, *, steps: bool = True) -> RenderableType:
    """One answer as a table of its places, or as a few lines in a narrow window."""
    table = _places(answer)
    wanted = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
    lines: list[RenderableType] = [Text(f"{answer.equation} = ?", "title")]
    if steps and answer.scratchpad:
        lines.append(draw_working(answer.scratchpad))
    lines.append(table if wanted <= console.width else _narrow(answer))
    of_whole = f"  ·  {answer.weights} was {rounded_down(answer.confidence)} sure of the whole"
    lines.append(Text.assemble(_mark_verdict(answer), (of_whole, "quiet")))
    lines += [Text(f"! {note}", "unsure") for note in answer.notes]
    return Group(*lines)


STATES = {
    "equal": ("= ", "good"),
    "rounded": ("≈ ", "good"),
    "wrong": ("≠ ", "bad"),
    "after": ("  ", "quiet"),
}


def draw_working(working: Sequence[CheckedStep]) -> RenderableType:
    """The lines of the scratchpad; the span worked on next is underlined.

    `=` marks a line that equals the question, `≈` one that was rounded rightly from it, `≠` the
    first that does neither, with the line that belongs there under it.
    """
    drawn: list[RenderableType] = []
    for checked in working:
        sign, style = STATES[checked.state]
        line = Text(checked.line.text, "" if checked.state in ("equal", "rounded") else style)
        span = checked.line.span
        if span is not None:
            line.stylize("underline", span.start, span.end)
        drawn.append(Text.assemble(("  " + sign, style), line, overflow="fold"))
        if checked.shows_passes:
            drawn += map(_pass_line, checked.line.passes)
        if checked.wanted:
            drawn.append(Text(f"    {checked.wanted} belongs here", "quiet"))
        if checked.columns:
            drawn.append(_difference(checked.columns))
    return Group(*drawn)


def _pass_line(answered: Answered) -> Text:
    """One pass on a line: the skill, both rows and the result."""
    skill, first, second = answered.asked
    rows = f"{first}, {second}" if second else first
    sure_of = rounded_down(answered.probability)
    text = f"      {skill}  {rows} -> {answered.result.strip()}  {ALL[skill].summary}, {sure_of}"
    return Text(text, "quiet", overflow="fold")


def _difference(columns: Sequence[Column]) -> Text:
    """The text written for a span and the right text, with differing places marked."""
    wrote, wanted = _side(columns, "network", "good"), _side(columns, "truth", wrong="bold")
    return Text.assemble("    it wrote ", wrote, (" for ", "quiet"), wanted)


def _side(columns: Iterable[Column], side: str, right: str = "", wrong: str = "bad") -> Text:
    """The characters of one side, `network` or `truth`, styled by whether they are right."""
    return Text.assemble(
        *((_shown(getattr(c, side)), right if c.right else wrong) for c in columns)
    )


def _places(answer: Answer) -> Table:
    widest = max((c.power for c in answer.columns if c.power is not None), default=0)
    end = answer.solution.end
    table = Table(box=box.ROUNDED, show_header=True, header_style="quiet", pad_edge=True)
    table.add_column("place", no_wrap=True, style="quiet")
    for column in answer.columns:
        table.add_column(place_name(column.power, widest), justify="center", no_wrap=True)
    table.add_column("end", justify="center", no_wrap=True)
    guesses = [*(column.guess for column in answer.columns), end]
    table.add_row(
        "network",
        *(Text(_shown(c.network), "accent" if c.right else "bad") for c in answer.columns),
        Text("■", "quiet") if end else Text("none", "bad"),
    )
    table.add_row("truth", *(_shown(c.truth) for c in answer.columns), Text("■", "quiet"))
    table.add_row(
        "match",
        *(Text("=" if c.right else "≠", "good" if c.right else "bad") for c in answer.columns),
        "",
    )
    table.add_row("sure", *(sure(guess.probability) if guess else "" for guess in guesses))
    if any(guess and guess.runner_up_probability >= CLOSE_RUNNER_UP for guess in guesses):
        table.add_row("or else", *map(_runner_up, guesses))
    return table


def _narrow(answer: Answer) -> RenderableType:
    """Network over truth with a span under each place that differs; no table."""
    texts = [
        Text.assemble(f"{side:<8}", _side(answer.columns, side)) for side in ("network", "truth")
    ]
    if not answer.right:
        marks = "".join(" " if column.right else "^" for column in answer.columns)
        texts.append(Text.assemble(" " * 8, (marks, "bad")))
    guesses = [column.guess for column in answer.columns if column.guess]
    if guesses:
        least = min(guesses, key=attrgetter("probability"))
        sure_of = f"{_shown(least.character)} {rounded_down(least.probability)}"
        texts.append(Text(f"least sure: {sure_of}"))
    return Group(*texts)


def _shown(character: str) -> str:
    if not character:
        return "·"
    return "␣" if character == " " else character


def _runner_up(guess: Guess | None) -> Text:
    if guess is None or guess.runner_up_probability < CLOSE_RUNNER_UP:
        return Text("")
    name = "■" if guess.runner_up == END else _shown(guess.runner_up)
    return Text(f"{name} {rounded_down(guess.runner_up_probability)}", "unsure")


def names_networks(answers: Answers) -> bool:
    """Return whether rows name their network: there are several, or `auto` chose one."""
    chosen = any(isinstance(item, Answer) and item.auto for item in answers.items)
    return chosen or len({item.weights for item in answers.items if item.weights}) > 1


def draw_answers(answers: Answers, console: Console, *, score: bool = True) -> RenderableType:
    """A table with a row for each equation, or a line each in a narrow window."""
    asked = [item for item in answers.items if isinstance(item, Answer)]
    right = sum(answer.right for answer in asked)
    below = [Text(f"{right} of {len(asked)} right", "quiet")] if score else []
    named = names_networks(answers)
    if console.width < NARROW:
        return Group(*(_item_line(item, named) for item in answers.items), *below)
    table = Table(box=box.ROUNDED, header_style="quiet")
    table.add_column("equation", justify="right", overflow="fold")
    if named:
        table.add_column("weights")
    table.add_column("network", justify="right", overflow="fold")
    table.add_column("truth", justify="right", overflow="fold")
    table.add_column("verdict", overflow="fold")
    table.add_column("sure", justify="right")
    for item in answers.items:
        cells: tuple[RenderableType, ...]
        if isinstance(item, Refused):
            cells = ("", "", Text(printable(str(item.error)), "bad"))
        else:
            cells = (_marked(item), item.truth, _mark_verdict(item), sure(item.confidence))
        weights = [item.weights] if named else []
        table.add_row(Text(printable(item.equation)), *weights, *cells)
    notes = [Text(f"! {a.equation}: {note}", "unsure") for a in asked for note in a.notes]
    return Group(table, *notes, *below)


def _item_line(item: Answer | Refused, named: bool) -> Text:
    if isinstance(item, Refused):
        return Text.assemble(f"{printable(item.equation)}: ", (printable(str(item.error)), "bad"))
    name = f"{item.weights}: " if named else ""
    return Text.assemble(mark(item.right), f" {name}", answer_line(item))


def _mark_verdict(answer: Answer) -> Text:
    return Text.assemble(mark(answer.right), " ", verdict(answer))


def _marked(answer: Answer) -> Text:
    text = _side((c for c in answer.columns if c.network), "network", "accent")
    return text if text.plain else Text("(nothing)", "bad")


def plain_answer(answer: Answer, *, named: bool = False) -> str:
    """The network's answer, with `named` after its equation, and the truth where it differs."""
    text = f"{answer.equation} = {written(answer.network)}" if named else written(answer.network)
    if answer.right:
        return text
    return f"{text}  ({printable(answer.verdict)}; the truth is {answer.truth})"


def plain_places(answer: Answer) -> str:
    """The network's answer over the truth, place by place, without its scratchpad."""
    console = make_console(StringIO(), "dark", width=PLAIN_WIDTH)
    with console.capture() as drawn:
        console.print(draw_answer(answer, console, steps=False))
    return "\n".join(line.rstrip() for line in drawn.get().splitlines())


def plain_line(checked: CheckedStep) -> str:
    """A scratchpad line after its sign; under a wrong one, the line that belongs there."""
    sign, _ = STATES[checked.state]
    wanted = f"\n  {printable(checked.wanted)} belongs here" if checked.wanted else ""
    return f"{sign}{printable(checked.line.text)}{wanted}"
