"""The one table of commands, from which help, completion, parsing and the shell follow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mathrepl.commands import asking, configuring, training, weights
from mathrepl.commands.spec import Command


def command_table() -> Mapping[str, Command]:
    """All commands by name, in the order `:help` shows them."""
    rows = (*asking.COMMANDS, *training.COMMANDS, *weights.COMMANDS, *configuring.COMMANDS)
    return MappingProxyType({command.name: command for command in rows})
