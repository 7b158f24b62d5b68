from __future__ import annotations

import re
import time
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mathrepl.arithmetic.expression import (
    MAX_EXPONENT,
    MAX_LENGTH,
    MAX_WRITTEN,
    Binary,
    Group,
    Node,
    Number,
    Unary,
    format_value,
    read_value,
)
from mathrepl.arithmetic.parser import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_OPERATIONS,
    parse,
    readable,
    split_line,
)
from mathrepl.support.errors import DivisionByZeroError, EquationError


@dataclass(frozen=True)
class Piece:
    """Tokens (text, is a binary operation), and the value worked out while they were laid.

    `zero_at` is the index of the slash whose divisor is zero; then there is no value.
    """

    tokens: tuple[tuple[str, bool], ...]
    value: Fraction | None
    zero_at: int | None = None

    def after(self, *before: str) -> Piece:
        signs = tuple((text, False) for text in before)
        shifted = None if self.zero_at is None else self.zero_at + len(signs)
        return Piece(signs + self.tokens, self.value, shifted)

    def combined(self, operation: str, right: Piece) -> Piece:
        tokens = (*self.tokens, (operation, True), *right.tokens)
        slash = len(self.tokens)
        if self.value is None:
            return Piece(tokens, None, self.zero_at)
        if right.value is None:
            return Piece(tokens, None, slash + 1 + right.zero_at)
        if operation == "/" and right.value == 0:
            return Piece(tokens, None, slash)
        value = {
            "+": lambda a, b: a + b,
            "-": lambda a, b: a - b,
            "*": lambda a, b: a * b,
            "/": lambda a, b: Fraction(a.numerator * b.denominator, a.denominator * b.numerator),
        }[operation](self.value, right.value)
        return Piece(tokens, value)

    def text(self, space: str) -> str:
        return "".join(f"{space}{t}{space}" if binary else t for t, binary in self.tokens)


@st.composite
def numbers(draw: st.DrawFn) -> Piece:
    whole = draw(st.text("0123456789", min_size=1, max_size=4))
    fraction = draw(st.text("0123456789", max_size=2))
    value = Fraction(int(whole + fraction), 10 ** len(fraction))
    return Piece(((f"{whole}.{fraction}" if fraction else whole, False),), value)


@st.composite
def factors(draw: st.DrawFn, depth: int) -> Piece:
    form = draw(st.sampled_from("nnn+-(" if depth else "n"))
    if form == "n":
        return draw(numbers())
    if form == "(":
        inner = draw(expressions(depth - 1)).after("(")
        return Piece((*inner.tokens, (")", False)), inner.value, inner.zero_at)
    operand = draw(factors(depth - 1)).after(form)
    if form == "-" and operand.value is not None:
        return Piece(operand.tokens, 0 - operand.value)
    return operand


def chain(draw: st.DrawFn, part: st.SearchStrategy[Piece], signs: str, most: int) -> Piece:
    piece = draw(part)
    for _ in range(draw(st.integers(0, most))):
        piece = piece.combined(draw(st.sampled_from(signs)), draw(part))
    return piece


@st.composite
def terms(draw: st.DrawFn, depth: int) -> Piece:
    return chain(draw, factors(depth), "*/", 2)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> Piece:
    return chain(draw, terms(depth), "+-", 2)


def equations() -> st.SearchStrategy[Piece]:
    return expressions().filter(
        lambda piece: any(binary for _, binary in piece.tokens) and len(piece.text(" ")) <= 600
    )


def shape(node: Node) -> object:
    """The tree without columns."""
    match node:
        case Number(text):
            return text
        case Unary(sign, operand):
            return (sign, shape(operand))
        case Group(inner):
            return [shape(inner)]
        case Binary(operation, left, right):
            return (shape(left), operation, shape(right))


@given(equations(), st.data())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_value_and_column_agree_with_a_reference_built_beside_the_text(piece, data):
    text, columns = "", []
    for token, _ in piece.tokens:
        text += data.draw(st.sampled_from(["", " ", "  ", "\t"])) if text else ""
        columns.append(len(text))
        text += token
    assume(len(text) <= MAX_LENGTH)
    expression = parse(text + data.draw(st.sampled_from(["", "=", " = ?", "=?", " =  "])))
    assert expression.text == text
    if piece.value is None:
        with pytest.raises(DivisionByZeroError) as caught:
            expression.value()
        assert caught.value.column == columns[piece.zero_at]
        assert caught.value.text == text
    else:
        assert expression.value() == piece.value


