"""Weights that mean harm are refused in one line, at little cost, and the session goes on.

The cases and their measuring are in `tests/robustness/hostile.py`; one process meets them all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from mathrepl.networks.finite import LARGEST
from mathrepl.store.store import Store
from mathrepl.support.errors import MathreplError
from tests.kit.lab import Lab, isolate
from tests.kit.paths import ROOT
from tests.kit.weights import random_tensors, tiny_card
from tests.robustness import hostile
from tests.robustness.hostile import CASES, EXTREME_KINDS, NAME, QUESTION, Met

MAX_SECONDS = 1.0
MAX_MEGABYTES = 50.0
MAX_REASON = 400  # with the folder's name in it


@pytest.fixture(scope="module")
def met() -> dict[str, Met]:
    """The outcome of each case in a session, by its name."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.robustness.hostile", "--json"],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = [Met(**json.loads(line)) for line in done.stdout.splitlines()]
    assert [one.case for one in found] == [case.name for case in CASES], done.stderr
    return {one.case: one for one in found}


each_case = pytest.mark.parametrize("name", [case.name for case in CASES])


@each_case
def test_it_is_refused_in_one_line(met: dict[str, Met], name: str) -> None:
    one = met[name]
    assert not one.crash
    assert 10 < len(one.reason) <= MAX_REASON
    assert one.reason.isprintable()
    assert "Error(" not in one.reason


@each_case
def test_it_costs_little(met: dict[str, Met], name: str) -> None:
    assert met[name].seconds < MAX_SECONDS
    assert met[name].megabytes < MAX_MEGABYTES


@each_case
def test_the_session_goes_on_with_what_it_had(met: dict[str, Met], name: str) -> None:
    assert met[name].same
    listing, _ = met[name].listed
    assert listing == 0


@pytest.fixture
def installed_kinds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", sys.path[:])
    packages = hostile._install_kinds(tmp_path / "packages")
    yield
    packages.close()


@pytest.mark.usefixtures("installed_kinds")
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", EXTREME_KINDS)
def test_the_largest_numbers_that_are_read_give_finite_results(tmp_path: Path, kind: str) -> None:
    lab, architecture, rng = Lab(tmp_path), EXTREME_KINDS[kind][0], np.random.default_rng(0)
    card = tiny_card(architecture=architecture)
    tensors = random_tensors(architecture, card.encoding)
    for name, values in tensors.items():
        signs = (
            np.zeros(values.shape)
            if name.endswith("variance")
            else rng.choice([-1, 1], values.shape)
        )
        tensors[name] = (LARGEST * signs).astype(np.float32)
    lab.store.save(card, tensors)
    lab.session.use(card.name)
    for line in (
        "1 + 2",
        ":quiz 5",
        ":map 0..5 --show confidence",
        ":map 0..5 --show size",
        ":errors 20",
        ":peek 1 + 2",
        ":attn 1 + 2",
        ":beam 5 1 + 2",
        ":step 1 + 2",
        ":weights output",
    ):
        with suppress(MathreplError):  # a kind that shows no attention
            for value in lab.values(line):
                json.dumps(value.record(), allow_nan=False)


def taken() -> dict[str, float]:
    """By how much the peak grows with 60 MB that are let go again at once."""
    before = hostile._peak()
    assert len(b"x" * (60 * hostile.MEGABYTE))
    return {"megabytes": (hostile._peak() - before) / hostile.MEGABYTE}


def test_the_measuring_sees_what_is_taken_for_a_moment() -> None:
    script = (
        "import json, tests.robustness.test_hostile as t;"
        "print(json.dumps(t.hostile._in_a_process(t.taken)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert 59 < json.loads(done.stdout)["megabytes"] < 62


def test_no_pickle_was_opened(met: dict[str, Met]) -> None:
    assert "a pickle" in met["forged: a pickle renamed"].reason
    assert not Path("/tmp/mathrepl-was-unpickled").exists()  # noqa: S108


def test_nothing_of_a_file_outside_is_told(met: dict[str, Met]) -> None:
    assert "root" not in met["a link to a secret as the card"].reason.partition(NAME)[2]


@pytest.mark.parametrize(
    "name",
    ["forged: NaN", "forged: 3.3e38, reader", "card with escape codes", "a pipe as the card"],
)
def test_the_same_through_a_pipe_from_start_to_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    isolate(monkeypatch, tmp_path)
    folder = tmp_path / "data" / "weights"
    folder.mkdir(parents=True)
    next(case for case in CASES if case.name == name).write(folder)
    before, after = (
        subprocess.run(
            [sys.executable, "-m", "mathrepl"],
            input=lines,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for lines in (f"{QUESTION}\n", f":use {NAME}\n{QUESTION}\n")
    )
    assert after.stdout == before.stdout != ""
    assert (before.returncode, after.returncode) == (0, 1)
    (line,) = after.stderr.splitlines()
    assert line.startswith("error: ")
    assert NAME in Store(folder).names()
