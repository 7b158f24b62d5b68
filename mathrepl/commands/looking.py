"""Commands that look inside a network: peek, like, attn, step, beam, weights.

What they compute with is imported when they run: numpy is not there at the start of a session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathrepl.arithmetic.parser import parse
from mathrepl.commands.asking import equations_of
from mathrepl.commands.figures import SAVE, Figures, showing
from mathrepl.commands.spec import Arguments, Command, Context, Parameter
from mathrepl.networks.kinds import PARTS
from mathrepl.session.router import Question
from mathrepl.support.errors import Advice, Run, UsageError

if TYPE_CHECKING:
    from mathrepl.analysis.network import Network


@showing
def peek(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis import states

    asked = _questions(context, arguments)
    network = _network(asked[0], arguments)
    unit, layer = arguments.integer("unit"), arguments.text("layer")
    questions = [_text(network, one, arguments) for one in asked]
    if unit is not None:
        return states.follow(network, questions, unit)
    return (states.peek(network, text, layer) for text in questions)


@showing
def like(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.states import like as find_like

    asked = _one(context, arguments)
    network = _network(asked, arguments)
    return find_like(network, _text(network, asked, arguments), arguments.integer("count") or 10)


@showing
def attn(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.attention import attend

    asked = _one(context, arguments)
    network = _network(asked, arguments)
    return attend(network, _text(network, asked, arguments))


@showing
def step(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.decoding import parse_forced
    from mathrepl.analysis.decoding import step as decode

    asked = _one(context, arguments)
    network = _network(asked, arguments)
    forced = parse_forced(arguments.text("force") or "") if arguments.given("force") else {}
    return decode(network, _text(network, asked, arguments), asked.target, forced)


@showing
def beam(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.decoding import beam as search

    asked = _one(context, arguments)
    network = _network(asked, arguments)
    return search(
        network, _text(network, asked, arguments), asked.target, arguments.integer("k") or 5
    )


@showing
def weights(context: Context, arguments: Arguments) -> Figures:
    from mathrepl.analysis.matrices import matrices, overview
    from mathrepl.analysis.network import tensors_of

    name = context.session.name
    tensors = tensors_of(context.session.weights)
    layer = arguments.text("layer")
    return matrices(name, tensors, layer) if layer else overview(name, tensors)


def _questions(context: Context, arguments: Arguments) -> list[Question]:
    """The equations of the line with the weights that answer them. Raises `EquationError`."""
    texts = equations_of(context, arguments)
    return [context.session.question(parse(text)) for text in texts]


def _one(context: Context, arguments: Arguments) -> Question:
    asked = _questions(context, arguments)
    if len(asked) > 1:
        raise UsageError("one equation at a time here", hint="leave out what follows the ;")
    return asked[0]


def _network(asked: Question, arguments: Arguments) -> Network:
    from mathrepl.analysis.network import network_of

    return network_of(asked.weights, arguments.text("part"))


def _text(network: Network, asked: Question, arguments: Arguments) -> str:
    """The question as this network reads it: the equation, or a pass of its working.

    Raises `EquationError` if it cannot, `UsageError` for a skill that no pass needs.
    """
    skill = arguments.text("skill")
    if not network.skills:
        if skill is not None:
            hint = Advice("try it with ", Run("use", "work"))
            raise UsageError(f"{network.name} has no skills", hint=hint)
        return asked.expression.format(spaced=network.card.task.spaced)
    solution = asked.weights.solver.solve([asked.text])[0]
    passes = [one.asked for step in solution.scratchpad for one in step.passes]
    own = [one for one in passes if one.skill in network.skills]
    found = next((one for one in own if skill in (None, one.skill)), None)
    if found is None:
        used = " ".join(dict.fromkeys(one.skill for one in own))
        what = f"skill {skill!r}" if skill else "skill"
        raise UsageError(
            f"{network.name} uses no {what} for {asked.text}",
            hint=f"it uses {used}" if used else "choose another equation",
        )
    return found.text


_EQUATION = Parameter("equations", "an equation such as 94 + 909", "equations", True, True)
_PART = Parameter("--part", "the network to look at, in weights of two", choices=PARTS)
_SKILL = Parameter("--skill", "the first pass of this skill, such as +, in weights that have them")
COMMANDS = (
    Command(
        "peek",
        "the hidden states while the network reads and writes",
        peek,
        (
            _EQUATION,
            Parameter("--layer", "only layers whose name starts with this, such as encoder"),
            Parameter("--unit", "follow one unit, over several equations with ;", "integer", low=0),
            _PART,
            _SKILL,
            SAVE,
        ),
        examples=(":peek 94 + 909", ":peek --unit 7 94 + 909; 94 + 908"),
    ),
    Command(
        "like",
        "equations that leave the encoder nearly in the same state",
        like,
        (
            _EQUATION,
            Parameter("--count", "how many", "integer", low=1, high=1000, default="10"),
            _PART,
            _SKILL,
            SAVE,
        ),
        examples=(":like 94 + 909",),
    ),
    Command(
        "attn",
        "the characters that each written one attended to",
        attn,
        (
            _EQUATION,
            SAVE,
        ),
        details="For networks with attention, such as add.",
        examples=(":attn 94 + 909",),
    ),
    Command(
        "step",
        "decode a character at a time, with the five likeliest",
        step,
        (
            _EQUATION,
            Parameter("--force", "force characters: 2=5 writes a 5 as the second"),
            _PART,
            _SKILL,
            SAVE,
        ),
        details="Characters count in the order of writing; ■ is the end. A network with a "
        "memory of symbols is shown with its first pass, or the first of a --skill.",
        examples=(":step 94 + 909", ":step 94 + 909 --force 2=5"),
    ),
    Command(
        "beam",
        "the likeliest whole answers",
        beam,
        (
            Parameter("k", "number of answers, such as 5", "integer", True, low=1, high=1000),
            _EQUATION,
            _PART,
            _SKILL,
            SAVE,
        ),
        examples=(":beam 5 94 + 909",),
    ),
    Command(
        "weights",
        "the weight matrices: shapes, norms, and one as a heat map",
        weights,
        (
            Parameter(
                "layer",
                "a layer or a tensor, such as output; of weights of two, in both",
                suggest=lambda session, before: tuple(session.weights.layers()),
            ),
            SAVE,
        ),
        examples=(":weights", ":weights output"),
    ),
)
