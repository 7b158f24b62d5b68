"""mathrepl from Python: a session that answers, trains and runs every command of the prompt.

>>> import mathrepl
>>> with mathrepl.Session() as s:
...     answer = s.ask("94 + 909")
>>> answer.network, answer.truth, answer.wrong_digits
('1003', '1003', 0)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TypeVar, overload

from mathrepl.arithmetic.parser import parse
from mathrepl.commands.dispatch import Values, is_passing, run_command, run_line
from mathrepl.commands.parse import bind_values, text_from
from mathrepl.commands.spec import Context, Note, Person, Value
from mathrepl.commands.table import command_table
from mathrepl.evaluation.certify import Certified
from mathrepl.hosts.starting import open_session
from mathrepl.inference.answer import Answer
from mathrepl.session.quiz import Score
from mathrepl.store.card import Card
from mathrepl.store.store import AUTO
from mathrepl.support.errors import MathreplError, UsageError
from mathrepl.support.interrupts import raising
from mathrepl.support.plugins import take_problems
from mathrepl.support.settings import Settings, changed
from mathrepl.training.events import Finished

OnEvent = Callable[[Value], object]
_T = TypeVar("_T", bound=Value)


class InputPerson(Person):
    """The person at Python's own `input`, in a terminal or a notebook."""

    def ask(self, prompt: str) -> str | None:
        """A line, or None on Ctrl-D or Ctrl-C. Raises `MathreplError` where nobody can type."""
        try:
            with raising():
                return input(prompt)
        except (EOFError, KeyboardInterrupt):
            return None
        except NotImplementedError:  # a notebook that is run without a person
            raise MathreplError("nobody is there to answer") from None


