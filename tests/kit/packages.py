"""Packages that are installed for one test: modules and entry points in a folder of their own."""

from __future__ import annotations

import sys
from pathlib import Path

from mathrepl.arithmetic import rules
from mathrepl.networks import installed
from mathrepl.support import plugins
from mathrepl.support.plugins import ARCHITECTURES, take_problems


class Packages:
    """Lays packages into `folder`, on the import path; their modules start with `pack_`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        take_problems()

    def lay(self, package: str, group: str, points: dict[str, str], **modules: str) -> None:
        """A package of version 1.2 with these entry points and modules of this code."""
        for module, code in modules.items():
            (self.folder / f"{module}.py").write_text(code)
        info = self.folder / f"{package.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        lines = [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        forget()

    def take_away(self) -> None:
        """As if nothing had been installed."""
        for path in self.folder.glob("*.dist-info/*"):
            path.unlink()
        forget()

    def close(self) -> None:
        forget()
        for name in [name for name in sys.modules if name.startswith("pack_")]:
            del sys.modules[name]
        take_problems()


def forget() -> None:
    """Look at the installed packages anew."""
    plugins._entry_points.cache_clear()
    plugins._named.cache_clear()
    rules.rule_of.cache_clear()
    installed.installed_network.cache_clear()


# A kind of network that sees which characters a question has, and not where: small, and wrong.
BAG = """
from mathrepl.networks.plugin_kinds import InstalledKind
KIND = InstalledKind(
    ("hidden", "dropout"),
    lambda architecture: f"Bag({architecture.hidden}) -> Dense",
    "pack_bag_network:NETWORK",
    "pack_bag_keras:build",
)
"""
BAG_NETWORK = """
import numpy as np
from mathrepl.data.codec import one_hot
from mathrepl.networks import Kind
from mathrepl.networks.lstm import dense, softmax

def shapes(a, e):
    u, v = e.answer_length, len(e.characters)
    return {
        "hidden.kernel": (v, a.hidden),
        "hidden.bias": (a.hidden,),
        "output.kernel": (a.hidden, u * v),
        "output.bias": (u * v,),
    }

def probabilities(tensors, a, e, questions):
    x = np.tanh(dense(tensors, "hidden", one_hot(e, questions).mean(1)))
    return softmax(dense(tensors, "output", x).reshape(len(x), e.answer_length, -1))

NETWORK = Kind(shapes, probabilities)
"""
BAG_KERAS = """
from keras import Input, Model, layers

def build(a, e):
    u, v = e.answer_length, len(e.characters)
    question = Input((None, v))
    x = layers.GlobalAveragePooling1D()(question)
    x = layers.Dropout(a.dropout)(layers.Dense(a.hidden, "tanh", name="hidden")(x))
    x = layers.Reshape((u, v))(layers.Dense(u * v, name="output")(x))
    return Model(question, layers.Softmax()(x))
"""


def lay_bag(
    packages: Packages,
    kind: str = BAG,
    network: str = BAG_NETWORK,
    keras: str = BAG_KERAS,
    *,
    name: str = "bag",
) -> None:
    """Install the kind `bag`, or what else its three modules say."""
    modules = {"pack_bag": kind, "pack_bag_network": network, "pack_bag_keras": keras}
    packages.lay("pack-bag", ARCHITECTURES, {name: "pack_bag:KIND"}, **modules)
