"""The packages that `.ci/audit` asks about, and its report; it runs pip-audit in between.

`python -m tests.robustness.advisories pins REPORT` prints the versions in a report of
`pip install`. `python -m tests.robustness.advisories tell REPORT` sums up a report of
`pip-audit --format json`. It exits with 0 where every version was looked up and no flaw is known,
1 where flaws are known, and 2 where not everything could be looked up. pip-audit by itself exits
with 0, "no known vulnerabilities", where it reached no database.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CLEAN, FLAWED, UNKNOWN = 0, 1, 2


def pins(report: dict[str, Any], without: str = "mathrepl") -> list[str]:
    """`name==version` of all that pip would install, sorted, but for `without` itself."""
    found = [(item["metadata"]["name"], item["metadata"]["version"]) for item in report["install"]]
    return sorted(f"{name}=={version}" for name, version in found if name != without)


def told(report: dict[str, Any]) -> tuple[int, list[str]]:
    """An exit code, and lines that say it. A report without a package is no audit."""
    packages = report.get("dependencies", [])
    unknown = [p for p in packages if "vulns" not in p]
    known = [p for p in packages if "vulns" in p]
    lines = [
        f"{p['name']} {p['version']}: {flaw['id']}, mended in {_versions(flaw['fix_versions'])}"
        for p in known
        for flaw in p["vulns"]
    ]
    code = FLAWED if lines else UNKNOWN if unknown or not known else CLEAN
    lines.append(f"looked up {len(known)} of {len(packages)} packages, {len(lines)} known flaws")
    if unknown:
        lines.append(f"NOT AUDITED: {', '.join(p['name'] for p in unknown)}")
        lines.append(f"  {unknown[0].get('skip_reason', 'no reason given')}")
    elif not known:
        lines.append("NOT AUDITED: the report names no package")
    return code, lines


def _versions(versions: list[str]) -> str:
    return ", ".join(versions) or "no version yet"


def main(command: str, path: str) -> int:
    """Run one of the two commands; returns an exit code."""
    try:
        report = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        sys.stdout.write("NOT AUDITED: pip-audit wrote no report\n")
        return UNKNOWN
    code, lines = (CLEAN, pins(report)) if command == "pins" else told(report)
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
