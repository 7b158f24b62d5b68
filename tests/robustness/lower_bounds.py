"""The lowest versions that `pyproject.toml` allows, as pip's constraints.

`python -m tests.robustness.lower_bounds` prints them for `pip install --constraint FILE`;
`.ci/lower-bounds` installs and tests them.
"""

from __future__ import annotations

import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.kit.paths import ROOT


def requirements(project: dict[str, object]) -> dict[str, list[Requirement]]:
    """The requirements of the table `[project]`: the core under an empty name, then each extra.

    The project's own extras, such as `mathrepl[llm]`, are left out: they are listed by themselves.
    """
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, dict)
    groups = {"": project["dependencies"], **extras}
    return {
        group: [r for r in map(Requirement, texts) if r.name != project["name"]]
        for group, texts in groups.items()
    }


def lowest(requirement: Requirement) -> str:
    """The version after `>=`. Raises `ValueError` where there is none, or more than one."""
    bounds = [s.version for s in requirement.specifier if s.operator == ">="]
    if len(bounds) != 1:
        raise ValueError(f"{requirement} has no lower bound, or several")
    return bounds[0]


def constraints(project: dict[str, object]) -> list[str]:
    """`name==version` of everything that is asked for, once each, sorted.

    Raises `ValueError` where two groups give one name different bounds.
    """
    found: dict[str, str] = {}
    for group in requirements(project).values():
        for requirement in group:
            name, version = canonicalize_name(requirement.name), lowest(requirement)
            if found.setdefault(name, version) != version:
                raise ValueError(f"{name} has the bounds {found[name]} and {version}")
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def read_project() -> dict[str, object]:
    """The table `[project]` of `pyproject.toml`."""
    project: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


if __name__ == "__main__":
    sys.stdout.write("\n".join(constraints(read_project())) + "\n")
