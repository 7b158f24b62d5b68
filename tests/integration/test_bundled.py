"""The bundled weights load, and the figures in their cards are true when asked afresh."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest
from mathrepl.arithmetic.scratchpad import nesting
from mathrepl.data.step_examples import step_examples
from mathrepl.inference.scratchpad_solver import MAX_DEEPER

from mathrepl.data.sampling import split
from mathrepl.evaluation.suites import suites_of
from mathrepl.inference.answer import Answer
from mathrepl.networks import parameter_count
from mathrepl.session.router import AUTOMATIC
from mathrepl.session.session import Session
from mathrepl.store.store import AUTO, Store, bundled_directory
from mathrepl.support.settings import Settings

ASKED = {"add": 1000, "blog": 1000, "long": 100, "work": 20}  # of each suite
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
    training = [t for t in card.trainings if t.part != "reader"][-1]
    count = training.held_out_examples
    wrong = round((1 - card.held_out.exact) * count)
    if training.part:
        held_out = step_examples(card.task, training.part, 10 * HELD_OUT).held_out
        write = session.weights.solver.part(training.part)
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
    # Drawing all the examples of a part takes seconds, and of fewer the first are the same.
    suites = suites_of(card, ASKED["work"] if card.name == "work" else None)
    assert len(suites) == len(card.certificates)
    for suite, certificate in zip(suites, card.certificates, strict=True):
        assert certificate.space.startswith(suite.name)
        write = session.weights.solver.part(suite.part)
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


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
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


def test_right_workings_stay_far_from_the_nesting_at_which_one_counts_as_astray() -> None:
    rng = random.Random(0)
    questions = [f"{rng.randrange(1000)}/{rng.randrange(1, 1000)}" for _ in range(40)]
    questions += ["-".join(str(rng.randrange(1000)) for _ in range(12)) for _ in range(10)]
    session = Session(Settings(weights="work"), Store(Path("/nonexistent")))
    answers = [one for one in session.ask_each(questions).items if isinstance(one, Answer)]
    deeper = [
        max(nesting(one.line.text) for one in answer.scratchpad)
        - nesting(answer.scratchpad[0].line.text)
        for answer in answers
        if answer.right
    ]
    assert len(deeper) > 40
    assert 1 < max(deeper) <= MAX_DEEPER / 2


def test_add_is_right_in_its_whole_space() -> None:
    session = Session(Settings(weights="add"), Store(Path("/nonexistent")))
    (certificate,) = session.card.certificates
    assert (certificate.total, certificate.sampled) == (1_000_000, False)
    assert sum(training.examples for training in session.card.trainings) <= 27_000
    assert certificate.wrong == 0


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("94 + 909", "add"),
        ("1000 + 5", "long"),
        (f"{'9' * 150} + 1", "long"),  # more digits than `long` was asked for, as the others
        ("1 + 2 + 3", "work"),
        ("5 + 5 + 5 + 5 + 5 + 5 + 5", "work"),
        ("5000 + 6000 + 7000", "work"),
        ("842 % 37", "work"),
    ],
)
def test_auto_asks_the_network_that_fits_the_question(question: str, name: str) -> None:
    session = Session(Settings(), Store(Path("/nonexistent")))
    assert session.ask(question).weights == name
