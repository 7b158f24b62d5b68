"""Runs a line, passes its values to a renderer, and returns the exit code; for every host."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mathrepl.analysis.figure import Figure, Progress
from mathrepl.commands.parse import parse_command
from mathrepl.commands.spec import Arguments, Command, Context, Note, Quit, Value
from mathrepl.evaluation.certify import CertifyProgress
from mathrepl.evaluation.proofs import ProvedWeights
from mathrepl.inference.answer import Answers, Refused
from mathrepl.support.errors import Advice, MathreplError, Run, UsageError, not_loaded, spelled
from mathrepl.training.events import Finished, Launched, Stepped

OK, FAILURE, INTERRUPTED = 0, 1, 130
Values = Generator[Value, None, None]


class Shows(Protocol):
    """The methods of a renderer that hosts call."""

    def show(self, value: Value) -> None: ...

    def error(self, error: MathreplError, equation: str | None = None) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of a line: its exit code, and whether the person wants to leave."""

    code: int
    leave: bool = False


def is_passing(value: Value) -> bool:
    """Return whether a value only reports progress, and means nothing afterwards."""
    if isinstance(value, Figure):
        return value.live
    return isinstance(value, (Launched, Stepped, CertifyProgress, Progress))


def run_line(context: Context, line: str) -> Values:
    """The values of a line: of a command where it starts with a colon, else of equations."""
    if line.lstrip().startswith(":"):
        command, arguments = parse_command(line, context.commands, context.host)
        yield from run_command(context, command, arguments)
    else:
        _check_not_a_command(context, line)
        yield context.session.ask_line(line)


def _check_not_a_command(context: Context, line: str) -> None:
    """Raise `UsageError` for a command without its colon, such as `help`."""
    word = line.strip().split(" ", 1)[0].lower()
    if not word or not (word.isalpha() or word == "?"):
        return
    for command in context.commands.values():
        if context.host in command.hosts and command.is_called(word):
            hint = Advice("commands take a colon: ", Run(word))
            raise UsageError(f"{word!r} is not an equation", hint=hint)


def run_command(context: Context, command: Command, arguments: Arguments) -> Values:
    """The values of a parsed command."""
    result: Any = command.run(context, arguments)
    yield from result if isinstance(result, Iterator) else [result]


def perform(
    context: Context, values: Iterator[Value], renderer: Shows, equation: str | None = None
) -> Done:
    """Show values as they come, and an error as one line, so that the host goes on."""
    code, leave = OK, False
    context.interrupted = False
    try:
        for value in values:
            renderer.show(_for_host(context, value))
            code = max(code, _code(value))
            leave = leave or isinstance(value, Quit)
    except MathreplError as error:
        renderer.error(error.spelled(context.spell), equation)
        code = error.exit_code
    except KeyboardInterrupt:
        context.interrupted = True
        if context.host == "session":
            renderer.show(Note("interrupted"))
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        reason = error.strerror or str(error) or type(error).__name__
        renderer.error(MathreplError(f"{reason}{where}"))
        code = FAILURE
    except ImportError as error:
        renderer.error(not_loaded(error))
        code = FAILURE
    except (RecursionError, MemoryError):
        renderer.error(MathreplError("that needs more memory than there is"), equation)
        code = FAILURE
    finally:
        renderer.close()
    return Done(INTERRUPTED if context.interrupted else code, leave)


def _for_host(context: Context, value: Value) -> Value:
    """The value, with commands that it names spelled for this host."""
    if context.host == "session":  # every text is spelled so already
        return value
    if isinstance(value, Note):
        return replace(value, text=spelled(value.text, context.spell))
    if isinstance(value, Figure):
        facts, notes = (
            tuple(spelled(line, context.spell) for line in lines)
            for lines in (value.facts, value.notes)
        )
        return replace(value, facts=facts, notes=notes)
    if isinstance(value, Refused):
        return replace(value, error=value.error.spelled(context.spell))
    if isinstance(value, Answers):
        items: Any = tuple(_for_host(context, item) for item in value.items)
        return Answers(items)
    return value


def _code(value: Value) -> int:
    if isinstance(value, Answers):
        return max((_code(item) for item in value.items), default=OK)
    if isinstance(value, Refused):
        return value.error.exit_code
    if isinstance(value, Finished) and value.outcome == "failed":
        return FAILURE
    if isinstance(value, ProvedWeights) and not value.good:
        return FAILURE
    return OK
