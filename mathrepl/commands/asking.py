"""Commands that put questions to the network: ask, quiz, compare, history."""

from __future__ import annotations

from collections.abc import Iterator

from mathrepl.arithmetic.expression import ALL_OPERATIONS, read_value
from mathrepl.arithmetic.parser import readable, split_line
from mathrepl.arithmetic.task import parse_operations, parse_range
from mathrepl.commands.spec import Arguments, Command, Context, Note, Parameter, Table, Value
from mathrepl.inference.answer import Answers
from mathrepl.session.quiz import play, questions
from mathrepl.store.card import MAX_SEED
from mathrepl.support.errors import EquationError, UsageError
from mathrepl.support.interrupts import counted


def ask(context: Context, arguments: Arguments) -> Value:
    texts = equations_of(context, arguments)
    if len(texts) == 1:
        return context.session.ask(texts[0])
    return context.session.ask_each(texts)


def equations_of(context: Context, arguments: Arguments) -> list[str]:
    """The equations of a line, separated by `;`; in a shell each word may hold some.

    Raises `EquationError` if there are none.
    """
    words = arguments.texts("equations")
    if context.host == "session" or _one_equation(words):
        words = (" ".join(words),)
    texts = [text for word in words for text in split_line(word)]
    if not texts:
        raise EquationError("nothing to read", hint="type an equation such as 94 + 909")
    return texts


def _one_equation(words: tuple[str, ...]) -> bool:
    """True if the words of a shell are the parts of an equation: 94 + 909 without quotes.

    An `x` multiplies only beside words without blanks; others are whole equations.
    """
    operations = (*ALL_OPERATIONS, "^")
    if not any(len(word.split()) > 1 for word in words):
        operations = (*operations, "x", "X")
    return any(readable(word) in operations for word in words)


def quiz(context: Context, arguments: Arguments) -> Iterator[Value]:
    session = context.session
    count = arguments.integer("n") or session.settings.quiz
    bounds, operations = arguments.text("range"), arguments.text("ops")
    asked = questions(
        session,
        count,
        bounds=None if bounds is None else parse_range(bounds),
        operations=None if operations is None else parse_operations(operations),
        seed=arguments.integer("seed"),
    )
    if len(asked) < count:
        yield Note(f"there are only {len(asked)} held-out equations here")
    me = arguments.flag("me")
    if me:
        yield Note("you against the network; an empty line passes, q or Ctrl-D ends")

    def person(prompt: str) -> str | None:
        while True:
            reply = context.person.ask(prompt)
            if reply is None or reply.strip().lower() in ("q", ":q", "quit"):
                return None
            if not reply.strip() or read_value(reply.strip()) is not None:
                return reply
            prompt = f"write a number, nothing to pass, or q to end; {prompt}"

    with counted() as presses:
        yield from play(session, asked, person if me else None, lambda: presses.count > 0)
        context.interrupted = presses.count > 0


def compare(context: Context, arguments: Arguments) -> Value:
    """The same equations asked of two networks, one row an answer."""
    session = context.session
    texts = equations_of(context, arguments)
    names = [arguments.text("a") or "", arguments.text("b") or ""]
    if names[0] == names[1]:
        raise UsageError(f"{names[0]} and {names[1]} are the same", hint="name two weights")
    both = [session.weights.beside(name) for name in names]
    return Answers(tuple(session.ask_beside(weights, text) for text in texts for weights in both))


def history(context: Context, arguments: Arguments) -> Value:
    asked = context.session.history
    if not asked:
        return Note("nothing asked yet in this session")
    right = sum(one.answer.right for one in asked)
    last = arguments.integer("n") or 20
    shown = asked[-last:]
    first = len(asked) - len(shown) + 1
    rows = tuple(
        (
            str(number),
            one.answer.equation,
            one.answer.network,
            one.answer.truth,
            one.answer.verdict,
            one.answer.weights,
        )
        for number, one in enumerate(shown, first)
    )
    return Table(
        "this session",
        ("#", "equation", "network", "truth", "verdict", "weights"),
        rows,
        tuple(one.answer.record() for one in shown),
        f"{right} of {len(asked)} right",
    )


COMMANDS = (
    Command(
        "ask",
        "answer equations; a line without a colon does the same",
        ask,
        (
            Parameter(
                "equations",
                "equations such as 94 + 909, several with ;",
                "equations",
                required=True,
                many=True,
            ),
        ),
        details="The network's answer stands over the truth, place by place, with the confidence "
        "in each character. The network computes; nothing corrects it.",
        examples=("94 + 909", "94+909 = ?", "1+2; 30+40; 500+600"),
    ),
    Command(
        "quiz",
        "ask held-out equations and keep score",
        quiz,
        (
            Parameter("n", "number of equations", "integer", low=1, high=10_000, default="10"),
            Parameter("--me", "answer too, against the network", "flag"),
            Parameter("--range", "numbers to draw from, such as 0..99"),
            Parameter("--ops", "operations to draw from, such as +-"),
            Parameter("--seed", "draw the same equations again", "integer", low=0, high=MAX_SEED),
        ),
        details="The network was trained on none of these equations.",
        examples=(":quiz 5", ":quiz --me", ":quiz 20 --range 0..99"),
    ),
    Command(
        "compare",
        "ask two networks the same equations",
        compare,
        (
            Parameter("a", "name of weights", "weights", required=True),
            Parameter("b", "name of other weights", "weights", required=True),
            Parameter("equations", "equations, several with ;", "equations", True, True),
        ),
        examples=(":compare blog mine 94 + 909",),
    ),
    Command(
        "history",
        "the questions of this session and the score",
        history,
        (
            Parameter(
                "n",
                "number of questions, the last ones",
                "integer",
                low=1,
                high=10_000,
                default="20",
            ),
        ),
        hosts=("session",),
    ),
)
