"""Weights that mean harm: cards and tensors made to be refused, each for its reason.

`python -m tests.robustness.hostile` prints what is told of each, how long it took, and by how
much the peak of memory grew; `--json` prints the same for `tests/robustness/test_hostile.py`. Each
case is written by one process and met by another, both forked from a session that has answered
before: what the writer took does not count, and nothing is left in the heap that would hide what
the reader takes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mathrepl.commands.dispatch import perform, run_line
from mathrepl.commands.spec import Context
from mathrepl.commands.table import command_table
from mathrepl.hosts.stream import StreamPerson
from mathrepl.inference.answer import Answer
from mathrepl.networks.config import Architecture
from mathrepl.session.session import Session
from mathrepl.store.store import Store, bundled_directory
from mathrepl.support.plugins import ARCHITECTURES
from mathrepl.support.settings import Settings
from tests.kit.lab import Recorder
from tests.kit.packages import Packages, lay_bag
from tests.kit.paths import ROOT
from tests.kit.weights import EXTREMES, random_tensors, tiny_card

NAME = "hostile"
QUESTION = "94 + 909"
HANGS_AFTER = 20  # seconds, after which a case is ended
MEGABYTE = 1_000_000
BUNDLED = bundled_directory()
Make = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A trick: what is wrong, what writes it among the user's weights, and how it is asked for."""

    name: str
    write: Make
    line: str = f":use {NAME}"


@dataclass(frozen=True, slots=True)
class Met:
    """The outcome of a case in a session.

    `megabytes` is the growth of the peak of resident memory while it was refused; `same` says
    that the question was answered as before, to the last bit; `listed` how `:models` and `:card`
    end.
    """

    case: str
    reason: str
    seconds: float
    megabytes: float
    same: bool
    listed: tuple[int, int]
    crash: str = ""


# What the cases are made of


def card(name: str = "blog") -> dict[str, Any]:
    """The card of bundled weights, without what was measured of them, as JSON."""
    record: dict[str, Any] = json.loads((BUNDLED / f"{name}.json").read_bytes())
    return {**record, "name": NAME, "history": record["history"][:2], "certificates": []}


def measured() -> dict[str, Any]:
    """A certificate of the seed network that cannot be."""
    found: dict[str, Any] = json.loads((BUNDLED / "blog.json").read_bytes())["certificates"][0]
    return {**found, "wrong": found["total"] + 1}


def mistaken(confidence: float) -> dict[str, Any]:
    """A certificate of the seed network with a mistake of that confidence."""
    one = {"question": "1 + 2", "network": "4", "truth": "3", "confidence": confidence}
    return {**measured(), "wrong": 1, "mistakes": [one]}


def weights(name: str = "blog") -> bytes:
    return (BUNDLED / f"{name}.safetensors").read_bytes()


def tensors() -> dict[str, Any]:
    store = Store(Path(os.devnull), BUNDLED)
    return dict(store.tensors(store.find("blog")))


def put(folder: Path, data: bytes, record: dict[str, Any] | None = None) -> None:
    """Weights, and a card that has their checksum: whoever reads has to look inside."""
    record = {**(card() if record is None else record), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / f"{NAME}.safetensors").write_bytes(data)
    put_card(folder, json.dumps(record).encode())


def put_card(folder: Path, data: bytes) -> None:
    (folder / f"{NAME}.json").write_bytes(data)


def damaged(change: Callable[[bytes], bytes]) -> Make:
    """Weights changed after their card was written."""

    def write(folder: Path) -> None:
        put(folder, weights())
        (folder / f"{NAME}.safetensors").write_bytes(change(weights()))

    return write


def forged(change: Callable[[bytes], bytes], record: dict[str, Any] | None = None) -> Make:
    """Changed weights whose card has the right checksum."""
    return lambda folder: put(folder, change(weights()), record)


def tensor(change: Callable[[dict[str, Any]], object]) -> Make:
    """Proper safetensors of the wrong tensors, with the right checksum."""

    def write(folder: Path) -> None:
        from safetensors.numpy import save

        found = tensors()
        change(found)
        put(folder, save({name: np.ascontiguousarray(value) for name, value in found.items()}))

    return write


def spoilt(value: float) -> Make:
    def change(found: dict[str, Any]) -> None:
        found["output.bias"] = np.full_like(found["output.bias"], value)

    return tensor(change)


