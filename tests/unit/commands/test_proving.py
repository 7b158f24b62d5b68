"""`:prove` and `:automaton`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mathrepl.arithmetic.skills import DOING, READING
from mathrepl.evaluation.proofs import ProvedWeights
from mathrepl.hosts.cli import run
from mathrepl.store.store import Store
from mathrepl.support.errors import UsageError, WeightsError
from tests.kit.exact import exact_card, exact_weights, tensors_of
from tests.kit.lab import Lab


@pytest.fixture
def exact(lab: Lab) -> Lab:
    """A lab with the proved weights `exact`, and `near`, one weight of which was changed."""
    exact_weights(lab.store, "exact")
    card = exact_card("near")
    tensors = tensors_of(card)
    tensors["doer.output.bias"][3] += 20
    lab.store.save(card, tensors)
    return lab


def test_a_proof_is_written_into_the_card_once(exact: Lab):
    proved = exact.value(":prove exact")
    assert isinstance(proved, ProvedWeights)
    assert proved.good
    assert "written" in proved.card
    kept = exact.store.find("exact").card.proof
    assert kept is not None
    assert kept.weights_sha256 == exact.store.find("exact").card.sha256
    assert "the same" in exact.value(":prove exact --check").card
    assert exact.store.find("exact").card.proof == kept


def test_a_table_that_was_changed_is_found_and_written_anew(exact: Lab):
    exact.values(":prove exact")
    card = exact.store.find("exact").card
    assert card.proof is not None
    other = replace(card.proof, skills=card.proof.skills[:1])
    exact.store.save_card(replace(card, proof=other))
    checked = exact.value(":prove exact --check")
    assert checked.proved
    assert not checked.good
    assert "not what the network does" in checked.flaw
    assert exact.value(":prove exact").good
    assert exact.value(":prove exact --check").good


def test_weights_that_are_not_proved_leave_their_card(exact: Lab):
    proved = exact.value(":prove near")
    assert not proved.good
    assert any(skill.counterexample for skill in proved.skills)
    assert exact.store.find("near").card.proof is None
    assert exact.value(":prove near --check").flaw == "there is no table in its card"


def test_bundled_weights_are_proved_and_stay_as_they_are(lab: Lab):
    exact_weights(Store(lab.store.bundled, lab.folder / "elsewhere"), "exact")
    proved = lab.value(":prove exact")
    assert proved.good
    assert "left as it is" in proved.card


def test_a_weight_changed_on_the_disk_is_refused(exact: Lab):
    path = exact.store.user / "exact.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="does not match the checksum"):
        exact.values(":prove exact")


def test_weights_with_no_symbols_are_refused_in_one_line(exact: Lab):
    with pytest.raises(UsageError, match="tiny is of kind seq2seq, whose memory is real numbers"):
        exact.values(":prove tiny")


def test_the_shell_says_by_its_exit_code_what_is_proved(
    exact: Lab, capsys: pytest.CaptureFixture[str]
):
    assert run(["prove", "exact"]) == 0
    out = capsys.readouterr().out
    assert "14 of 14 skills proved right at every length: " in out
    assert run(["prove", "near"]) == 1
    out = capsys.readouterr().out
    assert "the shortest question that goes wrong is" in out
    assert "second row" in out
    assert run(["prove", "tiny"]) == 2
    assert "try mathrepl prove work" in capsys.readouterr().err


def test_json_has_each_skill(exact: Lab, capsys: pytest.CaptureFixture[str]):
    assert run(["prove", "near", "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["weights"] == "near"
    assert not record["proved"]
    skills = {skill["skill"]: skill for skill in record["skills"]}
    assert "".join(skills) == READING + DOING
    assert (skills["p"]["part"], skills["+"]["part"]) == ("reader", "doer")
    wrong = skills["+"]["counterexample"]
    assert wrong["network"] != wrong["truth"]


def test_the_machine_is_shown_and_saved(
    exact: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "carry.svg"
    assert run(["automaton", "+", "--weights", "exact", "--save", str(file)]) == 0
    out = capsys.readouterr().out
    assert "carry 0        a + b >= 10         a + b - 10   carry 1" in out
    assert b"<svg" in file.read_bytes()
    assert run(["automaton", "--weights", "exact", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["states"][1]["state"] == "carry 1"
    assert run(["automaton", "--weights", "tiny"]) == 2
    assert "no finite machine in it; try --weights work" in capsys.readouterr().err


def test_skills_are_completed(exact: Lab):
    exact.session.use("exact")
    (skill, _) = exact.context.commands["automaton"].parameters
    assert skill.suggest is not None
    assert "".join(skill.suggest(exact.session, [])) == READING + DOING
    exact.session.use("tiny")
    assert skill.suggest(exact.session, []) == ()
