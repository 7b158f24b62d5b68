"""The command that writes a network for other runtimes: export.

What it works with is imported when it runs: numpy, onnx and TensorFlow are not there at the
start of a session.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mathrepl.commands.figures import path_of
from mathrepl.commands.spec import Arguments, Command, Context, Parameter, Result, Table
from mathrepl.session.active_weights import ActiveWeights
from mathrepl.support.errors import UsageError

if TYPE_CHECKING:
    from mathrepl.export.files import Comparison, Exported


def export(context: Context, arguments: Arguments) -> Result:
    """Check every name of a file first, then write the files one after the other."""
    from mathrepl.export.files import check_onnx, check_path

    onnx, keras = (
        None if text is None else path_of(text)
        for text in (arguments.text("onnx"), arguments.text("keras"))
    )
    if onnx is None and keras is None:
        raise UsageError("there is no file to export to", hint="add --onnx FILE or --keras FILE")
    weights = context.session.weights.named(arguments.text("name"))
    _check_kind(weights)
    written: list[Exported] = []
    if keras is not None:
        _check_keras(weights)
        check_path(keras, ".keras")
    if onnx is not None:
        paths = _paths_of_parts(weights, onnx)
        for path in paths.values():
            check_path(path, ".onnx")
        check_onnx(onnx)
        written += _to_onnx(weights, paths)
    if keras is not None:
        written.append(_to_keras(weights, keras))
    return _table(written)


def _paths_of_parts(weights: ActiveWeights, path: Path) -> dict[str, Path]:
    from mathrepl.export.files import path_of_part
    from mathrepl.networks import parts_of

    return {part: path_of_part(path, part) for part in parts_of(weights.card.architecture)}


def _check_kind(weights: ActiveWeights) -> None:
    """Raise `UsageError` for a kind of network without an ONNX graph."""
    from mathrepl.networks import parts_of
    from mathrepl.networks.plugin_kinds import row_of

    card = weights.card
    if not all(row_of(kind).onnx for kind in parts_of(card.architecture).values()):
        raise UsageError(
            f"{card.name} is of kind {card.architecture.kind}, and only mathrepl's own kinds are "
            "exported",
            hint=f"its tensors are in {weights.found.directory / card.name}.safetensors",
        )


def _check_keras(weights: ActiveWeights) -> None:
    """Raise `UsageError` for what `keras.models.load_model` could not open."""
    card = weights.card
    if not card.architecture.row.keras_file:
        raise UsageError(
            f"{card.name} is of kind {card.architecture.kind}, and a Keras file of that could not "
            "be read back",
            hint="write ONNX instead, with --onnx FILE",
        )


def _to_onnx(weights: ActiveWeights, paths: dict[str, Path]) -> list[Exported]:
    """A file a network; all are made before the first is written."""
    from mathrepl.export.checking import compare, has_runtime, runner, texts_for
    from mathrepl.export.files import Exported
    from mathrepl.export.model import onnx_file
    from mathrepl.support.output_files import write

    found = weights.found
    card, tensors = found.card, weights.store.tensors(found)
    made: dict[str, tuple[bytes, Comparison | None]] = {}
    for part in paths:
        data = onnx_file(card, part, tensors)
        compared = None
        if has_runtime():
            compared = compare(card, part, tensors, runner(data), texts_for(card, part))
        made[part] = data, compared
    written = []
    for part, (data, compared) in made.items():
        write(paths[part], data)
        written.append(Exported(str(paths[part]), card.name, part, "onnx", len(data), compared))
    return written


def _to_keras(weights: ActiveWeights, path: Path) -> Exported:
    from mathrepl.export.checking import compare, texts_for
    from mathrepl.export.files import Exported
    from mathrepl.support.output_files import write

    found = weights.found
    card, tensors = found.card, weights.store.tensors(found)
    (model,) = weights.models.values()
    from mathrepl.training.keras.models import keras_file, opened, predict

    data = keras_file(model)
    again = opened(data)
    compared = compare(
        card,
        "",
        tensors,
        lambda questions: predict(again, card.encoding, questions),
        texts_for(card, ""),
    )
    write(path, data)
    return Exported(str(path), card.name, "", "keras", len(data), compared)


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