def extreme(architecture: Architecture, values: str, part: str = "") -> Make:
    """Finite numbers with which no network can compute, in every tensor (of the part)."""

    def write(folder: Path) -> None:
        from safetensors.numpy import save

        plain = tiny_card(NAME, architecture=architecture)
        found, rng = random_tensors(architecture, plain.encoding), np.random.default_rng(0)
        for name, tensor in found.items():
            if name.startswith(part):
                found[name] = EXTREMES[values](rng, tensor.shape).astype(np.float32)
        put(folder, save(found), plain.record())

    return write


def negative_variance(folder: Path) -> None:
    """Batch normalisation by the root of a negative number."""
    from safetensors.numpy import save

    plain = tiny_card(NAME, architecture=EXTREME_KINDS["seq2seq with batch norm"][0])
    found = random_tensors(plain.architecture, plain.encoding)
    found["decoder.0.norm.moving_variance"][0] = -1
    put(folder, save(found), plain.record())


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def header(change: Callable[[dict[str, Any]], object]) -> Make:
    """The right tensors under a header that was changed."""

    def altered(data: bytes) -> bytes:
        (length,) = struct.unpack("<Q", data[:8])
        record = json.loads(data[8 : 8 + length])
        change(record)
        return assembled(json.dumps(record).encode(), data[8 + length :])

    return forged(altered)


