"""The machine of a network: its states, their names, and conditions on columns."""

from __future__ import annotations

import numpy as np
import pytest

from mathrepl.analysis.conditions import Conditions
from mathrepl.analysis.figure import Edge, Figure, Machine
from mathrepl.analysis.machine import machine
from mathrepl.arithmetic.skills import ALL, DOING, READING
from mathrepl.evaluation.proofs import automata_of
from mathrepl.plots.drawing import picture
from mathrepl.support.errors import Run, UsageError
from tests.kit.exact import exact_card, tensors_of

CARD = exact_card("exact")
TENSORS = tensors_of(CARD)
AUTOMATA = automata_of(CARD, TENSORS, Run("use", "work"))


def of(figure: Figure) -> Machine:
    (panel,) = figure.panels
    assert isinstance(panel, Machine)
    return panel


def changed(name: str, at: tuple[int, ...], by: float) -> Figure:
    """The machine of a sum, after one number of the doer was changed."""
    tensors = {key: tensor.copy() for key, tensor in TENSORS.items()}
    tensors[f"doer.{name}"][at] += by
    return machine("near", automata_of(CARD, tensors, Run("use", "work")), "+")


def test_the_machine_of_a_sum_is_that_of_a_person():
    figure = machine("exact", AUTOMATA, None)
    found = of(figure)
    assert found.states == ("carry 0", "carry 1")
    assert found.edges == (
        Edge(0, 0, "a + b < 10", "a + b"),
        Edge(0, 1, "a + b >= 10", "a + b - 10"),
        Edge(0, None, "both are blank", "nothing"),
        Edge(1, 0, "a + b < 9", "a + b + 1"),
        Edge(1, 1, "a + b >= 9", "a + b - 9"),
    )
    assert "proved right at every length" in figure.facts
    assert not figure.notes
    assert figure.data["states"][0] == {"state": "carry 0", "symbols": [0, 1]}
    assert figure.data["edges"][2]["to"] is None


@pytest.mark.parametrize("name", READING + DOING)
def test_every_proved_skill_has_the_states_of_its_rule_and_a_condition_for_each_edge(name: str):
    figure = machine("exact", AUTOMATA, name)
    found = of(figure)
    assert set(found.states) == set(ALL[name].states)
    assert len(found.edges) <= 14
    for edge in found.edges:
        assert "one of" not in edge.when
        assert edge.writes != "several characters"
    assert figure.data["proved"]


def test_symbols_that_do_the_same_are_one_state():
    """Only the name of the memory's symbols says that `?` has four."""
    found = machine("exact", AUTOMATA, "?")
    assert [len(state["symbols"]) for state in found.data["states"]] == [2, 1, 1]


def test_a_state_that_stands_for_none_or_several_says_so():
    figure = changed("memory.bias", (0,), 100)  # no carry is ever remembered
    assert of(figure).states == ("carry 0 or carry 1",)
    assert figure.notes == ("a state stands for 2 states of the rule: carry 0 or carry 1",)
    assert any("not proved" in fact for fact in figure.facts)


def test_an_unknown_skill_is_refused():
    with pytest.raises(UsageError, match="exact has no skill '~'; it has p g n"):
        machine("exact", AUTOMATA, "~")


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_machine_is_drawn_into_a_file(kind):
    data = picture(machine("exact", AUTOMATA, "?"), kind)
    assert data == picture(machine("exact", AUTOMATA, "?"), kind)
    assert len(data) > 5000
    many = Machine("m", tuple(map(str, range(40))), (Edge(0, 39, "x", "y"),))
    assert picture(Figure("f", (many,)), kind)


COLUMNS = ALL["+"].columns()


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a + b >= 7", lambda a, b: int(a) + int(b) >= 7),
        ("a <= b", lambda a, b: int(a) <= int(b)),
        ("a is not 4", lambda a, b: a != "4"),
        ("b is 3 to 6", lambda a, b: b in "3456"),
        ("a is 1 or 7", lambda a, b: a in "17"),
        ("a = b and a is not 5", lambda a, b: a == b != "5"),
        ("a < b or b is 2", lambda a, b: int(a) < int(b) or b == "2"),
        ("it is any other", lambda a, b: True),
        (
            "it is one of 3 columns, such as 1 over 5, 2 over 9, 8 over 3",
            lambda a, b: a + b in ("15", "29", "83"),
        ),
    ],
)
def test_conditions_are_found_for_columns(text: str, holds):
    among = np.array([" " not in column for column in COLUMNS])
    wanted = np.array([" " not in column and holds(*column) for column in COLUMNS])
    assert Conditions(COLUMNS).of(wanted, among) == text


def test_what_is_written_has_a_rule_or_none():
    conditions = Conditions(COLUMNS)
    here = np.array([column in (("3", "9"), ("4", "9")) for column in COLUMNS])

    def result(three: str, four: str) -> str | None:
        written = [{"3": three, "4": four}.get(a, "") for a, _ in COLUMNS]
        return conditions.result(written, here)

    assert result("7", "7") == "7"
    assert result(" ", " ") == "blank"
    assert result("3", "4") == "a"
    assert result("2", "3") == "a + b - 10"
    assert result("2", "8") is None
