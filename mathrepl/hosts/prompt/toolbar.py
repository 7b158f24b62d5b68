"""The bottom line: weights, accuracy and running training, or the command being typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import StyleAndTextTuples

from mathrepl.support.errors import MathreplError
from mathrepl.support.text import cropped

if TYPE_CHECKING:
    from mathrepl.hosts.prompt.parts import Parts
    from mathrepl.session.session import Session
    from mathrepl.training.job import Job


def toolbar(loaded: Parts | None, text: str, width: int) -> StyleAndTextTuples:
    """Fragments for `width` cells; the least important parts are dropped first."""
    if loaded is None:
        return [("class:toolbar.quiet", " loading …")]
    session = loaded.session
    if text.lstrip().startswith(":"):
        return [("class:toolbar.quiet", cropped(f" {_hint(loaded, text)}", width))]
    parts = _parts(session)
    while len(parts) > 1 and sum(len(t) + 3 for _, t in parts) > width:
        parts.pop(-1 if session.running_job is None else -2)
    fragments: StyleAndTextTuples = []
    for style, part in parts:
        fragments.append(("class:toolbar.quiet", " " if not fragments else " · "))
        fragments.append((f"class:toolbar.{style}", cropped(part, width - 2)))
    return fragments


def _parts(session: Session) -> list[tuple[str, str]]:
    try:
        card = session.card
    except MathreplError as error:
        return [("quiet", f"no weights: {error.message}")]
    name = f"auto ({card.name})" if session.auto else card.name
    parts = [("name", name), ("quiet", card.task.describe())]
    if card.held_out is not None:
        parts.append(("good", f"{card.held_out.exact:.2%} exact"))
    if session.weights.engine != "numpy":
        parts.append(("quiet", session.weights.engine))
    if session.chosen_task is not None:
        parts.append(("quiet", f"next: {session.task.describe()}"))
    job = session.running_job or (session.jobs[-1] if session.jobs else None)
    if job is not None:
        parts.append(("good" if job.running else "quiet", job_text(job)))
    return parts


def job_text(job: Job) -> str:
    """`job 1 blog 12/50 98.20%`."""
    head = f"job {job.number} {job.plan.name}"
    if job.finished is not None:
        return f"{head} {job.finished.outcome}"
    if job.started is None:
        return f"{head} starting"
    epochs = job.plan.settings.epochs
    if not job.epochs:
        return f"{head} 0/{epochs}"
    last = job.epochs[-1]
    return f"{head} {last.index}/{epochs} {last.epoch.held_out.exact:.2%}"


def _hint(loaded: Parts, text: str) -> str:
    """Usage and summary of the command being typed."""
    name = text.lstrip()[1:].split(" ")[0]
    found = loaded.called(name)
    if found and found[0].is_called(name.lower()):
        return f"{found[0].usage('session')}  {found[0].summary}"
    starting = "  ".join(f":{command.name}" for command in found)
    return starting or "no such command; :help lists them"