def assembled(text: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text + body


def changed(*path: str | int, to: object, on: str = "blog") -> Make:
    """The right weights under a card of which one value was changed."""

    def write(folder: Path) -> None:
        record = card(on)
        place: Any = record
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to
        put(folder, weights(on), record)

    return write


def text(data: bytes | Callable[[], bytes]) -> Make:
    """A card of these bytes beside good weights."""

    def write(folder: Path) -> None:
        put(folder, weights())
        put_card(folder, data if isinstance(data, bytes) else data())

    return write


def spelled(*path: str | int, to: str) -> Make:
    """A card with this JSON in place of a value, for what Python would not write."""

    def write(folder: Path) -> None:
        changed(*path, to="@")(folder)
        before = (folder / f"{NAME}.json").read_text()
        put_card(folder, before.replace('"@"', to, 1).encode())

    return write


def named_by(checksum: str) -> Make:
    """A card with this in place of the checksum."""

    def write(folder: Path) -> None:
        put(folder, weights())
        put_card(folder, json.dumps({**card(), "sha256": checksum}).encode())
        outside(folder.parent / "aside")

    return write


def wide(*, escaped: bool) -> bytes:
    """As many keys as are read, and a text with one character that makes Python take four bytes
    for each of all the others.
    """
    keys = {str(number): 1 for number in range(98_000)}
    length = 2_990_000 - len(json.dumps(keys, separators=(",", ":"))) - 40
    record = {"a": "\U0001f40d" + "x" * (length if escaped else length // 9), **keys}
    return json.dumps(record, ensure_ascii=escaped, separators=(",", ":")).encode()


def instead(suffix: str, make: Callable[[Path], object]) -> Make:
    """Something that is no ordinary file in place of the card or the weights."""

    def write(folder: Path) -> None:
        put(folder, weights())
        path = folder / f"{NAME}{suffix}"
        path.unlink()
        make(path)

    return write


def outside(folder: Path) -> None:
    """Good weights where no name may lead."""
    folder.mkdir(exist_ok=True)
    put(folder, weights())
    for suffix in (".json", ".safetensors"):
        (folder / f"{NAME}{suffix}").rename(folder.parent / f"outside{suffix}")


def other(of: str, file: str, *, forge: bool) -> Make:
    """The card of one network with the weights of another."""

    def write(folder: Path) -> None:
        if forge:
            put(folder, weights(file), card(of))
            return
        put_card(folder, json.dumps(card(of)).encode())
        (folder / f"{NAME}.safetensors").write_bytes(weights(file))

    return write


def sparse(suffix: str, size: int) -> Make:
    """A file of zeros that takes no room on the disk."""

    def write(folder: Path) -> None:
        put(folder, weights())
        os.truncate(folder / f"{NAME}{suffix}", size)

    return write


def many_keys(count: int) -> bytes:
    return b"{" + b",".join(b'"%d":1' % number for number in range(count)) + b"}"


def twice(data: bytes) -> bytes:
    (length,) = struct.unpack("<Q", data[:8])
    head = data[8 : 8 + length].rstrip()
    entry = b',"output.bias":{"dtype":"F32","shape":[13],"data_offsets":[0,52]}}'
    return assembled(head[:-1] + entry, data[8 + length :])


class Evil:
    """Unpickled, it would make a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("/tmp/mathrepl-was-unpickled",)  # noqa: S108


def pickled(data: bytes) -> bytes:
    return pickle.dumps(Evil())


def zipped(data: bytes) -> bytes:
    import io
    import zipfile

    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", data)
    return found.getvalue()


KERNEL = "output.kernel"
EPOCH = ("history", 0, "held_out")
# Every kind of network, those of packages too, and the part whose numbers are extreme.
EXTREME_KINDS = {
    "seq2seq": (Architecture(hidden=4), ""),
    "seq2seq with batch norm": (Architecture(hidden=4, batch_norm=True), ""),
    "attention": (Architecture("attention", hidden=8, embedding=4), ""),
    "attention by lookup": (Architecture("attention", hidden=8, embedding=4, lookup=True), ""),
    "reader": (Architecture("work", hidden=8, reader_hidden=4), "reader."),
    "doer": (Architecture("work", hidden=8, reader_hidden=4), "doer."),
    "package's bag": (Architecture("bag", hidden=4), ""),
    "package's GRU": (Architecture("gru", hidden=4), ""),
}
BIG = {"kind": "seq2seq", "hidden": 1024, "encoder_depth": 8, "decoder_depth": 8}
DEEP = b"[" * 100_000
ESCAPE = "\x1b[2J\x1b[31m"

CASES = (
    # The file of weights is not the one that its card was written for.
    Case("weights cut off: nothing left", damaged(lambda data: b"")),
    Case("weights cut off in the first number", damaged(lambda data: data[:5])),
    Case("weights cut off in the header", damaged(lambda data: data[:300])),
    Case("weights cut off half way", damaged(lambda data: data[: len(data) // 2])),
    Case("weights without their last byte", damaged(lambda data: data[:-1])),
    Case("weights with one byte more", damaged(lambda data: data + b"\0")),
    Case("one bit flipped in the header", damaged(flip(40))),
    Case("one bit flipped in a tensor", damaged(flip(-9))),
    Case("weights of another network", other("blog", "add", forge=False)),
    Case("weights missing", instead(".safetensors", lambda path: None)),
    Case("weights of 2 GB of zeros", sparse(".safetensors", 1_999_000_000)),
    # The checksum holds, and what is inside does not.
    Case("forged: nothing", forged(lambda data: b"")),
    Case("forged: cut off in the header", forged(lambda data: data[:300])),
    Case("forged: cut off half way", forged(lambda data: data[: len(data) // 2])),
    Case("forged: one byte more", forged(lambda data: data + b"\0")),
    Case("forged: another header length", forged(flip(1))),
    Case("forged: header of 2^63 bytes", forged(lambda d: struct.pack("<Q", 2**63) + d[8:])),
    Case("forged: header of 10 GB", forged(lambda d: struct.pack("<Q", 10**10) + d[8:])),
    Case("forged: header that is no JSON", forged(lambda d: assembled(b"{'a': 1}", d))),
    Case("forged: header that is a list", forged(lambda d: assembled(b"[1, 2]", d))),
    Case("forged: header of 100,000 levels", forged(lambda d: assembled(DEEP, d))),
    Case(
        "forged: header of 300,000 empty lists",
        forged(lambda d: assembled(b'{"a":[' + b",".join([b"[]"] * 300_000) + b"]}", d)),
    ),
    Case("forged: header of 70,000 names", forged(lambda d: assembled(many_keys(70_000), d))),
    Case("forged: a tensor's name twice", forged(twice)),
    Case("forged: a tensor's name of 900 kB", header(lambda h: h.update({"x" * 900_000: {}}))),
    Case("forged: escape codes in a name", header(lambda h: h.update({ESCAPE: {}}))),
    Case("forged: a path as a name", header(lambda h: h.update({"../../etc/passwd": {}}))),
    Case(
        "forged: a shape of 10^18 numbers",
        header(lambda h: h[KERNEL].update(shape=[10**9, 10**9], data_offsets=[0, 4 * 10**18])),
    ),
    Case("forged: a negative shape", header(lambda h: h[KERNEL].update(shape=[-40, -13]))),
    Case("forged: a shape of 500 levels", header(lambda h: h[KERNEL].update(shape=nested(500)))),
    Case(
        "forged: tensors that overlap",
        header(lambda h: h["output.bias"].update(data_offsets=[0, 52])),
    ),
    Case(
        "forged: a tensor past the end",
        header(lambda h: h[KERNEL].update(data_offsets=[0, 10**12])),
    ),
    Case("forged: a tensor is missing", tensor(lambda t: t.pop(KERNEL))),
    Case("forged: a tensor too many", tensor(lambda t: t.update(extra=t[KERNEL]))),
    Case("forged: a tensor renamed", tensor(lambda t: t.update({"output.kernal": t.pop(KERNEL)}))),
    Case("forged: a matrix transposed", tensor(lambda t: t.update({KERNEL: t[KERNEL].T}))),
    Case(
        "forged: a matrix of one more row",
        tensor(lambda t: t.update({KERNEL: np.ones((41, 13), np.float32)})),
    ),
    Case("forged: float64", tensor(lambda t: t.update({KERNEL: t[KERNEL].astype(np.float64)}))),
    Case("forged: float16", tensor(lambda t: t.update({KERNEL: t[KERNEL].astype(np.float16)}))),
    Case("forged: int32", tensor(lambda t: t.update({KERNEL: t[KERNEL].astype(np.int32)}))),
    Case("forged: NaN", spoilt(np.nan)),
    Case("forged: infinity", spoilt(np.inf)),
    Case("forged: minus infinity", spoilt(-np.inf)),
    *(
        Case(f"forged: {values}, {kind}", extreme(architecture, values, part))
        for kind, (architecture, part) in EXTREME_KINDS.items()
        for values in EXTREMES
    ),
    Case("forged: a negative variance", negative_variance),
    Case("forged: a pickle renamed", forged(pickled)),
    Case("forged: an HDF5 file renamed", forged(lambda d: b"\x89HDF\r\n\x1a\n" + d)),
    Case("forged: a Keras archive renamed", forged(zipped)),
    Case("forged: a numpy array renamed", forged(lambda d: b"\x93NUMPY\x01\x00" + d)),
    Case("forged: a web page", forged(lambda d: b"<!doctype html><title>404</title>" * 9)),
    Case("forged: another network's weights", other("blog", "add", forge=True)),
    Case("forged: the same, the other way round", other("add", "blog", forge=True)),
    # The card says what the weights are not.
    Case("card of one unit more", changed("architecture", "hidden", to=21)),
    Case("card of a deeper network", changed("architecture", "decoder_depth", to=2)),
    Case("card of another kind", changed("architecture", to=card("add")["architecture"])),
    Case("card of an unknown kind", changed("architecture", to={"kind": "transformer"})),
    Case("card of a kind named by 1 MB", changed("architecture", "kind", to="k" * MEGABYTE)),
    Case("card of 10^9 hidden units", changed("architecture", "hidden", to=10**9)),
    Case("card of 10^9 layers", changed("architecture", "encoder_depth", to=10**9)),
    Case("card of no heads", changed("architecture", "heads", to=0, on="add")),
    Case(
        "card of a network of 1.6 GB",
        changed("architecture", to={**BIG, "dropout": 0.0, "batch_norm": False}),
    ),
    Case(
        "card of questions of 10,000 characters", changed("encoding", "question_length", to=10**4)
    ),
    Case("card of answers of 10,000 characters", changed("encoding", "answer_length", to=10**4)),
    Case("card of answers of 10^9 characters", changed("encoding", "answer_length", to=10**9)),
    Case(
        "alphabet without a digit that its skills need",
        changed("encoding", "characters", to="\0 +012345678", on="columns"),
    ),
    Case("skills that there are not", changed("encoding", "skills", to="+!", on="columns")),
    Case("skills of a network of another kind", changed("encoding", "skills", to="+")),
    Case("alphabet without a digit", changed("encoding", "characters", to="\0 +012345678x")),
    Case("alphabet of one character twice", changed("encoding", "characters", to="\0 +0123456788")),
    Case("alphabet without an end", changed("encoding", "characters", to="x +0123456789")),
    Case(
        "alphabet with an escape code", changed("encoding", "characters", to="\0 +0123456789\x1b")
    ),
    Case(
        "alphabet with half a character",
        changed("encoding", "characters", to="\0 +0123456789\ud800"),
    ),
    Case(
        "alphabet that turns the line round",
        changed("encoding", "characters", to="\0 +0123456789\u202e"),
    ),
    Case(
        "alphabet one longer than the weights",
        changed("encoding", "characters", to="\0 +-0123456789"),
    ),
    Case("task of an operation it cannot write", changed("task", "operations", to="+*")),
    Case("task of longer numbers than fit", changed("task", "high", to=10**50)),
    Case("task of a rule that nobody has", changed("task", "rule", to="os.system")),
    Case("task of a 4,000-digit seed", changed("task", "seed", to=10**3999)),
    # The card itself.
    Case("card of no bytes", text(b"")),
    Case("card of random bytes", text(bytes(range(256)) * 40)),
    Case("card cut off", text(lambda: json.dumps(card()).encode()[:-40])),
    Case("card that is a list", text(b"[]")),
    Case("card of another format", changed("format", to=2)),
    Case("card of 100,000 levels", text(DEEP)),
    Case("card of 1,000,000 keys", text(lambda: many_keys(MEGABYTE))),
    Case("card of 99,000 keys", text(lambda: many_keys(99_000))),
    Case("card of 900,000 empty lists", text(lambda: b"[" + b"[]," * 900_000 + b"0]")),
    Case("card of 3 MB in one text", changed("trainings", 0, "command", to="x" * 2_990_000)),
    Case("card of 1 GB of zeros", sparse(".json", 10**9)),
    Case("card with a key twice", spelled("parameters", to='1, "sha256": "0"')),
    Case("card with an unknown key", changed("__class__", to="os.system")),
    Case("card with NaN", changed("held_out", "exact", to=float("nan"))),
    Case("card with a share of 5", changed("held_out", "accuracy", to=5.0)),
    Case("card with an epoch of a share of -1", changed(*EPOCH, "exact", to=-1.0)),
    Case("card with an epoch of infinite seconds", spelled("history", 0, "seconds", to="1e999")),
    Case("card with an epoch of -1 seconds", changed("history", 0, "seconds", to=-1.0)),
    Case("card with a loss of 1e308", changed(*EPOCH, "loss", to=1e308)),
    Case("card with an infinite share", spelled(*EPOCH, "accuracy", to="Infinity")),
    Case("card with an epoch numbered -1", changed("history", 0, "number", to=-1)),
    Case("card with a mistake of confidence 2", changed("certificates", to=[mistaken(2.0)])),
    Case("card with 1e999", spelled("held_out", "loss", to="1e999")),
    Case("card with a 5,000-digit number", spelled("parameters", to="9" * 5000)),
    Case("card of many keys and wide characters", text(lambda: wide(escaped=True))),
    Case("card of many keys and wide characters, as they are", text(lambda: wide(escaped=False))),
    Case("card of more wrong than asked", changed("certificates", to=[measured()])),
    Case("card with a 4,000-digit number", changed("best_epoch", to=10**3999)),
    Case("card with text for a number", changed("parameters", to="15733")),
    Case("card with a number for text", spelled("name", to="7")),
    Case("card with true for a number", changed("architecture", "hidden", to=True)),
    Case("card with nothing for a list", changed("history", to=None)),
    Case("card with escape codes", changed("trainings", 0, "command", to=ESCAPE)),
    Case("card with a line end in a key", changed("architecture", "hidden\nunits", to=1)),
    # What is no ordinary file.
    Case("a pipe as the card", instead(".json", os.mkfifo)),
    Case("a pipe as the weights", instead(".safetensors", os.mkfifo)),
    Case("a folder as the card", instead(".json", os.mkdir)),
    Case("a folder as the weights", instead(".safetensors", os.mkdir)),
    Case("/dev/zero as the card", instead(".json", lambda path: path.symlink_to("/dev/zero"))),
    Case(
        "/dev/zero as the weights",
        instead(".safetensors", lambda path: path.symlink_to("/dev/zero")),
    ),
    Case("a link to itself as the card", instead(".json", lambda path: path.symlink_to(path))),
    Case(
        "a link to a secret as the card",
        instead(".json", lambda path: path.symlink_to("/etc/passwd")),
    ),
    Case(
        "a link to nothing as the weights",
        instead(".safetensors", lambda p: p.symlink_to("nowhere")),
    ),
    # Names that lead elsewhere; good weights are there.
    Case("a name that goes up", outside, ":use ../outside"),
    Case("a name that goes down and up", outside, ":use x/../../outside"),
    Case("a name with its suffix", outside, ":use outside.json"),
    Case("a name with NUL", outside, ":use outside\0"),
    Case("a name of 5,000 characters", outside, ":use " + "x" * 5000),
    Case("an absolute name", outside, ":use {folder}/outside"),
    Case("a checksum that is a path", named_by("../aside/../outside")),
    Case("a checksum of no letters", named_by("")),
)


def nested(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


# Meeting them


def meet(cases: Iterable[Case]) -> Iterable[Met]:
    """Let a session meet each case, one after the other."""
    with tempfile.TemporaryDirectory(prefix="mathrepl-hostile-") as place:
        _install_kinds(Path(place) / "packages")
        folder = Path(place) / "data" / "weights"
        session = Session(Settings(), Store(folder, BUNDLED))
        before = session.ask(QUESTION)
        session.store.tensors(session.store.find("blog"))  # what reading imports, is imported
        for case in cases:
            folder.mkdir(parents=True)
            _in_a_process(lambda case=case: _written(case, folder))
            told = _in_a_process(lambda case=case: asdict(_met(case, session, before)))
            yield (
                Met(**{**told, "listed": tuple(told["listed"])})
                if told
                else Met(
                    case.name, "", HANGS_AFTER, 0.0, False, (0, 0), "the process ended or hung"
                )
            )
            shutil.rmtree(folder.parent)


def _install_kinds(folder: Path) -> Packages:
    """Kinds of networks of other packages, until they are closed."""
    sys.path[:0] = [str(folder), str(ROOT / "examples" / "mathrepl-gru")]
    packages = Packages(folder)
    lay_bag(packages)
    packages.lay("pack-gru", ARCHITECTURES, {"gru": "mathrepl_gru:GRU"})
    return packages


def _written(case: Case, folder: Path) -> dict[str, Any]:
    case.write(folder)
    return {"written": True}


def _met(case: Case, session: Session, before: Answer) -> Met:
    # A file that swallows all memory is to end the case, and not the machine.
    resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, resource.RLIM_INFINITY))
    context = Context(session, StreamPerson(iter(())), command_table(), "session")
    line = case.line.format(folder=session.store.user.parent)
    recorder = Recorder()
    peak, started = _peak(), time.perf_counter()
    try:
        perform(context, run_line(context, line), recorder)
        seconds, grown = time.perf_counter() - started, (_peak() - peak) / MEGABYTE
        reason = str(recorder.errors[0][0]) if recorder.errors else ""
        after = session.ask(QUESTION)
        listed = tuple(
            perform(context, run_line(context, more), Recorder()).code
            for more in (":models", f":card {NAME}")
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what this looks for
        crash = f"{type(error).__name__}: {error}"[:300]
        return Met(case.name, "", time.perf_counter() - started, 0.0, False, (0, 0), crash)
    return Met(case.name, reason, seconds, grown, after == before, (listed[0], listed[1]))


def _peak() -> int:
    """The most resident memory so far, in bytes; a forked process begins with what it has."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _in_a_process(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The result of a forked process; nothing where it dies or takes too long."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read)
            signal.alarm(HANGS_AFTER)
            os.write(write, json.dumps(work()).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    found: dict[str, Any] = json.loads(told) if told else {}
    return found


def main() -> int:
    """0 where each was refused in one line and the session went on, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.hostile", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--only", default="", help="the cases whose name holds this text")
    told = parser.parse_args()
    began = time.monotonic()
    met: list[Met] = []
    if not told.json:
        print("case | reason | s | MB\n--- | --- | --- | ---")  # noqa: T201
    for one in meet(case for case in CASES if told.only in case.name):
        met.append(one)
        flaw = f" CRASH {one.crash}" if one.crash else "" if one.same else " ANSWERS DIFFERENTLY"
        row = f"{one.case} | {one.reason}{flaw} | {one.seconds:.3f} | {one.megabytes:.1f}"
        print(json.dumps(asdict(one)) if told.json else row, flush=True)  # noqa: T201
    worst = max(met, key=lambda one: one.seconds), max(met, key=lambda one: one.megabytes)
    refused = sum(bool(one.reason) and one.same and not one.crash for one in met)
    print(  # noqa: T201
        f"{refused} of {len(met)} refused; the slowest in {worst[0].seconds:.3f} s "
        f"({worst[0].case}), the largest took {worst[1].megabytes:.1f} MB ({worst[1].case}); "
        f"{time.monotonic() - began:.1f} s in all",
        file=sys.stderr,
    )
    return 0 if refused == len(met) else 1


if __name__ == "__main__":
    sys.exit(main())
