"""Typer's subcommands, made from the command table."""

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NoReturn

import typer

from mathrepl import __version__
from mathrepl.commands.spec import Command, Parameter, Word, in_shell
from mathrepl.hosts.cli import ANSWERING, BROKEN_PIPE, Common, run_session, run_shell_command
from mathrepl.hosts.starting import user_store
from mathrepl.support.errors import spelled

# Typer reads annotations as objects, so this module does not postpone them.
_Weights = Annotated[
    str | None,
    typer.Option("--weights", "-w", metavar="NAME", help="Name of the weights to use."),
]
_Engine = Annotated[
    str | None,
    typer.Option(metavar="numpy|keras", help="What runs the network: numpy or Keras itself."),
]
_Json = Annotated[
    bool, typer.Option("--json", help="One JSON object a line on stdout, talk on stderr.")
]
_Fields = Annotated[
    str | None,
    typer.Option(
        "--fields", metavar="NAME,NAME", help="With --json: only these keys of each answer."
    ),
]
_Version = Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)]


def build_app(commands: Mapping[str, Command]) -> typer.Typer:
    """The Typer app of these commands; it exits with the code of the command that it runs."""
    app = typer.Typer(
        name="mathrepl",
        help="A small neural network does arithmetic, character by character. "
        "Without a command it starts a session.",
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def start(
        context: typer.Context,
        weights: _Weights = None,
        engine: _Engine = None,
        json: _Json = False,
        fields: _Fields = None,
        version: _Version = False,
    ) -> None:
        if version:
            typer.echo(f"mathrepl {__version__}")
            raise typer.Exit
        common = context.obj = Common(weights, engine, json, fields)
        if context.invoked_subcommand is None:
            _exit_after(lambda: run_session(common))

    for command in commands.values():
        app.command(
            command.name,
            help=_help(command, commands),
            short_help=command.summary,
            context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        )(_subcommand(command))
    return app


def _exit_after(run: Callable[[], int]) -> NoReturn:
    """Run and exit; a broken pipe is met here, before Typer calls it a failure."""
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        code = BROKEN_PIPE
    raise typer.Exit(code)


def _help(command: Command, commands: Mapping[str, Command]) -> str:
    details = spelled(command.details, lambda run: in_shell(run, commands))
    return f"{command.summary[0].upper()}{command.summary[1:]}. {details}".rstrip()


def _subcommand(command: Command) -> Callable[..., None]:
    """A function with the signature that Typer reads the command's parameters from."""

    def subcommand(context: typer.Context, **given: Any) -> None:
        before: Common = context.obj
        fields = given.pop("fields") if command.name in ANSWERING else None
        common = Common(
            given.pop("weights") or before.weights,
            given.pop("engine") or before.engine,
            given.pop("json") or before.json,
            before.fields if fields is None else fields,
        )
        words = [*_words(command, given), *(Word(extra, 0) for extra in context.args)]
        _exit_after(lambda: run_shell_command(command, words, common))

    kinds: dict[str, Any] = {
        "context": typer.Context,
        **{parameter.key: _annotated(parameter) for parameter in command.parameters_for("shell")},
        "weights": _Weights,
        "engine": _Engine,
        "json": _Json,
    }
    if command.name in ANSWERING:
        kinds["fields"] = _Fields
    subcommand.__annotations__ = kinds
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in kinds.items()
    ]
    subcommand.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return subcommand


def _annotated(parameter: Parameter) -> Any:
    """Every value is taken as text: one set of checks serves the shell and the session."""
    if parameter.kind == "flag":
        return Annotated[bool, typer.Option(parameter.name, help=parameter.description)]
    how: dict[str, Any] = {
        "help": parameter.description,
        "metavar": parameter.metavar,
        "autocompletion": _completer(parameter),
        "show_default": False,
    }
    taken = typer.Option(parameter.name, **how) if parameter.is_option else typer.Argument(**how)
    kind: Any = list[str] | None if parameter.many else str | None
    return Annotated[kind, taken]


def _completer(parameter: Parameter) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        known = user_store().names() if parameter.kind == "weights" else parameter.known
        return [word for word in known if word.startswith(incomplete)]

    return complete


def _words(command: Command, given: Mapping[str, Any]) -> list[Word]:
    """The words for `bind` to check, from what Typer took apart; their columns mean nothing."""
    words: list[Word] = []
    for parameter in command.parameters_for("shell"):
        value = given.get(parameter.key)
        if value is None or value is False:
            continue
        if value is True:
            words.append(Word(parameter.name, 0))
        else:
            start = f"{parameter.name}=" if parameter.is_option else ""
            words += [Word(start + text, 0) for text in (value if parameter.many else [value])]
    return words
