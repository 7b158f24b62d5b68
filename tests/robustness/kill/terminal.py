"""Ctrl-C at random moments, as a real terminal sends it: how soon the prompt is back."""

from __future__ import annotations

import random
import re
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect

from tests.robustness.kill.checks import weights_problems
from tests.robustness.kill.moments import PATIENCE, Moment, Place, await_none, dice, make_place

PROMPT = "math> "
BACK_SECONDS = 1.0
TRAIN = ":train 500 --examples 5000 --batch 8"
FRESH = ":train 500 --fresh --name other --kind attention --examples 5000 --batch 8"
# What is typed, what is waited for (None: nothing), and the longest delay after it.
SCENES: dict[str, tuple[str, str | None, float]] = {
    "training, import": (TRAIN, None, 3.0),
    "training, first tracing": (FRESH, "epoch 1/500", 4.0),
    "training, epochs": (TRAIN, r"epoch [23]/500", 1.0),
    "certifying": (":certify tiny", None, 0.4),
    "sweeping": (":sweep --epochs 50 --seeds 2 --set examples=2000", None, 6.0),
    "asking": ("1+2; " * 300 + "3+4", None, 0.1),
    "picture": (":map 0..99", None, 0.3),
    "typing": ("", None, 0.3),
}
ORDER = (
    "start-up",
    "training, import",
    "training, first tracing",
    "start-up",
    "training, epochs",
    "training, first tracing",
    "certifying",
    "sweeping",
    "asking",
    "picture",
    "typing",
)


def interrupted(folder: Path, times: int, seed: int) -> Iterator[Moment]:
    place = make_place(folder / "terminal")
    seen: dict[str, float] = {}
    for number in range(times):
        activity = ORDER[number % len(ORDER)]
        if activity == "start-up":
            phase, seconds, problems = _at_start(place, dice(seed, activity, number).uniform(0, 1))
        else:
            phase, seconds, problems = _at_work(place, activity, dice(seed, activity, number))
        problems += await_none(place, 5.0)[1]
        problems += weights_problems(place.store, seen)
        yield Moment(f"Ctrl-C: {activity}", number, phase, seconds, tuple(problems))


def _spawn(place: Place) -> pexpect.spawn:
    environment = {
        **place.environment,
        "TERM": "xterm-256color",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    return pexpect.spawn(
        sys.executable,
        ["-m", "mathrepl"],
        env=environment,
        dimensions=(40, 100),
        encoding="utf-8",
        timeout=PATIENCE,
    )


def _at_start(place: Place, delay: float) -> tuple[str, float, list[str]]:
    """It ends silently as a shell's interrupted command does, or gives the prompt."""
    child = _spawn(place)
    time.sleep(0.6 * delay)
    before = _waiting(child)
    began = time.monotonic()
    child.sendintr()
    problems: list[str] = []
    if child.expect_exact([PROMPT, pexpect.EOF], timeout=10) == 1:
        seconds = time.monotonic() - began
        child.close()
        told = before + child.before
        phase = "ended before the prompt"
        if "Traceback" in told and "/mathrepl/" not in told:
            return "Python itself was starting: its traceback", seconds, []
        if "Traceback" in told:
            problems.append(f"traceback at {delay * 0.6:.3f} s: {told.strip()[-500:]!r}")
        elif told.replace("^C", "").strip() and "mathrepl 0" not in told:
            problems.append(f"not silent: {told.strip()[-200:]!r}")
        if child.exitstatus != 130 and child.signalstatus != 2:
            problems.append(f"ended with {child.exitstatus or child.signalstatus}")
    else:
        seconds = time.monotonic() - began
        phase = "the prompt came" if PROMPT not in before else "at the prompt"
        problems += _answers(child)
    if seconds > BACK_SECONDS:
        problems.append(f"back after {seconds:.2f} s")
    return phase, seconds, problems


def _at_work(place: Place, activity: str, chance: random.Random) -> tuple[str, float, list[str]]:
    line, seen, longest = SCENES[activity]
    child = _spawn(place)
    child.expect_exact(PROMPT)
    loaded = chance.random() < 0.5  # else the line comes while the rest of the program loads
    if loaded:
        _enter(child, "1 + 1")
        child.expect("sure of the whole")
        child.expect_exact(PROMPT)
    if line:
        _enter(child, line)
    else:
        child.send("12+3")
    if seen is not None:
        child.expect(seen)
    delay = chance.uniform(0, longest)
    time.sleep(delay)
    _waiting(child)
    began = time.monotonic()
    child.sendintr()
    child.expect_exact([PROMPT, pexpect.EOF])
    seconds = time.monotonic() - began
    told = child.before
    problems = []
    if child.after is pexpect.EOF:
        child.close()
        return "ended", seconds, [f"the session ended, {child.exitstatus}: {told[-300:]!r}"]
    if "Traceback" in told:
        problems.append(f"traceback: {told[told.index('Traceback') - 200 :][:1500]!r}")
    if seconds > BACK_SECONDS:
        problems.append(f"back after {seconds:.2f} s, pressed {delay:.2f} s after {seen or line!r}")
    outcome = re.search(r"(stopped|dropped|interrupted)[^\r\n\x1b]*", told)
    phase = outcome[1].split(" after")[0] if outcome else "line ended"
    return phase + (", loaded" if loaded else ", loading"), seconds, problems + _answers(child)


def _enter(child: pexpect.spawn, line: str) -> None:
    """Type a line and wait until it is taken: before, Ctrl-C is a key of the prompt."""
    child.send(line + "\r")
    deadline = time.monotonic() + PATIENCE
    while not termios.tcgetattr(child.child_fd)[3] & termios.ISIG and time.monotonic() < deadline:
        _waiting(child)
        time.sleep(0.001)


def _waiting(child: pexpect.spawn) -> str:
    """The output that nobody has read."""
    text = child.buffer or ""
    try:
        while True:
            text += child.read_nonblocking(100_000, timeout=0)
    except (pexpect.TIMEOUT, pexpect.EOF):
        child.buffer = ""
        return text


def _answers(child: pexpect.spawn) -> list[str]:
    """The prompt takes a question, and leaves when it is told to."""
    try:
        child.send("3 + 4\r")
        child.expect("sure of the whole", timeout=10)
        child.send(":quit\r")
        child.expect(pexpect.EOF, timeout=10)
    except (pexpect.TIMEOUT, pexpect.EOF):
        child.close(force=True)
        return [f"the prompt does not answer: {str(child.before)[-300:]!r}"]
    child.close()
    return [] if child.exitstatus == 0 else [f"left with {child.exitstatus}"]
