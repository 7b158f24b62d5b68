"""`--json`: one object a line on stdout, talk on stderr."""

from __future__ import annotations

import json
import sys
from typing import Any

from mathrepl.analysis.figure import Figure, Looking
from mathrepl.certify import Certifying
from mathrepl.commands.spec import Note, Quit, Value
from mathrepl.errors import EquationError, MathreplError
from mathrepl.progress import Launched, Stepped, Warned


class JsonLines:
    """Writes records; progress within an epoch or a certification is left out."""

    def show(self, value: Value) -> None:
        if isinstance(value, (Launched, Stepped, Certifying, Looking, Quit)):
            return
        if isinstance(value, Figure) and value.live:
            return
        if isinstance(value, (Note, Warned)):
            sys.stderr.write(f"{value.text if isinstance(value, Note) else value.message}\n")
            return
        record = value.record()
        for one in record if isinstance(record, list) else [record]:
            self._write(one)

    def error(self, error: MathreplError, equation: str | None = None) -> None:
        record: dict[str, Any] = {"error": str(error)}
        if equation is None and isinstance(error, EquationError):
            equation = error.text
        if equation is not None:
            record = {"equation": equation, **record}
        if error.column is not None:
            record["column"] = error.column
        self._write(record)

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, record: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(record, ensure_ascii=True) + "\n")
        sys.stdout.flush()
