"""Requirements in `pyproject.toml`: each has a lower bound and is used; nothing else is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.robustness import advisories
from tests.robustness.lower_bounds import ROOT, constraints, lowest, read_project, requirements

# Modules that come with what is asked for, and whose use is bound to it.
COMES_WITH = {
    "click": "llm",
    "pydantic": "llm",
    "traitlets": "ipython",
    "jupyter-client": "nbclient",
    "griffe": "mkdocstrings",
    "packaging": "pytest",
}
# What no module imports, and the words of a file that need it.
USED_IN = {
    "hatchling": ("pyproject.toml", 'build-backend = "hatchling.build"'),
    "import-linter": (".ci/run", "lint-imports"),
    "ipykernel": ("tests/integration/test_ipython.py", 'kernel_name="python3"'),
    "mkdocs": ("tests/integration/test_docs.py", '"mkdocs", "build"'),
    "mkdocs-material": ("mkdocs.yml", "name: material"),
    "mkdocstrings": ("mkdocs.yml", "- mkdocstrings:"),
    "mypy": (".ci/run", "mypy"),
    "pytest-xdist": (".ci/run", "pytest -n 2"),
    "ruff": (".ci/run", "ruff check"),
}
# Extras that a user's commands need; the others are for who develops mathrepl.
OF_USERS = ("", "plots", "llm", "onnx", "ray", "ipython")
DEVELOPED_IN = ("tests", "docs", "benchmarks")


def imported(*folders: str) -> set[str]:
    """Top-level modules that the code in these folders imports, as names of distributions."""
    found = set()
    for path in (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module)
            elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "importorskip":
                found |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    tops = {name.split(".")[0] for name in found}
    ours = {path.stem for folder in ("", *folders) for path in (ROOT / folder).iterdir()}
    return {canonicalize_name(top) for top in tops - set(sys.stdlib_module_names) - ours}


def asked(groups: tuple[str, ...] | None = None) -> dict[str, Requirement]:
    """The requirements of these groups of `pyproject.toml` by name; of all without `groups`."""
    found = requirements(read_project())
    chosen = found if groups is None else groups
    return {canonicalize_name(r.name): r for group in chosen for r in found[group]}


def test_every_dependency_has_one_lower_bound() -> None:
    bounds = [text.split("==") for text in constraints(read_project())]
    assert [name for name, _ in bounds] == sorted(asked())
    for name, version in bounds:
        assert asked()[name].specifier.contains(Version(version)), name


@pytest.mark.parametrize("text", ["numpy", "numpy<3", "numpy>=1,>=2", "numpy==2.0"])
def test_a_dependency_without_one_is_found(text: str) -> None:
    with pytest.raises(ValueError, match="no lower bound, or several"):
        lowest(Requirement(text))


def test_two_bounds_of_one_name_are_found() -> None:
    extras = {"a": ["rich>=14"], "b": ["Rich>=15"]}
    with pytest.raises(ValueError, match="rich has the bounds 14 and 15"):
        constraints({"name": "x", "dependencies": [], "optional-dependencies": extras})


def test_what_builds_the_package_has_the_same_bound_as_its_extra() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    built = re.search(r'requires = \["(hatchling.*)"\]', text)
    assert built is not None
    assert Requirement(built[1]) == asked()["hatchling"]


def test_the_package_imports_what_it_asks_for_and_nothing_else() -> None:
    used = {COMES_WITH.get(name, name) for name in imported("mathrepl")}
    assert used == set(asked(OF_USERS))


def test_tests_docs_and_benchmarks_import_only_what_is_asked_for() -> None:
    used = {COMES_WITH.get(name, name) for name in imported(*DEVELOPED_IN)}
    assert used <= set(asked())


def test_everything_asked_for_is_imported_or_used_by_name() -> None:
    used = imported("mathrepl", *DEVELOPED_IN)
    assert set(asked()) - used == set(USED_IN) - used
    for name, (path, words) in USED_IN.items():
        file = ROOT / path
        if file.exists():  # a source distribution has no `.ci`
            assert words in file.read_text(), name


def test_extras_of_development_ask_for_nothing_that_users_need() -> None:
    """Otherwise a test could pass because of a package that no user has."""
    others = set(requirements(read_project())) - set(OF_USERS)
    assert not set(asked(tuple(others))) & set(asked(OF_USERS))


# --- What `.ci/audit` says ---------------------------------------------------------------------

FLAW = {"id": "CVE-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}
GOOD = {"name": "rich", "version": "15.0.0", "vulns": []}
BAD = {"name": "onnx", "version": "1.16.0", "vulns": [FLAW, {**FLAW, "fix_versions": []}]}
SKIPPED = {"name": "ray", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "code", "lines"),
    [
        ([GOOD], advisories.CLEAN, ["looked up 1 of 1 packages, 0 known flaws"]),
        (
            [GOOD, BAD],
            advisories.FLAWED,
            [
                "onnx 1.16.0: CVE-1, mended in 2.0",
                "onnx 1.16.0: CVE-1, mended in no version yet",
                "looked up 2 of 2 packages, 2 known flaws",
            ],
        ),
        (
            [GOOD, SKIPPED],
            advisories.UNKNOWN,
            [
                "looked up 1 of 2 packages, 0 known flaws",
                "NOT AUDITED: ray",
                "  Dependency not found on PyPI",
            ],
        ),
        (
            [],
            advisories.UNKNOWN,
            [
                "looked up 0 of 0 packages, 0 known flaws",
                "NOT AUDITED: the report names no package",
            ],
        ),
    ],
)
def test_an_audit_is_clean_only_where_all_was_looked_up(
    packages: list[dict[str, object]], code: int, lines: list[str]
) -> None:
    assert advisories.told({"dependencies": packages, "fixes": []}) == (code, lines)


def test_a_flaw_counts_although_others_were_not_looked_up() -> None:
    code, lines = advisories.told({"dependencies": [BAD, SKIPPED]})
    assert code == advisories.FLAWED
    assert "NOT AUDITED: ray" in lines


def test_an_audit_without_a_report_is_none(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.robustness.advisories", "tell", str(tmp_path / "none")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "NOT AUDITED: pip-audit wrote no report\n")


def test_pins_are_what_pip_would_install_but_for_mathrepl() -> None:
    install = [{"metadata": {"name": n, "version": "1"}} for n in ("rich", "mathrepl", "numpy")]
    assert advisories.pins({"install": install}) == ["numpy==1", "rich==1"]


# --- What SECURITY.md says of all code ---------------------------------------------------------

# Calls that run text or bytes as code, and modules whose files can.
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "system", "popen"}
RUNS_BYTES = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml", "runpy"}
ALLOWED = {"re.compile"}


def calls_that_run(source: str) -> set[str]:
    """The names of `RUNS_TEXT` and `RUNS_BYTES`, and each `shell=True`, in Python's text."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.split(".")[-1] in RUNS_TEXT and name not in ALLOWED:
                found.add(name)
            found |= {k.arg for k in node.keywords if k.arg in ("shell", "allow_pickle")}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            found |= {str(name) for name in names} & RUNS_BYTES
    return found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("eval('1')", {"eval"}),
        ("import os\nos.system('ls')", {"os.system"}),
        ("import builtins\nbuiltins.exec('1')", {"builtins.exec"}),
        ("import numpy as np\nnp.load('x', allow_pickle=True)", {"allow_pickle"}),
        ("import pickle", {"pickle"}),
        ("from marshal import loads", {"marshal"}),
        ("import subprocess\nsubprocess.run('ls', shell=True)", {"shell"}),
        ("import re\nre.compile('a')", set()),
    ],
)
def test_code_that_runs_text_is_found(source: str, found: set[str]) -> None:
    assert calls_that_run(source) == found


def test_no_module_runs_text_or_reads_pickles() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): calls_that_run(path.read_text())
        for path in (ROOT / "mathrepl").rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == {}
