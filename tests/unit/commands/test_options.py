"""Options of a training as task, settings and shape, and the command that stands in its card."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.task import SAMPLINGS, Task
from mathrepl.commands.options import task_changes
from mathrepl.store.card import MAX_EPOCHS, MAX_EXAMPLES, MAX_SEED, SCHEDULES
from mathrepl.support.errors import TaskError, UsageError
from tests.kit.lab import Lab, plan_again, shell_plan
from tests.kit.weights import tiny_weights

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,10}", fullmatch=True).filter(
    lambda name: not name.endswith((".json", ".safetensors"))
)
SHARES = st.floats(0, 1, exclude_max=True, allow_subnormal=False)
RUN_WORDS: dict[str, st.SearchStrategy[str]] = {
    "--name": NAMES,
    "--examples": st.integers(2, MAX_EXAMPLES).map(str),
    "--batch": st.integers(1, 1_000_000).map(str),
    "--lr": st.floats(1e-12, 10, allow_subnormal=False).map(repr),
    "--seed": st.integers(0, MAX_SEED).map(str),
    "--weight-decay": SHARES.map(repr),
    "--clip": SHARES.map(repr),
    "--schedule": st.sampled_from(SCHEDULES),
    "--warmup": st.integers(0, 999).map(str),
    "--averaging": SHARES.map(repr),
    "--offset": st.integers(0, 99).map(str),
}
TASK_WORDS: dict[str, st.SearchStrategy[str]] = {
    "--range": st.tuples(st.integers(-999, 999), st.integers(0, 999)).map(
        lambda t: f"{t[0]}..{t[0] + t[1]}"
    ),
    "--ops": st.lists(st.sampled_from("+-*/"), min_size=1, max_size=4).map("".join),
    "--operations": st.sampled_from(["1", "2", "1..3", "2..2"]),
    "--decimals": st.integers(0, 5).map(str),
    "--sampling": st.sampled_from(SAMPLINGS),
    "--task-seed": st.integers(0, 10**9 - 1).map(str),
    "--spaces": st.sampled_from(["on", "off"]),
}
SHAPE_WORDS: dict[str, st.SearchStrategy[str]] = {
    "--hidden": st.integers(1, 1024).map(str),
    "--encoder-depth": st.integers(1, 8).map(str),
    "--decoder-depth": st.integers(1, 8).map(str),
    "--dropout": st.floats(0, 1, exclude_max=True).map(repr),
    "--batch-norm": st.just(""),
    "--kind": st.sampled_from(["seq2seq", "attention"]),
    "--embedding": st.integers(1, 512).map(str),
    "--heads": st.integers(1, 16).map(str),
    "--places": st.integers(0, 1024).map(str),
    "--reverse": st.just(""),
}
BASES = {
    "usual": Task(),
    "small": Task(high=9),
    "plus and minus": Task(low=-999, high=999, operations="+-"),
    "stratified": Task(high=999, sampling="stratified"),
    "long": Task(high=999, most=3),
    "decimals": Task(high=999, operations="+/", decimals=3),
    "seeded": Task(high=999, seed=5),
    "tight": Task(high=999, spaced=False),
    "carries": Task(high=999, sampling="carries"),
}


pytestmark = pytest.mark.usefixtures("home")


def test_task_texts_become_task_fields():
    texts = {
        "range": "-5..5",
        "ops": "*+",
        "operations": "1..3",
        "decimals": "2",
        "sampling": "stratified",
        "task_seed": "8",
        "spaces": "off",
    }
    task = Task(-5, 5, "+*", 1, 3, 2, "stratified", 8, spaced=False)
    assert Task(**task_changes(texts)) == task
    assert task_changes({"hidden": 4}) == {}


@st.composite
def train_words(draw: st.DrawFn, kinds: dict[str, st.SearchStrategy[str]]) -> list[str]:
    options = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True, max_size=6))
    words = [str(draw(st.integers(1, MAX_EPOCHS)))]
    for option in options:
        value = draw(kinds[option])
        words.append(f"{option}={value}" if value else option)
    return words


def based(factory: Any, base: str) -> Lab:
    """A lab whose current weights `tiny` are of the task `base`, made once a run."""
    if base not in _LABS:
        _LABS[base] = Lab(factory.mktemp("lab"))
        tiny_weights(_LABS[base].store, "tiny", BASES[base])
    return _LABS[base]


_LABS: dict[str, Lab] = {}


@pytest.mark.parametrize("base", BASES)
@given(words=train_words(RUN_WORDS | TASK_WORDS | SHAPE_WORDS))
@settings(max_examples=40, deadline=None)
def test_the_command_of_a_fresh_training_gives_its_plan_again(tmp_path_factory, base, words):
    lab = based(tmp_path_factory, base)
    try:
        plan = shell_plan(lab, [*words, "--fresh"])
    except (TaskError, UsageError):  # options that contradict each other, or the kind
        return
    assert plan_again(lab, plan) == plan


@pytest.mark.parametrize("base", BASES)
@given(words=train_words(RUN_WORDS))
@settings(max_examples=20, deadline=None)
def test_the_command_of_a_training_that_goes_on_gives_its_plan_again(tmp_path_factory, base, words):
    lab = based(tmp_path_factory, base)
    plan = shell_plan(lab, words)
    assert plan.source == "tiny"
    assert plan_again(lab, plan) == plan


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("usual", "5 --range 0..99"),
        ("usual", "5 --sampling stratified"),
        ("small", "5 --fresh --range 0..999"),
        ("stratified", "5 --sampling uniform"),
        ("stratified", "5 --fresh --sampling uniform"),
        ("plus and minus", "5 --ops +"),
        ("plus and minus", "5 --range 0..999"),
        ("plus and minus", "5 --ops + --range 0..999"),
        ("long", "5 --operations 1"),
        ("decimals", "5 --decimals 0"),
        ("seeded", "5 --fresh --task-seed 0"),
        ("tight", "5 --fresh"),
        ("tight", "5 --fresh --spaces on"),
    ],
)
def test_the_command_names_what_differs_from_the_weights(tmp_path_factory, base: str, words: str):
    lab = based(tmp_path_factory, base)
    plan = shell_plan(lab, words.split())
    assert plan_again(lab, plan) == plan


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("at_hand", ["usual", "small", "tight"])
def test_the_command_does_not_depend_on_the_weights_at_hand(tmp_path_factory, base, at_hand):
    plan = shell_plan(based(tmp_path_factory, base), ["5", "--fresh", "--name", "t"])
    assert plan.task == BASES[base]
    again = plan_again(based(tmp_path_factory, at_hand), plan)
    assert (again.task, again.encoding, again.architecture) == (
        plan.task,
        plan.encoding,
        plan.architecture,
    )
