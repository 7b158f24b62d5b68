"""The files of exported networks, and how they compare with numpy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mathrepl.support.errors import MathreplError, UsageError
from mathrepl.support.output_files import check_destination

TOLERANCE = 1e-5
INPUT, OUTPUT = "question", "probabilities"  # of an ONNX file


@dataclass(frozen=True, slots=True)
class Comparison:
    """A file against numpy: `asked` texts, the largest difference of any probability, and the
    number of equal answers.
    """

    asked: int
    largest_difference: float
    same_answers: int

    @property
    def good(self) -> bool:
        """True if every answer is equal, and each probability within `TOLERANCE`."""
        return self.same_answers == self.asked and self.largest_difference <= TOLERANCE

    def record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Exported:
    """A file of a network, and its comparison with numpy where something could run it.

    `format` is `onnx` or `keras`, `size` is in bytes.
    """

    file: str
    weights: str
    part: str
    format: str
    size: int
    comparison: Comparison | None = None

    def record(self) -> dict[str, Any]:
        return asdict(self)


def check_path(path: Path, ending: str) -> None:
    """Check that a file can be written, before the work of making it.

    Raises `UsageError` where the name does not end in `ending` (in lower case, as Keras needs it),
    and `MathreplError` where the directory is missing or cannot be written to.
    """
    if path.suffix != ending:
        raise UsageError(f"{path.name!r} is no name of such a file", hint=f"end it in {ending}")
    check_destination(path)


def check_onnx(path: Path) -> None:
    """Raise `MathreplError` where the package that writes ONNX is missing."""
    if find_spec("onnx") is None:
        raise MathreplError(f"writing {path.name} needs onnx", hint="pip install 'mathrepl[onnx]'")


def path_of_part(path: Path, part: str) -> Path:
    """`work.onnx` for the part `reader` is `work-reader.onnx`; a lone network has no part."""
    return path.with_name(f"{path.stem}-{part}{path.suffix}") if part else path
