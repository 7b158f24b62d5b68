"""Commands about the session itself: set, show, help, quit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mathrepl.arithmetic.rules import PLAIN, rule_names
from mathrepl.commands.options import TASK_KEYS, TASK_PARAMETERS, task_changes, task_texts
from mathrepl.commands.parse import resolve
from mathrepl.commands.spec import Arguments, Command, Context, Note, Parameter, Quit, Table, Value
from mathrepl.session.session import Session
from mathrepl.store.store import AUTO
from mathrepl.support.errors import Advice, Run, UsageError
from mathrepl.support.setting_rows import rows
from mathrepl.support.settings import FILE_NAME, Settings, changed, config_directory

_NAMES = tuple(row.name for row in rows(Settings))
# The parts of a task by the keys of `:set`; one that a setting is named like has a longer one.
_TASK = {f"task_{key}" if key in _NAMES else key: key for key in TASK_KEYS}


@dataclass(frozen=True, slots=True)
class HelpPage:
    """Help on one command of a session."""

    command: Command

    def record(self) -> dict[str, Any]:
        return {
            "command": self.command.name,
            "summary": self.command.summary,
            "usage": self.command.usage("session"),
            "parameters": {p.name: p.help for p in self.command.parameters_for("session")},
        }


def help_page(context: Context, arguments: Arguments) -> Value:
    name = arguments.text("command")
    if name:
        word = name.removeprefix(":")
        return HelpPage(resolve(word, context.commands, f":{word}"))
    shown = [c for c in context.commands.values() if "session" in c.hosts]
    return Table(
        "type an equation, such as 94 + 909, or a command",
        ("command", "what it does"),
        tuple((command.usage("session"), command.summary) for command in shown),
        footer=Advice(
            Run("help", "COMMAND"), " says more; prefixes will do; Ctrl-C clears, Ctrl-D leaves"
        ),
    )


def show(context: Context, arguments: Arguments) -> Table:
    session = context.session
    name = AUTO if session.auto else session.name
    settings = replace(session.settings, weights=name, engine=session.weights.engine)
    table = [
        (row.name, str(getattr(settings, row.name)).lower(), row.help) for row in rows(Settings)
    ]
    texts = task_texts(session.task)
    meanings = {p.key: p.help for p in TASK_PARAMETERS}
    table += [(key, texts[part], meanings[part]) for key, part in _TASK.items()]
    footer = f"to keep settings, write them into {config_directory() / FILE_NAME}"
    if session.chosen_task is not None:
        train = Run("train", "N --fresh")
        footer = Advice("the task was changed with ", Run("set"), "; ", train, " trains for it")
    return Table("settings and task", ("key", "value", "meaning"), tuple(table), footer=footer)


def set_value(context: Context, arguments: Arguments) -> Iterator[Value]:
    key, value = arguments.text("key"), arguments.text("value")
    session = context.session
    if key is None:
        yield show(context, arguments)
        return
    if key == "task" and value == "reset":
        session.chosen_task = None
        yield Note(f"the task is that of the weights again: {session.task.describe()}")
        return
    if value is None:
        raise UsageError(f"{key} needs a value", hint=Advice("write ", Run("set", f"{key} VALUE")))
    if key in _TASK:
        session.chosen_task = replace(session.task, **task_changes({_TASK[key]: value}))
        train, reset = Run("train", "50 --fresh"), Run("set", "task reset")
        task = session.task.describe()
        yield Note(Advice(f"task: {task}; ", train, " trains for it, ", reset, " takes it back"))
        return
    settings = changed(session.settings, key, value)
    if key == "weights":
        session.use(value)
    elif key == "engine":
        if value == "keras":
            yield Note("loading TensorFlow, a few seconds …")
            session.weights.models  # noqa: B018 - loaded here, so that the next question is quick
        session.weights.set_engine(settings.engine)
    session.settings = settings
    yield Note(f"{key} is {value} for this session")


def steps(context: Context, arguments: Arguments) -> Value:
    session = context.session
    value = arguments.text("value")
    if value is not None:
        session.settings = changed(session.settings, "steps", value)
    shown = "shown" if session.settings.steps else "not shown"
    if session.settings.steps == "all":
        shown = "shown, with all that was read and written for them"
    return Note(f"the lines of a working are {shown}")


def _values(session: Session, words: Sequence[str]) -> Sequence[str]:
    key = words[0] if words else ""
    if key == "weights":
        return (AUTO, *session.store.names())
    fixed = {
        "history": ("on", "off"),
        "steps": ("on", "off", "all"),
        "task": ("reset",),
        **{parameter.key: parameter.choices for parameter in TASK_PARAMETERS},
        "rule": (*rule_names(), PLAIN),
        **{row.name: row.choices for row in rows(Settings) if row.choices},
        **{row.name: row.words for row in rows(Settings) if row.words},
    }
    return fixed.get(key, ())


def quit_session(context: Context, arguments: Arguments) -> Value:
    return Quit()


COMMANDS = (
    Command(
        "set",
        "change a setting or the task of the next training",
        set_value,
        (
            Parameter(
                "key",
                "a setting or a part of the task; :show lists them",
                choices=(*_NAMES, *_TASK, "task"),
            ),
            Parameter("value", "its value", suggest=_values),
        ),
        examples=(":set engine keras", ":set range 0..99", ":set theme light"),
        hosts=("session",),
    ),
    Command(
        "steps",
        "show or hide the lines of a working",
        steps,
        (Parameter("value", "on, off or all", choices=("on", "off", "all")),),
        details="Weights that show their work, such as the bundled `work`, write line by line. "
        "`=` marks a line that equals the question, `≈` one that was rounded rightly from it, "
        "`≠` the first wrong one. `all` shows the passes of the networks for each line too.",
        hosts=("session",),
    ),
    Command("show", "settings and task", show, hosts=("session",)),
    Command(
        "help",
        "this list, or help on one command",
        help_page,
        (Parameter("command", "a command", "command"),),
        aliases=("h", "?"),
        hosts=("session",),
    ),
    Command("quit", "leave", quit_session, aliases=("q", "exit"), hosts=("session",)),
)
