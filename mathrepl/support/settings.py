"""Settings from `settings.toml` in the config directory, then `MATHREPL_*` variables."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mathrepl.support.errors import SettingsError
from mathrepl.support.paths import directory_from
from mathrepl.support.setting_rows import rows, setting
from mathrepl.support.text import cropped

FILE_NAME = "settings.toml"
MAX_FILE_BYTES = 1_000_000
MOST_DECIMALS = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a session starts with, one row each."""

    weights: str = setting(
        "auto", "name of the weights to start with; auto takes those that fit a question"
    )
    engine: str = setting(
        "numpy", "what runs the network: numpy, or Keras itself", choices=("numpy", "keras")
    )
    theme: str = setting(
        "auto", "colours for a dark or a light background", choices=("auto", "dark", "light")
    )
    editing: str = setting("emacs", "key bindings of the prompt", choices=("emacs", "vi"))
    history: bool = setting(True, "keep the lines typed in a file")
    quiz: int = setting(10, "equations in a :quiz", low=1, high=10_000)
    steps: bool | str = setting(
        True,
        "show the lines of a working; all shows what was read and written for each too",
        words=("all",),
    )
    decimals: int | str = setting(
        3,
        "decimals of a quotient worked out in lines; auto writes one that ends whole",
        low=0,
        high=MOST_DECIMALS,
        words=("auto",),
    )

    @property
    def most_decimals(self) -> int:
        """The decimals that a quotient is rounded to; `auto` stands for the most there are."""
        return MOST_DECIMALS if isinstance(self.decimals, str) else self.decimals


_PATHS = ("MATHREPL_DATA_DIR", "MATHREPL_CONFIG_DIR")


def changed(settings: Settings, key: str, value: Any, where: str = "") -> Settings:
    """`settings` with `key` set to `value`, as text or of its type. Raises `SettingsError`."""
    at = f" in {where}" if where else ""
    row = next((row for row in rows(Settings) if row.name == key), None)
    if row is None:
        names = ", ".join(row.name for row in rows(Settings))
        raise SettingsError(f"unknown setting {key!r}{at}", hint=f"settings are {names}")
    kind = type(row.default)
    parsed = value if value in row.words else _parse(kind, value)
    if parsed is None or not row.allows(parsed):
        words = {bool: "true or false", int: "a whole number", str: "text"}
        wanted = words[kind] if parsed is None and not row.words else row.bounds
        raise SettingsError(f"{key}{at} must be {wanted}, not {_shown(value)}")
    return replace(settings, **{key: parsed})


def _shown(value: Any) -> str:
    try:
        return cropped(repr(value), 60)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "that"


def _parse(kind: type, value: Any) -> Any:
    """The value as a `kind`, parsed if it is text; None for a value of another kind."""
    import msgspec  # the prompt is shown without it

    text = isinstance(value, str)
    if text:
        value = value.strip()
        if kind is bool:
            value = {"on": "true", "off": "false"}.get(value, value)
    try:
        return msgspec.convert(value, kind, strict=not text)
    except msgspec.ValidationError:
        return None


def load_settings() -> Settings:
    """Defaults, then the file, then variables such as `MATHREPL_THEME`.

    Raises `SettingsError` naming the file or variable and the key.
    """
    settings = Settings()
    path = config_directory() / FILE_NAME
    for key, value in _read_file(path).items():
        settings = changed(settings, key, value, str(path))
    for variable, value in sorted(os.environ.items()):
        if not variable.startswith("MATHREPL_") or variable in _PATHS or not value:
            continue
        settings = changed(settings, variable.removeprefix("MATHREPL_").lower(), value, variable)
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsError(f"{path} is too large to be a settings file")
        text = path.read_text(encoding="utf-8")
        import tomllib

        return tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def config_directory() -> Path:
    """The platform's config directory for mathrepl, or `MATHREPL_CONFIG_DIR`."""
    from platformdirs import user_config_path

    usual = user_config_path("mathrepl", appauthor=False)
    return _directory("MATHREPL_CONFIG_DIR", "the folder of settings", usual)


def data_directory() -> Path:
    """The platform's user data directory for mathrepl, or `MATHREPL_DATA_DIR`."""
    from platformdirs import user_data_path

    usual = user_data_path("mathrepl", appauthor=False)
    return _directory("MATHREPL_DATA_DIR", "the folder of data", usual)


def _directory(variable: str, what: str, usual: Path) -> Path:
    text = os.environ.get(variable)
    return directory_from(text, variable) if text else directory_from(usual, what)


def is_light(theme: str) -> bool:
    """True for a theme on a light background; `auto` reads COLORFGBG of the terminal."""
    if theme != "auto":
        return theme == "light"
    # Its last part is the background.
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
