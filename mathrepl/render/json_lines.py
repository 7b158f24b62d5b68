"""`--json`: one object a line on stdout, talk on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mathrepl.commands.dispatch import is_passing
from mathrepl.commands.spec import Note, Quit, Value
from mathrepl.inference.answer import Answer, Answers, Refused, record_keys
from mathrepl.support.errors import EquationError, MathreplError, UsageError
from mathrepl.support.text import printable, well_formed
from mathrepl.training.events import Warned

ERROR_FIELDS = ("error", "column")  # of a question that could not be asked


class JsonLines:
    """Writes records; progress within an epoch or a certification is left out.

    With `fields` the record of an answer has those alone, in that order. One of a question that
    could not be asked says its error all the same.
    """

    def __init__(self, fields: Sequence[str] = ()) -> None:
        self._fields = tuple(fields)
        self._held: list[str] | None = None
        # Records are made anew for each answer, so none can hold itself.
        self._encode = json.JSONEncoder(check_circular=False, allow_nan=False).encode

    def show(self, value: Value) -> None:
        if isinstance(value, Quit) or is_passing(value):
            return
        if isinstance(value, (Note, Warned)):
            text = value.text if isinstance(value, Note) else value.message
            sys.stderr.write(printable(text, keep="\n") + "\n")
            return
        record = value.record()
        answers = isinstance(value, (Answer, Answers, Refused))
        for one in record if isinstance(record, list) else [record]:
            self._write(self._trimmed(one) if answers else one)

    def error(self, error: MathreplError, equation: str | None = None) -> None:
        record: dict[str, Any] = {"error": str(error)}
        if equation is None and isinstance(error, EquationError):
            equation = error.text
        if equation is not None:
            record = {"equation": equation, **record}
        if error.column is not None:
            record["column"] = error.column
        self._write(self._trimmed(record))

    def close(self) -> None:
        """Does nothing: each line is written at once."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block whose values are written at once when it ends."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            sys.stdout.write("".join(held))
            sys.stdout.flush()

    def _trimmed(self, record: dict[str, Any]) -> dict[str, Any]:
        if not self._fields:
            return record
        kept = {key: record[key] for key in self._fields if key in record}
        if "error" in record:
            kept["error"] = record["error"]
        return kept

    def _write(self, record: dict[str, Any]) -> None:
        try:
            line = self._encode(record) + "\n"
        except ValueError:  # the loss of an epoch that failed: JSON has no NaN and no infinity
            finite = json.loads(json.dumps(record), parse_constant=lambda _name: None)
            line = self._encode(finite) + "\n"
        if "\\ud" in line:  # half a character, as in a path that is not UTF-8, is no valid JSON
            whole = json.dumps(json.loads(line), ensure_ascii=False)
            line = self._encode(json.loads(well_formed(whole))) + "\n"
        if self._held is not None:
            self._held.append(line)
            return
        sys.stdout.write(line)
        sys.stdout.flush()


def check_fields(text: str) -> tuple[str, ...]:
    """`equation,network` as names of fields. Raises `UsageError` for one that there is not."""
    known = (*record_keys(), *ERROR_FIELDS)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    strange = [name for name in names if name not in known]
    hint = f"there are {', '.join(known)}"
    if strange:
        raise UsageError(f"there is no field {strange[0]!r}", hint=hint)
    if not names:
        raise UsageError("--fields names no field", hint=hint)
    return names
