"""Lines a person, or someone unkind, could type: one table of pieces, two ways to draw from it.

`line` makes a line out of choices. `Seeded` chooses by a seed, fast, for runs of 100,000;
`lines()` lets hypothesis choose, so that what fails shrinks.

Left out, or kept small, is what is meant to take longer than a line (`tamed`):

- `:train`, `:sweep`, `:certify`, `:report`, `:export` start TensorFlow or ask for minutes: they
  come only with an argument that is refused;
- `:set engine keras` imports TensorFlow: refused in the same way;
- `:quit` ends the session, `:quiz --me` waits for a person: refused in the same way;
- `:like` runs a network's encoder over thousands of held-out equations, which takes `work` eight
  seconds: refused in the same way;
- `:map` asks at most 10 x 10 cells, `:errors` and `:quiz` at most 20 equations, `:beam` looks
  for at most 20;
- a line has at most a few hundred equations, which are so many questions;
- `--save` draws with matplotlib: only of what is small, and mostly to files that cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from mathrepl.arithmetic.task import parse_range
from mathrepl.commands.parse import parse_command
from mathrepl.commands.spec import Arguments, Parameter
from mathrepl.commands.table import command_table
from mathrepl.support.errors import MathreplError

T = TypeVar("T")
MOST = 20  # equations and results of commands that ask many
WIDEST = 10  # numbers a side of a map
REFUSED = " --no-such-option"
LONG = 10_000

# Sequences that mathrepl itself never writes, so that one in its output came from the line.
ESCAPES = (
    "\x1b[38;5;201m",
    "\x1b]0;title\x07",
    "\x1b]52;c;QUJD\x07",
    "\x1b]8;;http://a.b\x1b\\",
    "\x1bP1$r\x1b\\",
    "\x1bc",
    "\x1b[3J",
    "\x1b[99;99H",
    "\x1b[?1049h",
    "\x1b(0",
    "\x9b38;5;201m",
    "\x9d0;title\x9c",
)
CONTROLS = (
    *(chr(code) for code in (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)) if code != 0x1B),
    "\t",
    "\u00ad",  # soft hyphen
    "\u200b",  # zero width space
    "\u200d",  # zero width joiner
    "\u200f",  # right-to-left mark
    "\u2028",
    "\u2029",
    "\u202a",
    "\u202e",  # right-to-left override
    "\u2066",
    "\u2069",
    "\ufeff",
    "\ufff9",
    "\ue000",
    "\U000e0041",  # a tag
    "\ud800",
    "\udbff",
    "\udcff",
)
CODE = (
    "__import__('os').system('id')",
    "9**9**9",
    "9**9**9**9**9",
    "9**999*" * 80 + "9",
    "0.1**999+1",
    "2**(1/2)",
    "2**(1-3)",
    "1,00 + 1",
    "1/(" * 40 + "3" + ")" * 40,
    "7.5 % 2",
    "1 000 000",
    "eval('1')",
    "lambda: 1",
    "{0.__class__}",
    "%s%n%x",
    "$(id)",
    "`id`",
    "${HOME}",
    "; rm -rf /",
    "' OR 1=1 --",
    "[bold]1[/bold]",
    "[link=http://a.b]1[/link]",
    ":smile:",
    "<script>",
    "../../../etc/passwd",
    "con",
    "NaN",
    "inf",
    "1e9",
    "1_000",
    "1,000",
    "0x10",
    "1.5.2",
    ".5",
    "5.",
    "1 2",
    "0/0",
    "5 % 0",
    "1/0",
    "=",
    "= ?",
    "1 = 1",
    "#",
    "?",
    "help",
    "train",
    ";",
    ";;;",
    "1;;2",
    '"',
    "'",
    "\\",
    "--",
    "---",
    "-",
    ":",
    "::",
    ": :",
    ":!ls",
    ":--json",
)
UNICODE = (
    "\uff11\uff12\uff0b\uff13",  # full-width 12+3
    "\u0663 + \u0664",  # Arabic digits
    "\u00b2 + \u00b3",
    "\u2460 + \u2461",
    "\u0be7",
    "\U0001d7d8 + \U0001d7d9",  # mathematical digits
    "\u05d0\u05d1 + 1",  # right to left
    "\u0627\u0644\u0639 + 2",
    "\U0001f600 + \U0001f4a9",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
    "1\u0301" + "\u0301" * 100,
    "\u65e5\u672c + 1",
    "12 \u00d7 3 \u00f7 4 \u2212 5",
    "1\u00a0+\u00a02",
    "\u3000",
    "\u2044",
    "\u0130\u0131",  # letters whose lower case is longer
    "\ufb03",
    "\U0010ffff",
)
HUGE = (
    "1" * LONG,
    "1" * 200 + "+" + "9" * 200,
    "9" * 201,
    "+".join("9" for _ in range(300)),
    "*".join("99" for _ in range(200)),
    "(" * 49 + "1+1" + ")" * 49,
    "(" * 299 + "1" + ")" * 299,
    "(" * LONG,
    ")" * 500,
    "-" * 500 + "1",
    "-" * 51 + "1+1",
    "1+" * LONG,
    "1+1;" * 100,  # a hundred answers; each takes `work` 5 ms
    "x;" * 100,
    ":" * LONG,
    ":ask " + "1+" * LONG,
    ":train " + "--hidden " * 500,
    "\U0001f600" * 3000,
    "\x1b[38;5;201m" * 100,
    "\u202e" * 3000,
    "a" * 45_000,
    " " * LONG,
    '"' * LONG,
    ":help " + '"a' * 3000,
)
BLANKS = ("", " ", "\t", "# a comment", "  # 1+1", "\u2003")
NAMES = (
    *("auto",) * 4,
    *("add", "blog", "work", "long", "tiny", "mine", "mine2", "blog-undone", "nobody"),
)
BAD_NAMES = (
    "../mine",
    "/etc/passwd",
    ".hidden",
    "a" * 300,
    "a.json",
    "\u00e9",
    "con:",
    "a/b",
    "a\0b",
    "--name",
    "",
)
RANGES = (
    "0..9",
    "0..5",
    "-3..3",
    "7..7",
    "9..0",
    "0...9",
    "..",
    "0..",
    "1..1e9",
    "0..999999999999",
)
# Beyond 64 bits, beyond the floats that are whole numbers, and at the edges of both.
FAR = (
    *(2**31, 2**53, 2**63 - 2, 2**63, 2**64 - 1, 2**64, 10**18, 10**30, 10**38, 10**99),
    *(-(2**63), -(10**30)),
)
FILES = ("drawn.png", "drawn.svg")  # in the folder of the run
BAD_FILES = ("no/such/place/a.png", "/proc/a.png", "~nobody/a.svg", "a.txt", "/", ".", "\0.png")
NUMBERS = ("1", "2", "3", "5", "7", "20")
BAD_NUMBERS = (
    "0",
    "-1",
    "1.5",
    "1e3",
    "1e999",
    "nan",
    "x",
    "9" * 18,
    "9" * 19,
    "9" * 5000,
    "\u0663",
    "\uff11",
    "+",
    "0x1",
    " ",
)
SIGNS = ("+", "-", "*", "/", "%", "//", "**", "^", "x")
_SIGNS_TYPED = (*"++++++++-----***/%", *SIGNS[5:])  # by how often
DRAWN = (
    "0123456789+-*/%^()=?.;: \t'\"#,xX_\\[]{}$e"
    "\x00\x1b\x07\x9b\u202e\u00d7\u00f7\uff11\u0663\ud800\U0001f600"
)


class Choices(Protocol):
    """The source of the choices of a line."""

    def number(self, low: int, high: int) -> int: ...

    def pick(self, options: Sequence[T]) -> T: ...


class Seeded:
    """Choices by a seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = Random(seed)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def pick(self, options: Sequence[T]) -> T:
        return options[self._random.randrange(len(options))]


