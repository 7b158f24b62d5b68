"""The example packages, installed beside packages that are no good, and run as a person would."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.paths import ROOT

PROGRAM = [sys.executable, "-m", "mathrepl"]
BAD = {
    "broken": "import nowhere_to_be_found",
    "clashing": (
        "from mathrepl.commands.spec import Command, Note\n"
        "COMMANDS = (Command('quiz', 'another quiz', lambda c, a: Note('')),)"
    ),
}
BAD_KINDS = "[mathrepl.architectures]\nattention = clashing:COMMANDS\nbroken = broken:KIND\n"


def installed(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example alone in a folder of the import path."""
    for module in ("pip", "hatchling"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed; hatchling is in the extra `hosts`")
    folder = tmp_path_factory.mktemp("example")
    words = "install --quiet --no-deps --no-index --no-build-isolation --no-compile --target"
    command = [sys.executable, "-m", "pip", *words.split(), str(folder)]
    command.append(str(ROOT / "examples" / name))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("mathrepl-residues", tmp_path_factory)


@pytest.fixture(scope="module")
def modular(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("mathrepl-modular", tmp_path_factory)


@pytest.fixture(scope="module")
def gru(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("mathrepl-gru", tmp_path_factory)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two packages that cannot be used."""
    folder = tmp_path_factory.mktemp("bad")
    for name, code in BAD.items():
        (folder / f"{name}.py").write_text(code)
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        points = f"[mathrepl.commands]\n{name} = {name}:COMMANDS\n"
        (info / "entry_points.txt").write_text(points + (BAD_KINDS if name == "clashing" else ""))
    return folder


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Variables that keep the program away from whoever runs the tests."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("MATHREPL_", "PYTHONPATH"))}
    return own | {"MATHREPL_DATA_DIR": str(tmp_path), "MATHREPL_CONFIG_DIR": str(tmp_path)}


def run(
    home: dict[str, str], folders: list[Path], *words: str, data: str = ""
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(folder) for folder in (*folders, ROOT))
    return subprocess.run(
        [*PROGRAM, *words],
        input=data,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**home, "PYTHONPATH": path},
    )


def test_its_commands_are_subcommands(home: dict[str, str], example: Path):
    done = run(home, [example], "residues", "20", "--weights", "blog", "--modulus", "10")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("weights blog\nmodulus 10\nasked 20\nright ")


def test_json_and_help_follow_from_the_table(home: dict[str, str], example: Path):
    done = run(home, [example], "residues", "20", "--weights", "blog", "--json")
    record = json.loads(done.stdout)
    assert (record["asked"], record["modulus"]) == (20, 9)
    assert 20 >= record["same_residue"] >= record["right"]
    helped = run(home, [example], "residues", "--help").stdout
    assert "what to divide by (default 9)" in " ".join(helped.split())
    listed = run(home, [example], "--help").stdout
    assert "check one answer by casting out nines" in listed


def test_a_session_knows_them(home: dict[str, str], example: Path):
    lines = ":help residues\n:nines 94 + 909\n:resid 5\n:nins 1+2\nnines\n"
    done = run(home, [example], data=lines)
    assert ":residues [N] [options]" in done.stdout
    assert "asked 5" in done.stdout
    assert "leaves 4 by nines, as it should" in done.stderr
    assert done.stderr.count(":nines") == 2  # what was meant, twice


def test_the_shell_completes_them(home: dict[str, str], example: Path, bad: Path):
    asks = {"_MATHREPL_COMPLETE": "complete_bash", "COMP_WORDS": "mathrepl resi", "COMP_CWORD": "1"}
    done = run({**home, **asks}, [example, bad])
    assert (done.stdout.split(), done.stderr) == (["residues"], "")


@pytest.mark.parametrize("words", [("ask", "94 + 909"), ("nines", "94 + 909"), ()])
def test_packages_that_are_no_good_cost_a_line_each(
    home: dict[str, str], example: Path, bad: Path, words: tuple[str, ...]
):
    data = "94 + 909\n:history\n"
    alone = run(home, [example], *words, data=data)
    beside = run(home, [example, bad], *words, data=data)
    assert (
        (beside.returncode, beside.stdout) == (alone.returncode, alone.stdout) == (0, alone.stdout)
    )
    problems = [line for line in beside.stderr.splitlines() if line not in alone.stderr]
    assert len(problems) == len(BAD) + 1
    assert "broken of broken 1.0" in problems[0]
    assert "'quiz' of clashing 1.0" in problems[1]
    assert "'attention' of clashing 1.0" in problems[2]


def test_a_kind_of_network_that_cannot_be_imported_costs_a_line_when_it_is_named(
    home: dict[str, str], bad: Path
):
    done = run(home, [bad], "train", "1", "--fresh", "--name", "x", "--kind", "broken")
    assert (done.returncode, done.stdout) == (1, "")
    told = done.stderr.splitlines()[-1]
    assert "broken of clashing 1.0" in told


def test_without_it_there_is_no_such_command(home: dict[str, str]):
    done = run(home, [], "residues")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'residues'" in done.stderr


def test_a_network_is_trained_and_asked_by_the_rule_of_a_package(
    home: dict[str, str], modular: Path
):
    options = "--examples 400 --hidden 8 --operations 1 --range 90..99"
    words = f"train 2 --fresh --name clock --rule mod97 {options} --ops +-*/".split()
    done = run(home, [modular], *words)
    assert done.returncode == 0, done.stderr
    asked = run(home, [modular], "ask", "90 + 10", "1 / 97", "1 / 2", "--json", "-w", "clock")
    found = [json.loads(line) for line in asked.stdout.splitlines()]
    assert [one.get("truth") for one in found] == ["3", None, "49"]
    assert "97" in found[1]["error"]
    quiz = run(home, [modular], "quiz", "5", "--seed", "1", "--weights", "clock", "--json")
    rounds = [json.loads(line) for line in quiz.stdout.splitlines()][:-1]
    assert len(rounds) == 5
    assert all(int(one["truth"]) < 97 for one in rounds)
    certified = run(home, [modular], "certify", "clock", "--json")
    (space,) = json.loads(certified.stdout.splitlines()[-1])["spaces"]
    # By 97 no number from 90 to 99 divides but 97 itself.
    assert space["total"] == 400 - 9
    assert "mod97 (arithmetic modulo 97)" in space["space"]
    card = json.loads(run(home, [modular], "card", "clock", "--json").stdout)
    assert (card["task"]["rule"], card["encoding"]["answer_length"]) == ("mod97", 3)
    assert "--rule=mod97" in card["trainings"][0]["command"]

    gone = run(home, [], "ask", "90 + 10", "--weights", "clock")
    assert gone.returncode == 1
    assert "'mod97'" in gone.stderr
    assert len(gone.stderr.splitlines()) == 1
    others = run(home, [], "ask", "94 + 909")
    assert (others.returncode, others.stderr) == (0, "")


def test_an_unknown_rule_is_one_line(home: dict[str, str], modular: Path):
    done = run(home, [modular], "train", "1", "--fresh", "--name", "x", "--rule", "mod98")
    assert done.returncode == 2
    assert "'mod98'" in done.stderr
    assert "mod97" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_the_test_of_an_installed_kind_of_network_passes(home: dict[str, str], gru: Path):
    words = "-q -p no:cacheprovider -W error --rootdir"
    folder = ROOT / "examples" / "mathrepl-gru" / "tests"
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *words.split(), str(folder), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**home, "PYTHONPATH": os.pathsep.join((str(gru), str(ROOT)))},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_network_of_an_installed_kind_is_trained_and_asked(
    home: dict[str, str], gru: Path, tmp_path: Path
):
    options = "--hidden 16 --range 0..3 --examples 16 --batch 4 --lr 0.02"
    words = f"train 40 --fresh --name small --kind gru {options} --json".split()
    done = run(home, [gru], *words)
    assert done.returncode == 0, done.stderr
    card = json.loads(run(home, [gru], "card", "small", "--json").stdout)
    losses = [epoch["training"]["loss"] for epoch in card["history"]]
    assert len(losses) == 40
    assert losses[-1] < losses[0] / 4  # sums of 0..3 are learnt within seconds

    asks = ["--json", "-w", "small"]
    questions = [f"{a} + {b}" for a in range(4) for b in range(4)]
    asked = run(home, [gru], "ask", *questions, *asks)
    assert (asked.returncode, asked.stderr) == (0, "")
    answers = [json.loads(line) for line in asked.stdout.splitlines()]
    assert sum(one["network"] == one["truth"] for one in answers) >= 8

    assert card["architecture"] == {"kind": "gru", "hidden": 16, "dropout": 0.0}
    assert card["trainings"][0]["versions"]["mathrepl-gru"] == "0.1.0"
    assert "--kind gru --hidden 16" in card["trainings"][0]["command"]
    looked = run(home, [gru], "attn", "1 + 2", "-w", "small")
    assert (looked.returncode, len(looked.stderr.splitlines())) == (2, 1)
    assert "gru" in looked.stderr

    gone = run(home, [], "ask", "1 + 2", "--weights", "small")
    assert (gone.returncode, gone.stdout, len(gone.stderr.splitlines())) == (1, "", 1)
    assert "'gru'" in gone.stderr
    listed = run(home, [], "models")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "small" in listed.stdout

    path = tmp_path / "weights" / "small.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    damaged = run(home, [gru], "ask", "1 + 2", "--weights", "small")
    assert (damaged.returncode, damaged.stdout, len(damaged.stderr.splitlines())) == (1, "", 1)
    assert "small.safetensors" in damaged.stderr


def test_an_installed_kind_is_offered_and_its_name_alone_loads_nothing(
    home: dict[str, str], gru: Path
):
    helped = " ".join(run(home, [gru], "train", "--help").stdout.split())
    assert "--kind seq2seq|attention|columns|gru" in helped
    told = run(home, [gru], data=":help train\n").stdout
    assert "seq2seq|attention|columns|gru" in told
    asks = {"_MATHREPL_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    done = run({**home, **asks, "COMP_WORDS": "mathrepl train --kind g"}, [gru])
    assert (done.stdout.split(), done.stderr) == (["gru"], "")
    code = (
        "import sys\nfrom mathrepl.networks.config import Architecture\n"
        "from mathrepl.commands.table import command_table\ncommand_table()\n"
        "assert 'mathrepl_gru' not in sys.modules\n"
        "print(Architecture('gru').describe(), {'numpy', 'keras'} & set(sys.modules))"
    )
    path = {"PYTHONPATH": os.pathsep.join((str(gru), str(ROOT)))}
    named = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=home | path
    )
    assert named.stdout == "GRU(20) -> RepeatVector -> GRU(20) -> Dense set()\n"


def test_a_start_without_packages_does_not_load_their_reader(home: dict[str, str]):
    """`importlib.metadata` costs more than all the rest of the table."""
    code = (
        "import sys\nfrom mathrepl.commands.table import command_table\n"
        "command_table()\nprint('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=home
    )
    assert done.stdout == "False\n"
