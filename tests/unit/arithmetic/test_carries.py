from __future__ import annotations

import pytest

from mathrepl.arithmetic.carries import carry_chain, classes_of, has_operand_below, operations_of


@pytest.mark.parametrize(
    ("question", "classes"),
    [
        ("905 + 97", {"digits": "3+2", "carries": "111"}),
        ("905+92", {"digits": "3+2", "carries": "000"}),
        ("5 + 5", {"digits": "1+1", "carries": "1"}),
        ("0 + 10", {"digits": "1+2", "carries": "00"}),
        ("190+20", {"digits": "3+2", "carries": "010"}),
        ("9999+1", {"digits": "4+1", "carries": "4 in a row"}),
        ("99099+1001", {"digits": "5+4", "carries": "2 in a row"}),
        ("1111+2222", {"digits": "4+4", "carries": "0 in a row"}),
        ("3 * 4", {"operations": "1*"}),
        ("3-4*5-6", {"operations": "1* 2-"}),
        ("-3 + 4", {"operations": "1+"}),
        ("2*(-3+4)", {"operations": "1* 1+"}),
        ("5-(-3)", {"operations": "1-"}),
        ("842 % 37", {"operations": "1%"}),
        ("5 - -3", {"operations": "1-"}),
        ("-5 * -3", {"operations": "1*"}),
    ],
)
def test_classes_are_digits_and_carries_of_a_sum_else_the_operations(
    question: str, classes: dict[str, str]
):
    assert dict(classes_of(question)) == classes


@pytest.mark.parametrize(
    ("question", "chain", "operations"),
    [
        ("12 + 34", 0, "1+"),
        ("905+97", 3, "1+"),
        ("606 + 505", 1, "1+"),
        ("99999 + 1", 5, "1+"),
        ("1234 + 99", 2, "1+"),
        ("1 + 2 + 3", None, "2+"),
        ("-5+7", None, "1+"),
        ("7 - 5", None, "1-"),
        ("2*(3+4)", None, "1* 1+"),
        ("2 ** -10 // (3 + 4) % 5 * 6 * 7", None, "1% 2* 1** 1+ 1//"),
    ],
)
def test_a_sum_has_a_longest_run_of_carries(question: str, chain: int | None, operations: str):
    assert carry_chain(question) == chain
    assert operations_of(question) == operations


def test_operands_are_small_whatever_their_sign():
    assert has_operand_below("100 + 99", 100)
    assert not has_operand_below("100 + 99", 99)
    assert has_operand_below("-5 - 200", 10)
    assert not has_operand_below("-10 - 200", 10)
    assert not has_operand_below("no equation", 10)
