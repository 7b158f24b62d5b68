"""Records of JSON files as frozen dataclasses: every key known, present, and of its type.

msgspec checks the types. This module refuses the rest: duplicate keys, unknown keys of dataclasses,
numbers of more than 18 digits, and text that can control a terminal.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from mathrepl.support.errors import WeightsError
from mathrepl.support.text import one_line

_T = TypeVar("_T")
MAX_TEXT = 10_000
BIG = 10**18
# The metadata of a dataclass field that older records lack; they mean its default.
LATER: Mapping[str, bool] = MappingProxyType({"later": True})


def parse(data: bytes | str, what: str) -> Any:
    """JSON as plain values. Raises `WeightsError`, also for a duplicate key of an object."""

    def checked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise WeightsError(f"{what}: {one_line(repr(twice), 60)} stands twice in an object")
        return found

    try:
        return json.loads(data, object_pairs_hook=checked)
    except (ValueError, RecursionError):
        raise WeightsError(f"{what}: not readable as JSON") from None


def read(kind: type[_T], record: Any, what: str) -> _T:
    """A JSON object as a dataclass of that kind; `what` names it in errors.

    Values that are dataclasses already stay. Raises `WeightsError` naming the path of the first
    unknown, missing or mistyped key.
    """
    value = convert(kind, record, what)
    _check_keys(record, value, what)
    return value


def convert(kind: type[_T], record: Any, what: str) -> _T:
    """`read` without the check of keys: missing ones mean defaults, unknown ones are ignored."""
    try:
        return msgspec.convert(record, kind, dec_hook=lambda wanted, plain: wanted(plain))
    except (msgspec.ValidationError, RecursionError) as error:
        flaw, _, path = str(error).partition(" - at `$")
        raise WeightsError(one_line(f"{what}{path.removesuffix('`')}: {flaw}")) from None


def is_later(kind: Any, name: str) -> bool:
    """True for a field of a dataclass whose key older records can lack."""
    return bool(kind.__dataclass_fields__[name].metadata.get("later"))


def check_keys(
    keys: Collection[str], known: Collection[str], needed: Collection[str], what: str
) -> None:
    """Raise `WeightsError` for the first key that is unknown or lacking."""
    for key in keys:
        if key not in known:
            raise WeightsError(f"{what} has an unknown key {one_line(repr(key), 60)}")
    for key in needed:
        if key not in keys:
            raise WeightsError(f"{what} lacks key {key!r}")


def _check_keys(record: Any, value: Any, what: str) -> None:
    """Check the keys of dataclasses at any depth: msgspec ignores unknown ones."""
    if isinstance(record, list):
        for number, (one, made) in enumerate(zip(record, value, strict=True)):
            _check_keys(one, made, f"{what}[{number}]")
    elif isinstance(record, dict) and hasattr(value, "__dataclass_fields__"):
        known = value.__dataclass_fields__
        needed = [name for name in known if not is_later(value, name)]
        check_keys(record, known, needed, what)
        for key, one in record.items():
            if isinstance(one, list | dict):
                _check_keys(one, getattr(value, key), f"{what}.{key}")


def check_plain(record: Any, what: str, endless: Collection[str] = ()) -> None:
    """Raise `WeightsError` for a text, key or number that is too long or cannot be printed.

    Only numbers under the keys `endless` may be NaN or infinite.
    """
    try:
        flaw = _flaw(record, endless, finite=True)
    except RecursionError:
        flaw = " has too many levels"
    if flaw:
        raise WeightsError(one_line(f"{what}{flaw}"))


def _flaw(value: Any, endless: Collection[str], *, finite: bool) -> str:
    """The path to the first invalid value and its requirement, empty if there is none."""
    match value:
        case dict():
            for key, one in value.items():
                if flaw := _flaw(key, (), finite=True):
                    return f": a key{flaw}"
                if flaw := _flaw(one, endless, finite=key not in endless):
                    return f".{key}{flaw}"
        case list():
            for number, one in enumerate(value):
                if flaw := _flaw(one, endless, finite=True):
                    return f"[{number}]{flaw}"
        case str() if len(value) > MAX_TEXT or not value.isprintable():
            return f" must be text of at most {MAX_TEXT:,} printable characters"
        case float() if finite and not math.isfinite(value):
            return " must be a finite number"
        case int() if abs(value) >= BIG:
            return " must be a whole number of at most 18 digits"
    return ""
