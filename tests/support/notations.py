"""Formulas as people write them, read back and evaluated: LaTeX and presentation MathML.

A small reader of its own: it knows what the notation means, and nothing of what wrote it, but for
how the writer spells a variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple
from xml.etree import ElementTree

import mpmath

Values = Mapping[str, Any]
Formula = Callable[[Values], Any]

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(mpmath, name) for name in ("sin", "cos", "tan", "tanh", "exp", "log")},
    **{name: getattr(mpmath, name) for name in ("sinh", "cosh", "asin", "acos", "atan", "erf")},
    **{f"arc{name}": getattr(mpmath, f"a{name}") for name in ("sin", "cos", "tan")},
    **{"min": lambda *each: reduce(_least, each), "max": lambda *each: reduce(_greatest, each)},
}
_LATEX = re.compile(
    r"(?P<open>\\(?:left|bigl|Bigl)\(|\()|(?P<close>\\(?:right|bigr|Bigr)\)|\))"
    r"|(?P<bar>\\(?:left|right)\|)|(?P<number>\d+(?:\.\d+)?)|\\operatorname\{(?P<named>\w+)\}"
    r"|(?P<command>\\[A-Za-z]+)|(?P<sign>[-+/,^])|(?P<brace>\{)|(?P<e>e)|(?P<blank>\s+)"
)


class Token(NamedTuple):
    """A part of a formula: ``block`` is one that has been read already."""

    kind: str
    value: Any = None


def _least(a: Any, b: Any) -> Any:
    return a if mpmath.isnan(a) or a < b else b


def _greatest(a: Any, b: Any) -> Any:
    return a if mpmath.isnan(a) or a > b else b


class Parser:
    """Sums of products of powers; factors that stand side by side are multiplied."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._place = [*tokens, Token("end")], 0

    def whole(self) -> Formula:
        """The formula that all tokens are."""
        formula = self._sum()
        assert self._kind == "end", self._tokens[self._place :]
        return formula

    @property
    def _kind(self) -> str:
        return self._tokens[self._place].kind

    def _next(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _sum(self) -> Formula:
        terms: list[tuple[int, Formula]] = []
        while not terms or self._kind in "+-":
            sign = 1
            while self._kind in "+-":
                sign = -sign if self._next().kind == "-" else sign
            terms.append((sign, self._product()))
        return lambda values: mpmath.fsum(sign * term(values) for sign, term in terms)

    def _product(self) -> Formula:
        product = self._power()
        while self._kind not in ("+", "-", ")", ",", "end", "|"):
            product = self._times(product)
        return product

    def _times(self, product: Formula) -> Formula:
        if self._kind == "/":
            self._next()
            divisor = self._power()
            return lambda values: _quotient(product(values), divisor(values))
        if self._kind == "*":
            self._next()
        factor = self._power()
        return lambda values: product(values) * factor(values)

    def _power(self) -> Formula:
        base = self._atom()
        if self._kind != "^":
            return base
        self._next()
        exponent = self._next().value
        return lambda values: _power(base(values), exponent(values))

    def _atom(self) -> Formula:
        kind, value = self._next()
        if kind == "number":
            number = mpmath.mpf(value)
            return lambda values: number
        if kind == "name":
            return lambda values: values[value]
        if kind == "block":
            return value
        if kind == "function":
            arguments = self._arguments()
            return lambda values: _FUNCTIONS[value](*(each(values) for each in arguments))
        assert kind in "(|", kind
        inner = self._sum()
        self._next()
        return (lambda values: abs(inner(values))) if kind == "|" else inner

    def _arguments(self) -> list[Formula]:
        assert self._next().kind == "("
        arguments = [self._sum()]
        while self._next().kind == ",":
            arguments.append(self._sum())
        return arguments


def _quotient(above: Any, below: Any) -> Any:
    return above / below if below != 0 else mpmath.nan


def _power(base: Any, exponent: Any) -> Any:
    if base == 0 and exponent < 0:
        return mpmath.nan
    return mpmath.power(base, exponent)


def _constant(value: Any) -> Token:
    return Token("block", lambda values: value)


def read_latex(text: str, names: Mapping[str, str]) -> Formula:
    """A formula of math mode.

    Args:
        text: LaTeX.
        names: variables by how LaTeX spells them.
    """
    return Parser(_latex_tokens(text, names)).whole()


def _latex_tokens(text: str, names: Mapping[str, str]) -> list[Token]:
    tokens: list[Token] = []
    spelled = sorted(names, key=len, reverse=True)
    place = 0

    def block() -> Formula:
        nonlocal place
        assert text[place] == "{", text[place:]
        end = _matching(text, place)
        inner = text[place + 1 : end]
        place = end + 1
        return read_latex(inner, names)

    while place < len(text):
        name = next((each for each in spelled if text.startswith(each, place)), None)
        if name is not None:
            tokens.append(Token("name", names[name]))
            place += len(name)
            continue
        match = _LATEX.match(text, place)
        assert match is not None, text[place : place + 40]
        kind, value = match.lastgroup, match[match.lastgroup or 0]
        if kind == "brace":
            tokens.append(Token("block", block()))
            continue
        place = match.end()
        if kind == "command" and value == r"\frac":
            above, below = block(), block()
            tokens.append(
                Token("block", lambda v, a=above, b=below: _quotient(a(v), b(v)))  # type: ignore[misc]
            )
        elif kind == "command" and value == r"\sqrt":
            inner = block()
            tokens.append(Token("block", lambda v, f=inner: mpmath.sqrt(f(v))))  # type: ignore[misc]
        elif kind != "blank":
            tokens += _latex_token(str(kind), value)
    return tokens


def _latex_token(kind: str, value: str) -> Iterator[Token]:
    match kind, value.removeprefix("\\"):
        case "open", _:
            yield Token("(")
        case "close", _:
            yield Token(")")
        case "bar", _:
            yield Token("|")
        case "number", _:
            yield Token("number", value)
        case "e", _:
            yield _constant(mpmath.e)
        case "sign", _:
            yield Token(value)
        case _, "cdot":
            yield Token("*")
        case _, "pi":
            yield _constant(mpmath.pi)
        case _, "quad":
            return
        case _, name:
            assert name in _FUNCTIONS, name
            yield Token("function", name)


def _matching(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return place
    raise AssertionError(f"no end of {text[start : start + 40]}")


def read_mathml(element: ElementTree.Element, names: Mapping[str, str]) -> Formula:
    """A formula of presentation MathML.

    Args:
        element: its parts are the formula.
        names: variables by the markup of their names.
    """
    return Parser([token for part in element for token in _tokens(part, names)]).whole()


def _tokens(part: ElementTree.Element, names: Mapping[str, str]) -> Iterator[Token]:
    if (markup := bare(part)) in names:
        yield Token("name", names[markup])
        return
    text = (part.text or "").strip()
    match part.tag.rpartition("}")[2]:
        case "mn":
            yield Token("number", text)
        case "mo":
            signs = {"\u2212": "-", "\u2062": "*", "\u00b7": "*"}
            yield Token(signs.get(text, text))
        case "mi" if text in _FUNCTIONS:
            yield Token("function", text)
        case "mi":
            yield _constant({"e": mpmath.e, "\u03c0": mpmath.pi}[text])
        case "mfrac":
            above, below = (read_mathml(each, names) for each in part)
            yield Token("block", lambda values: _quotient(above(values), below(values)))
        case "msqrt":
            inner = read_mathml(part, names)
            yield Token("block", lambda values: mpmath.sqrt(inner(values)))
        case "msup":
            base, exponent = (Parser([*_tokens(each, names)]).whole() for each in part)
            yield Token("block", lambda values: _power(base(values), exponent(values)))
        case "mrow":
            if [(part[0].text or "").strip(), (part[-1].text or "").strip()] == ["|", "|"]:
                inner = Parser([t for each in part[1:-1] for t in _tokens(each, names)]).whole()
                yield Token("block", lambda values: abs(inner(values)))
            else:
                for each in part:
                    yield from _tokens(each, names)
        case other:
            raise AssertionError(other)


def bare(element: ElementTree.Element) -> str:
    """The markup of an element without name spaces."""
    copy = ElementTree.fromstring(ElementTree.tostring(element))
    for each in copy.iter():
        each.tag = each.tag.rpartition("}")[2]
        each.tail = None
    return ElementTree.tostring(copy, encoding="unicode")
