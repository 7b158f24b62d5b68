"""Kinds of networks that other packages add."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from mathrepl.arithmetic.task import Task
from mathrepl.commands.options import reproduce
from mathrepl.commands.table import command_table
from mathrepl.data.codec import encode_questions
from mathrepl.data.encoding import Encoding
from mathrepl.hosts.prompt.completion import CommandCompleter
from mathrepl.hosts.prompt.parts import assemble
from mathrepl.networks import kind_of, parameter_count, shapes_of
from mathrepl.networks.config import Architecture, settings_of
from mathrepl.networks.kinds import BUILT_IN, UNKNOWN
from mathrepl.networks.plugin_kinds import InstalledKind, flaw_of, kind_names, row_of
from mathrepl.session.session import Session
from mathrepl.store.card import load_card
from mathrepl.store.store import Store
from mathrepl.store.tensors import dump_tensors, read_tensors
from mathrepl.support.errors import MathreplError, TaskError, UsageError, WeightsError
from mathrepl.support.plugins import ARCHITECTURES, take_problems
from mathrepl.support.settings import Settings
from mathrepl.training.plan import Plan
from tests.kit.lab import FakeJob, Lab, finished
from tests.kit.packages import BAG_NETWORK, Packages, lay_bag
from tests.kit.weights import random_tensors, tiny_card, tiny_weights

ENCODING = Encoding.for_task(Task(high=9))
STATES = (
    BAG_NETWORK
    + """
def states(tensors, a, e, questions):
    x = np.repeat(one_hot(e, questions).mean(1)[:, None], 5, 1)
    return {STATES}