@given(equations())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_format_is_canonical_and_parses_back_to_the_same_tree(piece):
    expression = parse(piece.text("   ") if len(piece.text("   ")) <= 600 else piece.text(""))
    for spaced in (True, False):
        formatted = expression.format(spaced=spaced)
        assert formatted == piece.text(" " if spaced else "")
        assert shape(parse(formatted).root) == shape(expression.root)


@given(equations())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_literals_and_operations_are_those_of_the_text_in_order(piece):
    expression = parse(piece.text(""))
    assert expression.operations() == tuple(t for t, binary in piece.tokens if binary)
    assert expression.literals() == tuple(t for t, _ in piece.tokens if t[0].isdigit())
    assert [abs(v) for v in expression.operands()] == [Fraction(t) for t in expression.literals()]


@pytest.mark.parametrize(
    ("text", "operands"),
    [
        ("5 - 3", (5, 3)),
        ("5 - -3", (5, -3)),
        ("-5 + +3", (-5, 3)),
        ("--5 + 1", (-5, 1)),
        ("-(5 + 1)", (5, 1)),
        ("0.5 * -(-2)", (Fraction(1, 2), -2)),
    ],
)
def test_operands_carry_the_sign_directly_before_them(text, operands):
    assert parse(text).operands() == operands


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 4 - 3", 3),
        ("24 / 4 / 3", 2),
        ("2 * -3", -6),
        ("-2 * 3", -6),
        ("1 / 3 + 1 / 6", Fraction(1, 2)),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("007 + 1", 8),
        ("6 \u00f7 2 \u00d7 3", 9),
        ("5 \u2212 7 \u00b7 1", -2),
        ("2**3**2", 512),
        ("-2**2", -4),
        ("(-2)**2", 4),
        ("2**-1", Fraction(1, 2)),
        ("2**-(+1)", Fraction(1, 2)),
        ("2 * 3 ** 2", 18),
        ("2**2 * 3", 12),
        ("0**0", 1),
        ("(1/2)**-2", 4),
        ("10 // 3", 3),
        ("-10 // 3", -4),
        ("7.5 // 2", 3),
        ("100 // 7 // 2 * 3", 21),
        ("-7 % 3", 2),
        ("7 % -3", -2),
        ("7 // 2 % 2", 1),
        (".5 + .5", 1),
        ("3x4", 12),
        ("3 X (2 + 1)", 9),
        ("(1 + 2)x(3)", 9),
        ("2^3^2", 512),
        ("1_000 + 1", 1001),
        ("1 000 + 1", 1001),
        ("1\u202f000\u00a0+ 1", 1001),
        ("1,000,000.5 + 1", Fraction(2000003, 2)),
        ("999 999 // 1 000", 999),
    ],
)
def test_usual_precedence_association_and_signs(text, value):
    assert parse(text).value() == value


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("94 +", 4),
        ("5 + +", 5),
        ("5 * * 3", 4),
        ("5 *** 3", 4),
        ("5 /// 3", 4),
        ("* 5", 0),
        ("(1 + 2", 0),
        ("3 * (1 + (2 - 1)", 4),
        ("1 + 2)", 5),
        ("1 + ()", 5),
        (")", 0),
        ("1 2", 2),
        ("1 00 + 1", 2),
        ("1 000 00", 6),
        ("1,000 000", 6),
        ("2(3)", 1),
        ("(2)(3)", 3),
        ("1.5.2 + 1", 3),
        ("1..5 + 1", 1),
        ("5. + 1", 1),
        ("1,00 + 1", 1),
        ("1,5 + 1", 1),
        ("0,500 + 1", 1),
        ("1,000,00 + 1", 5),
        ("1,0000 + 1", 1),
        ("1.000,5 + 1", 5),
        ("1_0 + 1", 1),
        ("1__000 + 1", 1),
        ("2 x -3", 2),
        ("3x", 1),
        ("2 x x 3", 2),
        ("1 + 2 = 3", 6),
        ("1 + 2 ==", 6),
        ("? 1 + 2", 0),
        ("2 ^ ^ 3", 4),
        ("a + 1", 0),
        ("1 + x", 4),
        ("1 + \0", 4),
        ("1 + ٣", 4),
        ("12", 0),
        ("-12", 0),
        ("1 + " + "9" * (MAX_DIGITS + 1), 4),
        ("1 + " + "(" * (MAX_DEPTH + 1), 4 + MAX_DEPTH),
        ("1 + " + "-" * (MAX_DEPTH + 1) + "1", 4 + MAX_DEPTH),
        ("1**" * (MAX_DEPTH + 1) + "1", 1 + 3 * MAX_DEPTH),
    ],
)
def test_a_refused_line_points_at_its_culprit(text, column):
    with pytest.raises(EquationError) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.text is not None
    assert caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("1,000 + 2", "1000 + 2"),
        ("1 000+2.50", "1000 + 2.50"),
        ("3x 4", "3 * 4"),
        ("2 ^-1", "2 ** -1"),
        ("2**-1", ""),
        (".5 \u00d7 2", ""),
        ("94+909", ""),
    ],
)
def test_the_reading_shows_what_was_typed_otherwise(text, reading):
    expression = parse(text)
    assert expression.reading == reading
    assert expression.text == text
    assert not reading or parse(reading).value() == expression.value()


