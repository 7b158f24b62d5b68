"""What a process finds around it: variables, packages, limits and folders that mean no good.

`python -m tests.robustness.surroundings` starts mathrepl in each, plain and with `--json`, and
prints what came of it. Whatever they are, mathrepl answers as ever, or says in one line why not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.kit.paths import ROOT
from tests.robustness.fuzz import judging

LINES = "94 + 909\n:models\n:map 0..3\n:card\n:help\n"
ANSWER = "94 + 909 = 1003"
HANGS_AFTER = 60
SIZES = ("0", "00", "-5", "abc", "1", "1.5", "1000000", "9" * 5000, "\u0663", "\u00b2", "", "+80")
FOLDERS = ("", "relative", "/dev/null", "/proc/1/x", "~", "~no_body/x", "/", " ", "\udc80")
VARIABLES: dict[str, tuple[str, ...]] = {
    "COLUMNS": SIZES,
    "LINES": SIZES,
    "JUPYTER_COLUMNS": ("0", "x"),
    "TERM": ("", "dumb", "unknown", "x" * 5000, "\udc80"),
    "NO_COLOR": ("", "0", "1"),
    "TTY_COMPATIBLE": ("0", "x"),
    "TTY_INTERACTIVE": ("1", "x"),
    "COLORTERM": ("x",),
    "COLORFGBG": (";", "x;y;\u00b2"),
    "LC_ALL": ("", "C", "POSIX", "xx_YY", "en_US.ISO-8859-1", "\udc80"),
    "LANG": ("xx",),
    "PYTHONIOENCODING": ("ascii", "latin-1", "utf-8:strict", "ascii:strict", "idna"),
    "TMPDIR": ("/no/such", "/dev/null", "relative", "\udc80"),
    "HOME": ("", "/no/such", "/dev/null", "relative", "\udc80"),
    "XDG_DATA_HOME": FOLDERS,
    "XDG_CONFIG_HOME": FOLDERS,
    "MATHREPL_DATA_DIR": FOLDERS,
    "MATHREPL_CONFIG_DIR": FOLDERS,
    "MATHREPL_WEIGHTS": ("", "../x", "\udc80", "\x1b[31m"),
    "MATHREPL_QUIZ": ("x", "\u00b2", "9" * 5000, "0"),
    "MATHREPL_ENGINE": ("\x1b[31mx",),
    "MATHREPL_": ("x",),
    "MATHREPL_\x1b[31m": ("x",),
    "OPENBLAS_NUM_THREADS": ("0", "x", "99999"),
    "OMP_NUM_THREADS": ("x",),
    "PYTHONINTMAXSTRDIGITS": ("640", "0"),
    "PYTHONOPTIMIZE": ("2",),
    "PATH": ("",),
    "MPLBACKEND": ("x",),
    "RAY_ADDRESS": ("x",),
}
ERRING = ("~no_body/x",)  # a value that is refused wherever it stands
HEAD = "from mathrepl.commands.spec import Command, Note\n"
IMPORTS = {
    "raises Exception": "raise ValueError('\\udc80\\x1b[31m')",
    "raises KeyboardInterrupt": "raise KeyboardInterrupt",
    "raises GeneratorExit": "raise GeneratorExit",
    "raises SystemExit": "raise SystemExit(0)",
    "raises a BaseException": "class E(BaseException): pass\nraise E('x')",
    "raises what has no text": "class E(Exception):\n def __str__(self): 1 / 0\nraise E",
    "raises BrokenPipeError": "raise BrokenPipeError",
    "raises MemoryError": "raise MemoryError",
    "recurses": "def f(): f()\nf()",
    "prints": "print('hello')",
    "prints bytes": "import sys; sys.stdout.buffer.write(b'hello')",
    "loses stdout": "import sys; sys.stdout = None",
}
RUNS = {
    "raises KeyboardInterrupt": "raise KeyboardInterrupt",
    "raises GeneratorExit": "raise GeneratorExit",
    "raises GeneratorExit late": "yield Note('a'); raise GeneratorExit",
    "raises SystemExit": "raise SystemExit(3)",
    "raises CancelledError": "import asyncio; raise asyncio.CancelledError",
    "raises OSError": "raise OSError",
    "raises BrokenPipeError": "raise BrokenPipeError",
    "raises what has no text": "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})",
    "prints": "print('noise'); return Note('hi')",
    "returns nothing": "return None",
}
LIMITS = (15_000, 25_000, 35_000, 45_000, 60_000, 75_000, 100_000, 150_000)  # kB of memory


@dataclass(frozen=True, slots=True)
class Case:
    """What is around the process, and the lines that it gets.

    `wants` is the answer, or an error, or either of them. In `folder` the process starts; `gone`
    says that it is removed then. The modules are those of an installed package.
    """

    name: str
    wants: Literal["answer", "error", "either"] = "answer"
    environment: Mapping[str, str] = field(default_factory=dict)
    lines: str = LINES
    module: str = ""
    kilobytes: int = 0
    gone: bool = False


def _variables() -> Iterator[Case]:
    for name, values in VARIABLES.items():
        own = name.startswith("MATHREPL_") and name not in ("MATHREPL_DATA_DIR",)
        for value in values:
            wants: Literal["answer", "either"] = "answer"
            if (own and value) or value in ERRING:
                wants = "either"
            shown = ascii(value) if len(value) < 20 else f"{value[0]!r} * {len(value):,}"
            yield Case(f"{name}={shown}", wants, {name: value})


def _packages() -> Iterator[Case]:
    for what, body in IMPORTS.items():
        command = f"{HEAD}{body}\nCOMMANDS = Command('plugged', 'a', lambda *_: Note('hi'))\n"
        yield Case(f"a package that, imported, {what}", module=command)
    for what, body in RUNS.items():
        command = f"{HEAD}def run(*_):\n    {body}\nCOMMANDS = Command('plugged', 'a', run)\n"
        lines = f":plugged\n{LINES}"
        ends = "KeyboardInterrupt" in body  # as Ctrl-C does
        yield Case(
            f"a command that {what}", "either" if ends else "answer", {}, lines, module=command
        )


CASES = (
    Case("nothing unusual"),
    *_variables(),
    Case("COLUMNS=0 LINES=0", environment={"COLUMNS": "0", "LINES": "0"}),
    *_packages(),
    *(Case(f"{limit:,} kB of memory", "either", kilobytes=limit) for limit in LIMITS),
    Case("a folder that is gone", gone=True),
    *(
        Case(f"a folder that is gone, {name}=relative", "error", {name: "relative"}, gone=True)
        for name in ("MATHREPL_DATA_DIR", "MATHREPL_CONFIG_DIR")
    ),
)


@dataclass(frozen=True, slots=True)
class Met:
    """What a process wrote in a case, how it ended, and what it should not have done."""

    case: str
    json: bool
    code: int
    told: str
    flaws: tuple[str, ...]


def meet(case: Case, *, json: bool) -> Met:
    """Start mathrepl in the surroundings of `case`."""
    with tempfile.TemporaryDirectory(prefix="mathrepl-around-") as name:
        root = Path(name)
        start = root / "start"
        for folder in (start, root / "home"):
            folder.mkdir()
        if case.module:
            _lay(root / "packages", case.module)
        kept = ("PATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
        environment = {
            **{variable: os.environ[variable] for variable in kept if variable in os.environ},
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{ROOT}:{root / 'packages'}",
            "OPENBLAS_NUM_THREADS": "1",
            "HOME": str(root / "home"),
            "MATHREPL_DATA_DIR": str(root / "data"),
            "MATHREPL_CONFIG_DIR": str(root / "config"),
            **case.environment,
        }
        if any(variable.startswith("XDG") or variable == "HOME" for variable in case.environment):
            del environment["MATHREPL_DATA_DIR"], environment["MATHREPL_CONFIG_DIR"]

        def before() -> None:
            if case.gone:
                start.rmdir()
            if case.kilobytes:
                most = case.kilobytes * 1024
                resource.setrlimit(resource.RLIMIT_AS, (most, most))

        done = subprocess.run(
            [sys.executable, "-m", "mathrepl", *(["--json"] if json else [])],
            input=case.lines.encode(),
            capture_output=True,
            timeout=HANGS_AFTER,
            check=False,
            env=environment,
            cwd=start,
            preexec_fn=before,
        )
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    found = tuple(_flaws(case, out, err, done.returncode, json=json))
    told = next((line for line in err.splitlines() if "error" in line), "")
    return Met(case.name, json, done.returncode, told, found)


def _lay(folder: Path, module: str) -> None:
    """An installed package with a command, in `folder` of the import path."""
    info = folder / "pack_around-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "pack_around.py").write_text(module, encoding="utf-8", errors="surrogatepass")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pack-around\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mathrepl.commands]\nplugged = pack_around:COMMANDS\n")


def _flaws(case: Case, out: str, err: str, code: int, *, json: bool) -> Iterator[str]:
    answered = ANSWER in out.replace('"equation": "94 + 909", "network": "1003"', ANSWER)
    yield from judging.failed("", out + err)
    yield from judging.strange(out)
    yield from judging.unanswered(case.lines, out + err)
    if json:
        yield from judging.records(";", out)
    if code not in (0, 1, 2, 130):
        yield f"exit code {code}"
    if case.wants == "answer" and not answered:
        yield "no answer"
    if case.wants == "error" and (answered or err.count("error: ") != 1):
        yield "not one error"
    if not answered and "error" not in out + err and code != 130:
        yield "neither an answer nor an error"


def main() -> int:
    """0 where nothing was amiss in any of the surroundings, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.robustness.surroundings", description=__doc__
    )
    parser.add_argument("--only", default="", help="the cases whose name holds this text")
    only = parser.parse_args().only
    began, met = time.monotonic(), []
    for case in CASES:
        if only in case.name:
            for as_json in (False, True):
                one = meet(case, json=as_json)
                met.append(one)
                flaws = f" FLAWS {'; '.join(one.flaws)}" if one.flaws else ""
                way = "json" if as_json else "plain"
                print(f"{one.case} | {way} | {one.code} | {one.told[:120]}{flaws}", flush=True)  # noqa: T201
    bad = sum(bool(one.flaws) for one in met)
    seconds = time.monotonic() - began
    print(json.dumps({"processes": len(met), "bad": bad, "seconds": round(seconds)}))  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
