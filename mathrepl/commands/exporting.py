"""The command that writes a network for other runtimes: export.

What it works with is imported when it runs: numpy, onnx and TensorFlow are not there at the
start of a session.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mathrepl.commands.spec import Arguments, Command, Context, Parameter, Table
from mathrepl.networks import parts_of
from mathrepl.networks.plugin_kinds import row_of
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.support.errors import UsageError
from mathrepl.support.libraries import check_library
from mathrepl.support.output_files import check_destination, write
from mathrepl.support.paths import path_from

if TYPE_CHECKING:
    from mathrepl.export.checking import Exported, Run


def export(context: Context, arguments: Arguments) -> Table:
    """Check everything first, make all files next, and write them last."""
    onnx, keras = (
        None if text is None else path_from(text)
        for text in (arguments.text("onnx"), arguments.text("keras"))
    )
    if onnx is None and keras is None:
        raise UsageError("there is no file to export to", hint="add --onnx FILE or --keras FILE")
    weights = context.session.weights.named(arguments.text("name"))
    card = weights.card
    kinds = parts_of(card.architecture)
    if not all(row_of(kind).onnx for kind in kinds.values()):
        raise UsageError(
            f"{card.name} is of kind {card.architecture.kind}, and only mathrepl's own kinds are "
            "exported",
            hint=f"its tensors are in {weights.found.directory / card.name}.safetensors",
        )
    if keras is not None:
        if not card.architecture.row.keras_file:
            raise UsageError(
                f"{card.name} is of kind {card.architecture.kind}, and a Keras file of that could "
                "not be read back",
                hint="write ONNX instead, with --onnx FILE",
            )
        check_path(keras, ".keras")
    paths = {part: path_of_part(onnx, part) for part in kinds} if onnx else {}
    for path in paths.values():
        check_path(path, ".onnx")
    if onnx is not None:
        check_library("onnx", f"writing {onnx.name}", "onnx")
    made = _made(weights, paths, keras)
    for exported, data in made:
        write(Path(exported.file), data)
    return _table([exported for exported, _ in made])


def check_path(path: Path, ending: str) -> None:
    """Check that a file can be written, before the work of making it.

    Raises `UsageError` where the name does not end in `ending` (in lower case, as Keras needs it),
    and `MathreplError` where the directory is missing or cannot be written to.
    """
    if path.suffix != ending:
        raise UsageError(f"{path.name!r} is not a name of such a file", hint=f"end it in {ending}")
    check_destination(path)


def path_of_part(path: Path, part: str) -> Path:
    """`work.onnx` for the part `reader` is `work-reader.onnx`; a lone network has no part."""
    return path.with_name(f"{path.stem}-{part}{path.suffix}") if part else path


def _made(
    weights: ActiveWeights, paths: Mapping[str, Path], keras: Path | None
) -> list[tuple[Exported, bytes]]:
    """The files as they will be written: ONNX at `paths` by part, and Keras."""
    from mathrepl.export.checking import Exported, compare, runner, texts_for

    found = weights.found
    card, tensors = found.card, weights.store.tensors(found)
    made: list[tuple[Exported, bytes]] = []

    def add(path: Path, part: str, format: str, data: bytes, run: Run | None) -> None:
        compared = run and compare(card, part, tensors, run, texts_for(card, part))
        made.append((Exported(str(path), card.name, part, format, len(data), compared), data))

    for part, path in paths.items():
        from mathrepl.export.model import onnx_file

        data = onnx_file(card, part, tensors)
        add(path, part, "onnx", data, runner(data))
    if keras is not None:
        (model,) = weights.models.values()
        from mathrepl.training.keras.models import keras_file, opened, predict

        data = keras_file(model)
        again = opened(data)
        add(keras, "", "keras", data, lambda asked: predict(again, card.encoding, asked))
    return made


def _table(written: list[Exported]) -> Table:
    rows = []
    for one in written:
        found = one.comparison
        rows.append(
            (
                one.file,
                f"{one.weights} {one.part}".rstrip(),
                f"{one.size:,} bytes",
                f"{found.largest_difference:.1e}" if found else "-",
                f"{found.same_answers} of {found.asked}" if found else "-",
            )
        )
    notes = []
    if any(one.comparison is None for one in written):
        notes.append("not compared with numpy: that needs onnxruntime")
    if any(one.comparison is not None and not one.comparison.good for one in written):
        notes.append("a file differs from numpy by more than it should")
    return Table(
        "exported",
        ("file", "network", "size", "largest difference", "same answers"),
        tuple(rows),
        tuple(one.record() for one in written),
        "\n".join(notes),
    )


COMMANDS = (
    Command(
        "export",
        "write a network to a file for other runtimes",
        export,
        (
            Parameter("name", "name of weights, else the current ones", "weights"),
            Parameter("--onnx", "an ONNX file of this name; work writes two"),
            Parameter("--keras", "a Keras file of this name; only for kind seq2seq"),
        ),
        details="ONNX maps question, int64 indices (n, T), to probabilities (n, U, V), decoded in "
        "the graph; the file's metadata has the alphabet, the lengths and the direction of "
        "writing. Keras takes one-hot (n, T, V). Each is compared with numpy, ONNX only where "
        "onnxruntime is installed.",
        examples=(":export add --onnx add.onnx", ":export blog --keras blog.keras"),
    ),
)
