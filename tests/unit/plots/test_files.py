"""Files that figures are written to, and bad places that are refused."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from mathrepl.analysis.figure import Bar, Bars, Figure, Lines, Series
from mathrepl.plots.files import check_path, save_figure
from mathrepl.support import libraries
from mathrepl.support.errors import MathreplError, UsageError
from tests.kit.paths import ROOT

FIGURE = Figure(
    "Two panels",
    (
        Lines("loss", (Series("held-out", (1.0, 2.0, 3.0), (0.5, 0.2, 0.1)),), log=True),
        Bars("digits", (Bar("3", 0.5, "50%"),), high=1.0),
    ),
    facts=("a fact",),
)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("figure.png", b"\x89PNG\r\n\x1a\n"),
        ("FIGURE.PNG", b"\x89PNG\r\n\x1a\n"),
        ("figure.svg", b"<?xml"),
        ("a.figure.SvG", b"<?xml"),
    ],
)
def test_the_ending_picks_the_kind(tmp_path, name, start):
    path = tmp_path / name
    assert save_figure(FIGURE, path) == path
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["figure", "figure.pdf", "figure.png.txt", ".png"])
@pytest.mark.parametrize("refuses", [check_path, lambda path: save_figure(FIGURE, path)])
def test_another_ending_is_refused(tmp_path, name, refuses):
    with pytest.raises(UsageError, match="cannot tell the kind") as caught:
        refuses(tmp_path / name)
    assert caught.value.hint == "end it in .png or .svg"
    assert not list(tmp_path.iterdir())


def test_a_bad_place_is_refused(tmp_path):
    with pytest.raises(MathreplError, match="missing"):
        check_path(tmp_path / "missing" / "figure.png")


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "figure.svg"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MathreplError, match="No space left"):
        save_figure(FIGURE, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("refuses", [check_path, lambda path: save_figure(FIGURE, path)])
def test_without_matplotlib_it_says_how_to_get_it(tmp_path, monkeypatch, refuses):
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    with pytest.raises(MathreplError, match=r"writing figure\.png needs matplotlib") as caught:
        refuses(tmp_path / "figure.png")
    assert caught.value.hint == "pip install 'mathrepl[plots]'"


@pytest.mark.parametrize("refuses", [check_path, lambda path: save_figure(FIGURE, path)])
def test_a_matplotlib_that_cannot_be_loaded_is_met_before_the_work(tmp_path, monkeypatch, refuses):
    """As with `MPLBACKEND=bogus`, which matplotlib reads while it is imported."""

    def broken(module: str) -> None:
        raise ValueError("'bogus' is not a valid value for backend")

    monkeypatch.setattr(libraries, "import_module", broken)
    with pytest.raises(MathreplError, match=r"cannot be loaded: ValueError: 'bogus'") as caught:
        refuses(tmp_path / "figure.png")
    assert "\n" not in str(caught.value)


def test_a_session_that_saves_nothing_loads_no_matplotlib():
    code = "import sys, mathrepl.plots.files\nsys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes_in_another_process(tmp_path, ending):
    """Another hash seed, and a matplotlibrc that would change every colour and every id."""
    here = save_figure(FIGURE, tmp_path / f"here.{ending}").read_bytes()
    assert save_figure(FIGURE, tmp_path / f"again.{ending}").read_bytes() == here
    rc = tmp_path / "matplotlibrc"
    rc.write_text("lines.linewidth: 9\nsavefig.bbox: tight\nsavefig.dpi: 30\nfont.size: 30\n")
    there = tmp_path / f"there.{ending}"
    code = (
        "import sys, pathlib\n"
        "from tests.unit.plots.test_files import FIGURE\n"
        "from mathrepl.plots.files import save_figure\n"
        "save_figure(FIGURE, pathlib.Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(rc)}
    root = ROOT
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, cwd=root, env=environment)
    assert there.read_bytes() == here
