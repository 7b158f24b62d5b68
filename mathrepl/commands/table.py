"""The one table of commands, from which help, completion, parsing and the shell follow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mathrepl.commands import asking, configuring, looking, surveying, training, weights
from mathrepl.commands.spec import Command


def command_table() -> Mapping[str, Command]:
    """All commands by name, in the order `:help` shows them."""
    modules = (asking, surveying, looking, training, weights, configuring)
    return MappingProxyType(
        {command.name: command for module in modules for command in module.COMMANDS}
    )
