from __future__ import annotations

import pytest

from mathrepl.analysis.handing import due, one_step, remarks
from tests.kit.trained import SEQ2SEQ, WORK, network


@pytest.mark.parametrize(
    ("question", "truth", "written"),
    [
        ("94+909", "1003", "1003"),
        ("5-900", "-895", "-1000+105"),
        ("12*34", "408", "12*30+12*4"),
        ("842/37", "22.757", "20+(842-37*20)/37"),
        ("3/7", "0.429", "0"),
    ],
)
def test_of_a_doer_one_step_is_due(question: str, truth: str, written: str):
    doer = network(WORK, part="doer")
    assert due(doer, question, truth) == written
    assert remarks(doer, question) == ()
    (fact,) = one_step(doer, question)
    assert fact.startswith("one step of a working")
    assert fact.endswith(question)


@pytest.mark.parametrize("question", ["131+83-744*33", "1+2+3", "(1+2)*3", "1.5+2", "-5+3*2"])
def test_of_several_steps_nothing_is_due_and_it_says_so(question: str):
    doer = network(WORK, part="doer")
    assert due(doer, question, "7") is None
    (remark,) = remarks(doer, question)
    assert remark.startswith(f"{question} is no single step")
    assert ":attn" in remark
    assert one_step(doer, question) == []


@pytest.mark.parametrize("question", ["1+2", "1+2+3", "1.5+2"])
def test_of_any_other_network_the_answer_is_due(question: str):
    for other in (network(SEQ2SEQ), network(WORK, part="reader")):
        assert due(other, question, "7") == "7"
        assert remarks(other, question) == ()
        assert one_step(other, question) == []
