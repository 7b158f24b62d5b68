"""The rules of the test folders: shared code lives in tests/kit, and folders give markers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.kit.paths import ROOT


def imported(source: str) -> Iterator[str]:
    """Every module that `source` imports, with the names taken from one as its submodules."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{name.name}" for name in node.names)


def imported_tests(source: str) -> list[str]:
    """The test modules among them: some part of the dotted name starts with `test_`."""
    return [name for name in imported(source) if ".test_" in f".{name}"]


@pytest.mark.parametrize(
    "source",
    [
        "from tests.unit.store.test_store import store",
        "from tests.unit.store import test_store",
        "from . import test_store",
        "from .test_store import store",
        "import tests.unit.store.test_store as t",
    ],
)
def test_an_import_from_a_test_module_is_seen(source: str) -> None:
    assert imported_tests(f"def f():\n    {source}")


def test_no_module_imports_from_a_test_module() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if (names := imported_tests(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_the_folder_of_a_test_is_its_marker(request: pytest.FixtureRequest) -> None:
    wings = {"integration", "robustness"}
    for item in request.session.items:
        marked = {mark.name for mark in item.iter_markers()} & wings
        assert marked == wings & set(item.path.relative_to(ROOT).parts)