NETWORK = Kind(shapes, probabilities, states)
"""
)


@pytest.fixture
def bag(packages: Packages) -> Architecture:
    lay_bag(packages)
    return Architecture("bag", hidden=5)


@pytest.fixture
def lab(tmp_path: Path, bag: Architecture) -> Lab:
    """A session with the weights `tiny` of ours, and `sack` of the installed kind."""
    lab = Lab(tmp_path)
    tiny_weights(lab.store, "sack", architecture=bag)
    return lab


def refused(call: Callable[[], object], kind: type[MathreplError] = WeightsError) -> str:
    """The one line of what is refused."""
    with pytest.raises(kind) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# the kind itself


def test_the_names_of_our_own_kinds_cannot_be_taken():
    assert {"seq2seq", "attention", "columns", "columns-reader", "work"} == set(BUILT_IN)


def test_without_packages_there_is_no_other_kind():
    assert kind_names() == ()
    assert row_of("bag") is UNKNOWN
    assert settings_of("bag") is None
    assert "no installed package adds the architecture 'bag'" in refused(lambda: kind_of("bag"))
    assert "install the one that adds it" in refused(
        lambda: shapes_of(Architecture("bag"), ENCODING)
    )


def test_a_kind_is_named_without_being_imported(packages: Packages):
    lay_bag(packages, kind="1 / 0")
    assert kind_names() == ("bag",)
    kind = next(p for p in command_table()["train"].parameters if p.name == "--kind")
    assert kind.metavar == "seq2seq|attention|columns|bag"
    completer = CommandCompleter(lambda: assemble(Session(Settings(), Store(packages.folder))))
    offered = completer.get_completions(Document(":train 5 --kind "), CompleteEvent())
    assert [one.text for one in offered] == ["seq2seq", "attention", "columns", "bag"]
    assert "pack_bag" not in sys.modules


def test_a_kind_of_a_card_is_told_in_a_short_line():
    long = "x" * 100_000
    assert len(Architecture(long).describe()) < 200
    assert len(refused(lambda: kind_of(long))) < 300


def test_its_settings_and_its_line_need_neither_its_network_nor_its_keras(bag: Architecture):
    assert bag.describe() == "Bag(5) -> Dense"
    assert bag.record() == {"kind": "bag", "hidden": 5, "dropout": 0.0}
    assert Architecture.from_record(bag.record()) == bag
    assert "pack_bag" in sys.modules
    assert not {"pack_bag_network", "pack_bag_keras"} & set(sys.modules)


def test_a_record_has_its_settings_alone_and_may_be_of_another_version(bag: Architecture):
    record = bag.record()
    with pytest.raises(WeightsError, match="bag has an unknown key 'heads'"):
        Architecture.from_record({**record, "heads": 2})
    with pytest.raises(WeightsError, match=r"bag\.hidden: Expected `int`"):
        Architecture.from_record({**record, "hidden": "5"})
    assert Architecture.from_record({"kind": "bag", "hidden": 5}) == bag


def test_what_holds_for_attention_does_not_for_it(bag: Architecture):
    assert replace(bag, hidden=3, heads=2).hidden == 3


@pytest.mark.parametrize("name", [*sorted(BUILT_IN), "Bag", "my bag", "7bag"])
def test_a_name_that_is_taken_or_cannot_be_typed_is_told_at_the_start(
    packages: Packages, name: str
):
    lay_bag(packages, name=name)
    command_table.__wrapped__()
    (problem,) = take_problems()
    assert f"{name!r} of pack-bag 1.2 in mathrepl.architectures is left out" in problem.message
    assert kind_names() == ()
    assert take_problems() == []


MADE = "from mathrepl.networks.plugin_kinds import InstalledKind\nKIND = InstalledKind({})\n"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("OTHER = 1", "AttributeError"),
        ("KIND = 3", "it is no InstalledKind, but of type int"),
        (MADE.format("['hidden'], str, 'a:b', 'a:b'"), "its settings must be a tuple of names"),
        (MADE.format("('hiden',), str, 'a:b', 'a:b'"), "there is no setting 'hiden'"),
        (MADE.format("('kind',), str, 'a:b', 'a:b'"), "there is no setting 'kind'"),
        (MADE.format("(), 'text', 'a:b', 'a:b'"), "its describe cannot be called"),
        (MADE.format("(), str, 'a.b', 'a:b'"), "its network must be written package.module:NAME"),
        (MADE.format("(), str, 'a:b', build"), "NameError"),
        (MADE.format("(), str, 'a:b', str"), "its builder must be written package.module:NAME"),
        (MADE.format("(), str, 'a:b'"), "its builder must be written package.module:NAME"),
        (MADE.format("(), str, 'a:b', 'a:b', 'a:b'"), "its onnx cannot be set"),
        (MADE.format("(), str, 'a:b', 'a:b', shows_steps=True"), "its shows_steps cannot be set"),
        (MADE.format("(), str, 'a:b', 'a:b', batch='9'"), "its batch must be a whole number above"),
        (MADE.format("(), str, 'a:b', 'a:b', errors=0"), "its errors must be a whole number above"),
    ],
)
def test_a_kind_that_is_no_good_is_one_line_that_names_its_package(
    packages: Packages, code: str, reason: str
):
    lay_bag(packages, kind=code)
    for call in (
        lambda: settings_of("bag"),
        lambda: Architecture.from_record({"kind": "bag"}),
        lambda: kind_of("bag"),
    ):
        told = refused(call)
        assert "bag of pack-bag 1.2 " in told
        assert reason in told
    assert tiny_card().architecture == Architecture(hidden=4)  # others are as they were


def test_a_good_kind_has_no_flaw():
    assert flaw_of(InstalledKind((), str, "a.b:c", "d:e")) is None


@pytest.mark.parametrize(
    ("describe", "line"),
    [
        ("lambda a: 1 / 0", "bag (its describe failed: ZeroDivisionError: division by zero)"),
        ("lambda a: ''", "bag (its describe gives no line)"),
        ("lambda a: 'a\\nb'", "bag (its describe gives no line)"),
        ("lambda a: 3", "bag (its describe gives no line)"),
        ("lambda a: 'x' * 1000", "x" * 200),
    ],
)
def test_a_kind_that_cannot_describe_itself_is_still_shown(
    packages: Packages, describe: str, line: str
):
    lay_bag(packages, kind=MADE.format(f"(), {describe}, 'a:b', 'a:b'"))
    assert Architecture("bag").describe() == line


# its network


def test_its_network_answers_by_its_tensors(bag: Architecture):
    tensors = random_tensors(bag, ENCODING)
    kind = kind_of("bag")
    assert parameter_count(bag, ENCODING) == 13 * 5 + 5 + 5 * 39 + 39
    found = kind.probabilities(
        tensors, bag, ENCODING, encode_questions(ENCODING, ["1 + 2", "9 + 9"])
    )
    assert (found.shape, found.dtype) == ((2, 3, 13), np.float32)
    assert np.abs(found.sum(-1) - 1).max() < 1e-5
    assert "pack_bag_keras" not in sys.modules


def giving(value: str) -> str:
    """The network with other probabilities."""
    return BAG_NETWORK.replace("return softmax", f"return {value}; softmax")


def shaped(value: str) -> str:
    """The network with other shapes."""
    return BAG_NETWORK.replace("u, v = e", f"return {value}; u, v = e")


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("OTHER = 1", "AttributeError"),
        ("NETWORK = 3", "its network is not a Kind but of type int"),
        (shaped("1 / 0"), "the shapes of the architecture bag of pack-bag 1.2 failed: Zero"),
        (shaped("{}"), "its shapes name no tensors"),
        (shaped("[3]"), "its shapes name no tensors"),
        (shaped("{'a/b': (1,)}"), "'a/b' cannot name a tensor"),
        (shaped("{'a': [1]}"), "the shape of a is not a tuple of whole numbers above 0"),
        (shaped("{'a': (0,)}"), "the shape of a is not a tuple of whole numbers above 0"),
        (shaped("{'a': (10**9,)}"), "more than 500,000,000 numbers"),
    ],
)
def test_a_network_that_is_no_good_is_one_line(packages: Packages, network: str, reason: str):
    lay_bag(packages, network=network)
    told = refused(lambda: shapes_of(Architecture("bag"), ENCODING), MathreplError)
    assert "bag of pack-bag 1.2 " in told
    assert reason in told


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("1 / 0", "the network of the architecture bag of pack-bag 1.2 failed: ZeroDivisionError"),
        ("3", "gives probabilities of int, not ("),
        ("x[:, :4]", ", 4), not ("),
        ("softmax(dense(tensors, 'output', x).reshape(len(x), 3, -1)) * 2", "they add up to 1"),
        ("dense(tensors, 'output', x).reshape(len(x), 3, -1)", "they add up to 1"),
        ("np.full((len(x), 3, 13), np.nan)", "they add up to 1"),
    ],
)
def test_an_answer_that_is_none_is_one_line(
    tmp_path: Path, packages: Packages, given: str, reason: str
):
    lay_bag(packages, network=giving(given))
    architecture = Architecture("bag", hidden=5)
    card = tiny_card("sack", architecture=architecture)
    data = dump_tensors(random_tensors(architecture, card.encoding))
    assert reason in refused(lambda: read_tensors(data, card, "sack"))
    assert reason in refused(
        lambda: tiny_weights(Store(tmp_path), "sack", architecture=architecture)
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("given", ["np.nan", "np.exp(np.float32(1e3))", "1 / 0"])
def test_an_answer_that_is_none_for_some_questions_is_one_line(
    tmp_path: Path, packages: Packages, given: str
):
    usual = "softmax(dense(tensors, 'output', x).reshape(len(x), 3, -1))"
    lay_bag(packages, network=giving(f"{usual} * (1 if questions.shape[1] < 9 else {given})"))
    lab = Lab(tmp_path)
    tiny_weights(lab.store, "sack", architecture=Architecture("bag", hidden=5))
    lab.session.use("sack")
    assert lab.value("1 + 2")
    assert "bag of pack-bag 1.2 " in refused(lambda: lab.values("123 + 4567"), MathreplError)


def test_settings_that_it_cannot_have_are_told_before_a_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, packages: Packages
):
    code = "from mathrepl.support.errors import TaskError\n" + BAG_NETWORK.replace(
        "u, v = e",
        "\n    if a.hidden % 2: raise TaskError('a bag has an even hidden size')\n    u, v = e",
    )
    lay_bag(packages, network=code)
    lab = Lab(tmp_path)
    monkeypatch.setattr("mathrepl.session.session.Job", FakeJob)
    with pytest.raises(TaskError, match="a bag has an even hidden size"):
        lab.values(":train 2 --fresh --name sack --kind bag --hidden 3")
    card = tiny_card(architecture=Architecture("bag", hidden=4))
    tensors = random_tensors(card.architecture, card.encoding)
    odd = replace(card, architecture=Architecture("bag", hidden=3))
    told = refused(lambda: read_tensors(dump_tensors(tensors), odd, "here"))
    assert told == "here cannot be read: a bag has an even hidden size"


# its weights


def test_its_weights_are_checked_as_ours_are(bag: Architecture):
    card = tiny_card(architecture=bag)
    tensors = random_tensors(bag, card.encoding)
    read = read_tensors(dump_tensors(tensors), card, "here")
    assert {name: t.tobytes() for name, t in read.items()} == {
        name: t.tobytes() for name, t in tensors.items()
    }
    for spoilt, reason in (
        ({k: t for k, t in tensors.items() if k != "hidden.bias"}, "lacks tensor 'hidden.bias'"),
        ({**tensors, "more": np.zeros(1)}, "has an unknown tensor 'more'"),
        ({**tensors, "hidden.bias": np.zeros(6)}, "hidden.bias has shape [6]"),
        ({**tensors, "hidden.bias": np.full(5, np.nan)}, "hidden.bias holds values"),
    ):
        data = dump_tensors(spoilt)
        assert reason in refused(lambda data=data: read_tensors(data, card, "here"))


def test_without_the_package_its_weights_are_one_line_and_others_are_as_ever(
    lab: Lab, packages: Packages
):
    data = lab.store.find("sack").card.dump()
    packages.take_away()
    card = load_card(data, "the card")
    assert card.architecture.describe() == "of a kind unknown here, 'bag'"
    told = refused(lambda: lab.session.use("sack"))
    assert f"{lab.store.user / 'sack'}.safetensors cannot be read" in told
    assert "no installed package adds the architecture 'bag'; install the one" in told
    assert lab.value("1 + 2").weights == "tiny"
    assert "sack" in [row[1] for row in lab.value(":models").rows]

    lost = Session(Settings(weights="sack"), lab.store)
    lab.context.session = lab.session = lost
    for line in ("1 + 2", ":train 2", ":train 2 --hidden 3", ":step 1 + 2", ":weights", ":quiz 1"):
        told = refused(lambda line=line: lab.values(line), MathreplError)
        assert "no installed package adds the architecture 'bag'" in told, line


def test_a_card_of_a_package_that_is_no_good_is_one_line(lab: Lab, packages: Packages):
    data = lab.store.find("sack").card.dump()
    packages.take_away()
    (packages.folder / "pack_bag.py").unlink()
    packages.lay("pack-again", ARCHITECTURES, {"bag": "pack_nowhere:KIND"})
    told = refused(lambda: load_card(data, "the card"))
    assert told.startswith("the card is not a valid model card: the architecture bag of pack-again")


# the session


def test_its_weights_answer_and_are_counted_like_others(lab: Lab):
    lab.session.use("sack")
    answer = lab.value("1 + 2")
    assert (answer.weights, answer.truth) == ("sack", "3")
    assert lab.value("2 + 1").network == answer.network  # it does not see the order
    [compared] = lab.values(":compare sack tiny 1 + 2")
    assert {answer.weights for answer in compared.items} == {"sack", "tiny"}
    assert len(lab.values(":quiz 3")) == 4
    figure = lab.values(":map")[-1]
    assert "100" in "".join(figure.facts)
    *_, certified = lab.values(":certify sack")
    assert certified.certificates[0].total == 100


def test_what_is_written_at_once_is_looked_at_as_the_seed_networks_is(lab: Lab):
    lab.session.use("sack")
    step = lab.value(":step 1 + 2 --force 1=7")
    assert step.data["characters"][0]["written"] == "7"
    beam = lab.value(":beam 500 1 + 2")
    probabilities = [one["probability"] for one in beam.data["answers"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) <= 1 + 1e-6
    assert len({one["network"] for one in beam.data["answers"]}) == len(probabilities)
    tensors = lab.value(":weights").data["tensors"]
    assert [one["name"] for one in tensors] == [
        "hidden.kernel",
        "hidden.bias",
        "output.kernel",
        "output.bias",
    ]
    assert len(lab.value(":weights hidden").panels) == 2
    assert lab.session.weights.layers() == ["hidden", "output"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (":attn 1 + 2", "whose layers mathrepl cannot interpret; look at it with :step"),
        (":like 1 + 2", "whose layers mathrepl cannot interpret; look at it with :step"),
        (":peek 1 + 2", "which shows no states; look at it with :step"),
        (":peek 1 + 2 --unit 3", "which shows no states; look at it with :step"),
        (":export --onnx x.onnx", "only mathrepl's own kinds are exported; its tensors are in"),
        (":export --keras x.keras", "only mathrepl's own kinds are exported; its tensors are in"),
    ],
)
def test_what_needs_to_know_a_network_from_inside_says_so(lab: Lab, line: str, reason: str):
    lab.session.use("sack")
    told = refused(lambda: lab.values(line), UsageError)
    assert told.startswith("sack is of kind bag, ")
    assert reason in told


def test_a_report_shows_what_it_might_have_written(lab: Lab):
    from mathrepl.analysis.figure import Section
    from mathrepl.analysis.report import sections

    lab.session.use("sack")
    found = [one for one in sections(lab.session.weights) if isinstance(one, Section)]
    inside = [one for one in found if one.title.startswith("Inside")]
    assert inside
    assert all(one.figure.title.startswith("sack writes ") for one in inside)


def test_a_kind_may_show_states(tmp_path: Path, packages: Packages):
    lay_bag(packages, network=STATES.replace("{STATES}", '{"layer": (x, -x)}'))
    lab = Lab(tmp_path)
    tiny_weights(lab.store, "sack", architecture=Architecture("bag", hidden=5))
    lab.session.use("sack")
    figure = lab.value(":peek 1 + 2")
    assert [panel.title for panel in figure.panels] == ["layer state", "layer memory"]
    assert figure.panels[0].columns == ("1", "␣", "+", "␣", "2")
    assert len(lab.value(":peek 1 + 2 --unit 3").panels) == 1


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ("1 / 0", "the states of the architecture bag of pack-bag 1.2 failed: ZeroDivisionError"),
        ("3", "gives states that are not two arrays"),
        ("{'layer': x}", "gives states that are not two arrays"),
        ("{'layer': (x, x[0])}", "gives states that are not two arrays"),
        ("{'layer': (x, x * np.nan)}", "gives states that are not two arrays"),
    ],
)
def test_states_that_are_none_are_one_line(
    tmp_path: Path, packages: Packages, states: str, reason: str
):
    lay_bag(packages, network=STATES.replace("{STATES}", states))
    lab = Lab(tmp_path)
    tiny_weights(lab.store, "sack", architecture=Architecture("bag", hidden=5))
    lab.session.use("sack")
    assert reason in refused(lambda: lab.values(":peek 1 + 2"), MathreplError)


# trainings


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans of trainings, none of which is run."""
    plans: list[Plan] = []

    def job(number: int, plan: Plan, *, follow: bool) -> FakeJob:
        plans.append(plan)
        made = FakeJob(number, plan, follow=follow)
        made.script = (finished("finished"),)
        return made

    monkeypatch.setattr("mathrepl.session.session.Job", job)
    return plans


