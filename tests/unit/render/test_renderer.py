"""The looks of values, on terminals of several widths and without one."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mathrepl.analysis.figure import Bar, Bars, Figure, Progress
from mathrepl.arithmetic.lines import Operation, Span
from mathrepl.commands.configuring import HelpPage
from mathrepl.commands.spec import Note, Table, Value
from mathrepl.commands.table import command_table
from mathrepl.commands.weights import CardPage
from mathrepl.evaluation.certify import Certified, CertifyProgress
from mathrepl.inference.answer import Answer, Answers, Refused, compare
from mathrepl.inference.solution import Guess, ScratchpadStep, Solution
from mathrepl.render import progress
from mathrepl.render.renderer import Renderer
from mathrepl.render.theme import make_console, styles
from mathrepl.session.quiz import Round, Score
from mathrepl.store.card import Certificate, Epoch, Metrics, Mistake
from mathrepl.support.errors import EquationError, Spell
from mathrepl.training.events import EpochDone, Finished, Launched, Sample, Started, Stepped, Warned
from tests.kit.answers import answer
from tests.kit.weights import tiny_card


class Screen:
    """A renderer that draws into a string, as on a terminal or as into a pipe."""

    def __init__(self, width: int = 80, *, terminal: bool = True, color: bool = False) -> None:
        self.file = io.StringIO()
        self.renderer = Renderer("dark", talk_on_stderr=False)
        self.renderer.out = self.renderer.talk = Console(
            file=self.file,
            width=width,
            force_terminal=terminal,
            no_color=not color,
            color_system="truecolor" if color else None,
            theme=styles("dark"),
            markup=False,
            highlight=False,
        )

    def show(self, value: Value) -> str:
        before = len(self.file.getvalue())
        self.renderer.show(value)
        return self.file.getvalue()[before:]


def test_network_stands_over_truth_in_the_same_columns() -> None:
    text = Screen().show(answer("23", "3"))
    network = next(line for line in text.splitlines() if "network" in line)
    truth = next(line for line in text.splitlines() if "truth" in line)
    match = next(line for line in text.splitlines() if "match" in line)
    assert network.index("3") == truth.index("3") == match.index("=")
    assert network.index("2") == truth.index("·") == match.index("≠")


def test_the_verdict_needs_no_colour() -> None:
    assert "✓ right" in Screen().show(answer("3", "3"))
    assert "✗ wrong by 20, in 1 digit" in Screen().show(answer("23", "3"))


def test_a_close_runner_up_is_shown_and_a_far_one_is_not() -> None:
    assert "7 40%" in Screen().show(answer("3", "3", runner_up=0.4))
    assert "or else" not in Screen().show(
        compare(
            "1 + 2",
            Solution("1 + 2", "3", (Guess("3", 0.97, "7", 0.02),), Guess("\0", 0.99, "1", 0.01)),
            "3",
            weights="w",
            engine="numpy",
        )
    )


def test_notes_stand_below_the_table() -> None:
    assert "! leading zeros" in Screen().show(answer("3", "3", notes=("leading zeros",)))


def worked(*lines: ScratchpadStep, text: str, truth: str) -> Answer:
    guesses = tuple(None for _ in text)
    solution = Solution("2 + 3 * 4", text, guesses, None, lines)
    return compare("2 + 3 * 4", solution, truth, weights="w", engine="numpy")


RIGHT = worked(
    ScratchpadStep("2+3*4", Span(2, 5), "12", 0.9),
    ScratchpadStep("2+12", Span(0, 4), "14", 0.5),
    ScratchpadStep("14"),
    text="14",
    truth="14",
)
WRONG = worked(
    ScratchpadStep("2+3*4", Span(2, 5), "13", 0.9, Operation("3", "*", "4")),
    ScratchpadStep("2+13", Span(0, 4), "15", 0.5, Operation("2", "+", "13")),
    ScratchpadStep("15"),
    text="15",
    truth="14",
)


def test_a_working_stands_above_the_answer_a_line_each() -> None:
    lines = [line.strip() for line in Screen().show(RIGHT).splitlines()]
    at = lines.index("= 2+3*4")
    assert lines[at : at + 3] == ["= 2+3*4", "= 2+12", "= 14"]
    assert lines.index("2 + 3 * 4 = ?") < at < lines.index(next(x for x in lines if "truth" in x))
    assert any("45% sure" in line for line in lines)


def test_the_first_wrong_line_is_marked_with_what_belongs_there() -> None:
    lines = [line.strip() for line in Screen().show(WRONG).splitlines()]
    at = lines.index("= 2+3*4")
    assert lines[at + 1 : at + 5] == [
        "≠ 2+13",
        "2+12 belongs here",
        "it wrote 13 for 12",
        "15",
    ]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_long_working_is_folded(width: int) -> None:
    long = "+".join(["123456"] * 12)
    text = Screen(width).show(
        worked(ScratchpadStep(long, Span(0, 13)), ScratchpadStep("14"), text="14", truth="14")
    )
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text


def test_without_a_terminal_a_working_is_left_out() -> None:
    assert Screen(terminal=False).show(RIGHT) == "2 + 3 * 4 = 14  right\n"


def test_copied_characters_have_no_probability() -> None:
    sure = next(line for line in Screen().show(RIGHT).splitlines() if " sure " in line)
    assert "%" not in sure


CERTIFICATES = (
    Certificate(
        "a + b, 0..9", "mathrepl certify w", False, 100, 2, 2, 1, "", "2026-01-01", 1.0,
        {"digits": {"1+1": (100, 2)}}, {"1": 1, "2": 1},
        (Mistake("1 + 2", "4", "3", 0.5), Mistake("9 + 9", "", "18", 0.25)),
    ),
    Certificate("beyond, 50 unseen", "mathrepl certify w", True, 50, 0, 0, 0, "", "2026-01-01"),
)  # fmt: skip


def test_a_certification_tells_each_space_and_where_it_is_wrong() -> None:
    text = Screen(200).show(Certified("w", CERTIFICATES, written=True))
    first, second = (next(x for x in text.splitlines() if x.startswith(m)) for m in "✗✓")
    assert "a + b, 0..9: 2 wrong of 100 (98.0000% exact, all asked)" in first
    assert "beyond, 50 unseen: 0 wrong of 50 (100.0000% exact, unseen)" in second
    assert "such as 1 + 2 = 4, 9 + 9 = (nothing)\n" in text
    assert "1+1" in text


def test_a_card_tells_its_certificates_and_how_to_reproduce_them() -> None:
    card = replace(tiny_card("t"), certificates=CERTIFICATES)
    text = Screen(200).show(CardPage(card, "user", "/x/t.json"))
    assert text.count("certified") == 2
    assert "reproduce: mathrepl certify w" in text


@pytest.mark.parametrize("width", [20, 24, 40, 60, 80, 200])
@pytest.mark.parametrize("length", [1, 4, 30])
def test_no_line_is_wider_than_the_window(width: int, length: int) -> None:
    text = Screen(width).show(answer("9" * length, "1" * length))
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text
    assert "9" in text


def test_a_narrow_window_marks_the_places_that_differ() -> None:
    lines = Screen(20).show(answer("23", "3")).splitlines()
    network = next(line for line in lines if line.startswith("network"))
    marks = next(line for line in lines if line.strip() == "^")
    assert network[marks.index("^")] == "2"


def test_without_a_terminal_an_answer_is_one_plain_line() -> None:
    text = Screen(terminal=False).show(answer("23", "3"))
    assert text == "1 + 2 = 23  wrong by 20, in 1 digit, truth 3\n"


def test_a_plain_line_names_the_network_that_auto_chose() -> None:
    chosen = replace(answer("23", "3", notes=("far",)), auto=True)
    text = Screen(terminal=False).show(chosen)
    assert text == "1 + 2 = 23  wrong by 20, in 1 digit, truth 3  (w)  (far)\n"


def test_plain_lines_of_several_name_their_networks_where_they_are_two_or_auto_chose() -> None:
    first = answer("3", "3")
    one, chosen, other = first, replace(first, auto=True), replace(first, weights="other")
    refused = Refused("4 +", EquationError("no"), "other")

    def ends(*items: Answer | Refused) -> list[str]:
        lines = Screen(terminal=False).show(Answers(items)).splitlines()
        return [line.removeprefix("1 + 2 = 3  right") for line in lines]

    assert ends(one, one) == ["", ""]
    assert ends(one, other) == ["  (w)", "  (other)"]
    assert ends(chosen, one) == ["  (w)", "  (w)"]
    assert ends(one, refused) == ["  (w)", "error: no"]


def test_colour_appears_only_when_it_may() -> None:
    assert "\x1b[" in Screen(color=True).show(answer("3", "3"))
    assert "\x1b[" not in Screen(color=False).show(answer("3", "3"))


def test_several_answers_are_a_row_each_with_refusals_in_place() -> None:
    refused = Refused("4 +", EquationError("a number is missing"))
    text = Screen(100).show(Answers((answer("3", "3"), refused, answer("4", "3"))))
    assert "a number is missing" in text
    assert "1 of 2 right" in text


@pytest.mark.parametrize("width", [20, 100])
def test_of_several_answers_the_network_is_named_where_it_was_chosen(width: int) -> None:
    both = answer("3", "3"), answer("4", "3")
    assert "w" not in Screen(width).show(Answers(both)).replace("network", "").replace("wrong", "")
    chosen = Answers(tuple(replace(one, auto=True, weights="chosen") for one in both))
    assert Screen(width).show(chosen).count("chosen") == 2


def test_a_blank_the_network_wrote_is_visible() -> None:
    assert "␣" in Screen().show(answer("1 3", "113"))


def test_user_text_cannot_steer_the_terminal() -> None:
    screen = Screen()
    screen.renderer.error(EquationError("no", text="\x1b[2J1", column=0))
    screen.renderer.show(Refused("\x1b[2J", EquationError("\x1b]0;x\x07")))
    screen.renderer.show(Note("\x1b[2J"))
    screen.renderer.show(Table("t", ("a",), (("\x1b[2J",),)))
    assert "\x1b" not in screen.file.getvalue()


def test_help_shows_every_parameter_of_every_command() -> None:
    for command in command_table().values():
        text = Screen(100).show(HelpPage(command))
        for parameter in command.parameters_for("session"):
            assert parameter.usage in text


def test_a_table_becomes_lines_in_a_narrow_window() -> None:
    table = Table("t", ("name", "task"), (("blog", "a + b, 0..999"),), footer="end")
    assert "name blog\ntask a + b, 0..999\n" in Screen(30).show(table)
    assert "name   task" in Screen(80).show(table)


def test_a_card_tells_the_network_and_its_file() -> None:
    text = Screen(120).show(CardPage(tiny_card("t"), "user", "/x/t.json"))
    assert "BiLSTM(4) -> RepeatVector -> BiLSTM(4) -> Dense" in text
    assert "/x/t.json (user)" in text


def test_a_quiz_shows_rounds_and_a_score() -> None:
    right, wrong = (Round(i, 2, answer(n, "3"), 0.001, "3", 1.5) for i, n in ((1, "3"), (2, "4")))
    assert "1/2  ✓ 1 + 2 = 3" in Screen(100).show(right)
    assert "you: 3  right" in Screen(100).show(right)
    text = Screen(100).show(Score((right, wrong), early=False, against_person=True))
    assert "network 1/2  exact match 50.0%" in text
    assert "you     2/2" in text
    assert "missed" in text


METRICS = Metrics(0.5, 0.75, 0.25)
EPOCH = EpochDone(1, Epoch(1, 0.1, METRICS, METRICS), True, (Sample("1 + 2", "4", "3"),))


def test_training_without_a_terminal_is_a_line_an_epoch() -> None:
    screen = Screen(terminal=False)
    for event in (Launched("w", 2), Started("w", 10, 9, 1, 2, None), Stepped(1, 0.5, 0.7), EPOCH):
        screen.show(event)
    assert screen.file.getvalue() == "epoch 1/2  loss 0.5000  held-out exact 25.00%  best so far\n"


def test_training_on_a_terminal_shows_bar_sparkline_and_samples() -> None:
    screen = Screen(100)
    for event in (Launched("w", 2), Started("w", 10, 9, 1, 2, None), EPOCH, Warned("disk full")):
        screen.show(event)
    live = screen.renderer._training
    assert live is not None
    screen.renderer.out.print(live._draw())
    screen.renderer.close()
    text = screen.file.getvalue()
    for piece in ("epoch 2/2", "loss", "held-out exact", "✗ 1 + 2 =", "truth 3", "disk full"):
        assert piece in text


@pytest.mark.parametrize(
    ("finished", "text"),
    [
        (Finished("finished", "w", 2, True, 2, METRICS, None), "best epoch 2 kept, 25.00% exact"),
        (Finished("stopped", "w", 0, False, 0, None, None), "stopped before the first epoch"),
        (Finished("stopped", "w", 3, False, 0, METRICS, METRICS), "stopped after 3 epochs, none"),
        (Finished("dropped", "w", 1, False, 0, None, None), "w is as it was before"),
        (Finished("failed", "w", 1, True, 1, METRICS, None, "full"), "training failed: full"),
    ],
)
def test_the_end_of_a_training_says_what_was_kept(finished: Finished, text: str) -> None:
    assert text in Screen(200).show(finished)


@pytest.mark.parametrize(
    ("spell", "undo"), [(str, ":undo"), (lambda run: f"undo {run.weights}", "undo w")]
)
def test_the_end_of_a_training_says_how_it_is_undone_where_one_is(spell: Spell, undo: str) -> None:
    screen = Screen(200)
    screen.renderer._spell = spell
    text = screen.show(Finished("finished", "w", 2, True, 2, METRICS, None))
    assert text.endswith(f"on held-out; {undo} goes back\n")


def test_certification_shows_a_bar_on_a_terminal_only() -> None:
    assert Screen(terminal=False).show(CertifyProgress("w", 5, 10, 1)) == ""
    screen = Screen(100)
    screen.show(CertifyProgress("w", 5, 10, 1))
    screen.renderer.close()
    assert "5/10" in screen.file.getvalue()
    assert "/3" not in screen.file.getvalue()
    screen.show(CertifyProgress("w", 5, 10, 1, "a + b", 2, 3))
    screen.renderer.close()
    assert "2/3 5/10" in screen.file.getvalue()


def test_a_figure_is_drawn_after_the_bar_of_its_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    screen = Screen()
    assert "asking 5/10" in screen.show(Progress("asking", 5, 10)) + screen.show(Note("done"))
    assert screen.renderer._progress is None
    figure = Figure("next", (Bars("", (Bar("1", 1.0, "75%"),)),), notes=("small",))
    assert screen.show(figure) == f"next\n1 {'█' * 40} 75%\n! small\n"


def test_facts_are_not_wrapped_without_a_terminal() -> None:
    figure = Figure("next", (), facts=("word " * 40 + "end",))
    assert Screen(40, terminal=False).show(figure).splitlines()[1].endswith("word end")


def test_a_value_from_elsewhere_is_drawn_by_its_record() -> None:
    class Foreign:
        def record(self) -> dict[str, object]:
            return {"moon": "full"}

    assert "moon full" in Screen().show(Foreign())


@pytest.mark.parametrize("name", ["COLUMNS", "LINES", "JUPYTER_COLUMNS", "JUPYTER_LINES"])
@pytest.mark.parametrize(
    "size", ["0", "00", "-1", "x", "1.5", "", "\N{SUPERSCRIPT TWO}", "10001", "9" * 5000]
)
def test_a_size_that_nothing_can_be_drawn_in_is_no_size(
    monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    usual = make_console(io.StringIO(), "dark").size
    monkeypatch.setenv(name, size)
    file = io.StringIO()
    console = make_console(file, "dark")
    console.print("94 + 909 = 1003")
    assert file.getvalue() == "94 + 909 = 1003\n"
    assert console.size == usual


def test_a_size_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert make_console(io.StringIO(), "dark").width == 50
