"""A session as every host starts one: settings, the folder of the person's weights, and both.

A host that shows its prompt first imports the session when it starts one, so this module does too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mathrepl.support.paths import directory_from
from mathrepl.support.settings import Settings, changed, data_directory, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from mathrepl.session.session import Session
    from mathrepl.store.store import Store


def chosen_settings(weights: str | None = None, engine: str | None = None) -> Settings:
    """The settings of the file and the environment, and over them what an option names.

    Raises `SettingsError`.
    """
    settings = load_settings()
    if weights is not None:
        settings = replace(settings, weights=weights)
    return settings if engine is None else changed(settings, "engine", engine)


def user_store(data: Path | str | None = None) -> Store:
    """The person's weights beside the bundled ones; `data` is another folder to keep them in.

    Raises `SettingsError` for what names no folder.
    """
    from mathrepl.store.store import Store

    directory = data_directory() if data is None else directory_from(data, "data_dir")
    return Store(directory / "weights")


def open_session(settings: Settings, data: Path | str | None = None) -> Session:
    """A session over `user_store(data)`. Raises `SettingsError`, as that does."""
    from mathrepl.session.session import Session

    return Session(settings, user_store(data))
