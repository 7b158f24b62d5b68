"""`:map` and `:errors`: what they refuse, and what their help promises."""

from __future__ import annotations

import pytest

from mathrepl.networks.kinds import BUILT_IN
from mathrepl.support.errors import UsageError
from tests.kit.lab import Lab


@pytest.mark.parametrize("operation", ["%", "+-", "x"])
def test_a_map_is_of_one_operation(lab: Lab, operation: str):
    with pytest.raises(UsageError, match=r"--op must be one of \+, -, \*, /, not "):
        lab.value(f":map 0..9 --op {operation}")


@pytest.mark.parametrize("count", ["0", "2000001"])
def test_errors_ask_one_equation_to_two_million(lab: Lab, count: str):
    with pytest.raises(UsageError, match=count):
        lab.value(f":errors {count}")


def default_of(lab: Lab, command: str, key: str) -> str:
    (found,) = (one for one in lab.context.commands[command].parameters if one.key == key)
    return found.default


def test_help_tells_the_sizes_that_are_used(lab: Lab):
    assert default_of(lab, "errors", "n") == str(BUILT_IN["seq2seq"].errors)
    (asked,) = [p.help for p in lab.context.commands["errors"].parameters if p.key == "n"]
    assert f"of work {BUILT_IN['work'].errors}" in asked
    default = default_of(lab, "map", "range")
    assert str(BUILT_IN["seq2seq"].map_side) in default
    assert f"of work {BUILT_IN['work'].map_side}" in default