@pytest.mark.parametrize(
    ("text", "column", "message", "works"),
    [
        ("1 + 2 // 0", 6, "division by zero", ""),
        ("1 + 2 % (3 - 3)", 6, "division by zero", ""),
        ("1/(2//3)", 1, "division by zero", ""),
        ("0 ** -1", 2, "division by zero", ""),
        ("0 ** (1 - 2)", 2, "division by zero", ""),
        ("2 ** 0.5", 2, "whole number", ""),
        ("2**(1/2)", 1, "whole number", ""),
        ("2**(4/2)", 1, "whole number", ""),
        ("2**2**-1", 1, "whole number", ""),
        ("2**(1-3)", 1, "works out to -2", "1/2**2"),
        ("3 - (1+1)**(1-3)", 9, "works out to -2", "(1/(1+1)**2)"),
        ("2**-3**2", 1, "works out to -9", "1/2**9"),
        (f"1**{MAX_EXPONENT + 1}", 1, "too large", ""),
        ("2**-1001", 1, "too large", ""),
        ("9**9**9", 1, "too large", ""),
        ("10**1000*10**1000", 8, "more than 1,100 digits", ""),
        ("10**999*10**50*10**60 - 1", 14, "more than 1,100 digits", ""),
        ("10**1000*10**1000/10**999", 8, "more than 1,100 digits", ""),
        ("10**-1000/10**50/10**60", 16, "more than 1,100 digits", ""),
        ("99999**1000", 5, "more than 1,100 digits", ""),
        ("0.25**999*0.5**999", 0, "more than 1,100 decimals", ""),
        ("7.5 % 2", 4, "whole numbers", "7.5 // 2"),
        ("(1/2) % 2", 6, "whole numbers", "(1/2) // 2"),
        ("4 % 2.0", 2, "whole numbers", "4 // 2.0"),
        ("4 % 2**-1", 2, "whole numbers", "4 // 2**-1"),
    ],
)
def test_what_has_no_value_here_is_refused_at_its_operation(text, column, message, works):
    with pytest.raises(EquationError, match=message) as caught:
        parse(text).value()
    assert (caught.value.text, caught.value.column) == (text, column)
    if "//" in works:
        assert "//" in caught.value.hint
    elif works:
        assert works in caught.value.hint
    if works:
        assert parse(works).value() is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2**1000", 2**1000),
        ("1**1000", 1),
        ("0.5**1000", Fraction(1, 2**1000)),
        ("10**999", 10**999),
        ("-(10**999)", -(10**999)),
        ("10**-999", Fraction(1, 10**999)),
    ],
)
def test_powers_up_to_the_limits_have_a_value(text, value):
    assert parse(text).value() == value


