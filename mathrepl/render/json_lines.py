"""`--json`: one object a line on stdout, talk on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from mathrepl.analysis.figure import Figure, Progress
from mathrepl.commands.spec import Note, Quit, Value
from mathrepl.evaluation.certify import CertifyProgress
from mathrepl.inference.answer import FIELDS, Answer, Answers, Refused
from mathrepl.inference.solution import DIGITS_KEPT, Guesses
from mathrepl.support.errors import EquationError, MathreplError, UsageError
from mathrepl.support.safe_text import printable
from mathrepl.training.events import Launched, Stepped, Warned

ERROR_FIELDS = ("error", "column")  # of a question that could not be asked
_QUIET = (Launched, Stepped, CertifyProgress, Progress, Quit)


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
        self._text = lru_cache(maxsize=1000)(self._encode)  # of what comes again and again

    def show(self, value: Value) -> None:
        if isinstance(value, Answer):
            line = None if self._fields else self._plain(value)
            if line is None:
                self._write(self._trimmed(value.record()))
            else:
                self._write_line(line)
            return
        if isinstance(value, _QUIET) or (isinstance(value, Figure) and value.live):
            return
        if isinstance(value, (Note, Warned)):
            text = value.text if isinstance(value, Note) else value.message
            sys.stderr.write(printable(text, keep="\n") + "\n")
            return
        record = value.record()
        answers = isinstance(value, (Answers, Refused))
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
        """Nothing is held open."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is shown within is written in one go at the end."""
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
            self._write_line(self._encode(record))
        except ValueError:  # the loss of an epoch that failed
            self._write_line(self._encode(_without_endless(record)))

    def _plain(self, answer: Answer) -> str | None:
        """The record of a right answer without remarks, as `json` writes it; None for others.

        Most lines of a long stream are such, and this takes two thirds of the time.
        """
        guesses, end = answer.solution.guesses, answer.solution.end
        confidence = answer.confidence
        if (
            not answer.right
            or answer.notes
            or answer.scratchpad
            or answer.solution.stuck
            or end is None
            or not isinstance(guesses, Guesses)
            or not 0 <= confidence <= 1
        ):
            return None
        text, often = self._encode, self._text
        network, off_by = text(answer.network), answer.off_by
        columns = zip(guesses.runners_up, guesses.runner_up_rounded, strict=True)
        runners_up = ", ".join([f"[{often(one)}, {sure!r}]" for one, sure in columns])
        return (
            f'{{"equation": {text(answer.equation)}, "network": {network}, "truth": {network}, '
            f'"right": true, "weights": {often(answer.weights)}, "probabilities": '
            f'{guesses.rounded!r}, "end_probability": {round(end.probability, DIGITS_KEPT)!r}, '
            f'"runners_up": [{runners_up}], "confidence": {round(confidence, DIGITS_KEPT)!r}, '
            f'"wrong_digits": 0, "off_by": {"null" if off_by is None else often(off_by)}, '
            f'"verdict": "right", "engine": {often(answer.engine)}, "notes": [], "working": []}}'
        )

    def _write_line(self, line: str) -> None:
        line += "\n"
        if self._held is not None:
            self._held.append(line)
            return
        sys.stdout.write(line)
        sys.stdout.flush()


def check_fields(text: str) -> tuple[str, ...]:
    """`equation,network` as names of fields. Raises `UsageError` for one that there is not."""
    known = (*FIELDS, *ERROR_FIELDS)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    strange = [name for name in names if name not in known]
    hint = f"there are {', '.join(known)}"
    if strange:
        raise UsageError(f"there is no field {strange[0]!r}", hint=hint)
    if not names:
        raise UsageError("--fields names no field", hint=hint)
    return names


def _without_endless(value: Any) -> Any:
    """The same with null for each number that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _without_endless(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_endless(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
