"""What can be found out about a function of several inputs, and how it is said.

Every finding has a *score*: the share of the output's variance that the nearest function with the
property leaves unexplained, its 1−R². So findings of all kinds are on one scale, which is that of a
network's own error, and a property of the law that a network has learned scores at most the 1−R²
of the network to the law. Monotony alone has another score, see ``Monotone``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Transform = Literal["identity", "square", "log", "reciprocal"]
OutputTransform = Literal["identity", "square", "reciprocal", "inverse square"]
Shape = Literal["power", "logarithm", "exponential", "sinusoid", "unknown"]
Offset = Literal["none", "constant", "others"]
Groups = tuple[tuple[int, ...], ...]

_WHOLE = {"identity": "{}", "square": "{}**2", "reciprocal": "1/{}", "inverse square": "1/{}**2"}


@dataclass(frozen=True)
class Finding:
    """A property that holds of an output.

    Attributes:
        output: index of the output.
        inputs: indices of the inputs that it is about, ascending.
        score: the share of the output's variance that speaks against it, in [0, 1].
    """

    output: int
    inputs: tuple[int, ...]
    score: float

    def statement(self, names: Sequence[str]) -> str:
        """The property in words, without its score; ``names`` are those of all inputs."""
        raise NotImplementedError

    def sentence(self, names: Sequence[str]) -> str:
        """The property in one line, with the evidence."""
        return f"{self.statement(names)} (unexplained: {self.score:.1e} of the variance)"


@dataclass(frozen=True)
class Constant(Finding):
    """The output never changes.

    Attributes:
        value: what it always is.
    """

    value: float

    def statement(self, names: Sequence[str]) -> str:
        return f"is constant, {self.value:.6g}"


@dataclass(frozen=True)
class Irrelevant(Finding):
    """None of the inputs matters, also not together; the score is theirs together."""

    def statement(self, names: Sequence[str]) -> str:
        verb = "does" if len(self.inputs) == 1 else "do"
        return f"{_listed(self.inputs, names)} {verb} not matter"


@dataclass(frozen=True)
class Additive(Finding):
    """The output, or a transform of it, is a sum of functions of a group of inputs each.

    Attributes:
        groups: the groups; one input may stand in several, as in ``a*b + b*c``.
        transform: of the output, such as ``square`` for ``sqrt(g(a) + h(b))``.
    """

    groups: Groups
    transform: OutputTransform = "identity"

    @property
    def is_partition(self) -> bool:
        """Whether no input stands in two groups."""
        return sum(map(len, self.groups)) == len(self.inputs)

    def statement(self, names: Sequence[str]) -> str:
        whole = _call("f", self.inputs, names)
        return f"{_WHOLE[self.transform].format(whole)} = {_functions(self.groups, names, ' + ')}"


@dataclass(frozen=True)
class Multiplicative(Finding):
    """The output is a constant plus a product of functions of a group of inputs each.

    Where a sum was found before, ``inputs`` are those of one of its groups, and the property is
    that of the group's term; the same with a product before a sum.

    Attributes:
        groups: a partition of the inputs.
        offset: the constant; 0 where none is needed, and for a term of a sum, where any would do.
    """

    groups: Groups
    offset: float

    def statement(self, names: Sequence[str]) -> str:
        offset = f"{self.offset:.4g} + " if self.offset else ""
        return f"{_call('f', self.inputs, names)} = {offset}{_functions(self.groups, names, ' · ')}"


@dataclass(frozen=True)
class Combination(Finding):
    """Inputs matter through a single number, Σ cᵢ·T(xᵢ), whatever the other inputs are.

    Attributes:
        transform: T; with ``log`` the number is a product of powers, with the coefficients as
            exponents.
        coefficients: cᵢ of every input, in the order of ``inputs``; that of the first is 1 or -1
            where they are not whole numbers.
        exact: the coefficients as fractions, where they are simple ones at no loss.
    """

    transform: Transform
    coefficients: tuple[float, ...]
    exact: tuple[Fraction, ...] | None

    def expression(self, names: Sequence[str]) -> str:
        """The number, as a formula."""
        numbers: Sequence[float | Fraction] = self.exact or self.coefficients
        pairs = [(names[i], number) for i, number in zip(self.inputs, numbers, strict=True)]
        return _product(pairs) if self.transform == "log" else _sum(pairs, self.transform)

    def statement(self, names: Sequence[str]) -> str:
        return f"depends on {_listed(self.inputs, names)} only through {self.expression(names)}"


@dataclass(frozen=True)
class Profile(Finding):
    """How one input enters: f = α + β·φ(x), where α and β do not depend on it.

    Attributes:
        shape: of φ: ``power`` (x + s)**p, ``logarithm``, ``exponential`` exp(r·x), ``sinusoid``
            sin(ω·x + δ), or ``unknown`` where it is none of these.
        rate: p, r or ω.
        exact: p or ω as a fraction, where it is a simple one at no loss.
        phase: δ in (-π/2, π/2], else 0.
        shift: s, mostly 0.
        offset: what α is: nothing, a constant, or a function of the other inputs.
    """

    shape: Shape
    rate: float
    exact: Fraction | None
    phase: float
    shift: float
    offset: Offset

    @property
    def is_linear(self) -> bool:
        """Whether φ is the input itself."""
        return self.shape == "power" and self.exact == 1

    @property
    def is_proportional(self) -> bool:
        """Whether the output is a power of the input times a function of the others."""
        return self.shape == "power" and self.shift == 0.0 and self.offset == "none"

    def statement(self, names: Sequence[str]) -> str:
        (name,) = (names[i] for i in self.inputs)
        form = self._form(name)
        if self.offset == "none":
            return f"is proportional to {form}"
        if self.offset == "constant":
            return f"is a constant plus a multiple of {form}"
        return f"is linear in {form}, with coefficients that the other inputs decide"

    def _form(self, name: str) -> str:
        if self.shape == "power":
            base = f"({name} {_signed(self.shift)})" if self.shift else name
            return _power(base, self.rate if self.exact is None else self.exact)
        if self.shape == "sinusoid":
            return self._wave("" if self.rate == 1 else f"{self.rate:.4g}*", name)
        return {
            "logarithm": f"log({name})",
            "exponential": f"exp({self.rate:.4g}*{name})",
        }.get(self.shape, f"some function of {name}")

    def _wave(self, rate: str, name: str) -> str:
        if abs(abs(self.phase) - math.pi / 2) < 1e-6:
            return f"cos({rate}{name})"
        return f"sin({rate}{name} {_signed(self.phase)})" if self.phase else f"sin({rate}{name})"


@dataclass(frozen=True)
class Exchange(Finding):
    """Any two of the inputs can change places, where their domains overlap."""

    def statement(self, names: Sequence[str]) -> str:
        return f"{_listed(self.inputs, names)} can be exchanged"


@dataclass(frozen=True)
class Parity(Finding):
    """The output stays (even) or changes its sign (odd) when the inputs change theirs.

    Attributes:
        is_even: whether it stays.
    """

    is_even: bool

    def statement(self, names: Sequence[str]) -> str:
        return f"is {'even' if self.is_even else 'odd'} in {_listed(self.inputs, names)}"


@dataclass(frozen=True)
class Monotone(Finding):
    """The output rises, or falls, with the input, at all sampled rows.

    The score is the share of the squared slope, over the rows, that has the other sign.

    Attributes:
        rises: whether it rises.
    """

    rises: bool

    def statement(self, names: Sequence[str]) -> str:
        return f"{'rises' if self.rises else 'falls'} with {_listed(self.inputs, names)}"

    def sentence(self, names: Sequence[str]) -> str:
        return f"{self.statement(names)} ({self.score:.1e} of the squared slope against it)"


@dataclass(frozen=True)
class Structure:
    """All that was found about a function.

    Attributes:
        names: of the d inputs.
        outputs: their number.
        findings: output by output; of an output first what it depends on, then how.
        tolerance: the greatest score of a finding.
    """

    names: tuple[str, ...]
    outputs: int
    findings: tuple[Finding, ...]
    tolerance: float

    def of_output(self, output: int) -> tuple[Finding, ...]:
        """The findings about one output."""
        return tuple(finding for finding in self.findings if finding.output == output)

    def irrelevant(self, output: int) -> tuple[int, ...]:
        """The inputs that do not matter to an output."""
        findings = [f for f in self.of_output(output) if isinstance(f, Irrelevant)]
        return tuple(i for finding in findings for i in finding.inputs)

    def powers(self, output: int) -> dict[int, float]:
        """Exponents p of inputs that enter an output as α + β·x**p, by input."""
        return {
            finding.inputs[0]: finding.rate
            for finding in self.of_output(output)
            if isinstance(finding, Profile) and finding.shape == "power" and finding.shift == 0.0
        }

    def profiles(self, output: int) -> tuple[Profile, ...]:
        """How single inputs enter an output."""
        return tuple(f for f in self.of_output(output) if isinstance(f, Profile))

    def sums(self, output: int) -> tuple[Additive, ...]:
        """The sums that an output, or one of its parts, is."""
        return tuple(f for f in self.of_output(output) if isinstance(f, Additive))

    def products(self, output: int) -> tuple[Multiplicative, ...]:
        """The products that an output, or one of its parts, is."""
        return tuple(f for f in self.of_output(output) if isinstance(f, Multiplicative))

    def combinations(self, output: int) -> tuple[Combination, ...]:
        """Numbers through which several inputs matter to an output."""
        return tuple(f for f in self.of_output(output) if isinstance(f, Combination))

    def sentences(self, output: int) -> list[str]:
        """The findings about one output in words, a line each; without what is true of any."""
        is_of_one = len(self.names) - len(self.irrelevant(output)) == 1
        return [
            finding.sentence(self.names)
            for finding in self.of_output(output)
            if not (is_of_one and isinstance(finding, Profile) and finding.shape == "unknown")
        ]


def _listed(inputs: Sequence[int], names: Sequence[str]) -> str:
    *first, last = (names[i] for i in inputs)
    return f"{', '.join(first)} and {last}" if first else last


def _call(function: str, inputs: Sequence[int], names: Sequence[str]) -> str:
    return f"{function}({', '.join(names[i] for i in inputs)})"


def _functions(groups: Groups, names: Sequence[str], sign: str) -> str:
    return sign.join(_call(f"g{number}", group, names) for number, group in enumerate(groups, 1))


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'} {abs(number):.4g}"


def _power(name: str, exponent: float | Fraction) -> str:
    if exponent == 1:
        return name
    if isinstance(exponent, Fraction):
        text = str(exponent)
        return (
            f"{name}**{text}"
            if exponent.denominator == 1 and exponent > 0
            else (f"{name}**({text})")
        )
    return f"{name}**({exponent:.4g})"


def _product(pairs: Sequence[tuple[str, float | Fraction]]) -> str:
    above = [_power(name, number) for name, number in pairs if number > 0]
    below = [_power(name, -number) for name, number in pairs if number < 0]
    text = "*".join(above) or "1"
    if not below:
        return text
    return f"{text}/{below[0]}" if len(below) == 1 else f"{text}/({'*'.join(below)})"


def _sum(pairs: Sequence[tuple[str, float | Fraction]], transform: Transform) -> str:
    text = ""
    for name, number in pairs:
        size = abs(number)
        factor = "" if size == 1 else f"{size}*" if isinstance(size, Fraction) else f"{size:.4g}*"
        term = {"square": f"{name}**2", "reciprocal": f"1/{name}"}.get(transform, name)
        if isinstance(size, Fraction) and size.denominator != 1:
            factor = f"({size})*"
        sign = "-" if number < 0 else "+"
        text += f" {sign} {factor}{term}" if text else f"{'-' if number < 0 else ''}{factor}{term}"
    return text