class Drawn:
    """Choices by hypothesis, which shrink towards the first."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def pick(self, options: Sequence[T]) -> T:
        return self._draw(st.sampled_from(options))


def equation(choices: Choices) -> str:
    """One that can be read; some beyond what the networks were taught."""
    text = _operand(choices)
    for _ in range(choices.pick((1, 1, 1, 1, 2, 3))):
        space = choices.pick((" ", "", "  "))
        text += f"{space}{choices.pick(_SIGNS_TYPED)}{space}{_operand(choices)}"
    return text + choices.pick(("", "", "", " =", " = ?"))


def _operand(choices: Choices) -> str:
    kinds = ("group", "signed", "point", "many", "parted", "half", "power")
    kind = choices.pick(("number",) * 14 + kinds)
    if kind == "group":
        return f"({_number(choices)}{choices.pick('+-*')}{_number(choices)})"
    if kind == "signed":
        return choices.pick("-+") + _number(choices)
    if kind == "point":
        return f"{_number(choices)}.{_number(choices)}"
    if kind == "parted":
        sign = choices.pick(",_ ")
        return f"{choices.number(1, 999)}{sign}{choices.number(0, 9999):03d}"
    if kind == "half":
        return f".{_number(choices)}"
    if kind == "power":
        return f"{_number(choices)}**{choices.pick(('-', '', '(1-3)*', '2**'))}{_number(choices)}"
    if kind == "many":
        return str(choices.pick("123456789")) * choices.number(5, 40)
    return _number(choices)


def _number(choices: Choices) -> str:
    return str(choices.number(0, choices.pick((9, 99, 999))))


def nearly(choices: Choices) -> str:
    """An equation or a command with a slip of the finger or two."""
    text = choices.pick((equation, equation, command))(choices)
    for _ in range(choices.number(1, 2)):
        text = _slip(choices, text)
    return text


def _slip(choices: Choices, text: str) -> str:
    at = choices.number(0, len(text))
    what = choices.pick(("drop", "double", "insert", "swap", "case"))
    if what == "insert" or not text[at:]:
        return text[:at] + choices.pick(DRAWN) + text[at:]
    if what == "drop":
        return text[:at] + text[at + 1 :]
    if what == "double":
        return text[:at] + text[at] * 2 + text[at + 1 :]
    if what == "swap":
        return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    return text[:at] + text[at].swapcase() + text[at + 1 :]


def hostile(choices: Choices) -> str:
    """A piece that should do harm, alone or where an equation or an argument would stand."""
    piece = choices.pick(choices.pick((CODE, CODE, ESCAPES, CONTROLS, UNICODE)))
    where = choices.number(0, 5)
    if where == 0:
        return piece
    if where == 1:
        return piece * choices.number(2, 30)
    if where in (2, 3):
        text = equation(choices)
        at = choices.number(0, len(text))
        return text[:at] + piece + text[at:]
    if where == 4:
        return f":{choices.pick(tuple(command_table()))} {piece}"
    return f":{piece}"


def huge(choices: Choices) -> str:
    return choices.pick(HUGE)


def noise(choices: Choices) -> str:
    """Characters at random."""
    text = "".join(choices.pick(DRAWN) for _ in range(choices.number(1, 20)))
    if choices.number(0, 1):
        text += chr(choices.number(0, 0x10FFFF))
    return text


def blank(choices: Choices) -> str:
    return choices.pick(BLANKS)


def several(choices: Choices) -> str:
    """More than one equation in a line, not all of them good."""
    parts = [choices.pick((equation, equation, nearly, hostile))(choices) for _ in range(3)]
    return ";".join(parts)


def command(choices: Choices) -> str:
    """A command with arguments of the right kind."""
    return _command(choices, bad=0)


def picture(choices: Choices) -> str:
    """A picture of numbers far out, or of few, saved to a file."""
    number = choices.pick(FAR)
    asked = f"{number} {choices.pick('+-')} {choices.pick((number, 1))}"  # quotients take long
    what = choices.pick(
        (
            *(f":map {number}..{number + choices.number(0, WIDEST - 1)}",) * 3,
            f":map 0..3 --b {number}..{number + choices.number(0, WIDEST - 1)}",
            *(f":{name} {asked}" for name in ("peek", "attn", "step", "beam 3")),
            ":weights output",
            ":curve",
            ":errors 5",
        )
    )
    if what.startswith(":map"):
        what += choices.pick(("", " --show size", " --show confidence"))
        what += choices.pick((*("",) * 8, " --op +", " --op -", " --op *", " --op /"))
    return what + choices.pick(("", *(f" --save {file}" for file in FILES * 2)))


def wrong(choices: Choices) -> str:
    """A command with arguments missing, too many, or of the wrong kind."""
    return _command(choices, bad=3)


def misspelt(choices: Choices) -> str:
    """A command whose name has a slip, or is cut short."""
    head, _, rest = command(choices)[1:].partition(" ")
    short = head[: choices.number(0, len(head))]
    return f":{choices.pick((short, _slip(choices, head)))} {rest}"


def _command(choices: Choices, bad: int) -> str:
    """`bad` of 10 arguments are hostile, missing or surplus."""
    rows = [c for c in command_table().values() if "session" in c.hosts]
    row = choices.pick(rows)
    words = [f":{row.name}"]
    for parameter in row.parameters_for("session"):
        amiss = choices.number(0, 9) < bad
        if parameter.is_option and choices.number(0, 9) < 7:
            continue
        if amiss and choices.number(0, 2) == 0:
            continue
        if parameter.is_option:
            words.append(parameter.name if not amiss else parameter.name + choices.pick(("", "=")))
        if parameter.kind != "flag" or amiss:
            words.append(_value(choices, parameter, amiss=amiss))
    if choices.number(0, 9) < bad:
        words.append(choices.pick(CODE + UNICODE + ESCAPES + CONTROLS))
    return " ".join(words)


def _value(choices: Choices, parameter: Parameter, *, amiss: bool) -> str:
    if amiss:
        table = choices.pick((CODE, ESCAPES, CONTROLS, UNICODE, BAD_NUMBERS, BAD_NAMES, BAD_FILES))
        return choices.pick(table)
    if parameter.choices:
        return choices.pick(parameter.choices)
    if parameter.kind == "equations":
        return equation(choices)
    if parameter.kind in ("integer", "number"):
        return choices.pick(NUMBERS)
    if parameter.kind == "command":
        return choices.pick(tuple(command_table()))
    if parameter.kind == "weights" or parameter.key == "name":
        return choices.pick(NAMES)
    if parameter.key in ("save", "file", "onnx", "keras"):
        return choices.pick(BAD_FILES)
    if parameter.key in ("range", "b"):
        return choices.pick(RANGES)
    if parameter.key in ("ops", "op"):
        return choices.pick(SIGNS)
    if parameter.key == "force":
        return choices.pick(("1=5", "2=9", "1=x", "0=1", "99=1", "1=", "="))
    if parameter.key == "value":
        return choices.pick(("on", "off", "light", "dark", "vi", "emacs", "numpy", "5", *RANGES))
    return choices.pick((*NUMBERS, "encoder", "output", "on", "off"))


KINDS: dict[str, tuple[int, Callable[[Choices], str]]] = {
    "equation": (18, equation),
    "nearly": (18, nearly),
    "hostile": (20, hostile),
    "huge": (3, huge),
    "noise": (10, noise),
    "blank": (1, blank),
    "several": (4, several),
    "command": (9, command),
    "picture": (1, picture),
    "wrong": (12, wrong),
    "misspelt": (5, misspelt),
}
_WEIGHTED = tuple(name for name, (weight, _) in KINDS.items() for _ in range(weight))


def line(choices: Choices) -> tuple[str, str]:
    """The kind of a line, and a line; without a line end."""
    kind = choices.pick(_WEIGHTED)
    text = KINDS[kind][1](choices).replace("\n", " ")
    return kind, tamed(text)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Lines of any kind, by hypothesis."""
    return line(Drawn(draw))[1]