class Session:
    """A session in Python; as a context manager it stops a running training at the end.

    `weights` is a name, or `auto` for those that fit each question; `engine` is `numpy`, or
    `keras` to answer through Keras itself. Your own weights are kept in `data_dir`; without it,
    where the prompt keeps them. `settings.toml` is not read, so a script does the same everywhere.

    Raises `WeightsError` for unknown weights, `SettingsError` for an unknown engine. Warns of
    installed packages whose commands cannot be used.
    """

    def __init__(
        self, weights: str = AUTO, *, engine: str = "numpy", data_dir: Path | str | None = None
    ) -> None:
        settings = changed(Settings(weights=text_from(weights, "weights")), "engine", engine)
        self._session = open_session(settings, data_dir)
        if weights != AUTO:
            self._session.use(weights)
        self._context = Context(self._session, InputPerson(), command_table(), "session")
        for problem in take_problems():
            warnings.warn(str(problem), RuntimeWarning, stacklevel=2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"mathrepl.Session({self.weights!r}, engine={self._session.weights.engine!r})"

    def close(self) -> None:
        """Stop a training that runs in the background, and keep its best."""
        self._session.close()

    @property
    def weights(self) -> str:
        """The name of the weights in use, or `auto`."""
        return AUTO if self._session.auto else self._session.name

    @property
    def card(self) -> Card:
        """The model card of the weights in use; with `auto`, of those that are asked first.

        >>> mathrepl.Session("blog").card.parameters
        15733
        """
        return self._session.card

    def use(self, weights: str) -> Card:
        """Switch to other weights, or to `auto`. Raises `WeightsError`, and keeps those in use.

        >>> s = mathrepl.Session()
        >>> s.use("blog").task.describe()
        'a + b, 0..999'
        """
        return self._session.use(text_from(weights, "weights"))

    @overload
    def ask(self, equation: str, /) -> Answer: ...

    @overload
    def ask(self, first: str, second: str, /, *more: str) -> list[Answer]: ...

    def ask(self, *equations: str) -> Answer | list[Answer]:
        """Return the answer to one equation, or a list of answers to several, asked in one batch.

        Raises `EquationError` for the first that cannot be read, has no value, or has characters
        that the network does not know.

        >>> s = mathrepl.Session()
        >>> s.ask("131 + 83 - 744*33").network
        '-24338'
        >>> [answer.network for answer in s.ask("1 + 2", "30 + 40")]
        ['3', '70']
        """
        asked = self._session
        answers = asked.answer(
            [asked.question(parse(text_from(equation, "an equation"))) for equation in equations]
        )
        return answers[0] if len(equations) == 1 else answers

    def quiz(
        self,
        n: int | None = None,
        *,
        range: str | None = None,
        ops: str | None = None,
        seed: int | None = None,
    ) -> Score:
        """Ask `n` held-out equations (10), as `:quiz` does. Raises `UsageError`.

        The score's `rounds` hold each answer and the seconds it took.

        >>> score = mathrepl.Session("blog").quiz(5, range="0..99", seed=0)
        >>> len(score.rounds), 0 <= score.exact <= 1
        (5, True)
        """
        values = {"n": n, "range": range, "ops": ops, "seed": seed}
        return _last(self._call("quiz", values, None), Score)

    def train(
        self, epochs: int | None = None, *, on_event: OnEvent | None = None, **options: Any
    ) -> Finished:
        """Train `epochs` epochs in a process of its own, and wait for the end.

        `options` are those of `:train` with underscores: `fresh=True`, `name="wide"`,
        `hidden=64`, `range=(-99, 99)`, `ops="+-"`, `recipe="add"`. `on_event` gets each event as
        it comes, such as `EpochDone`. Ctrl-C stops and keeps the best; the outcome is then
        `stopped`. It is `failed` where the process died, and `message` says why.

        Raises `UsageError` for unknown or contradicting options, `WeightsError` for weights that
        cannot be read.

        >>> s = mathrepl.Session()
        >>> done = s.train(1, fresh=True, name="mine", range=(0, 9), examples=100, hidden=4)
        >>> done.outcome, done.epochs, s.weights
        ('finished', 1, 'mine')
        """
        if options.get("background"):
            raise UsageError(
                "train waits for the end", hint='run(":train 5 --background") does not'
            )
        return _last(self._call("train", {"epochs": epochs, **options}, on_event), Finished)

    def certify(
        self,
        weights: str | None = None,
        *,
        sample: int | None = None,
        on_event: OnEvent | None = None,
    ) -> Certified:
        """Ask every equation of the task, or `sample` held-out ones, and count wrong answers.

        The outcome is written into the card of your own weights. Ctrl-C raises `KeyboardInterrupt`;
        the same call goes on from there. Raises `UsageError` and `WeightsError`.

        >>> mathrepl.Session().certify("blog", sample=100).certificates[0].total
        100
        """
        return _last(
            self._call("certify", {"name": weights, "sample": sample}, on_event), Certified
        )

    def run(self, line: str, *, on_event: OnEvent | None = None) -> list[Value]:
        """Return the values of a line of the prompt: a command, or equations with `;` between them.

        `on_event` gets all of them as they come, and progress too. Raises `MathreplError`, and
        `KeyboardInterrupt` where Ctrl-C ended anything but a training.

        >>> s = mathrepl.Session()
        >>> [note] = s.run(":use blog")
        >>> note.text.startswith("now using blog")
        True
        >>> [answers] = s.run("1+2; 30+40")
        >>> [answer.truth for answer in answers.items]
        ['3', '70']
        """
        return self._collect(run_line(self._context, text_from(line, "a line")), on_event)

    def _call(
        self, name: str, values: Mapping[str, object], on_event: OnEvent | None
    ) -> list[Value]:
        """Run a command with values by the keys of its parameters."""
        command = self._context.commands[name]
        arguments = bind_values(command, values, "session")
        return self._collect(run_command(self._context, command, arguments), on_event)

    def _collect(self, values: Values, on_event: OnEvent | None) -> list[Value]:
        self._context.interrupted = False
        kept: list[Value] = []
        with closing(values):  # a training does not outlive an `on_event` that fails
            for value in values:
                if on_event is not None:
                    on_event(value)
                if not is_passing(value):
                    kept.append(value)
        if self._context.interrupted and not any(isinstance(value, Finished) for value in kept):
            raise KeyboardInterrupt
        return kept


def _last(values: list[Value], kind: type[_T]) -> _T:
    """The last value of a kind. Raises what a note says where a command ended without one."""
    for value in reversed(values):
        if isinstance(value, kind):
            return value
    notes = [value.text for value in values if isinstance(value, Note)]
    raise MathreplError(notes[-1] if notes else f"there was no {kind.__name__}")
