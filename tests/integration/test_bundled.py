"""The bundled weights load, and the figures in their cards are true when asked afresh."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from mathrepl.data.sampling import split
from mathrepl.data.skill_examples import skill_examples
from mathrepl.evaluation.suites import suites_of
from mathrepl.networks import kind_of, parameter_count, part_tensors, parts_of
from mathrepl.networks.proof import prove
from mathrepl.session.router import AUTOMATIC
from mathrepl.session.session import Session
from mathrepl.store.store import AUTO, Store, bundled_directory
from mathrepl.support.errors import OutOfReachError
from mathrepl.support.settings import Settings

ASKED = {"add": 1000, "blog": 1000, "long": 100, "work": 60, "columns": 200}  # of each suite
HELD_OUT = 1000
NAMES = Store(Path("/nonexistent")).names()


@pytest.fixture(params=NAMES)
def session(request: pytest.FixtureRequest) -> Session:
    return Session(Settings(weights=request.param), Store(Path("/nonexistent")))


def test_the_default_takes_bundled_weights() -> None:
    assert Settings().weights == AUTO
    assert set(AUTOMATIC) <= set(NAMES)


def test_every_file_belongs_to_a_pair() -> None:
    files = sorted(path.name for path in bundled_directory().iterdir())
    assert files == sorted(f"{n}.{kind}" for n in NAMES for kind in ("json", "safetensors"))


def test_the_card_fits_the_weights(session: Session) -> None:
    card = session.card
    assert card.parameters == parameter_count(card.architecture, card.encoding)
    assert card.certificates
    assert {c.weights_sha256 for c in card.certificates} == {card.sha256}
    assert session.store.tensors(session.weights.found)


def test_the_held_out_figure_is_true(session: Session) -> None:
    """All that were held out where the card counts mistakes, else the first of them."""
    card = session.card
    assert card.held_out is not None
    training = card.trainings[-1]
    count = training.held_out_examples
    wrong = round((1 - card.held_out.exact) * count)
    kind = kind_of(parts_of(card.architecture)[training.part])
    if kind.automaton:
        skills = kind.encoding(card.encoding).skills
        asked = training.examples + count
        held_out = skill_examples(skills, asked, card.task.seed).held_out
        write = session.weights.solver._write_passes
    else:
        # Of a larger split these are the first.
        asked = training.examples + count if wrong else 10 * HELD_OUT
        held_out = split(card.task, asked).held_out
        write = session.weights.solver.write
    held_out = sorted(held_out, key=lambda example: len(example.answer))
    written: list[str] = []
    for first in range(0, len(held_out), 1000):
        written += write([e.question for e in held_out[first : first + 1000]]).texts
    found = sum(text != e.answer for text, e in zip(written, held_out, strict=True))
    if len(held_out) == count:
        assert found == wrong
    else:
        assert len(held_out) == HELD_OUT
        assert found <= wrong


def test_the_certificates_are_true_when_asked_afresh(session: Session) -> None:
    """The first of each suite, and some that the card lists as wrong.

    Of the first, those that are wrong must be those that the card lists.
    """
    card = session.card
    suites = suites_of(card, None)
    assert len(suites) == len(card.certificates)
    for suite, certificate in zip(suites, card.certificates, strict=True):
        assert certificate.space.startswith(suite.name)
        write = session.weights.solver.part(suite.part, suite.decimals)
        asked = list(islice(suite.examples(), ASKED[card.name]))
        written = write([e.question for e in asked]).texts
        wrong = {e.question for text, e in zip(written, asked, strict=True) if text != e.answer}
        listed = {m.question for m in certificate.mistakes}
        if certificate.wrong == len(certificate.mistakes):
            assert wrong == listed & {e.question for e in asked}
        else:
            assert len(wrong) <= certificate.wrong
        some = certificate.mistakes[:4]
        if some:
            again = write([m.question for m in some]).texts
            assert all(text != m.truth for text, m in zip(again, some, strict=True))


@pytest.mark.parametrize("name", ["work", "columns"])
def test_what_is_said_to_be_proved_is(name: str) -> None:
    found = Store(Path("/nonexistent")).find(name)
    tensors = Store(Path("/nonexistent")).tensors(found)
    for part, kind in parts_of(found.card.architecture).items():
        listed = kind_of(kind).automaton(part_tensors(tensors, part), found.card.encoding)
        proof = prove(listed)
        assert proof.holds, part
        assert proof.margin > 100 * max(skill.moved for skill in proof.skills)


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("columns", "94+909", "1003"),
        ("columns", "9" * 600 + "+1", "1" + "0" * 600),
        ("work", "1.5 + 2.25", "3.75"),
        ("work", "1/2 + 1/3", "0.833"),
        ("work", "1000000 / 7", "142857.143"),
        ("work", "123456789 * 987654321", "121932631112635269"),
        ("work", "2^10", "1024"),
        ("work", "-7 // 2 * (10 % 4)", "-8"),
        ("add", "94+909", "1003"),
        ("add", "47+58", "105"),
        ("add", "22+78", "100"),
        ("add", "0+0", "0"),
        ("add", "980+990", "1970"),
        ("add", "999+999", "1998"),
        ("work", "131+83-744*33", "-24338"),
        ("work", "5-900", "-895"),
        ("work", "842/37", "22.757"),
        ("work", "842%37", "28"),
        ("work", "(5-9)*3", "-12"),
        ("work", "1/16", "0.063"),
        ("work", "90/-7", "-12.857"),
        ("work", "788/936-0", "0.842"),
        ("work", "1+2*3-4+5*6-7", "26"),
        ("long", "9999999999+1", "10000000000"),
        ("long", "1000000000+1000000000", "2000000000"),
        ("long", "7+99999999", "100000006"),
        ("long", "806+801", "1607"),
        ("long", "1" * 50 + "+" + "8" * 50, "9" * 50),
    ],
)
def test_bundled_networks_know(name: str, question: str, answer: str) -> None:
    session = Session(Settings(weights=name), Store(Path("/nonexistent")))
    assert session.ask(question).network == answer


def test_blog_is_the_seed_network() -> None:
    session = Session(Settings(weights="blog"), Store(Path("/nonexistent")))
    assert session.card.parameters == 15_733
    assert session.ask("94 + 909").right
    (certificate,) = session.card.certificates
    assert certificate.total == 1_000_000
    # The seed's findings: 5 to 65 mistakes in 10,000, most below 100 and in one digit.
    assert 500 <= certificate.wrong <= 6_500
    assert certificate.wrong_operand_below_100 > certificate.wrong / 2
    assert certificate.wrong_one_digit > certificate.wrong / 2


def test_long_is_right_up_to_ten_digits_and_goes_on_beyond_its_training() -> None:
    session = Session(Settings(weights="long"), Store(Path("/nonexistent")))
    of_ten, of_twenty, hard, of_thirty, *_ = session.card.certificates
    assert (of_ten.total, of_ten.wrong) == (1_000_000, 0)
    assert (of_twenty.wrong, hard.wrong) == (0, 0)
    assert of_thirty.exact > 0.99


def test_add_is_right_in_its_whole_space() -> None:
    session = Session(Settings(weights="add"), Store(Path("/nonexistent")))
    (certificate,) = session.card.certificates
    assert (certificate.total, certificate.sampled) == (1_000_000, False)
    assert sum(training.examples for training in session.card.trainings) <= 27_000
    assert certificate.wrong == 0


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("94 + 909", "work"),
        (f"{'9' * 150} + 1", "work"),
        ("0.1 + 0.2", "work"),
        ("1 + 2 + 3", "work"),
        ("5 + 5 + 5 + 5 + 5 + 5 + 5", "work"),
        ("5000 + 6000 + 7000", "work"),
        ("842 % 37", "work"),
    ],
)
def test_auto_asks_the_network_that_fits_the_question(question: str, name: str) -> None:
    session = Session(Settings(), Store(Path("/nonexistent")))
    assert session.ask(question).weights == name


@pytest.mark.parametrize("name", ["work", "columns", "add"])
def test_small_sums_and_zeros_are_right_in_each_that_adds(name: str) -> None:
    pairs = [(a, b) for a in range(21) for b in range(21)]
    session = Session(Settings(weights=name), Store(Path("/nonexistent")))
    asked = session.weights.solver.write([f"{a}+{b}" for a, b in pairs])
    assert asked.texts == [str(a + b) for a, b in pairs]


@pytest.mark.parametrize("question", ["-3 + 4", "1.5 + 2", "1 + 2 + 3"])
def test_columns_refuse_what_their_one_skill_cannot_do(question: str) -> None:
    session = Session(Settings(weights="columns"), Store(Path("/nonexistent")))
    with pytest.raises(OutOfReachError, match="one operation on whole numbers without signs"):
        session.ask(question)
