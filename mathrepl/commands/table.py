"""The one table of commands, from which help, completion, parsing and the shell follow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from mathrepl.arithmetic.rules import rule_names
from mathrepl.commands import (
    asking,
    configuring,
    exporting,
    looking,
    proving,
    surveying,
    sweeping,
    training,
    weights,
)
from mathrepl.commands.installed import installed_commands
from mathrepl.commands.spec import Command
from mathrepl.networks.plugin_kinds import kind_names


@cache  # an invalid command of a package is reported once
def command_table() -> Mapping[str, Command]:
    """All commands by name, in the order `:help` shows them; those of other packages come last."""
    looks = (asking, surveying, looking, proving)
    modules = (*looks, training, sweeping, weights, exporting, configuring)
    own = [command for module in modules for command in module.COMMANDS]
    taken = [name for command in own for name in (command.name, *command.aliases)]
    others = installed_commands(taken)
    kind_names()  # invalid names of kinds and rules are reported with invalid commands
    rule_names()
    return MappingProxyType({command.name: command for command in (*own, *others)})
