"""The surroundings that once were met badly; `python -m tests.robustness.surroundings` has all."""

from __future__ import annotations

import pytest

from tests.robustness.surroundings import CASES, VARIABLES, Case, meet

FOUND = (
    "nothing unusual",
    "COLUMNS='0'",
    "COLUMNS='\\xb2'",
    "LINES='9' * 5,000",
    "PYTHONIOENCODING='idna'",
    "MATHREPL_DATA_DIR='~no_body/x'",
    "a package that, imported, raises KeyboardInterrupt",
    "a package that, imported, raises a BaseException",
    "a package that, imported, raises what has no text",
    "a package that, imported, prints",
    "a package that, imported, loses stdout",
    "a command that raises GeneratorExit late",
    "a command that raises SystemExit",
    "a command that raises OSError",
    "a command that prints",
    "15,000 kB of memory",
    "60,000 kB of memory",
    "75,000 kB of memory",
    "a folder that is gone, MATHREPL_DATA_DIR=relative",
)
KNOWN = {case.name: case for case in CASES}


def test_no_two_cases_have_one_name() -> None:
    assert len(KNOWN) == len(CASES) > sum(map(len, VARIABLES.values()))


@pytest.mark.parametrize("name", FOUND)
def test_it_answers_or_says_in_a_line_why_not(name: str) -> None:
    for json in (False, True):
        assert meet(KNOWN[name], json=json).flaws == ()


def test_what_is_amiss_is_seen() -> None:
    silent = meet(Case("", environment={}, lines="# nothing\n"), json=False)
    assert silent.flaws == ("no answer", "neither an answer nor an error")
    assert meet(Case("", "error"), json=True).flaws == ("not one error",)