@pytest.mark.parametrize(
    ("text", "rounded"),
    [
        ("1.5 + 0.25", False),
        ("1/2", True),
        ("2**-1", True),
        ("2**(-(1))", True),
        ("(1/2)//(1/3) + 0.12345", False),
        ("(1/2)**2", True),
        ("-(3*(1/2))", True),
        ("7 % 2", False),
        ("0.5**2", False),
    ],
)
def test_only_a_quotient_is_rounded(text, rounded):
    assert parse(text).has_quotient() is rounded


def test_columns_count_from_the_first_character_that_is_no_space():
    with pytest.raises(EquationError) as caught:
        parse("   1 + x  ")
    assert (caught.value.text, caught.value.column) == ("1 + x", 4)


@pytest.mark.parametrize("text", ["", "   ", "=", " = ? ", "\t\n"])
def test_an_empty_line_is_refused(text):
    with pytest.raises(EquationError, match="nothing to read"):
        parse(text)


def test_lines_up_to_the_longest_are_read_and_longer_ones_refused():
    longest = f"{'1' * 900}+{'2' * 900}+"
    longest += "0" * (MAX_LENGTH - len(longest))
    assert parse(longest).value() == int("3" * 900)
    with pytest.raises(EquationError, match=f"{MAX_LENGTH + 1:,}"):
        parse(longest + "0")


def test_the_most_operations_of_a_line_are_read_and_more_refused():
    longest = "1+" * MAX_OPERATIONS + "10"
    assert parse(longest).value() == MAX_OPERATIONS + 10
    with pytest.raises(EquationError, match=f"{MAX_OPERATIONS}"):
        parse("1+" + longest)


def test_numbers_up_to_the_longest_are_read():
    assert parse("9" * MAX_DIGITS + " + 1").value() == 10**MAX_DIGITS


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("-", "")])
def test_nesting_as_deep_as_the_limit_is_read(opening, closing):
    text = "2 + " + opening * MAX_DEPTH + "1" + closing * MAX_DEPTH
    assert parse(text).value() == 3


HOSTILE = [
    "(" * 600,
    ")" * 600,
    "-" * 600,
    "*" * 600,
    "/" * 600,
    "=" * 600,
    "." * 600,
    " " * 600,
    "1" * 600,
    "1" + " " * 598 + "1",
    "1" + " " * 597 + "=1",
    "1+" * 299 + "11",
    "1/" * 299 + "11",
    "9*" * 299 + "99",
    "-1" * 300,
    "1/0+" * 149 + "1/00",
    "(1)" * 200,
    "1(" * 300,
    "+".join(f"1/{n}" for n in range(101, 201)),
    "*".join(["9" * 199] * 3),
    "/".join(["9" * 149, "7" * 149, "3" * 149, "1" * 149]),
    "(" * 49 + "1+1" + ")" * 49 + "*" + "(" * 49 + "1+1" + ")" * 49,
    "\0" * 600,
    "٣" * 600,
    "😀+" * 300,
    "é\u0301" * 300,
    "\ud800" * 600,
    "1e99" * 150,
    "1_0+" * 150,
    "0x1+" * 150,
    "9**" * 199 + "9",
    "9**9*" * 119 + "9",
    "99**99*" * 85 + "9",
    "2**-1+" * 100,
    "9**999*" * 85 + "9",
    "0.1**99+" * 75,
    "1 000 " * 100,
    "1,000," * 100,
    "3x" * 300,
    "1 " * 300,
    "1//7%" * 119 + "7",
]


def refusal(line: str) -> EquationError | None:
    try:
        expression = parse(line)
        format_value(expression.value(), 20)
        expression.format(spaced=True)
        expression.operands()
    except EquationError as error:
        return error
    return None


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_lines_are_refused_or_answered_within_a_second(text):
    assert len(text) <= MAX_LENGTH
    started = time.perf_counter()
    error = refusal(text)
    assert time.perf_counter() - started < 1
    assert error is None or error.column is None or 0 <= error.column <= len(error.text)


