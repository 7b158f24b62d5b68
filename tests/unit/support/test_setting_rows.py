"""Settings as rows: their bounds, and the texts that follow from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from mathrepl.support.errors import TaskError
from mathrepl.support.setting_rows import Setting, check_bounds, rows, setting


@dataclass(frozen=True, slots=True)
class Oven:
    trays: int = setting(2, "trays in it", low=1, high=1_000)
    heat_up: float = setting(0.5, "hours before", option="warm", above=0, high=3)
    open: float = setting(0.0, "share of the door", low=0, below=1, later=True)
    mode: str = setting("fan", "how it heats", choices=("fan", "grill"))
    light: bool = setting(False, "on while it bakes")
    colour: str = "white"

    def __post_init__(self) -> None:
        check_bounds(self)


def test_the_rows_are_those_of_the_fields_in_order():
    assert [row.name for row in rows(Oven)] == ["trays", "heat_up", "open", "mode", "light"]
    assert [row.key for row in rows(Oven)] == ["trays", "warm", "open", "mode", "light"]
    assert rows(Oven)[0] == Setting(2, "trays in it", low=1, high=1_000, name="trays")
    assert Oven().trays == rows(Oven)[0].default


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"trays": 0}, "trays must be 1 to 1,000, not 0"),
        ({"trays": 1_001}, "trays must be 1 to 1,000, not 1,001"),
        ({"heat_up": 0.0}, "warm must be above 0 and at most 3, not 0.0"),
        ({"heat_up": math.nan}, "warm must be above 0 and at most 3, not nan"),
        ({"open": 1.0}, "open must be at least 0 and below 1, not 1.0"),
        ({"open": math.nan}, "open must be at least 0 and below 1, not nan"),
        ({"mode": "steam"}, "mode must be fan or grill, not 'steam'"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_bounds(values, message):
    with pytest.raises(TaskError) as caught:
        Oven(**values)
    assert caught.value.message == message


def test_values_at_their_bounds_are_possible():
    Oven(1, 3.0, 0.0, "grill", True)
    Oven(1_000, math.nextafter(0, 1), math.nextafter(1, 0))