def test_a_training_names_the_kind_and_its_settings(lab: Lab, planned: list[Plan]):
    lab.values(":train 2 --fresh --name new --kind bag --hidden 7 --dropout 0.5")
    (plan,) = planned
    assert plan.architecture == Architecture("bag", hidden=7, dropout=0.5)
    assert Plan.from_json(plan.to_json()) == plan
    words = reproduce(plan).split()
    assert words[words.index("--kind") :] == [
        *("--kind", "bag", "--hidden", "7"),
        *("--dropout", "0.5"),
    ]
    assert json.loads(plan.to_json())["architecture"] == {
        "kind": "bag",
        "hidden": 7,
        "dropout": 0.5,
    }


def test_a_training_goes_on_with_it(lab: Lab, planned: list[Plan]):
    lab.session.use("sack")
    lab.values(":train 2")
    assert planned[0].architecture == Architecture("bag", hidden=5)
    with pytest.raises(TaskError, match="cannot change its shape"):
        lab.values(":train 2 --hidden 6")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("--kind bag --heads 2", "--heads means nothing to a network of kind bag; it has hidden"),
        (
            "--kind bags",
            "--kind must be one of seq2seq, attention, columns, bag, not 'bags'; did you mean",
        ),
        ("--kind other", "not 'other'; a package that is installed beside mathrepl can add"),
        ("--kind bag --part doer", "these weights have no part 'doer'"),
    ],
)
def test_what_a_training_of_it_cannot_be(lab: Lab, words: str, reason: str):
    told = refused(lambda: lab.values(f":train 2 --fresh --name new {words}"), UsageError)
    assert reason in told


def test_a_sweep_takes_it(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    from mathrepl.commands import sweeping

    seen = []

    def run(trials, directory, runner, should_stop):
        seen.extend(trials)
        return iter(())

    monkeypatch.setattr(sweeping, "run_sweep", run)
    lab.values(":sweep --epochs 1 --set kind=bag,seq2seq --set hidden=3,4")
    kinds = [(t.plans[0].architecture.kind, t.plans[0].architecture.hidden) for t in seen]
    assert kinds == [("bag", 3), ("bag", 4), ("seq2seq", 3), ("seq2seq", 4)]
    assert len({trial.name for trial in seen}) == 4
    with pytest.raises(UsageError, match="kind must be one of seq2seq, attention, columns, bag"):
        lab.values(":sweep --epochs 1 --set kind=bags")


def test_two_packages_of_one_kind_are_told_and_the_first_has_it(packages: Packages):
    lay_bag(packages)
    packages.lay("pack-other", ARCHITECTURES, {"bag": "pack_other:KIND"}, pack_other="1 / 0")
    assert Architecture("bag").describe() == "Bag(20) -> Dense"
    (problem,) = take_problems()
    assert "'bag' of pack-other 1.2 in mathrepl.architectures is left out" in problem.message
