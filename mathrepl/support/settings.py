"""Settings from `settings.toml` in the config directory, then `MATHREPL_*` variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from mathrepl.support.errors import SettingsError

FILE_NAME = "settings.toml"
MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session starts with. `theme`: auto, dark or light; `editing`: emacs or vi."""

    weights: str = "auto"
    engine: str = "numpy"
    theme: str = "auto"
    editing: str = "emacs"
    history: bool = True
    quiz: int = 10
    steps: bool = True


CHOICES: Mapping[str, tuple[str, ...]] = {
    "engine": ("numpy", "keras"),
    "theme": ("auto", "dark", "light"),
    "editing": ("emacs", "vi"),
}
DESCRIPTIONS: Mapping[str, str] = {
    "weights": "name of the weights to start with; auto takes those that fit a question",
    "engine": "what runs the network: numpy, or Keras itself",
    "theme": "colours for a dark or a light background",
    "editing": "key bindings of the prompt",
    "history": "keep the lines typed in a file",
    "quiz": "equations in a :quiz",
    "steps": "show the lines of a working",
}
_PATHS = ("MATHREPL_DATA_DIR", "MATHREPL_CONFIG_DIR")


def changed(settings: Settings, key: str, value: Any, where: str = "") -> Settings:
    """`settings` with `key` set to `value` (text, or the type itself). Raises `SettingsError`."""
    kinds = {f.name: type(f.default) for f in fields(Settings)}
    at = f" in {where}" if where else ""
    if key not in kinds:
        raise SettingsError(f"unknown setting {key!r}{at}", hint=f"settings are {', '.join(kinds)}")
    parsed = _parse(kinds[key], value)
    if parsed is None:
        raise SettingsError(f"{key}{at} must be {_wanted(kinds[key])}, not {_shown(value)}")
    if key in CHOICES and parsed not in CHOICES[key]:
        raise SettingsError(f"{key}{at} must be {' or '.join(CHOICES[key])}, not {_shown(value)}")
    if key == "quiz" and not 1 <= parsed <= 10_000:
        raise SettingsError(f"quiz{at} must be 1 to 10000, not {_shown(value)}")
    return replace(settings, **{key: parsed})


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "that"
    return text if len(text) <= 60 else f"{text[:59]}…"


def _parse(kind: type, value: Any) -> Any:
    if type(value) is kind and kind is not str:
        return value
    if not isinstance(value, str):
        return None
    readers: dict[type, Callable[[str], Any]] = {
        bool: {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}.get,
        int: lambda text: (
            int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
        ),
        str: str,
    }
    return readers[kind](value.strip())


def _wanted(kind: type) -> str:
    return {bool: "true or false", int: "a whole number", str: "text"}[kind]


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Defaults, then the file, then variables such as `MATHREPL_THEME`.

    Raises `SettingsError` naming the file or variable and the key.
    """
    env = os.environ if environment is None else environment
    settings = Settings()
    path = config_directory() / FILE_NAME
    for key, value in _read_file(path).items():
        settings = changed(settings, key, value, str(path))
    for variable, value in sorted(env.items()):
        if not variable.startswith("MATHREPL_") or variable in _PATHS or not value:
            continue
        settings = changed(settings, variable.removeprefix("MATHREPL_").lower(), value, variable)
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsError(f"{path} is too large to be a settings file")
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from None
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def config_directory() -> Path:
    """The platform's config directory for mathrepl, or `MATHREPL_CONFIG_DIR`."""
    chosen = _chosen("MATHREPL_CONFIG_DIR")
    if chosen is not None:
        return chosen
    from platformdirs import user_config_path

    return user_config_path("mathrepl", appauthor=False)


def data_directory() -> Path:
    """The platform's user data directory for mathrepl, or `MATHREPL_DATA_DIR`."""
    chosen = _chosen("MATHREPL_DATA_DIR")
    if chosen is not None:
        return chosen
    from platformdirs import user_data_path

    return user_data_path("mathrepl", appauthor=False)


def _chosen(variable: str) -> Path | None:
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise SettingsError(f"{variable} names no directory: {text!r}") from None


def is_light(theme: str) -> bool:
    """`auto` asks COLORFGBG, which some terminals set; its last part is the background."""
    if theme != "auto":
        return theme == "light"
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
