"""What activations are called: ``relu``, ``leaky_relu(0.2)``; their parameters and defaults."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from srnet_cli.config.suggestions import nearest

PARAMETERS: dict[str, tuple[float, ...]] = {
    "linear": (),
    "sigmoid": (),
    "tanh": (),
    "relu": (),
    "leaky_relu": (0.01,),
    "elu": (1.0,),
    "selu": (),
    "gelu": (),
    "gelu_tanh": (),
    "silu": (),
    "mish": (),
    "softplus": (),
    "softsign": (),
    "hard_sigmoid": (1 / 6, 0.5),
    "hard_tanh": (-1.0, 1.0),
    "hard_swish": (),
    "relu6": (),
    "exp": (),
    "abs": (),
    "sin": (),
    "cos": (),
    "square": (),
}
"""Every activation with the defaults of its parameters: the slope below 0 of ``leaky_relu``, the
scale below 0 of ``elu``, slope and offset of ``hard_sigmoid``, the two limits of ``hard_tanh``."""

ALIASES = {
    "identity": "linear",
    "none": "linear",
    "logistic": "sigmoid",
    "swish": "silu",
    "hardtanh": "hard_tanh",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_swish",
    "leakyrelu": "leaky_relu",
    "leaky": "leaky_relu",
}
"""Other libraries' words for the same."""

_WRITTEN = re.compile(r"([A-Za-z_0-9]+)(?:\(([^()]{0,100})\))?")


class ActivationName(NamedTuple):
    """An activation, taken apart.

    Attributes:
        name: a key of ``PARAMETERS``.
        parameters: as many as the activation has.
    """

    name: str
    parameters: tuple[float, ...]

    def __str__(self) -> str:
        if self.parameters == PARAMETERS[self.name]:
            return self.name
        return f"{self.name}({', '.join(f'{value:.9g}' for value in self.parameters)})"


def parse_activation(text: str) -> ActivationName:
    """Read ``name`` or ``name(number, ...)``; parameters left out have their defaults.

    Raises:
        ValueError: one line that says what is wrong.
    """
    match = _WRITTEN.fullmatch(text.strip())
    word = match[1].lower() if match else text
    name = ALIASES.get(word, word)
    if match is None or name not in PARAMETERS:
        near = nearest(name, PARAMETERS)
        ending = f"did you mean '{near}'?" if near else f"known: {', '.join(PARAMETERS)}"
        raise ValueError(f"unknown activation {text[:60]!r}; {ending}")
    defaults = PARAMETERS[name]
    written = _numbers(match[2], text) if match[2] else ()
    if len(written) > len(defaults):
        raise ValueError(f"activation {name} has {len(defaults)} parameters, {text!r} gives more")
    parameters = (*written, *defaults[len(written) :])
    if name == "hard_tanh" and not parameters[0] < parameters[1]:
        raise ValueError(f"the limits of {text!r} are not ascending")
    return ActivationName(name, parameters)


def canonical_activation(text: str) -> str:
    """The one way that this program writes an activation.

    Raises:
        ValueError: as ``parse_activation``.
    """
    return str(parse_activation(text))


def _numbers(text: str, whole: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{whole[:60]!r}: the parameters must be numbers") from None
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"{whole[:60]!r}: the parameters must be finite")
    return numbers
