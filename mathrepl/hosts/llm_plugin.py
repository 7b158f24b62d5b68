"""The plugin of `llm`, the command-line chat tool: `llm -m mathrepl "94 + 909"`.

`llm` imports this module at every start, so imports of mathrepl wait until a question is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import llm
from pydantic import Field  # llm itself depends on it, for its options

if TYPE_CHECKING:
    from mathrepl.session.session import Session


class Mathrepl(llm.Model):
    """The networks as a model of `llm`. Each prompt is asked without the prompts before it."""

    model_id = "mathrepl"
    can_stream = True

    class Options(llm.Options):
        """`weights` names the network; `digits` prints the answer above the truth."""

        weights: str | None = Field(
            default=None, description="Name of the weights to ask; without it, those that fit."
        )
        digits: bool | None = Field(
            default=None,
            description="Show the answer over the truth, and the confidence in each digit.",
        )

    def __init__(self) -> None:
        self._sessions: dict[str | None, Session] = {}

    def execute(
        self,
        prompt: llm.Prompt,
        stream: bool,
        response: llm.Response,
        conversation: llm.Conversation | None,
    ) -> Iterator[str]:
        """Yield the lines of the scratchpad as they are written, then the answer of each equation.

        Raises `llm.ModelError` for text that cannot be asked.
        """
        from mathrepl.support.errors import MathreplError
        from mathrepl.support.text import printable

        try:
            yield from self._reply(prompt.prompt, prompt.options)
        except MathreplError as error:
            if not _in_chat():
                raise llm.ModelError(printable(str(error))) from None
            yield f"error: {printable(str(error))}"

    def _reply(self, text: str, options: Any) -> Iterator[str]:
        from mathrepl.arithmetic.parser import split_line
        from mathrepl.support.errors import EquationError, MathreplError
        from mathrepl.support.text import printable

        session = self._session(options.weights)
        equations = [one for line in text.splitlines() for one in split_line(line)]
        if not equations:
            raise EquationError("nothing to read", hint="ask an equation such as 94 + 909")
        if len(equations) == 1:
            yield from _answer(session, equations[0], places=bool(options.digits), named=False)
            return
        for number, equation in enumerate(equations):
            if number:
                yield "\n"
            try:
                yield from _answer(session, equation, places=bool(options.digits), named=True)
            except MathreplError as error:
                yield printable(f"{equation}: {error}")

    def _session(self, weights: str | None) -> Session:
        """The session with these weights, else those of the settings. Raises `MathreplError`."""
        from mathrepl.hosts.starting import chosen_settings, open_session

        if weights not in self._sessions:
            settings = chosen_settings(weights)
            session = open_session(settings)
            session.use(settings.weights)
            self._sessions[weights] = session
        return self._sessions[weights]


def _answer(session: Session, equation: str, *, places: bool, named: bool) -> Iterator[str]:
    from mathrepl.inference.answer import Answer
    from mathrepl.render.answers import plain_answer, plain_line, plain_places

    for found in session.ask_stepwise(equation):
        if not isinstance(found, Answer):
            yield f"{plain_line(found)}\n"
        else:
            yield plain_places(found) if places else plain_answer(found, named=named)


def _in_chat() -> bool:
    """True in `llm chat`, which an exception would end with a traceback: there errors are text.

    `llm` with a prompt shows the error and fails, which scripts rely on.
    """
    import click

    context = click.get_current_context(silent=True)
    return context is not None and context.info_name == "chat"


@llm.hookimpl
def register_models(register: Callable[[llm.Model], None]) -> None:
    """Register the model; `llm` calls this for its list of models."""
    register(Mathrepl())
