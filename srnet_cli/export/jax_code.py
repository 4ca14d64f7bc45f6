"""Formulas as JAX: a function of rows that can be compiled, mapped and differentiated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from sympy import Expr, Rational, Symbol

from srnet_cli.export.code import CodeWriter, by_columns, commented, floating, header
from srnet_cli.export.identifiers import identifiers
from srnet_cli.export.python_code import RESERVED, constants
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.writer import Text

_OWN = {"jax", "jnp", "erf", "erfc", "columns"}

_DECIDE = """\
def decide(X):
    scores = predict(X)
    return jnp.where(jnp.isfinite(scores).all(axis=1), scores.argmax(axis=1), -1)
"""


class JaxWriter(CodeWriter):
    """Writes formulas as Python over JAX arrays."""

    infinity, undefined = "jnp.inf", "jnp.nan"
    circle, euler = "jnp.pi", "jnp.e"
    functions: ClassVar[Mapping[str, str]] = {
        **{name: f"jnp.{name}" for name in ("sin", "cos", "tan", "tanh", "exp", "log", "sqrt")},
        **{name: f"jnp.{name}" for name in ("sinh", "cosh", "expm1")},
        **{f"a{name}": f"jnp.arc{name}" for name in ("sin", "cos", "tan")},
        **{"Abs": "jnp.abs", "Min": "jnp.minimum", "Max": "jnp.maximum", "power": "jnp.power"},
        **{"sigmoid": "jax.nn.sigmoid", "softplus": "jax.nn.softplus"},
        **{"erf": "jax.scipy.special.erf", "erfc": "jax.scipy.special.erfc"},
    }

    def literal(self, digits: str) -> Text:
        """The number as a floating one: JAX counts powers of whole ones otherwise."""
        return Text(floating(digits))

    def power(self, base: Expr, exponent: Rational) -> Text:
        """A power; a whole one as repeated products, whose slope is defined everywhere."""
        if exponent.is_Integer:
            return Text(f"jnp.power({self.write(base)}, {exponent})")
        return self.power_call(base, exponent)


def render(subject: Subject) -> str:
    """Source of a module with ``predict``, and of a classifier ``decide``."""
    names = identifiers(subject.variables, RESERVED | _OWN, str)
    writer = JaxWriter(names)
    body = list(_body(subject, writer, names))
    parts = [
        *commented(header(subject, names), "#"),
        *([] if subject.is_single else ["# in single precision, unless jax_enable_x64 is set"]),
        "",
        "import jax",
        "import jax.numpy as jnp",
        "",
        *constants(subject),
        "",
        "",
        "def predict(X):",
        *(f"    {line}" for line in body),
    ]
    if subject.classes:
        parts += ["", "", *_DECIDE.splitlines()]
    return "\n".join(parts) + "\n"


def _body(subject: Subject, writer: JaxWriter, names: Mapping[Symbol, str]) -> Iterator[str]:
    """Rows (n, d) -> (n, m)."""
    yield f"X = jnp.asarray(X, dtype={'jnp.float32' if subject.is_single else 'float'})"
    yield from by_columns(subject, writer.code, names)
    yield "columns = [jnp.broadcast_to(output, X.shape[:1]) for output in outputs]"
    yield f"return jnp.stack(columns, axis=1){'.astype(X.dtype)' if subject.is_single else ''}"
