"""The live display of a training, and its plain form."""

from __future__ import annotations

import math
import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mathrepl.render.text import clock, mark, sparkline
from mathrepl.store.card import Proved
from mathrepl.support.errors import Run, Spell
from mathrepl.support.text import printable, written
from mathrepl.training.events import (
    EpochDone,
    Event,
    Finished,
    Launched,
    Sample,
    Started,
    Stepped,
    Warned,
)

SPARKS = 32


class TrainingView:
    """Draws the events of one training: live on a terminal, elsewhere a line for each epoch."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._started: Started | None = None
        self._began = time.monotonic()
        self._epochs: list[EpochDone] = []
        self._step: Stepped | None = None
        self._message = "loading TensorFlow …"

    def show(self, event: Launched | Event) -> None:
        """Draw an event; `draw_finished` draws the end."""
        match event:
            case Launched() if self._console.is_terminal:
                self._live = Live(console=self._console, refresh_per_second=8, transient=True)
                self._live.start()
            case Started():
                self._started = event
                self._began = time.monotonic()
                self._message = ""
            case Stepped():
                self._step = event
            case EpochDone():
                self._epochs.append(event)
                self._step = None
                if self._live is None:
                    self._console.print(self._epoch_line(event), soft_wrap=True)
            case Warned(message):
                self._message = message
                if self._live is None:
                    self._console.print(Text(printable(message), "unsure"), soft_wrap=True)
        if self._live is not None:
            self._live.update(self._draw())

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self) -> RenderableType:
        started = self._started
        if started is None:
            return Text(self._message, "quiet")
        total = started.epochs
        done = len(self._epochs) + (self._step.share if self._step else 0.0)
        elapsed = time.monotonic() - self._began
        width = max(8, min(30, self._console.width - 50))
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            Text(f"{started.name} epoch {min(len(self._epochs) + 1, total)}/{total}", "title"),
            ProgressBar(total=total, completed=done, width=width),
            Text(f"{clock(elapsed / done * (total - done))} left" if done else "", "quiet"),
        )
        parts: list[RenderableType] = [bar, self._metrics()]
        if self._epochs:
            parts.append(_samples(self._epochs[-1].samples))
        below = Text("Ctrl-C stops and keeps the best", "quiet")
        return Group(*parts, Text(printable(self._message), "unsure") if self._message else below)

    def _metrics(self) -> RenderableType:
        losses = [e.epoch.training.loss for e in self._epochs]
        if self._step:
            losses.append(self._step.loss)
        exact = [e.epoch.held_out.exact for e in self._epochs]
        baseline = self._started.baseline if self._started else None
        table = Table.grid(padding=(0, 2))
        if losses:
            # The loss falls by orders of magnitude; a linear scale would show a flat end.
            logs = [math.log10(max(loss, 1e-9)) for loss in losses]
            sparks = sparkline(logs, SPARKS, None)
            table.add_row("loss", f"{losses[-1]:.4f}", Text(sparks, "accent"))
        if exact:
            kept = (e.epoch.held_out for e in reversed(self._epochs) if e.best)
            best = next(kept, baseline)
            sparks = sparkline(exact, SPARKS, None)
            table.add_row(
                "held-out exact",
                f"{exact[-1]:.2%}",
                Text.assemble((sparks, "good"), f"  best {best.exact:.2%}" if best else ""),
            )
        elif baseline:
            table.add_row("held-out exact", f"{baseline.exact:.2%}", Text("before", "quiet"))
        proofs = [e.epoch.proof for e in self._epochs if e.epoch.proof]
        if proofs:
            # The last wrong transitions take longest, so the scale is that of the wrong ones.
            closing = [-math.log10(1 + proof.wrong) for proof in proofs]
            sparks = sparkline(closing, SPARKS, None)
            last = Text.assemble((sparks, "good"), f"  {_proof(proofs[-1])}")
            table.add_row("proved", f"{proofs[-1].right / proofs[-1].transitions:.2%}", last)
        return table

    def _epoch_line(self, event: EpochDone) -> Text:
        epoch = event.epoch
        total = self._started.epochs if self._started else event.index
        return Text(
            f"epoch {event.index}/{total}  loss {epoch.training.loss:.4f}  "
            f"held-out exact {epoch.held_out.exact:.2%}"
            f"{f'  proved: {_proof(epoch.proof)}' if epoch.proof else ''}"
            f"{'  best so far' if event.best else ''}"
        )


def _proof(proof: Proved) -> str:
    return (
        f"{proof.right:,} of {proof.transitions:,} transitions right, "
        f"{proof.symbols} symbol{'' if proof.symbols == 1 else 's'}"
    )


def _samples(samples: tuple[Sample, ...]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for sample in samples:
        right = sample.network == sample.truth
        table.add_row(
            Text(*mark(right)),
            Text(f"{sample.question} ="),
            Text(written(sample.network), "accent" if right else "bad"),
            Text("" if right else f"truth {sample.truth}", "quiet"),
        )
    return table


def draw_finished(finished: Finished, spell: Spell = str) -> RenderableType:
    """The outcome of a training, in a line or two."""
    text = Text()
    name, epochs = finished.name, f"{finished.epochs} epoch{'' if finished.epochs == 1 else 's'}"
    reached = f"{finished.held_out.exact:.2%}" if finished.held_out else ""
    before = f" (before: {finished.baseline.exact:.2%})" if finished.baseline else ""
    if finished.outcome == "failed":
        why = printable(finished.message) or "no reason known"
        kept = f"the best so far is kept: {reached} exact on held-out"
        rest = f"{why}; {kept if finished.saved else 'nothing was changed'}"
        return Text.assemble(("training failed: ", "bad"), rest)
    if finished.outcome == "dropped":
        text.append(f"dropped after {epochs}; {name} is as it was before", "unsure")
    elif finished.saved:
        how = "stopped" if finished.outcome == "stopped" else "trained"
        text.append(f"{how} {name} after {epochs}", "title")
        best = f": best epoch {finished.best_epoch} kept, {reached} exact on held-out"
        text.append(f"{best}{before}")
        text.append(f"; {spell(Run('undo', weights=name))} goes back", "quiet")
    elif finished.outcome == "stopped" and not finished.epochs:
        text.append("stopped before the first epoch ended; nothing was changed", "unsure")
    else:
        how = "stopped after " if finished.outcome == "stopped" else ""
        text.append(f"{how}{epochs}, none better than before", "unsure")
        text.append(f" ({reached} exact on held-out); nothing was changed")
    if finished.message:
        text.append(f" ({printable(finished.message)})", "unsure")
    return text
