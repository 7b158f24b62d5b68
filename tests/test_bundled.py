"""The bundled weights load, and the figures in their cards are true when asked afresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from mathrepl.networks import parameter_count
from mathrepl.sampling import split
from mathrepl.session import Session
from mathrepl.settings import Settings
from mathrepl.store import Store, bundled_directory

NAMES = Store(Path("/nonexistent")).names()


@pytest.fixture(params=NAMES)
def session(request: pytest.FixtureRequest) -> Session:
    return Session(Settings(weights=request.param), Store(Path("/nonexistent")))


def test_the_default_weights_are_bundled() -> None:
    assert Settings().weights in NAMES


def test_every_file_belongs_to_a_pair() -> None:
    files = sorted(path.name for path in bundled_directory().iterdir())
    assert files == sorted(f"{n}.{kind}" for n in NAMES for kind in ("json", "safetensors"))


def test_the_card_fits_the_weights(session: Session) -> None:
    card = session.card
    assert card.parameters == parameter_count(card.architecture, card.encoding)
    assert card.certificate is not None
    assert card.certificate.weights_sha256 == card.sha256
    assert session.store.tensors(session.found)


def test_the_held_out_figure_is_true(session: Session) -> None:
    card = session.card
    last = card.trainings[-1]
    held_out = split(card.task, last.examples + last.held_out_examples).held_out
    written = session.solver.write([example.question for example in held_out])
    right = sum(text == e.answer for text, e in zip(written, held_out, strict=True))
    assert card.held_out is not None
    assert right / len(held_out) == pytest.approx(card.held_out.exact, abs=1e-9)


def test_blog_is_the_seed_network() -> None:
    session = Session(Settings(weights="blog"), Store(Path("/nonexistent")))
    assert session.card.parameters == 15_733
    assert session.ask("94 + 909").right
    certificate = session.card.certificate
    assert certificate is not None
    assert certificate.total == 1_000_000
    # The seed's findings: 5 to 65 mistakes in 10,000, most below 100 and in one digit.
    assert 500 <= certificate.wrong <= 6_500
    assert certificate.wrong_operand_below_100 > certificate.wrong / 2
    assert certificate.wrong_one_digit > certificate.wrong / 2
