"""Commands about weights: models, use, card, save, certify."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from mathrepl.commands.spec import Arguments, Command, Context, Note, Parameter, Table, Value
from mathrepl.evaluation.certify import Askers, Certified, askers_here, certify, progress_file
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.session.router import AUTOMATIC
from mathrepl.store.card import Card, Certificate
from mathrepl.store.store import AUTO
from mathrepl.support.errors import Advice, MathreplError, Run, WeightsError, in_one_line
from mathrepl.support.interrupts import counted
from mathrepl.support.output_files import check_writable
from mathrepl.support.thread_pool import threads_for
from mathrepl.training.events import Warned


@dataclass(frozen=True, slots=True)
class CardPage:
    """A model card, and where it was found."""

    card: Card
    origin: str
    path: str

    def record(self) -> dict[str, Any]:
        return {**self.card.record(), "origin": self.origin, "path": self.path}


def models(context: Context, arguments: Arguments) -> Value:
    session = context.session
    rows: list[tuple[str, ...]] = []
    records: list[dict[str, Any]] = []
    problems: list[str] = []
    for name in session.store.names():
        mark = "*" if name == session.name else ""
        try:
            found = session.store.find(name)
            session.store.read(found)
        except WeightsError as error:
            rows.append((mark, name, "unreadable", "", "", "", ""))
            records.append({"weights": name, "error": str(error)})
            problems.append(f"{name}: {error}")
            continue
        card = found.card
        task, size = card.task.describe(), f"{card.parameters:,}"
        exact = f"{card.held_out.exact:.2%}" if card.held_out else "-"
        spaces = card.certificates
        wrong, total = sum(one.wrong for one in spaces), sum(one.total for one in spaces)
        certified = f"{wrong:,} wrong of {total:,}" if spaces else "-"
        if len(spaces) > 1:
            certified += f" in {len(spaces)} spaces"
        rows.append((mark, name, task, exact, certified, size, found.origin))
        records.append(
            {
                "weights": name,
                "current": bool(mark),
                "origin": found.origin,
                "task": task,
                "parameters": card.parameters,
                "held_out_exact": card.held_out.exact if card.held_out else None,
                "certified": [
                    {"space": one.space, "wrong": one.wrong, "total": one.total} for one in spaces
                ],
                "certified_wrong": wrong if spaces else None,
                "certified_total": total if spaces else None,
            }
        )
    if not rows:
        return Note(Advice("no weights yet; train some with ", Run("train", "50 --fresh")))
    return Table(
        "weights",
        ("", "name", "task", "held-out exact", "certified", "parameters", "from"),
        tuple(rows),
        tuple(records),
        "\n".join(problems),
    )


def use(context: Context, arguments: Arguments) -> Value:
    card = context.session.use(arguments.text("name") or "")
    if context.session.auto:
        names = ", ".join(name for name in AUTOMATIC if name in context.session.store.names())
        return Note(f"each question goes to the weights that fit it: {names}", "good")
    exact = f", {card.held_out.exact:.2%} exact on held-out" if card.held_out else ""
    return Note(f"now using {card.name}: {card.task.describe()}{exact}", "good")


def card_page(context: Context, arguments: Arguments) -> Value:
    name = arguments.text("name")
    found = context.session.store.find(name) if name else context.session.weights.found
    return CardPage(found.card, found.origin, str(found.directory / f"{found.card.name}.json"))


def save(context: Context, arguments: Arguments) -> Value:
    card = context.session.save(arguments.text("name") or "")
    using = ", and now using it" if context.host == "session" else ""
    return Note(f"saved as {card.name}{using}", "good")


def delete(context: Context, arguments: Arguments) -> Value:
    name = arguments.text("name") or ""
    context.session.delete(name)
    back = f"mathrepl undo --weights {name}"
    if context.session.store.is_bundled(name):
        return Note(f"your {name} is deleted, the bundled one answers again; {back} takes it back")
    return Note(f"{name} is deleted; {back} takes it back")


def certify_weights(context: Context, arguments: Arguments) -> Iterator[Value]:
    weights = context.session.weights.named(arguments.text("name"))
    found = weights.found
    sample = arguments.integer("sample")
    command = f"mathrepl certify {found.card.name}"
    if sample is not None:
        command += f" --sample {sample}"
    yield from _doubts(weights)
    progress = progress_file(weights.store.user, found.card, command, sample)
    steps = certify(
        found.card,
        _askers(weights, arguments),
        command,
        sample=sample,
        progress=progress,
    )
    with counted() as presses, closing(steps):
        for value in steps:
            if isinstance(value, tuple):
                yield from _write(weights, value)
                return
            yield value
            if presses.count:
                context.interrupted = True
                steps.close()
                again = "the same command goes on from there" if progress.exists() else ""
                yield Note(f"stopped at {value.done:,} of {value.total:,}; {again}".rstrip("; "))
                return


def _askers(weights: ActiveWeights, arguments: Arguments) -> Askers:
    """Askers here, or on Ray where an option asks for it."""
    if not (arguments.flag("ray") or arguments.given("ray_address")):
        return askers_here(weights.solver, threads_for(weights.engine))
    from mathrepl.evaluation.ray import ray_askers

    address = arguments.text("ray_address")
    return ray_askers(weights.store, weights.found, os.cpu_count() or 1, address)


def _doubts(weights: ActiveWeights) -> Iterator[Value]:
    """A warning before the work, where its outcome could not be written into the card."""
    if weights.store.is_writable(weights.found):
        try:
            check_writable(weights.store.user)
            with weights.store.lock(weights.found.card.name):
                pass
        except MathreplError as error:
            yield Warned(f"the figures will not be written into the card: {error.message}")


def _write(weights: ActiveWeights, certificates: tuple[Certificate, ...]) -> Iterator[Value]:
    """Write the certificates into the card of user weights; bundled cards are never written.

    Yields the outcome, then raises `WeightsError` if they could not be written.
    """
    found = weights.found
    certified = Certified(found.card.name, certificates, written=False)
    same = all(found.card.sha256 == one.weights_sha256 for one in certificates)
    if weights.store.is_writable(found) and same:
        writing = in_one_line(WeightsError, "could not write the card")
        try:
            with writing, weights.store.lock(found.card.name):
                weights.store.save_card(replace(found.card, certificates=certificates))
            certified = replace(certified, written=True)
        except WeightsError:  # in training, or changed meanwhile
            yield certified
            raise
        finally:
            weights.refresh()
    yield certified


_NAME = Parameter("name", "name of weights; without it, the current ones", "weights")
COMMANDS = (
    Command("models", "all weights, bundled and your own", models),
    Command(
        "use",
        "switch to other weights",
        use,
        (
            Parameter(
                "name",
                "name of weights, or auto for those that fit each question",
                required=True,
                suggest=lambda session, before: (AUTO, *session.store.names()),
            ),
        ),
        hosts=("session",),
    ),
    Command("card", "the model card: network, training, figures", card_page, (_NAME,)),
    Command(
        "save",
        "copy the current weights under a new name",
        save,
        (Parameter("name", "the new name", required=True),),
    ),
    Command(
        "delete",
        "delete your own weights",
        delete,
        (Parameter("name", "name of weights", "weights", required=True),),
        details="Bundled weights stay, and answer again where yours hid them.",
    ),
    Command(
        "certify",
        "ask every equation of the task and count mistakes",
        certify_weights,
        (
            _NAME,
            Parameter(
                "--sample",
                "ask this many held-out equations instead",
                "integer",
                low=1,
                high=2_000_000,
            ),
            Parameter("--ray", "ask on Ray, started on this machine", "flag"),
            Parameter("--ray-address", "ask on the Ray cluster at this address"),
        ),
        details="The result is written into the card of your own weights. Ctrl-C stops it; the "
        "same command goes on from there.",
        examples=(":certify", ":certify --sample 20000"),
    ),
)
