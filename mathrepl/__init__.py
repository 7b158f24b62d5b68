"""A terminal lab where a small neural network does arithmetic, character by character.

The names below are imported when they are first used, so that `import mathrepl` costs nothing:

>>> import mathrepl
>>> mathrepl.Session().ask("94 + 909").network
'1003'
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing takes longer to import than all of this

if TYPE_CHECKING:  # "as" says that the name is one of this package, too
    from typing import Any

    from mathrepl.analysis.figure import Figure as Figure
    from mathrepl.arithmetic.task import Task as Task
    from mathrepl.commands.spec import Note as Note
    from mathrepl.commands.spec import Table as Table
    from mathrepl.commands.spec import Value as Value
    from mathrepl.evaluation.certify import Certified as Certified
    from mathrepl.hosts.api import Session as Session
    from mathrepl.inference.answer import Answer as Answer
    from mathrepl.inference.answer import Answers as Answers
    from mathrepl.inference.answer import Refused as Refused
    from mathrepl.session.quiz import Round as Round
    from mathrepl.session.quiz import Score as Score
    from mathrepl.store.card import Card as Card
    from mathrepl.support.errors import EquationError as EquationError
    from mathrepl.support.errors import MathreplError as MathreplError
    from mathrepl.support.errors import OutOfReachError as OutOfReachError
    from mathrepl.support.errors import TaskError as TaskError
    from mathrepl.support.errors import UsageError as UsageError
    from mathrepl.support.errors import WeightsError as WeightsError
    from mathrepl.training.events import EpochDone as EpochDone
    from mathrepl.training.events import Finished as Finished

__version__ = "0.1.0"
_HOMES = {
    "analysis.figure": ("Figure",),
    "hosts.api": ("Session",),
    "store.card": ("Card",),
    "evaluation.certify": ("Certified",),
    "commands.spec": ("Note", "Table", "Value"),
    "inference.answer": ("Answer", "Answers", "Refused"),
    "support.errors": (
        "EquationError",
        "MathreplError",
        "OutOfReachError",
        "TaskError",
        "UsageError",
        "WeightsError",
    ),
    "training.events": ("EpochDone", "Finished"),
    "session.quiz": ("Round", "Score"),
    "arithmetic.task": ("Task",),
}
__all__ = ["__version__", *(name for names in _HOMES.values() for name in names)]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"mathrepl.{home}"), name)
            globals()[name] = value  # the next look finds it without coming here
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext mathrepl`: gives an `InteractiveShell` the magics `%math` and `%%math`."""
    import_module("mathrepl.hosts.ipython").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext mathrepl`: takes them away."""
    import_module("mathrepl.hosts.ipython").unload(shell)
