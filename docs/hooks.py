"""The mkdocs hooks, which write tables of commands and settings into the pages.

A page names a table in a comment such as `<!-- table: commands -->`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mathrepl.commands.spec import Command, Parameter
from mathrepl.commands.table import command_table
from mathrepl.support.setting_rows import rows
from mathrepl.support.settings import Settings

THEMES = {
    "asking": "Ask",
    "surveying": "Survey a network",
    "looking": "Look inside a network",
    "proving": "Prove",
    "training": "Train",
    "sweeping": "Sweep",
    "weights": "Weights",
    "exporting": "Export",
    "configuring": "The session",
}
PACKAGE = "mathrepl.commands."


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the comments of a page by their tables; mkdocs calls this for each page."""
    for name, write in TABLES.items():
        mark = f"<!-- table: {name} -->"
        if mark in markdown:
            markdown = markdown.replace(mark, write())
    return markdown


def commands() -> str:
    """Every built-in command, under the theme of its module."""
    return "\n".join(_commands())


def own_commands() -> Mapping[str, Command]:
    """The command table without the commands of installed packages."""
    return {
        name: command
        for name, command in command_table().items()
        if command.run.__module__.startswith(PACKAGE)
    }


def settings() -> str:
    """A table of the keys of `settings.toml`."""
    lines = ["| key | default | values | meaning |", "|---|---|---|---|"]
    for row in rows(Settings):
        default = str(row.default).lower()
        kind = {bool: "`true`, `false`", int: "a whole number", str: "a name"}[type(row.default)]
        if row.words:
            kind = row.bounds
        values = ", ".join(f"`{choice}`" for choice in row.choices) or kind
        lines.append(f"| `{row.name}` | `{default}` | {values} | {row.help} |")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {"commands": commands, "settings": settings}


def _commands() -> Iterator[str]:
    theme = ""
    for command in own_commands().values():
        module = command.run.__module__.removeprefix(PACKAGE)
        if module != theme:
            theme = module
            yield f"## {THEMES.get(module, module.capitalize())}\n"
        yield from _command(command)


def _command(command: Command) -> Iterator[str]:
    yield f"### {command.name} {{ #{command.name} }}\n"
    usages = [command.usage(host) for host in ("session", "shell") if host in command.hosts]
    yield "```text\n" + "\n".join(usages) + "\n```\n"
    yield _sentence(command.summary) + (f" {_escaped(command.details)}" if command.details else "")
    if command.aliases:
        yield "\nAlso: " + ", ".join(f"`:{alias}`" for alias in command.aliases) + "."
    if "shell" not in command.hosts:
        yield "\nIn a session only."
    yield ""
    if command.parameters:
        yield "| argument or option | meaning | default |\n|---|---|---|"
        for parameter in command.parameters:
            yield _row(parameter)
        yield ""
    if command.examples:
        yield "```text\n" + "\n".join(command.examples) + "\n```\n"


def _row(parameter: Parameter) -> str:
    meaning = _escaped(parameter.help)
    if "shell" not in parameter.hosts:
        meaning += " (in a session only)"
    usage = _in_cell(f"<code>{html.escape(parameter.usage)}</code>")
    default = f"<code>{html.escape(parameter.default)}</code>" if parameter.default else ""
    return f"| {usage} | {_in_cell(meaning)} | {_in_cell(default)} |"


def _in_cell(text: str) -> str:
    """`text` with its bars escaped, which would end a cell."""
    return text.replace("|", "&#124;")


def _escaped(text: str) -> str:
    """`text` with stars and brackets escaped; its backticks remain Markdown."""
    parts = text.split("`")
    for index in range(0, len(parts), 2):
        parts[index] = "".join(f"\\{c}" if c in "\\*_[]<>#" else c for c in parts[index])
    return "`".join(parts)


def _sentence(text: str) -> str:
    return _escaped(text[0].upper() + text[1:]) + "."
