"""Random lines for the scratchpad: chains of `+-*`, quotients, and lines with one division.

Numbers are whole, at most 9999, some with leading zeros or signs; divisors are never 0.
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from mathrepl.arithmetic.parser import parse

numbers = st.integers(0, 999).map(str) | st.sampled_from(("0", "00", "007", "1000", "9999"))
_signed = st.builds(str.__add__, st.sampled_from(("-", "--", "+")), numbers)


def value(line: str) -> Fraction:
    """The exact value of a line, be it a number alone."""
    return parse(f"({line})+0").value()


def chains(
    factors: st.SearchStrategy[str], operations: str, most: int = 3
) -> st.SearchStrategy[str]:
    more = st.builds(str.__add__, st.sampled_from(operations), factors)
    return st.builds(
        lambda first, rest: first + "".join(rest),
        factors,
        st.lists(more, min_size=1, max_size=most),
    )


factors = st.recursive(
    numbers | _signed,
    lambda inner: st.builds(
        "{}({})".format, st.sampled_from(("", "", "-")), inner | chains(inner, "+-*", 2)
    ),
    max_leaves=3,
)
whole_questions = chains(factors, "+-*")
_divisors = st.integers(1, 999).map(str) | st.sampled_from(("-7", "(-16)", "(2+5)", "(3-8)", "012"))
quotients = st.builds("{}/{}".format, factors | chains(numbers, "*", 1), _divisors)
_terms = factors | chains(factors, "+-*", 1)
_before = st.builds(str.__add__, _terms, st.sampled_from("+-"))
_after = st.builds(str.__add__, st.sampled_from("+-"), _terms)
dividing_questions = st.builds(
    "{}{}{}".format, st.just("") | _before, quotients, st.just("") | _after
)
