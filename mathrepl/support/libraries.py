"""Optional libraries, which are loaded before the work that needs them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from mathrepl.support.errors import MathreplError
from mathrepl.support.plugins import reason_of


def check_library(module: str, what: str, extra: str) -> None:
    """Load `module`, which `what` needs and which the `extra` of mathrepl installs.

    Raises `MathreplError` where it is missing or cannot be loaded.
    """
    library = module.partition(".")[0]
    hint = f"pip install 'mathrepl[{extra}]'"
    if find_spec(library) is None:
        raise MathreplError(f"{what} needs {library}", hint=hint)
    try:
        import_module(module)
    except Exception as error:  # whatever a damaged installation raises
        reason = reason_of(error)
        raise MathreplError(
            f"{what} needs {library}, which cannot be loaded: {reason}",
            hint=f"mend that, or install it again: {hint}",
        ) from error
