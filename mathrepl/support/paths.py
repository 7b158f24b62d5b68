"""Paths that a person, a script or a variable names."""

from __future__ import annotations

import os
from pathlib import Path

from mathrepl.support.errors import SettingsError, UsageError


def path_from(text: str) -> Path:
    """The path of that name, `~` expanded. Raises `UsageError` for what no file can be called."""
    try:
        if b"\0" in os.fsencode(text):
            raise UsageError(f"{text!r} is not a file name")
        return Path(text).expanduser()
    except UnicodeEncodeError:
        raise UsageError(f"{text!r} is not a file name") from None
    except RuntimeError:
        raise UsageError(f"there is no home directory for {text!r}") from None


def directory_from(named: object, what: str) -> Path:
    """The whole path of a directory, which stays the same where the program changes its own.

    Raises `SettingsError`, which says `what` names the directory.
    """
    if not isinstance(named, str | Path):
        raise SettingsError(f"{what} must be text or a Path, not of type {type(named).__name__}")
    try:
        return path_from(str(named)).absolute()
    except UsageError:
        raise SettingsError(f"{what} names no directory: {str(named)!r}") from None
    except OSError:
        raise SettingsError(
            f"{what} is {str(named)!r}, and the folder that it starts from is gone",
            hint="change to another folder, or name the whole path",
        ) from None