@pytest.mark.parametrize("gap", [" ", "= ", "(", "1+"])
def test_lines_far_over_the_limit_are_refused_within_a_second(gap):
    text = "1 " + gap * (50_000 // len(gap)) + "1"
    started = time.perf_counter()
    assert refusal(text) is not None
    assert time.perf_counter() - started < 1


@given(
    st.text("0123456789+-*/%^_()=?., \u00d7\u00f7\u2212x\t\0", max_size=40) | st.text(max_size=20)
)
@settings(max_examples=400, deadline=None)
def test_any_line_is_read_or_refused_with_a_column_inside_its_text(line):
    error = refusal(line)
    if error is not None and error.column is not None:
        assert error.text is not None
        assert error.text in line
        assert 0 <= error.column <= len(error.text)


def test_readable_keeps_every_column():
    assert readable("6 \u00f7 2 \u00d7 3 \u2212 1 \u00b7 4") == "6 / 2 * 3 - 1 * 4"


def test_split_line_drops_what_is_empty():
    assert split_line(" 1+1 ;; 2+2;  ;3 ") == ["1+1", "2+2", "3"]
    assert split_line(" ; ") == []


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6) | st.just(8), st.integers(0, 6))
@settings(max_examples=300, deadline=None)
def test_format_value_rounds_as_decimal_half_up(numerator, denominator, decimals):
    context = Context(prec=100, rounding=ROUND_HALF_UP)
    quotient = context.divide(Decimal(numerator), Decimal(denominator))
    rounded = quotient.quantize(Decimal(1).scaleb(-decimals), context=context)
    expected = f"{rounded:f}"
    if "." in expected:
        expected = expected.rstrip("0").rstrip(".")
    if expected == "-0":
        expected = "0"
    assert format_value(Fraction(numerator, denominator), decimals) == expected


@given(st.integers(-(10**6), 10**6), st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_exact_ties_round_away_from_zero(half_steps, decimals):
    tie = Fraction(2 * half_steps + 1, 2 * 10**decimals)
    away = half_steps + 1 if tie > 0 else half_steps
    assert Fraction(format_value(tie, decimals)) == Fraction(away, 10**decimals)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (Fraction(1, 2), 0, "1"),
        (Fraction(-1, 2), 0, "-1"),
        (Fraction(-1, 3), 0, "0"),
        (Fraction(1, 4), 1, "0.3"),
        (Fraction(1, 3), 3, "0.333"),
        (Fraction(5, 2), 3, "2.5"),
        (Fraction(199, 200), 2, "1"),
        (Fraction(1, 100), 2, "0.01"),
        (Fraction(100), 2, "100"),
        (Fraction(0), 2, "0"),
    ],
)
def test_format_value_writes_as_a_person_does(value, decimals, text):
    assert format_value(value, decimals) == text


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
@settings(max_examples=100, deadline=None)
def test_read_value_inverts_format_value(units, decimals):
    value = Fraction(units, 10**decimals)
    assert read_value(format_value(value, decimals)) == value


@pytest.mark.parametrize(
    "text", ["", "-", "+5", "5-", "--5", "1.", ".5", "1.2.3", " 5", "5 ", "5\n", "1e3", "1_0", "٣"]
)
def test_read_value_refuses_what_is_no_number(text):
    assert read_value(text) is None


def test_read_value_reads_leading_zeros_and_bounds_its_length():
    assert read_value("-007.50") == Fraction(-15, 2)
    assert read_value("9" * MAX_WRITTEN) == 10**MAX_WRITTEN - 1
    assert read_value("9" * (MAX_WRITTEN + 1)) is None


# The short way for two numbers


@given(
    st.from_regex(
        r"[ \t]*[0-9]{1,4}[ \t]*[-+*/%][ \t]*[0-9]{1,4}[ \t]*(=[ \t]*\??)?[ \t]*", fullmatch=True
    )
)
def test_two_numbers_are_read_as_the_grammar_has_it(line: str):
    short = parse(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mathrepl.arithmetic.parser._TWO_NUMBERS", re.compile(r"(?!)"))
        whole = parse(line)
    assert short == whole
    left, right = whole.literals()
    assert short.format(spaced=True) == f"{left} {whole.operations()[0]} {right}"


def test_values_are_fractions_however_they_are_worked_out():
    for line in ("1+2", "6/3", "7/2", "7%4", "7//2", "1.5+1", "-(2-3)", "2**3", "2**-3"):
        assert type(parse(line).value()) is Fraction
