"""The code examples of CONTRIBUTING.md, applied to a copy of the package.

The first line of an example names its file: `# mathrepl/commands/asking.py`. A file that does not
exist is created. In one that does, `...` stands for what is there: the tuple, dict (`...: ...`) or
class of the same name gets the rows, entries or fields that follow. All else in the example goes
directly above it.
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

from tests.kit.paths import ROOT

_BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.M | re.S)


def examples(heading: str) -> list[tuple[str, str]]:
    """The examples under a heading of CONTRIBUTING.md: each file's name and the code."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    found = _BLOCK.findall(section)
    assert found, f"no example that names its file under {heading!r}"
    return found


def copied_package(folder: Path) -> Path:
    """Copy the package `mathrepl` into `folder`, beside the bundled weights; the folder."""
    shutil.copytree(
        ROOT / "mathrepl", folder / "mathrepl", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "weights").symlink_to(ROOT / "weights")
    return folder


def apply_examples(heading: str, folder: Path) -> list[str]:
    """Apply the examples under a heading to the package in `folder`.

    Returns the names of the files that existed before, which are those that were touched.
    """
    touched = []
    for name, code in examples(heading):
        path = folder / name
        if path.exists():
            touched.append(name)
            code = merged(path.read_text(encoding="utf-8"), code)
        path.write_text(code, encoding="utf-8")
    return touched


def merged(source: str, example: str) -> str:
    """`source` with an example's rows after those of their table, and its other code above."""
    (addition,) = (node for node in ast.parse(example).body if _rows(node)[:1] == [None])
    (table,) = (node for node in ast.parse(source).body if _name(node) == _name(addition))
    start, end = _lines(addition)
    written = example.splitlines()
    code = [*written[: start - 1], *written[end:]]
    _, first, *_ = _rows(addition)
    *_, last = _rows(addition)
    rows = written[_lines(first)[0] - 1 : _lines(last)[1]]
    lines = source.splitlines()
    above, after = _lines(table)[0] - 1, _lines(_rows(table)[-1])[1]
    return "\n".join([*lines[:above], *code, *lines[above:after], *rows, *lines[after:], ""])


def _rows(node: ast.AST) -> list[ast.AST | None]:
    """The rows of a tuple or dict that is assigned, or of a class; None for `...`."""
    if isinstance(node, ast.ClassDef):
        fields = [
            one.value if isinstance(one, ast.Expr) else one
            for one in node.body
            if isinstance(one, ast.AnnAssign | ast.Expr)
        ]
        rows = [one for one in fields if not _is_text(one)]
    else:
        within = ast.walk(getattr(node, "value", None) or ast.Module([], []))
        held = next((one for one in within if isinstance(one, ast.Tuple | ast.Dict)), None)
        rows = list(held.elts if isinstance(held, ast.Tuple) else held.values if held else ())
    return [None if _is_ellipsis(row) else row for row in rows]


def _is_ellipsis(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _name(node: ast.AST) -> str:
    """The name of a class, or of what is assigned to."""
    if isinstance(node, ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    return ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else ""


def _lines(node: ast.AST) -> tuple[int, int]:
    """The first and the last line of a node, its decorators included; counted from 1."""
    decorators = getattr(node, "decorator_list", [])
    return min(one.lineno for one in (node, *decorators)), node.end_lineno
