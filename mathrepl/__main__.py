"""Entry point of `mathrepl` and `python -m mathrepl`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run and exit: 0 ok, 1 failure, 2 bad usage, 130 interrupted, 141 nobody reads on."""
    try:
        from mathrepl.support.interrupts import end_while_loading

        end_while_loading()
        _prepare()
        # Modules are never garbage: looking for some among them takes 30 ms of a short run.
        gc.disable()
        from mathrepl.hosts.cli import run

        gc.freeze()
        gc.enable()
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        _write_into_nowhere()
        code = 141
    except OSError as error:  # of stdin or stdout itself, such as a full disk
        _write_into_nowhere()
        sys.stderr.write(f"error: cannot read or write on: {error.strerror or error}\n")
        code = 1
    except MemoryError:
        sys.stderr.write("error: mathrepl needs more memory than there is\n")
        code = 1
    except ImportError as error:
        from mathrepl.support.errors import not_loaded

        sys.stderr.write(f"error: {not_loaded(error)}\n")
        code = 1
    sys.exit(code)


def _write_into_nowhere() -> None:
    """Python flushes stdout once more at exit, which would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _prepare() -> None:
    # One thread suits batches this small; numpy reads it when it is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell: talk into nowhere
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
            try:
                "1 \N{CHECK MARK}".encode(stream.encoding, stream.errors)
            except (LookupError, UnicodeError):  # PYTHONIOENCODING names one for domain names
                stream.reconfigure(encoding="utf-8")


if __name__ == "__main__":
    main()