def numbered(seed: int, number: int) -> tuple[str, str]:
    """The kind and the text of one line of a seed, whatever came before it."""
    return line(Seeded(f"{seed}/{number}"))


def tamed(text: str) -> str:
    """The line, with an argument that is refused where it would be right and take long."""
    if not text.lstrip().startswith(":"):
        return text
    try:
        found, arguments = parse_command(text, command_table(), "session")
    except MathreplError:
        return text
    allowed = _ALLOWED.get(found.name)
    if arguments.given("save") and arguments.text("save") not in (*BAD_FILES, *FILES):
        return text + REFUSED
    if allowed is None or allowed(arguments):
        return text
    # A command without options has no unknown ones: there it is one word too many.
    return text + REFUSED


def _never(_arguments: Arguments) -> bool:
    return False


def _few(key: str, usual: int) -> Callable[[Arguments], bool]:
    return lambda arguments: (arguments.integer(key) or usual) <= MOST


def _small_map(arguments: Arguments) -> bool:
    if not arguments.given("range"):
        return False
    return all(_is_small(arguments.text(key)) for key in ("range", "b") if arguments.given(key))


def _is_small(text: str | None) -> bool:
    try:
        low, high = parse_range(text or "")
    except MathreplError:
        return True  # it will be refused
    return high - low < WIDEST


_ALLOWED: dict[str, Callable[[Arguments], bool]] = {
    "train": _never,
    "sweep": _never,
    "certify": _never,
    "report": _never,
    "export": _never,
    "like": _never,
    "quit": _never,
    "set": lambda a: (a.text("key"), a.text("value")) != ("engine", "keras"),
    "quiz": lambda a: not a.flag("me") and _few("n", MOST)(a),
    "errors": lambda a: a.given("n") and _few("n", 0)(a),
    "map": _small_map,
    "beam": _few("k", 5),
}
