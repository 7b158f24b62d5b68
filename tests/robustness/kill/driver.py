"""Processes to be killed: `python -m tests.robustness.kill.driver WHAT`, at work until they are.

They do in a loop what the product does now and then, through its own functions, and write a
line for each thing that is done and on disk.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

from mathrepl.store.card import Metrics
from mathrepl.store.store import Store
from mathrepl.support.settings import data_directory
from tests.kit.weights import random_tensors


def _say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _store() -> Store:
    data = data_directory()
    return Store(data / "weights", data / "bundled")


def save() -> None:
    """Save ever better weights, keep them for undo, complete their card, copy them."""
    store = _store()
    name = sys.argv[2] if len(sys.argv) > 2 else "tiny"
    copy = name.replace("tiny", "copy")
    card = store.find(name).card
    start = round(card.held_out.exact * 1e6) if card.held_out else 0
    for number in count(start + 1):
        better = replace(card, held_out=Metrics(1.0, 0.5, number / 1e6), best_epoch=number)
        tensors = random_tensors(card.architecture, card.encoding, number)
        if number % 3 == 0:
            store.backups(name).add()
        saved = store.save(better, tensors)
        _say(f"{name} {number / 1e6}")
        if number % 4 == 0:
            store.save_card(replace(saved, best_epoch=number + 1))
        if number % 5 == 0:
            found, copied = store.load(name)
            store.save(found.card.renamed(copy), copied)
            _say(f"{copy} {number / 1e6}")


def undo() -> None:
    """Train, undo, delete and take back, as far as the store is concerned."""
    store = _store()
    card = store.find("tiny").card
    for number in count(1):
        store.backups("tiny").add()
        tensors = random_tensors(card.architecture, card.encoding, number)
        store.save(replace(card, held_out=Metrics(0.5, 0.9, 0.9), best_epoch=number), tensors)
        undone = store.undo("tiny")
        _say("undone")
        if undone is not None:
            store.delete(undone)
        store.delete("tiny")
        _say("deleted")
        store.undo("tiny")
        _say("back")


def certify() -> None:
    """Certify over and over, in small batches, the progress kept after each."""
    from mathrepl.commands.dispatch import run_line
    from mathrepl.commands.spec import Context
    from mathrepl.commands.table import command_table
    from mathrepl.evaluation import certify as certifying
    from mathrepl.hosts.stream import StreamPerson
    from mathrepl.session.session import Session
    from mathrepl.support.settings import Settings

    certifying.KEEP_SECONDS = 0.0
    certifying.BATCH = 128
    session = Session(Settings(weights="tiny"), _store())
    context = Context(session, StreamPerson(iter(())), command_table(), "shell")
    while True:
        for value in run_line(context, ":certify tiny"):
            if isinstance(value, certifying.CertifyProgress):
                _say(f"asked {value.done}")
            elif isinstance(value, certifying.Certified):
                one = value.certificates[0]
                _say(f"certified {one.wrong} of {one.total}")


def line_of(number: int) -> str:
    """The text typed as line `number`: short, longer than any buffer, of many lines, not ASCII."""
    return f"{number} " + ("1+2", "é" * 9000, "1+2\n3+4\n\n5", "9" * 30_000)[number % 4]


def history() -> None:
    """Type lines; the file is opened anew now and then, and put aside where it is too long."""
    from mathrepl.hosts.prompt import history as keeping

    keeping.MAX_HISTORY_BYTES = 2_000_000
    path = Path(data_directory() / "history")
    start = int(sys.argv[2])
    for number in count(start):
        if (number - start) % 50 == 0:
            lines, problem = keeping.open_history(path, keep=True)
            if problem:
                raise OSError(problem)
        lines.store_string(line_of(number))
        _say(number)


if __name__ == "__main__":
    {"save": save, "undo": undo, "certify": certify, "history": history}[sys.argv[1]]()
